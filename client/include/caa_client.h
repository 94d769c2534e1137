/* caa_client.h - ask a caad daemon whether certificates may be issued.
 *
 * The only public header of libcaa_client. A client holds one connection to
 * each of its servers, sends a call to the connected server with the fewest
 * calls outstanding, and tries again elsewhere when a connection breaks, always
 * with the same request id and inside the caller's deadline, so the daemon does
 * and records the work once.
 *
 * A reply to a check is believed only if it holds exactly one result for each
 * distinct name asked; any other reply makes the call fail. What the library
 * does not understand never reads as permission.
 *
 * Threads: a struct caa_client may be used by any number of threads at once.
 * Everything else belongs to the thread that holds it. Strings are UTF-8.
 * Times are milliseconds; points in time count from 1970-01-01 UTC. */
#ifndef CAA_CLIENT_H
#define CAA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAA_CLIENT_API __attribute__((visibility("default")))
#else
#define CAA_CLIENT_API
#endif

/* ------------------------------------------------------------------ errors */

/* Why a call could not be answered: gRPC's codes, the same numbers. A denied
 * name is an answer, so it comes under OK. */
enum caa_client_code {
    CAA_CLIENT_OK = 0,
    /* The client was destroyed while the call was on its way. */
    CAA_CLIENT_CANCELLED = 1,
    CAA_CLIENT_UNKNOWN = 2,
    /* Some argument or field is wrong; error.field says which. */
    CAA_CLIENT_INVALID_ARGUMENT = 3,
    /* A server was reached, but did not answer in time. */
    CAA_CLIENT_DEADLINE_EXCEEDED = 4,
    CAA_CLIENT_NOT_FOUND = 5,
    CAA_CLIENT_ALREADY_EXISTS = 6,
    /* This listener does not offer the service asked for. */
    CAA_CLIENT_PERMISSION_DENIED = 7,
    /* Too much in flight at the server, or memory used up here. */
    CAA_CLIENT_RESOURCE_EXHAUSTED = 8,
    CAA_CLIENT_FAILED_PRECONDITION = 9,
    CAA_CLIENT_ABORTED = 10,
    CAA_CLIENT_OUT_OF_RANGE = 11,
    /* The server does not know the method. */
    CAA_CLIENT_UNIMPLEMENTED = 12,
    /* A reply that must not be believed, or a fault of the library. */
    CAA_CLIENT_INTERNAL = 13,
    /* No server could be reached, or it cannot work now. */
    CAA_CLIENT_UNAVAILABLE = 14,
    CAA_CLIENT_DATA_LOSS = 15,
    CAA_CLIENT_UNAUTHENTICATED = 16
};

/* Filled by every call that fails. Longer texts are cut. */
struct caa_client_error {
    enum caa_client_code code;
    /* When not 0: a new try may succeed after this many milliseconds. */
    uint32_t retry_after_ms;
    /* With INVALID_ARGUMENT the path of the field, such as "names[3]". */
    char field[128];
    /* A sentence: what, where, and the accepted form. */
    char message[640];
};

/* "INVALID_ARGUMENT" and so on; static. "UNKNOWN" for any other number.
 * Threads: any. */
CAA_CLIENT_API const char *caa_client_code_name(enum caa_client_code code);

/* The library's version, such as "0.1.0"; static. Threads: any. */
CAA_CLIENT_API const char *caa_client_version(void);

/* ------------------------------------------------------------------ client */

struct caa_client;

/* Zero everything first; what stays 0 or NULL takes its default. All of it is
 * copied by caa_client_create. */
struct caa_client_options {
    /* Where caad listens: "ipc:///run/caad/caad.sock", "tcp://host:port",
     * "tls+tcp://host:port" (IPv6 addresses in brackets). At least one. */
    const char *const *servers;
    size_t servers_len;

    /* For tls+tcp://, PEM files: who signs the servers' certificates
     * (required), and this client's own certificate chain and key, which caad
     * requires. */
    const char *tls_ca_file;
    const char *tls_cert_file;
    const char *tls_key_file;
    /* The name expected in the servers' certificates. NULL: each URL's host. */
    const char *tls_server_name;

    /* Sent with every call as metadata "caller", for the audit record: the
     * name of the calling component, at most 1,024 bytes. NULL: none. */
    const char *name;

    /* Largest request, in bytes, refused before it is sent. It must not be
     * larger than the servers' limit. 0: 1,048,576. */
    size_t max_message_bytes;
    /* Largest reply taken. 0: 67,108,864. */
    size_t max_reply_bytes;

    /* Deadline of a call that names none. 0: 10,000. */
    uint32_t timeout_ms;
    /* How long a call waits while no server at all is connected.
     * 0: as long as its deadline. */
    uint32_t connect_timeout_ms;
    /* How often a call is sent at most, the first time included. 0: 4. */
    unsigned max_attempts;
};

/* Makes a client and begins to connect in the background; it does not wait, and
 * a server that is away is dialled again for as long as the client lives.
 * options: borrowed for the call. *client is the caller's, to be given to
 * caa_client_destroy. error may be NULL.
 * INVALID_ARGUMENT: a URL, a number or a file is wrong (field: which option).
 * RESOURCE_EXHAUSTED: out of memory or descriptors. On failure *client is
 * untouched. Threads: any. */
CAA_CLIENT_API enum caa_client_code
caa_client_create(const struct caa_client_options *options, struct caa_client **client,
                  struct caa_client_error *error);

/* Ends every outstanding call with CANCELLED, waits until their callbacks have
 * returned, disconnects and frees. NULL is fine. Must not be called from a
 * callback, nor while another thread may still use the client. */
CAA_CLIENT_API void caa_client_destroy(struct caa_client *client);

/* How one server is seen at this moment. */
struct caa_client_server_state {
    /* As in the options; valid as long as the client. */
    const char *url;
    bool connected;
    /* Calls sent there and not yet answered. */
    size_t outstanding;
    /* Why it cannot be reached, as far as known; empty when connected. */
    char cause[256];
};

/* Fills *state for server number index, in the order of the options. false:
 * there is no such server, *state untouched. Threads: any. */
CAA_CLIENT_API bool caa_client_server_state(struct caa_client *client, size_t index,
                                            struct caa_client_server_state *state);

/* ------------------------------------------------------------ generic calls */

struct caa_client_call_options {
    /* Deadline, counted from the call. 0: the client's. It is sent along, so
     * the server drops work nobody waits for. */
    uint32_t timeout_ms;
    /* At most 128 bytes. NULL or empty: the library makes a random one. Kept
     * over retries, so that the server answers once. */
    const char *request_id;
};

/* Calls any method and waits for the reply.
 * method: as gRPC writes it, "caa.v1.HealthService/Check". payload: the packed
 * request message, borrowed; may be NULL when payload_len is 0. options may be
 * NULL. *reply is the packed response message, to be freed with
 * caa_client_free; it is never NULL on success, even when *reply_len is 0.
 * A reply to caa.v1.CaaService/CheckDomains is verified like caa_client_check.
 * Errors: the server's own; INVALID_ARGUMENT (argument wrong, request larger
 * than max_message_bytes), DEADLINE_EXCEEDED, UNAVAILABLE (no server could be
 * reached: the message names each URL and its cause), INTERNAL (reply not
 * readable or not to this request), RESOURCE_EXHAUSTED (out of memory, or the
 * server's), CANCELLED. On failure *reply and *reply_len are untouched and
 * *error, which may be NULL, is filled.
 * Threads: any, but not from a callback: it blocks. */
CAA_CLIENT_API enum caa_client_code
caa_client_call(struct caa_client *client, const char *method, const void *payload,
                size_t payload_len, const struct caa_client_call_options *options,
                void **reply, size_t *reply_len, struct caa_client_error *error);

/* Receives the outcome of caa_client_call_async, once, on a thread of the
 * library that holds no lock. error is never NULL; error->code is OK when there
 * is a reply. error and reply are borrowed until the callback returns. It may
 * begin new calls; it must not block and must not destroy the client. */
typedef void (*caa_client_call_fn)(void *arg, const struct caa_client_error *error,
                                   const void *reply, size_t reply_len);

/* Begins a call and returns at once. method, payload and options are copied.
 * OK: done will be called exactly once, perhaps before this returns. Any other
 * code (INVALID_ARGUMENT, RESOURCE_EXHAUSTED, CANCELLED): *error, which may be
 * NULL, is filled and done is never called. Errors that come through done: as
 * for caa_client_call. Threads: any, callbacks too. */
CAA_CLIENT_API enum caa_client_code
caa_client_call_async(struct caa_client *client, const char *method, const void *payload,
                      size_t payload_len, const struct caa_client_call_options *options,
                      caa_client_call_fn done, void *arg, struct caa_client_error *error);

/* Frees a reply of caa_client_call. NULL is fine. Threads: any. */
CAA_CLIENT_API void caa_client_free(void *reply);

/* ------------------------------------------------------------------- checks */

/* Why a check is made. */
enum caa_check_event {
    CAA_CHECK_EVENT_UNSPECIFIED = 0,
    CAA_CHECK_EVENT_ORDER = 1,
    CAA_CHECK_EVENT_REISSUE = 2,
    CAA_CHECK_EVENT_RENEWAL = 3,
    CAA_CHECK_EVENT_ADD_SAN = 4
};

/* Zero everything first. Strings may be NULL, which means empty. */
struct caa_check_request {
    /* The caller's name for this check, at most 128 bytes. The same id again is
     * the same check: answered once, recorded once. Empty: a random one. */
    const char *request_id;
    /* The CA's order, for the record; at most 128 bytes. */
    const char *order_id;
    enum caa_check_event event;
    /* A product of the daemon's configuration. Empty: its first one. */
    const char *product;
    /* The subject's common name; checked like a SAN. */
    const char *common_name;
    /* SANs: domain names, wildcards (*.example.com), IP addresses,
     * internationalized names; for S/MIME products mailbox addresses. */
    const char *const *names;
    size_t names_len;
    /* Every URI that names the applicant's account (RFC 8657 section 3). */
    const char *const *account_uris;
    size_t account_uris_len;
    /* The validation method used (RFC 8657 section 4), such as "dns-01". */
    const char *validation_method;
    /* Do not use the daemon's cache. */
    bool fresh;
};

/* A number this library does not know is given as ..._UNSPECIFIED, which is
 * never permission. */
enum caa_check_decision {
    CAA_CHECK_DECISION_UNSPECIFIED = 0,
    /* Every name is PERMITTED or EXEMPT. */
    CAA_CHECK_DECISION_PERMITTED = 1,
    /* Some name is DENIED or INVALID_NAME. */
    CAA_CHECK_DECISION_DENIED = 2,
    /* None is denied, but some lookup failed. */
    CAA_CHECK_DECISION_LOOKUP_FAILED = 3
};

enum caa_check_verdict {
    CAA_CHECK_VERDICT_UNSPECIFIED = 0,
    /* CAA does not stand in the way. */
    CAA_CHECK_VERDICT_PERMITTED = 1,
    /* CAA forbids it. */
    CAA_CHECK_VERDICT_DENIED = 2,
    /* CAA could not be determined; never permission (BR 4.2.2.1). */
    CAA_CHECK_VERDICT_LOOKUP_FAILED = 3,
    /* CAA does not apply to this name or product. */
    CAA_CHECK_VERDICT_EXEMPT = 4,
    /* Not a name that a certificate can hold. */
    CAA_CHECK_VERDICT_INVALID_NAME = 5
};

/* Each belongs to one verdict. */
enum caa_check_reason {
    CAA_CHECK_REASON_UNSPECIFIED = 0,
    /* PERMITTED (RFC 8659 section 3) */
    CAA_CHECK_REASON_NO_CAA_RECORDS = 1,
    CAA_CHECK_REASON_ISSUER_AUTHORIZED = 2,
    CAA_CHECK_REASON_NO_RESTRICTING_PROPERTY = 3,
    /* DENIED (RFC 8659 section 4, RFC 8657) */
    CAA_CHECK_REASON_ISSUER_NOT_AUTHORIZED = 10,
    CAA_CHECK_REASON_ISSUANCE_FORBIDDEN = 11,
    CAA_CHECK_REASON_CRITICAL_UNKNOWN_PROPERTY = 12,
    CAA_CHECK_REASON_ACCOUNT_NOT_AUTHORIZED = 13,
    CAA_CHECK_REASON_METHOD_NOT_AUTHORIZED = 14,
    CAA_CHECK_REASON_MALFORMED_PROPERTY = 15,
    /* LOOKUP_FAILED */
    CAA_CHECK_REASON_TIMEOUT = 20,
    CAA_CHECK_REASON_SERVFAIL = 21,
    CAA_CHECK_REASON_REFUSED = 22,
    CAA_CHECK_REASON_OTHER_RCODE = 23,
    CAA_CHECK_REASON_TRUNCATED = 24,
    CAA_CHECK_REASON_DNSSEC_BOGUS = 25,
    CAA_CHECK_REASON_MALFORMED_RESPONSE = 26,
    CAA_CHECK_REASON_RESOLVER_UNAVAILABLE = 27,
    CAA_CHECK_REASON_DEADLINE_EXCEEDED = 28,
    /* EXEMPT */
    CAA_CHECK_REASON_PRODUCT_EXEMPT = 40,
    CAA_CHECK_REASON_IP_ADDRESS = 41,
    CAA_CHECK_REASON_ONION_NAME = 42,
    /* INVALID_NAME */
    CAA_CHECK_REASON_SYNTAX = 50,
    CAA_CHECK_REASON_IDNA = 51,
    CAA_CHECK_REASON_REVERSE_NAME = 52
};

/* RFC 4035 section 4.3. */
enum caa_check_dnssec {
    CAA_CHECK_DNSSEC_UNSPECIFIED = 0,
    CAA_CHECK_DNSSEC_SECURE = 1,
    CAA_CHECK_DNSSEC_INSECURE = 2,
    CAA_CHECK_DNSSEC_BOGUS = 3,
    CAA_CHECK_DNSSEC_INDETERMINATE = 4
};

/* What one question to the DNS brought. */
enum caa_check_outcome {
    CAA_CHECK_OUTCOME_UNSPECIFIED = 0,
    CAA_CHECK_OUTCOME_RRSET = 1,
    CAA_CHECK_OUTCOME_NODATA = 2,
    CAA_CHECK_OUTCOME_NXDOMAIN = 3,
    CAA_CHECK_OUTCOME_TIMEOUT = 4,
    CAA_CHECK_OUTCOME_SERVFAIL = 5,
    CAA_CHECK_OUTCOME_REFUSED = 6,
    CAA_CHECK_OUTCOME_OTHER_RCODE = 7,
    CAA_CHECK_OUTCOME_TRUNCATED = 8,
    CAA_CHECK_OUTCOME_DNSSEC_BOGUS = 9,
    CAA_CHECK_OUTCOME_MALFORMED_RESPONSE = 10,
    CAA_CHECK_OUTCOME_RESOLVER_UNAVAILABLE = 11,
    CAA_CHECK_OUTCOME_DEADLINE_EXCEEDED = 12
};

enum caa_check_transport {
    CAA_CHECK_TRANSPORT_UNSPECIFIED = 0,
    CAA_CHECK_TRANSPORT_UDP = 1,
    CAA_CHECK_TRANSPORT_TCP = 2
};

/* One CAA record of the Relevant RRset (RFC 8659 section 4.1). */
struct caa_check_record {
    /* 0 to 255; only 128, critical, has a meaning. */
    uint32_t flags;
    /* Printable ASCII, other octets as \DDD. */
    const char *tag;
    /* In zone-file form. */
    const char *value;
    /* Seconds it may still be kept. */
    uint32_t ttl_s;
    /* It decided the verdict. */
    bool decisive;
};

/* An extended DNS error (RFC 8914). */
struct caa_check_ede {
    uint32_t code;
    const char *text;
};

/* One query sent. */
struct caa_check_attempt {
    /* The resolver asked, "address:port". */
    const char *server;
    enum caa_check_transport transport;
    enum caa_check_outcome outcome;
    /* Microseconds. */
    uint64_t duration_us;
    /* 0 also when nothing came. */
    uint32_t rcode;
    /* Asked with the CD bit, to tell a DNSSEC failure from any other. */
    bool checking_disabled;
};

/* One CAA question at one level of the climb. */
struct caa_check_lookup {
    const char *name;
    enum caa_check_outcome outcome;
    uint32_t rcode;
    uint32_t ttl_s;
    enum caa_check_dnssec dnssec;
    const struct caa_check_ede *ede;
    size_t ede_len;
    const struct caa_check_attempt *attempts;
    size_t attempts_len;
    /* Alias targets followed, in order. */
    const char *const *aliases;
    size_t aliases_len;
    int64_t retrieved_at_ms;
    bool from_cache;
};

/* The answer for one name. No string is NULL. */
struct caa_check_result {
    /* As asked, byte for byte. */
    const char *name;
    /* A-labels, lower case; empty if INVALID_NAME. */
    const char *ascii_name;
    bool wildcard;
    enum caa_check_verdict verdict;
    enum caa_check_reason reason;
    /* A sentence for the customer. It quotes what the DNS said: escape it for
     * the place where it is shown. */
    const char *message;
    /* The exact record to publish and where; empty where none would help. */
    const char *remedy;
    /* The level that had the Relevant RRset (RFC 8659 section 3), or empty. */
    const char *found_at;
    const char *const *aliases;
    size_t aliases_len;
    const struct caa_check_record *records;
    size_t records_len;
    /* The weakest state of the levels that decided. */
    enum caa_check_dnssec dnssec;
    int64_t retrieved_at_ms;
    /* Until when the verdict may be issued on (BR 4.2.2.1); 0 unless PERMITTED
     * or DENIED. */
    int64_t valid_until_ms;
    bool from_cache;
    /* The same request may succeed later with nothing changed by the customer. */
    bool retryable;
    const struct caa_check_lookup *lookups;
    size_t lookups_len;
};

/* The answer for all names: one result for each distinct name, common_name
 * first, then names in the order first asked. */
struct caa_check_response {
    const char *request_id;
    enum caa_check_decision decision;
    int64_t checked_at_ms;
    /* The earliest of the results that have one; 0 if none has. */
    int64_t valid_until_ms;
    /* Which daemon answered, and from which network perspective. */
    const char *instance;
    const char *perspective;
    const struct caa_check_result *results;
    size_t results_len;
};

/* Asks whether the names of *request may be issued for, and waits.
 * request is borrowed. timeout_ms 0: the client's. *response is the caller's,
 * to be freed with caa_check_response_free.
 * Errors: as caa_client_call; INTERNAL also when the reply lacks a name, has
 * one too many, belongs to another request or contradicts itself. On failure
 * *response is untouched and *error, which may be NULL, is filled.
 * Threads: any, but not from a callback: it blocks. */
CAA_CLIENT_API enum caa_client_code
caa_client_check(struct caa_client *client, const struct caa_check_request *request,
                 uint32_t timeout_ms, struct caa_check_response **response,
                 struct caa_client_error *error);

/* Receives the outcome of caa_client_check_async, under the rules of
 * caa_client_call_fn. response is NULL unless error->code is OK; it is the
 * callback's, to be freed with caa_check_response_free, then or later. */
typedef void (*caa_client_check_fn)(void *arg, const struct caa_client_error *error,
                                    struct caa_check_response *response);

/* Begins a check and returns at once; request is copied. Results and threads as
 * caa_client_call_async. */
CAA_CLIENT_API enum caa_client_code
caa_client_check_async(struct caa_client *client, const struct caa_check_request *request,
                       uint32_t timeout_ms, caa_client_check_fn done, void *arg,
                       struct caa_client_error *error);

/* NULL is fine. Threads: any. */
CAA_CLIENT_API void caa_check_response_free(struct caa_check_response *response);

/* Whether CAA lets this name be issued for: true for PERMITTED and EXEMPT,
 * false for everything else. It looks at no clock: compare valid_until_ms, when
 * not 0, with the time of issuance. Threads: any. */
CAA_CLIENT_API bool caa_check_may_issue(const struct caa_check_result *result);

/* Names as in the schema, such as "LOOKUP_FAILED"; static. Any other number
 * gives "UNSPECIFIED". Threads: any. */
CAA_CLIENT_API const char *caa_check_event_name(enum caa_check_event event);
CAA_CLIENT_API const char *caa_check_decision_name(enum caa_check_decision decision);
CAA_CLIENT_API const char *caa_check_verdict_name(enum caa_check_verdict verdict);
CAA_CLIENT_API const char *caa_check_reason_name(enum caa_check_reason reason);
CAA_CLIENT_API const char *caa_check_dnssec_name(enum caa_check_dnssec dnssec);
CAA_CLIENT_API const char *caa_check_outcome_name(enum caa_check_outcome outcome);
CAA_CLIENT_API const char *caa_check_transport_name(enum caa_check_transport transport);

/* ------------------------------------------------------------------- health */

/* Asks whether a server is worth sending work to. part: "resolver", "audit", or
 * NULL for the whole. Errors: as caa_client_call; NOT_FOUND: there is no such
 * part. On failure *serving is untouched. Threads: any, but not from a
 * callback: it blocks. */
CAA_CLIENT_API enum caa_client_code caa_client_health(struct caa_client *client,
                                                      const char *part,
                                                      uint32_t timeout_ms, bool *serving,
                                                      struct caa_client_error *error);

#ifdef __cplusplus
}
#endif

#endif
