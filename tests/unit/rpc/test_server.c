/* One call at a time: what it is answered. */
#include "rpc/rig.h"

#include "rpc/scan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK  "caa.v1.CaaService/CheckDomains"
#define HEALTH "caa.v1.HealthService/Check"
#define STATS  "caa.v1.AdminService/GetStats"

static struct rig rig;
static struct client client;

static int open_all(void **state)
{
    (void)state;
    rig_start(&rig, 100, 100, RPC_ROLE_CHECK | RPC_ROLE_ADMIN);
    client_open(&client, rig.url);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    client_close(&client);
    rig_stop(&rig);
    return 0;
}

/* --------------------------------------------------------------------- answers */

static Caa__V1__CheckDomainsResponse *checked(const Rpc__V1__Response *response)
{
    assert_int_equal(response->status->code, RPC_CODE(OK));
    Caa__V1__CheckDomainsResponse *check = caa__v1__check_domains_response__unpack(
        NULL, response->payload.len, response->payload.data);
    assert_non_null(check);
    return check;
}

static void an_answer_has_the_id_and_the_payload(void **state)
{
    (void)state;
    Rpc__V1__Response *response = call_method(&client, CHECK, bytes_of(""));
    Caa__V1__CheckDomainsResponse *check = checked(response);
    assert_string_equal(response->request_id, "id-1");
    assert_string_equal(response->status->message, "");
    assert_string_equal(response->status->field, "");
    assert_int_equal(response->base.n_unknown_fields, 0);
    caa__v1__check_domains_response__free_unpacked(check, NULL);
    response_free(response);
}

static void an_empty_answer_is_an_answer(void **state)
{
    (void)state;
    Rpc__V1__Response *response = call_method(&client, HEALTH, bytes_of(""));
    assert_int_equal(response->status->code, RPC_CODE(OK));
    assert_int_equal(response->payload.len, 0);
    response_free(response);
}

static void the_caller_is_what_it_says_and_who_it_is(void **state)
{
    (void)state;
    uint8_t out[300];
    char expected[64];
    Rpc__V1__Metadata other = RPC__V1__METADATA__INIT, caller = RPC__V1__METADATA__INIT;
    Rpc__V1__Metadata *metadata[] = {&other, &caller};
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    other.key = (char[]){"trace"};
    caller.key = (char[]){"caller"};
    caller.value = (char[]){"order"};
    request.method = (char[]){CHECK};
    request.n_metadata = 2;
    request.metadata = metadata;
    Rpc__V1__Response *response =
        call_octets(&client, pack_request(out, sizeof out, &request));
    Caa__V1__CheckDomainsResponse *check = checked(response);
    snprintf(expected, sizeof expected, "order uid=%u", (unsigned)getuid());
    assert_string_equal(check->instance, expected);
    caa__v1__check_domains_response__free_unpacked(check, NULL);
    response_free(response);
}

/* timeout_ms as sent, and the patience it is read as. */
static void patience_has_a_default_and_a_bound(void **state)
{
    (void)state;
    static const uint32_t rows[][2] = {{0, 30000},       {1, 1},
                                       {1500, 1500},     {600000, 600000},
                                       {600001, 600000}, {UINT32_MAX, 600000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[300];
        Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
        request.method = (char[]){CHECK};
        request.timeout_ms = rows[i][0];
        Rpc__V1__Response *response =
            call_octets(&client, pack_request(out, sizeof out, &request));
        Caa__V1__CheckDomainsResponse *check = checked(response);
        assert_int_equal(check->checked_at_ms, rows[i][1]);
        caa__v1__check_domains_response__free_unpacked(check, NULL);
        response_free(response);
    }
}

static void a_method_without_message_is_internal(void **state)
{
    (void)state;
    assert_code(&client, "caa.v1.CaaService/ExplainDomain", RPC_CODE(INTERNAL));
}

static void a_failure_has_field_message_and_wait(void **state)
{
    (void)state;
    Rpc__V1__Response *response =
        call_method(&client, "caa.v1.CaaService/GetCheck", bytes_of(""));
    assert_int_equal(response->status->code, RPC_CODE(NOT_FOUND));
    assert_string_equal(response->status->field, "audit_id");
    assert_string_equal(response->status->message, "no record \"x\"");
    assert_int_equal(response->status->retry_after_ms, 7);
    assert_string_equal(response->request_id, "id-1");
    assert_int_equal(response->payload.len, 0);
    response_free(response);
}

/* -------------------------------------------------------------------- refusals */

static void unknown_methods_are_unimplemented(void **state)
{
    (void)state;
    static const char *const methods[] = {"",
                                          "/",
                                          "CheckDomains",
                                          "caa.v1.CaaService",
                                          "caa.v1.CaaService/",
                                          "caa.v1.CaaService/checkdomains",
                                          "caa.v1.CaaService/CheckDomains ",
                                          "caa.v1.CaaService/CheckDomains/",
                                          "/caa.v1.CaaService/CheckDomains",
                                          "caa.v1.CaaServic/CheckDomains",
                                          "caa.v2.CaaService/CheckDomains",
                                          "caa.v1.SchemaService/GetSchema"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        Rpc__V1__Response *response = call_method(&client, methods[i], bytes_of(""));
        assert_int_equal(response->status->code, RPC_CODE(UNIMPLEMENTED));
        assert_string_equal(response->status->field, "method");
        assert_non_null(strstr(response->status->message, "package.Service/Method"));
        response_free(response);
    }
}

/* Wherever the server cuts what the caller wrote: strings are UTF-8. */
static void what_is_quoted_stays_utf_8(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        char method[1000] = "aaa";
        method[lead] = '\0';
        for (int i = 0; i < 100; i++)
            strcat(method, "\xf0\x9f\x98\x80");
        Rpc__V1__Response *response = call_method(&client, method, bytes_of(""));
        assert_int_equal(response->status->code, RPC_CODE(UNIMPLEMENTED));
        assert_true(scan_is_text(bytes_of(response->status->message)));
        response_free(response);
    }
}

struct envelope_row {
    const char *name;
    struct bytes octets;
    const char *field;
};

static const struct envelope_row envelopes[] = {
    {"no protobuf", OCTETS("GET / HTTP/1.1\r\n\r\n"), ""},
    {"half a field", OCTETS("\x0a\x50"), ""},
    {"a method with NUL",
     OCTETS("\x0a\x02"
            "a\0"),
     "method"},
    {"a method that is a number", OCTETS("\x08\x01"), "method"},
    {"a request_id that is no text", OCTETS("\x12\x01\xff"), "request_id"},
    {"a timeout that is a text", OCTETS("\x1a\x01x"), "timeout_ms"},
    {"metadata that is none", OCTETS("\x22\x02\x0a\x05"), "metadata[0]"},
    {"a key that is no text", OCTETS("\x22\x03\x0a\x01\x80"), "metadata[0].key"},
};

static void a_malformed_envelope_is_an_invalid_argument(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        Rpc__V1__Response *response = call_octets(&client, envelopes[i].octets);
        assert_int_equal(response->status->code, RPC_CODE(INVALID_ARGUMENT));
        assert_string_equal(response->status->field, envelopes[i].field);
        assert_string_equal(response->request_id, "");
        response_free(response);
    }
}

static void an_empty_envelope_names_no_method(void **state)
{
    (void)state;
    Rpc__V1__Response *response = call_octets(&client, bytes_of(""));
    assert_int_equal(response->status->code, RPC_CODE(UNIMPLEMENTED));
    response_free(response);
}

static const struct envelope_row payloads[] = {
    {"no protobuf", OCTETS("\xff"), "payload"},
    {"a name with NUL",
     OCTETS("\x32\x02"
            "a\0"),
     "names[0]"},
    {"a number for a name", OCTETS("\x30\x01"), "names[0]"},
    {"a text for the event", OCTETS("\x1a\x01x"), "event"},
    {"a word for the event", OCTETS("\x1d\1\2\3\4"), "event"},
};

static void a_malformed_payload_is_an_invalid_argument(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        Rpc__V1__Response *response = call_method(&client, CHECK, payloads[i].octets);
        assert_int_equal(response->status->code, RPC_CODE(INVALID_ARGUMENT));
        assert_string_equal(response->status->field, payloads[i].field);
        assert_string_equal(response->request_id, "id-1");
        response_free(response);
    }
}

/* At the limit the schema states, and one above it. */
static int code_with(size_t request_id_len, size_t metadata_count, size_t value_len,
                     char *field)
{
    static uint8_t out[RIG_MESSAGE_MAX];
    static char id[2000], value[2000];
    Rpc__V1__Metadata pair = RPC__V1__METADATA__INIT;
    Rpc__V1__Metadata *metadata[64];
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    memset(id, 'i', sizeof id);
    memset(value, 'v', sizeof value);
    id[request_id_len] = value[value_len] = '\0';
    pair.key = (char[]){"k"};
    pair.value = value;
    for (size_t i = 0; i < metadata_count; i++)
        metadata[i] = &pair;
    request.method = (char[]){HEALTH};
    request.request_id = id;
    request.metadata = metadata;
    request.n_metadata = metadata_count;
    Rpc__V1__Response *response =
        call_octets(&client, pack_request(out, sizeof out, &request));
    int code = (int)response->status->code;
    snprintf(field, 64, "%s", response->status->field);
    response_free(response);
    return code;
}

static void the_envelope_has_bounds(void **state)
{
    (void)state;
    char field[64];
    assert_int_equal(code_with(128, 32, 1, field), RPC_CODE(OK));
    assert_int_equal(code_with(129, 0, 0, field), RPC_CODE(INVALID_ARGUMENT));
    assert_string_equal(field, "request_id");
    assert_int_equal(code_with(0, 33, 1, field), RPC_CODE(INVALID_ARGUMENT));
    assert_string_equal(field, "metadata");
    assert_int_equal(code_with(0, 2, 1024, field), RPC_CODE(OK));
    assert_int_equal(code_with(0, 2, 1025, field), RPC_CODE(INVALID_ARGUMENT));
    assert_string_equal(field, "metadata[0].value");
}

/* ----------------------------------------------------------------------- roles */

static void each_listener_answers_its_own_roles(void **state)
{
    (void)state;
    struct rig roles;
    struct client checker, admin;
    char url[80], error[256];
    rig_start(&roles, 10, 10, RPC_ROLE_CHECK);
    snprintf(url, sizeof url, "ipc://%s/admin", roles.folder);
    assert_true(rig_listen(&roles, url, RPC_ROLE_ADMIN, error));
    client_open(&checker, roles.url);
    client_open(&admin, url);
    assert_code(&checker, CHECK, RPC_CODE(OK));
    assert_code(&checker, HEALTH, RPC_CODE(OK));
    assert_code(&checker, STATS, RPC_CODE(PERMISSION_DENIED));
    assert_code(&admin, STATS, RPC_CODE(OK));
    assert_code(&admin, CHECK, RPC_CODE(PERMISSION_DENIED));
    assert_code(&admin, "caa.v1.AdminService/Nothing", RPC_CODE(UNIMPLEMENTED));
    client_close(&checker);
    client_close(&admin);
    rig_stop(&roles);
}

static void the_socket_has_the_mode_asked_for(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(stat(rig.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_the_id_and_the_payload),
        cmocka_unit_test(an_empty_answer_is_an_answer),
        cmocka_unit_test(the_caller_is_what_it_says_and_who_it_is),
        cmocka_unit_test(patience_has_a_default_and_a_bound),
        cmocka_unit_test(a_method_without_message_is_internal),
        cmocka_unit_test(a_failure_has_field_message_and_wait),
        cmocka_unit_test(unknown_methods_are_unimplemented),
        cmocka_unit_test(what_is_quoted_stays_utf_8),
        cmocka_unit_test(a_malformed_envelope_is_an_invalid_argument),
        cmocka_unit_test(an_empty_envelope_names_no_method),
        cmocka_unit_test(a_malformed_payload_is_an_invalid_argument),
        cmocka_unit_test(the_envelope_has_bounds),
        cmocka_unit_test(each_listener_answers_its_own_roles),
        cmocka_unit_test(the_socket_has_the_mode_asked_for),
    };
    return cmocka_run_group_tests_name("server", tests, open_all, close_all);
}
