/* config.h - what caad is told by its configuration file (caad.conf(5)).
 *
 * The file is YAML; schema.c has the one table of keys, types, defaults and
 * accepted forms that the loader, its messages and the man page agree on.
 * Nothing is opened, bound or looked up here, except that TLS files are read
 * once to see that they can be.
 *
 * Threads: a loaded configuration never changes, so any thread may read it;
 * load and destroy belong to its owner. */
#ifndef CAAD_CONFIG_CONFIG_H
#define CAAD_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "check/verdict.h"
#include "ops/log.h"

struct arena;

/* Texts in the order given. */
struct caad_names {
    const char *const *names;
    size_t count;
};

/* Bits of caad_listener.roles. */
enum { CAAD_ROLE_CHECK = 1, CAAD_ROLE_ADMIN = 2 };

enum caad_transport { CAAD_TRANSPORT_IPC, CAAD_TRANSPORT_TCP, CAAD_TRANSPORT_TLS };

/* Absolute paths; all three or, but for tls+tcp, none. */
struct caad_tls {
    const char *cert;
    const char *key;
    const char *client_ca;
};

struct caad_listener {
    const char *url;      /* as nng takes it */
    const char *ipc_path; /* inside url; NULL unless ipc */
    enum caad_transport transport;
    uint32_t mode;  /* ipc: permission bits of the socket */
    uint32_t roles; /* CAAD_ROLE_*, never 0 */
    bool loopback;  /* ipc counts as such */
    bool insecure;  /* plain tcp to other machines, in so many words */
    struct caad_tls tls;
};

/* Room for "[" IPv6 "]:65535". */
enum { CAAD_ADDRESS_LEN = 56 };

struct caad_server {
    struct sockaddr_storage address;
    socklen_t address_len;
    char text[CAAD_ADDRESS_LEN]; /* "192.0.2.1:53", "[2001:db8::1]:53" */
};

struct caad_resolver_config {
    const struct caad_server *servers;
    size_t server_count; /* at least 1 */
    uint32_t workers;    /* 0 = one a core */
    uint32_t timeout_ms; /* one attempt */
    uint32_t attempts;   /* at least 1 */
    bool require_dnssec;
};

struct caad_cache_config {
    uint32_t max_entries; /* 0 = off */
    uint32_t max_ttl_s;
};

struct caad_product {
    const char *name;
    enum caa_certificate certificate;
    bool exempt;                           /* caa: exempt */
    struct caad_names issuer_domain_names; /* its own; count 0 = the CA's */
};

enum caad_store { CAAD_STORE_NONE, CAAD_STORE_SQLITE, CAAD_STORE_POSTGRESQL };

struct caad_audit_config {
    const char *store; /* "none", "sqlite:/absolute/path", "postgresql://..." */
    enum caad_store kind;
    const char *sqlite_path; /* inside store; NULL unless SQLite */
    const char *shown;       /* store without password and parameters: for people */
    uint32_t keep_days;      /* 0 = for ever */
};

struct caad_metrics_config {
    const char *listen; /* "http://127.0.0.1:9553"; NULL = off */
};

struct caad_limits_config {
    uint32_t max_message_bytes;
    uint32_t max_names;
    uint32_t max_in_flight;
    uint32_t max_connections;
    uint32_t max_request_memory_bytes;
};

struct caad_log_config {
    enum log_level level;
    enum log_format format;
};

struct caad_config {
    struct caad_names issuer_domain_names; /* lower case, LDH; at least 1 */
    const char *instance;                  /* default: the host's name */
    const char *perspective;
    struct caad_names source_addresses; /* "192.0.2.1", "2001:db8::/48"; may be none */
    const struct caad_listener *listeners;
    size_t listener_count; /* at least 1 */
    struct caad_resolver_config resolver;
    struct caad_cache_config cache;
    const struct caad_product *products; /* the first is the default product */
    size_t product_count;                /* at least 1 */
    struct caad_audit_config audit;
    struct caad_metrics_config metrics;
    struct caad_limits_config limits;
    struct caad_log_config log;
    struct arena *arena; /* holds all of the above */
};

enum { CAAD_CONFIG_ERROR_LEN = 1024 };

struct config_error {
    unsigned line; /* from 1 */
    /* "FILE:LINE: KEY: what is wrong; expected ACCEPTED FORM"; one line of
     * printable ASCII but for FILE, and never with the store's password. */
    char text[CAAD_CONFIG_ERROR_LEN];
};

/* Reads and checks the file; the caller destroys *out. On failure *out is
 * untouched and *error filled:
 * CAA_EINVAL  the file is wrong
 * CAA_EIO     it cannot be read
 * CAA_ENOMEM */
CAA_MUSTCHECK enum caa_err caad_config_load(const char *path, struct caad_config **out,
                                            struct config_error *error);

/* NULL is fine. */
void caad_config_destroy(struct caad_config *config);

/* The product of that name, compared byte for byte; "" or NULL: the first.
 * NULL: unknown. */
const struct caad_product *caad_config_product(const struct caad_config *config,
                                               const char *name);

/* The names that count as this CA for a product: its own, else the CA's. */
const struct caad_names *caad_config_issuers(const struct caad_config *config,
                                             const struct caad_product *product);

#endif
