#include "config/schema.h"

#include "config/config.h"
#include "config/field.h"

/* Shorthand for the rows below: a field's name in its struct and in the file. */
#define NUMBER(key, type, field, least, most, value)                                     \
    {                                                                                    \
        .name = (key), .kind = CONFIG_NUMBER, .offset = offsetof(type, field),           \
        .min = (least), .max = (most), .fallback = (value)                               \
    }
#define BOOLEAN(key, type, field, value)                                                 \
    {                                                                                    \
        .name = (key), .kind = CONFIG_BOOLEAN, .offset = offsetof(type, field),          \
        .fallback = (value)                                                              \
    }
#define MAPPING(key, type, field, members)                                               \
    {                                                                                    \
        .name = (key), .kind = CONFIG_MAPPING, .offset = offsetof(type, field),          \
        .mapping = &(members)                                                            \
    }
#define LIST(key, type, field, counter, item_type)                                       \
    .name = (key), .kind = CONFIG_LIST, .offset = offsetof(type, field),                 \
    .count_offset = offsetof(type, counter), .item_size = sizeof(item_type)
#define TEXT(key, type, field)                                                           \
    .name = (key), .kind = CONFIG_TEXT, .offset = offsetof(type, field)

enum { MEBIBYTE = 1024 * 1024 };

static const struct config_key ISSUER = {
    .kind = CONFIG_TEXT,
    .read = field_read_issuer,
    .accepted = "a domain name in A-labels, such as ca.example"};

static const struct config_key SOURCE_ADDRESS = {
    .kind = CONFIG_TEXT,
    .read = field_read_prefix,
    .accepted = "an IP address or a prefix, such as 192.0.2.1 or 2001:db8::/48"};

/* --- listen --- */

static const struct config_key ROLE = {.kind = CONFIG_TEXT,
                                       .read = field_read_role,
                                       .accepted = "check or admin, each once"};

static const struct config_key TLS_KEYS[] = {
    {TEXT("cert", struct caad_tls, cert), .required = true,
     .read = field_read_certificate,
     .accepted = "a readable PEM file with the daemon's certificate chain"},
    {TEXT("key", struct caad_tls, key), .required = true, .read = field_read_private_key,
     .accepted = "a readable PEM file with the certificate's private key"},
    {TEXT("client_ca", struct caad_tls, client_ca), .required = true,
     .read = field_read_certificate,
     .accepted = "a readable PEM file with the CA certificates of clients"},
    {0}};
static const struct config_mapping TLS = {.keys = TLS_KEYS};

static const struct config_key LISTENER_KEYS[] = {
    {TEXT("url", struct caad_listener, url), .read = field_read_url,
     .fallback = "ipc:///run/caad/caad.sock",
     .accepted = "ipc:///PATH, tcp://ADDRESS:PORT or tls+tcp://ADDRESS:PORT"},
    {TEXT("mode", struct caad_listener, mode), .numeric = true, .read = field_read_mode,
     .fallback = "0660", .accepted = "an octal mode that has 0600, such as \"0660\""},
    {.name = "roles",
     .kind = CONFIG_LIST,
     .offset = offsetof(struct caad_listener, roles),
     .item = &ROLE,
     .min = 1,
     .max = 2,
     .fallback_words = "[check, admin] for ipc://, [check] for the others"},
    BOOLEAN("insecure", struct caad_listener, insecure, "false"),
    MAPPING("tls", struct caad_listener, tls, TLS),
    {0}};
static const struct config_mapping LISTENER = {.keys = LISTENER_KEYS,
                                               .finish = field_finish_listener};
static const struct config_key LISTENER_ITEM = {.kind = CONFIG_MAPPING,
                                                .mapping = &LISTENER};

/* --- resolver, cache --- */

static const struct config_key SERVER = {
    .kind = CONFIG_TEXT,
    .read = field_read_server,
    .accepted =
        "ADDRESS, ADDRESS:PORT or [V6ADDRESS]:PORT in numbers, such as 127.0.0.1:53"};

static const struct config_key RESOLVER_KEYS[] = {
    {LIST("servers", struct caad_resolver_config, servers, server_count,
          struct caad_server),
     .item = &SERVER, .min = 1, .max = 64, .fallback = "127.0.0.1:53",
     .same = field_same_server},
    NUMBER("workers", struct caad_resolver_config, workers, 0, 256, "0"),
    NUMBER("timeout_ms", struct caad_resolver_config, timeout_ms, 10, 60000, "2000"),
    NUMBER("attempts", struct caad_resolver_config, attempts, 1, 10, "2"),
    BOOLEAN("require_dnssec", struct caad_resolver_config, require_dnssec, "true"),
    {0}};
static const struct config_mapping RESOLVER = {.keys = RESOLVER_KEYS};

static const struct config_key CACHE_KEYS[] = {
    NUMBER("max_entries", struct caad_cache_config, max_entries, 0, 100000000, "1000000"),
    NUMBER("max_ttl_s", struct caad_cache_config, max_ttl_s, 0, 604800, "28800"),
    {0}};
static const struct config_mapping CACHE = {.keys = CACHE_KEYS};

/* --- products --- */

static const struct config_key PRODUCT_KEYS[] = {
    {TEXT("name", struct caad_product, name), .required = true, .read = field_read_label,
     .fallback = "DV", .fallback_words = "none, unless products is not given",
     .accepted = "text of at most 64 octets"},
    {TEXT("certificate", struct caad_product, certificate), .read = field_read_kind,
     .fallback = "tls", .accepted = "tls, smime or vmc"},
    {TEXT("caa", struct caad_product, exempt), .read = field_read_exempt,
     .fallback = "check", .accepted = "check or exempt"},
    {LIST("issuer_domain_names", struct caad_product, issuer_domain_names.names,
          issuer_domain_names.count, const char *),
     .item = &ISSUER, .min = 1, .max = 100, .same = field_same_text,
     .fallback_words = "the list at the top"},
    {0}};
static const struct config_mapping PRODUCT = {.keys = PRODUCT_KEYS};
static const struct config_key PRODUCT_ITEM = {.kind = CONFIG_MAPPING,
                                               .mapping = &PRODUCT};

/* --- audit, metrics, limits, log --- */

static const struct config_key AUDIT_KEYS[] = {
    {.name = "store",
     .kind = CONFIG_TEXT,
     .read = field_read_store,
     .secret = true,
     .fallback = "sqlite:/var/lib/caad/audit.db",
     .accepted =
         "sqlite:PATH, postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE or none"},
    NUMBER("keep_days", struct caad_audit_config, keep_days, 0, 36500, "0"),
    {0}};
static const struct config_mapping AUDIT = {.keys = AUDIT_KEYS};

static const struct config_key METRICS_KEYS[] = {
    {TEXT("listen", struct caad_metrics_config, listen), .read = field_read_metrics,
     .fallback = "http://127.0.0.1:9553", .accepted = "http://ADDRESS:PORT or none"},
    {0}};
static const struct config_mapping METRICS = {.keys = METRICS_KEYS};

static const struct config_key LIMITS_KEYS[] = {
    NUMBER("max_message_bytes", struct caad_limits_config, max_message_bytes, 4096,
           64 * MEBIBYTE, "1048576"),
    NUMBER("max_names", struct caad_limits_config, max_names, 1, 100000, "1000"),
    NUMBER("max_in_flight", struct caad_limits_config, max_in_flight, 1, 1000000,
           "10000"),
    NUMBER("max_connections", struct caad_limits_config, max_connections, 1, 1000000,
           "1024"),
    NUMBER("max_request_memory_bytes", struct caad_limits_config,
           max_request_memory_bytes, MEBIBYTE, 1024 * MEBIBYTE, "67108864"),
    {0}};
static const struct config_mapping LIMITS = {.keys = LIMITS_KEYS,
                                             .finish = field_finish_limits};

static const struct config_key LOG_KEYS[] = {
    {TEXT("level", struct caad_log_config, level), .read = field_read_level,
     .fallback = "info", .accepted = "debug, info, warning or error"},
    {TEXT("format", struct caad_log_config, format), .read = field_read_format,
     .fallback = "json", .accepted = "json or text"},
    {0}};
static const struct config_mapping LOG = {.keys = LOG_KEYS};

/* --- the file --- */

static const struct config_key KEYS[] = {
    {LIST("issuer_domain_names", struct caad_config, issuer_domain_names.names,
          issuer_domain_names.count, const char *),
     .required = true, .item = &ISSUER, .min = 1, .max = 100, .same = field_same_text},
    {TEXT("instance", struct caad_config, instance), .read = field_read_label,
     .fallback_words = "the name of the host", .accepted = "text of at most 64 octets"},
    {TEXT("perspective", struct caad_config, perspective), .read = field_read_label,
     .fallback = "primary", .accepted = "text of at most 64 octets"},
    {LIST("source_addresses", struct caad_config, source_addresses.names,
          source_addresses.count, const char *),
     .item = &SOURCE_ADDRESS, .max = 1000, .fallback_words = "none",
     .same = field_same_text},
    {LIST("listen", struct caad_config, listeners, listener_count, struct caad_listener),
     .item = &LISTENER_ITEM, .min = 1, .max = 64, .default_item = true,
     .fallback_words = "one listener, all defaults", .same = field_same_listener},
    MAPPING("resolver", struct caad_config, resolver, RESOLVER),
    MAPPING("cache", struct caad_config, cache, CACHE),
    {LIST("products", struct caad_config, products, product_count, struct caad_product),
     .item = &PRODUCT_ITEM, .min = 1, .max = 1000, .default_item = true,
     .fallback_words = "one product, DV", .same = field_same_product},
    MAPPING("audit", struct caad_config, audit, AUDIT),
    MAPPING("metrics", struct caad_config, metrics, METRICS),
    MAPPING("limits", struct caad_config, limits, LIMITS),
    MAPPING("log", struct caad_config, log, LOG),
    {0}};
const struct config_mapping CONFIG_SCHEMA = {.keys = KEYS, .finish = field_finish_config};
