#include "config/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "config/scratch.h"

#define CA "issuer_domain_names: [ca.example]\n"

static void one_key_is_enough_and_the_rest_has_defaults(void **state)
{
    struct caad_config *config = scratch_load(*state, CA);
    char host[256] = "";
    gethostname(host, sizeof host - 1);

    assert_int_equal(config->issuer_domain_names.count, 1);
    assert_string_equal(config->issuer_domain_names.names[0], "ca.example");
    assert_string_equal(config->instance, host);
    assert_string_equal(config->perspective, "primary");
    assert_int_equal(config->source_addresses.count, 0);

    assert_int_equal(config->listener_count, 1);
    assert_string_equal(config->listeners[0].url, "ipc:///run/caad/caad.sock");
    assert_string_equal(config->listeners[0].ipc_path, "/run/caad/caad.sock");
    assert_int_equal(config->listeners[0].transport, CAAD_TRANSPORT_IPC);
    assert_int_equal(config->listeners[0].mode, 0660);
    assert_int_equal(config->listeners[0].roles, CAAD_ROLE_CHECK | CAAD_ROLE_ADMIN);
    assert_false(config->listeners[0].insecure);
    assert_null(config->listeners[0].tls.cert);

    assert_int_equal(config->resolver.server_count, 1);
    assert_string_equal(config->resolver.servers[0].text, "127.0.0.1:53");
    assert_int_equal(config->resolver.workers, 0);
    assert_int_equal(config->resolver.timeout_ms, 2000);
    assert_int_equal(config->resolver.attempts, 2);
    assert_true(config->resolver.require_dnssec);
    assert_int_equal(config->cache.max_entries, 1000000);
    assert_int_equal(config->cache.max_ttl_s, 28800);

    assert_int_equal(config->product_count, 1);
    assert_string_equal(config->products[0].name, "DV");
    assert_int_equal(config->products[0].certificate, CAA_CERTIFICATE_TLS);
    assert_false(config->products[0].exempt);
    assert_int_equal(config->products[0].issuer_domain_names.count, 0);

    assert_int_equal(config->audit.kind, CAAD_STORE_SQLITE);
    assert_string_equal(config->audit.store, "sqlite:/var/lib/caad/audit.db");
    assert_string_equal(config->audit.sqlite_path, "/var/lib/caad/audit.db");
    assert_int_equal(config->audit.keep_days, 0);
    assert_string_equal(config->metrics.listen, "http://127.0.0.1:9553");
    assert_int_equal(config->limits.max_message_bytes, 1048576);
    assert_int_equal(config->limits.max_names, 1000);
    assert_int_equal(config->limits.max_in_flight, 10000);
    assert_int_equal(config->limits.max_connections, 1024);
    assert_int_equal(config->limits.max_request_memory_bytes, 67108864);
    assert_int_equal(config->log.level, LOG_LEVEL_INFO);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    caad_config_destroy(config);
}

static void a_mapping_given_in_part_keeps_the_other_defaults(void **state)
{
    struct caad_config *config = scratch_load(*state, CA "resolver: {timeout_ms: 500}\n"
                                                         "cache: {}\n"
                                                         "listen: [{mode: 0600}]\n");
    assert_int_equal(config->resolver.timeout_ms, 500);
    assert_int_equal(config->resolver.attempts, 2);
    assert_int_equal(config->resolver.server_count, 1);
    assert_int_equal(config->cache.max_entries, 1000000);
    assert_string_equal(config->listeners[0].url, "ipc:///run/caad/caad.sock");
    assert_int_equal(config->listeners[0].mode, 0600);
    caad_config_destroy(config);
}

/* Numbers at both ends of their ranges. */
static const struct {
    const char *file;
    size_t offset;
    uint32_t number;
} NUMBERS[] = {
#define ROW(mapping, key, field, number)                                                 \
    {                                                                                    \
        CA #mapping ": {" #key ": " #number "}\n", offsetof(struct caad_config, field),  \
            number                                                                       \
    }
    ROW(resolver, workers, resolver.workers, 0),
    ROW(resolver, workers, resolver.workers, 256),
    ROW(resolver, timeout_ms, resolver.timeout_ms, 10),
    ROW(resolver, timeout_ms, resolver.timeout_ms, 60000),
    ROW(resolver, attempts, resolver.attempts, 1),
    ROW(resolver, attempts, resolver.attempts, 10),
    ROW(cache, max_entries, cache.max_entries, 0),
    ROW(cache, max_entries, cache.max_entries, 100000000),
    ROW(cache, max_ttl_s, cache.max_ttl_s, 0),
    ROW(cache, max_ttl_s, cache.max_ttl_s, 604800),
    ROW(audit, keep_days, audit.keep_days, 0),
    ROW(audit, keep_days, audit.keep_days, 36500),
    ROW(limits, max_message_bytes, limits.max_message_bytes, 4096),
    ROW(limits, max_message_bytes, limits.max_message_bytes, 67108864),
    ROW(limits, max_names, limits.max_names, 1),
    ROW(limits, max_names, limits.max_names, 100000),
    ROW(limits, max_in_flight, limits.max_in_flight, 1),
    ROW(limits, max_in_flight, limits.max_in_flight, 1000000),
    ROW(limits, max_connections, limits.max_connections, 1),
    ROW(limits, max_connections, limits.max_connections, 1000000),
    ROW(limits, max_request_memory_bytes, limits.max_request_memory_bytes, 1048576),
    ROW(limits, max_request_memory_bytes, limits.max_request_memory_bytes, 1073741824),
#undef ROW
};

static void every_number_is_taken_up_to_its_ends(void **state)
{
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        struct caad_config *config = scratch_load(*state, NUMBERS[i].file);
        uint32_t number;
        memcpy(&number, (const char *)config + NUMBERS[i].offset, sizeof number);
        assert_int_equal(number, NUMBERS[i].number);
        caad_config_destroy(config);
    }
}

static void issuer_domain_names_become_lower_case(void **state)
{
    struct caad_config *config =
        scratch_load(*state, "issuer_domain_names: [CA.Example, xn--bcher-kva.example, "
                             "\"1\", a-b.c]\n");
    const struct caad_names *names = &config->issuer_domain_names;
    assert_int_equal(names->count, 4);
    assert_string_equal(names->names[0], "ca.example");
    assert_string_equal(names->names[1], "xn--bcher-kva.example");
    assert_string_equal(names->names[2], "1");
    assert_string_equal(names->names[3], "a-b.c");
    caad_config_destroy(config);
}

static void texts_are_taken_as_they_are(void **state)
{
    struct caad_config *config =
        scratch_load(*state, CA "instance: caad-1.example\n"
                                "perspective: \"eu-west \xc3\xa9\"\n"
                                "source_addresses: [192.0.2.1, 198.51.100.0/29, "
                                "\"2001:DB8:0::/48\", 0.0.0.0/0]\n");
    assert_string_equal(config->instance, "caad-1.example");
    assert_string_equal(config->perspective, "eu-west \xc3\xa9");
    assert_int_equal(config->source_addresses.count, 4);
    assert_string_equal(config->source_addresses.names[0], "192.0.2.1");
    assert_string_equal(config->source_addresses.names[1], "198.51.100.0/29");
    assert_string_equal(config->source_addresses.names[2], "2001:db8::/48");
    assert_string_equal(config->source_addresses.names[3], "0.0.0.0/0");
    caad_config_destroy(config);
}

static void assert_beside(const struct scratch *scratch, const char *name,
                          const char *path)
{
    char expected[PATH_MAX + 16];
    scratch_path(scratch, name, expected);
    assert_string_equal(path, expected);
}

static void listeners_of_every_kind(void **state)
{
    const struct scratch *scratch = *state;
    struct caad_config *config = scratch_load(
        scratch, CA "listen:\n"
                    "  - {url: \"ipc:///tmp/caad.sock\", roles: [admin]}\n"
                    "  - {url: \"tcp://127.0.0.2:8552\"}\n"
                    "  - {url: \"tcp://[::1]:8552\", roles: [check, admin]}\n"
                    "  - {url: \"tcp://0.0.0.0:8554\", insecure: true}\n"
                    "  - url: tls+tcp://0.0.0.0:8553\n"
                    "    tls: {cert: cert.pem, key: ./key.pem, "
                    "client_ca: cert.pem}\n");
    const struct caad_listener *l = config->listeners;
    assert_int_equal(config->listener_count, 5);
    assert_int_equal(l[0].roles, CAAD_ROLE_ADMIN);
    assert_true(l[0].loopback);
    assert_string_equal(l[0].ipc_path, "/tmp/caad.sock");

    assert_int_equal(l[1].transport, CAAD_TRANSPORT_TCP);
    assert_int_equal(l[1].roles, CAAD_ROLE_CHECK);
    assert_true(l[1].loopback);
    assert_null(l[1].ipc_path);
    assert_true(l[2].loopback);
    assert_int_equal(l[2].roles, CAAD_ROLE_CHECK | CAAD_ROLE_ADMIN);
    assert_false(l[3].loopback);
    assert_true(l[3].insecure);

    assert_int_equal(l[4].transport, CAAD_TRANSPORT_TLS);
    assert_string_equal(l[4].url, "tls+tcp://0.0.0.0:8553");
    assert_int_equal(l[4].roles, CAAD_ROLE_CHECK);
    assert_beside(scratch, "cert.pem", l[4].tls.cert);
    assert_beside(scratch, "./key.pem", l[4].tls.key);
    assert_beside(scratch, "cert.pem", l[4].tls.client_ca);
    caad_config_destroy(config);
}

static void resolvers_get_their_port_and_one_spelling(void **state)
{
    struct caad_config *config =
        scratch_load(*state, CA "resolver:\n"
                                "  servers: [192.0.2.1, \"192.0.2.1:5353\", \"::1\", "
                                "\"[2001:DB8::0:1]\", \"[::1]:65535\"]\n"
                                "  require_dnssec: false\n");
    static const char *const texts[] = {"192.0.2.1:53", "192.0.2.1:5353", "[::1]:53",
                                        "[2001:db8::1]:53", "[::1]:65535"};
    assert_int_equal(config->resolver.server_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(config->resolver.servers[i].text, texts[i]);
    assert_false(config->resolver.require_dnssec);

    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, &config->resolver.servers[1].address, sizeof v4);
    assert_int_equal(config->resolver.servers[1].address_len, sizeof v4);
    assert_int_equal(v4.sin_family, AF_INET);
    assert_int_equal(ntohs(v4.sin_port), 5353);
    assert_int_equal(ntohl(v4.sin_addr.s_addr), 0xc0000201);
    memcpy(&v6, &config->resolver.servers[4].address, sizeof v6);
    assert_int_equal(config->resolver.servers[4].address_len, sizeof v6);
    assert_int_equal(v6.sin6_family, AF_INET6);
    assert_int_equal(ntohs(v6.sin6_port), 65535);
    assert_true(IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr));
    caad_config_destroy(config);
}

static void products_may_be_exempt_of_other_kinds_and_of_other_issuers(void **state)
{
    struct caad_config *config = scratch_load(
        *state, CA "products:\n"
                   "  - {name: DV, caa: check, certificate: tls}\n"
                   "  - {name: IntranetSSL, caa: exempt}\n"
                   "  - {name: PersonalSign, certificate: smime}\n"
                   "  - {name: Logo, certificate: vmc}\n"
                   "  - {name: MSSL OV, issuer_domain_names: [Partner.Example, "
                   "b.example]}\n");
    const struct caad_product *p = config->products;
    assert_int_equal(config->product_count, 5);
    assert_false(p[0].exempt);
    assert_true(p[1].exempt);
    assert_int_equal(p[2].certificate, CAA_CERTIFICATE_SMIME);
    assert_int_equal(p[3].certificate, CAA_CERTIFICATE_VMC);

    assert_ptr_equal(caad_config_product(config, NULL), &p[0]);
    assert_ptr_equal(caad_config_product(config, ""), &p[0]);
    assert_ptr_equal(caad_config_product(config, "MSSL OV"), &p[4]);
    assert_null(caad_config_product(config, "mssl ov"));
    assert_null(caad_config_product(config, "DV "));
    assert_ptr_equal(caad_config_issuers(config, &p[0]), &config->issuer_domain_names);
    assert_int_equal(caad_config_issuers(config, &p[4])->count, 2);
    assert_string_equal(caad_config_issuers(config, &p[4])->names[0], "partner.example");
    caad_config_destroy(config);
}

static void stores_of_every_kind_are_shown_without_secrets(void **state)
{
    static const struct {
        const char *store, *shown;
        enum caad_store kind;
    } rows[] = {
        {"none", "none", CAAD_STORE_NONE},
        {"sqlite:/a/b.db", "sqlite:/a/b.db", CAAD_STORE_SQLITE},
        {"postgresql://db", "postgresql://db", CAAD_STORE_POSTGRESQL},
        {"postgresql://u@db:5432/caad", "postgresql://u@db:5432/caad",
         CAAD_STORE_POSTGRESQL},
        {"postgresql://u:p%40ss@[::1]:5432/caad?sslmode=require",
         "postgresql://u@[::1]:5432/caad", CAAD_STORE_POSTGRESQL},
        {"postgresql://:pass@db1,db2/caad", "postgresql://@db1,db2/caad",
         CAAD_STORE_POSTGRESQL},
        {"postgresql:///caad?host=/run/postgresql&password=pass", "postgresql:///caad",
         CAAD_STORE_POSTGRESQL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char file[256];
        snprintf(file, sizeof file, CA "audit: {store: \"%s\"}\n", rows[i].store);
        struct caad_config *config = scratch_load(*state, file);
        assert_int_equal(config->audit.kind, rows[i].kind);
        assert_string_equal(config->audit.store, rows[i].store);
        assert_string_equal(config->audit.shown, rows[i].shown);
        caad_config_destroy(config);
    }
}

static void relative_paths_start_at_the_file(void **state)
{
    const struct scratch *scratch = *state;
    struct caad_config *config =
        scratch_load(scratch, CA "audit: {store: sqlite:audit.db}\n");
    assert_beside(scratch, "audit.db", config->audit.sqlite_path);
    caad_config_destroy(config);
}

static void metrics_may_be_elsewhere_or_off(void **state)
{
    struct caad_config *config = scratch_load(*state, CA "metrics: {listen: none}\n");
    assert_null(config->metrics.listen);
    caad_config_destroy(config);
    config = scratch_load(*state, CA "metrics: {listen: \"http://[::]:80\"}\n");
    assert_string_equal(config->metrics.listen, "http://[::]:80");
    caad_config_destroy(config);
}

static void every_level_and_format_of_the_log(void **state)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    static const char *const formats[] = {"json", "text"};
    for (size_t i = 0; i < 4; i++) {
        char file[128];
        snprintf(file, sizeof file, CA "log: {level: %s, format: %s}\n", levels[i],
                 formats[i % 2]);
        struct caad_config *config = scratch_load(*state, file);
        assert_int_equal(config->log.level, i);
        assert_int_equal(config->log.format, i % 2);
        caad_config_destroy(config);
    }
}

static void yaml_may_be_written_in_its_many_ways(void **state)
{
    struct caad_config *config =
        scratch_load(*state, "\xef\xbb\xbf%YAML 1.1\n---\n"
                             "\"issuer_domain_names\":\n- &us 'ca.example'  # us\n"
                             "perspective: &p >-\n  eu\n  west\n"
                             "instance: *p\r\n"
                             "...\n");
    assert_string_equal(config->issuer_domain_names.names[0], "ca.example");
    assert_string_equal(config->perspective, "eu west");
    assert_string_equal(config->instance, "eu west");
    caad_config_destroy(config);
}

/* A daemon that is told "caad.yaml" still finds its files after a reload. */
static void a_relative_file_name_gives_absolute_paths(void **state)
{
    const struct scratch *scratch = *state;
    char before[PATH_MAX];
    struct caad_config *config = NULL;
    struct config_error error;
    caad_config_destroy(scratch_load(scratch, CA "audit: {store: sqlite:audit.db}\n"));
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch->directory), 0);
    assert_int_equal(caad_config_load("caad.yaml", &config, &error), CAA_OK);
    assert_int_equal(chdir(before), 0);
    assert_beside(scratch, "audit.db", config->audit.sqlite_path);
    caad_config_destroy(config);
    caad_config_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_is_enough_and_the_rest_has_defaults),
        cmocka_unit_test(a_mapping_given_in_part_keeps_the_other_defaults),
        cmocka_unit_test(every_number_is_taken_up_to_its_ends),
        cmocka_unit_test(issuer_domain_names_become_lower_case),
        cmocka_unit_test(texts_are_taken_as_they_are),
        cmocka_unit_test(listeners_of_every_kind),
        cmocka_unit_test(resolvers_get_their_port_and_one_spelling),
        cmocka_unit_test(products_may_be_exempt_of_other_kinds_and_of_other_issuers),
        cmocka_unit_test(stores_of_every_kind_are_shown_without_secrets),
        cmocka_unit_test(relative_paths_start_at_the_file),
        cmocka_unit_test(metrics_may_be_elsewhere_or_off),
        cmocka_unit_test(every_level_and_format_of_the_log),
        cmocka_unit_test(yaml_may_be_written_in_its_many_ways),
        cmocka_unit_test(a_relative_file_name_gives_absolute_paths),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
