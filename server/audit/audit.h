/* audit.h - every check's record, durable before its verdict leaves (BR 5.4.1),
 * read back by request id, name, order, decision and time, and chained by
 * SHA-256 so that a changed, missing or reordered record shows.
 *
 * Knows no protobuf and no RPC: a record is a few columns to search by and an
 * opaque payload. docs/audit.md has the schema, the hash and the query plans.
 *
 * Threads: any, but for audit_open and audit_close, which one owner calls.
 * Callbacks run on the store's own threads with no lock held; they must be
 * short and may call anything here but audit_close and audit_verify. */
#ifndef CAA_AUDIT_AUDIT_H
#define CAA_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct audit;

enum { AUDIT_HASH_LEN = 32, AUDIT_TEXT_LEN = 512, AUDIT_TOKEN_LEN = 64 };

enum audit_level { AUDIT_INFO, AUDIT_WARNING, AUDIT_ERROR };

/* 0 in a number means its default. Strings are copied by audit_open. */
struct audit_options {
    /* "sqlite:/path", "postgresql://..." or "none". */
    const char *store;
    /* This daemon's chain, one writer at a time: the instance name. UTF-8,
     * 1 to 128 bytes. */
    const char *stream;
    /* Entries waiting or being written; default 10,000. */
    size_t queue_limit;
    /* One transaction's entries (default 512) and payload bytes (8 MiB). */
    size_t batch_entries;
    size_t batch_bytes;
    /* Whole UTC days a record is kept; 0 keeps all. */
    unsigned keep_days;
    /* How long audit_close goes on writing what is queued; default 10,000. */
    unsigned close_ms;
    /* For find, list and verify beside a running daemon: takes no lock on the
     * stream, creates nothing; audit_append gives CAA_EINVAL. */
    bool read_only;
    /* May be NULL. Called from any thread; text holds no password. */
    void (*log)(void *arg, enum audit_level level, const char *text);
    void *log_arg;
};

/* Is this a store audit_open could use? For checking a configuration: opens
 * nothing. CAA_EINVAL: why says what is wrong (AUDIT_TEXT_LEN bytes). */
CAA_MUSTCHECK enum caa_err audit_store_check(const char *store, char *why);

/* Opens or creates the store, migrates its schema, takes the stream and starts
 * the threads. A PostgreSQL server that cannot be reached is no error: audit
 * starts unhealthy and keeps trying. What waiting cannot cure is:
 * CAA_EINVAL  an option is wrong
 * CAA_EBUSY   another daemon writes this stream
 * CAA_EIO     unusable: no permission, not a database, schema too new
 * CAA_ENOMEM
 * why then says so in a sentence (AUDIT_TEXT_LEN bytes); *out is untouched. */
CAA_MUSTCHECK enum caa_err audit_open(const struct audit_options *options,
                                      struct audit **out, char *why);

/* Writes what is queued for at most close_ms, fails the rest with CAA_ECLOSED,
 * waits until every callback has returned. NULL is fine. */
void audit_close(struct audit *audit);

/* --- writing --- */

struct audit_name {
    /* What history is searched by: A-labels, lower case. Empty: not indexed.
     * Past AUDIT_NAME_MAX bytes the index holds the first of them only. */
    const char *ascii_name;
    int verdict;
    int reason;
};

enum { AUDIT_NAME_MAX = 320, AUDIT_FIELD_MAX = 1024, AUDIT_PAYLOAD_MAX = 64 << 20 };

/* Strings: UTF-8, at most AUDIT_FIELD_MAX bytes, NULL as empty. Numbers are
 * the schema's enum values; the store gives them no meaning. */
struct audit_entry {
    const char *request_id; /* not empty; unique in the whole store */
    const char *order_id;
    const char *product;
    const char *caller;
    int event;
    int decision;
    int64_t checked_at_ms;
    const struct audit_name *names;
    size_t name_count;
    struct bytes payload;
};

struct audit_receipt {
    /* The request id had a record before: nothing was added. audit_find has
     * the answer that counts. sequence is then that record's, in its stream. */
    bool known;
    uint64_t sequence;
};

/* err CAA_OK: the record is on stable storage (or was before: receipt->known).
 * CAA_EIO: not written as far as is known; audit_health says why. If a commit's
 * outcome was lost with the connection the record may yet exist: asking again
 * with the same id is right either way.
 * CAA_ECLOSED: audit_close came first. receipt is borrowed. */
typedef void audit_done(void *arg, enum caa_err err, const struct audit_receipt *receipt);

/* Queues the entry; entry and all it points to stay borrowed until done, which
 * is called exactly once, never from within audit_append. Any other return than
 * CAA_OK means that done is not called:
 * CAA_EBUSY   the queue is full
 * CAA_EINVAL  no request id, a field too long, bytes that are not UTF-8
 * CAA_ECLOSED, CAA_ENOMEM */
CAA_MUSTCHECK enum caa_err audit_append(struct audit *audit,
                                        const struct audit_entry *entry, audit_done *done,
                                        void *arg);

/* Might a record with this id exist? A look into memory: true is worth an
 * audit_find before the work is done; false promises nothing, since another
 * daemon or an older run may have written it: audit_append finds out. So a new
 * id pays no query, and a retry soon after its first try no second check. */
bool audit_maybe_known(const struct audit *audit, const char *request_id);

/* Can an append succeed now? If not, text says why (AUDIT_TEXT_LEN bytes, no
 * password); otherwise it is empty. */
bool audit_health(struct audit *audit, char *text);

/* The store without credentials, such as "postgresql://db1:5432/caad". */
const char *audit_store_text(const struct audit *audit);

struct audit_stats {
    uint64_t appended;   /* durable */
    uint64_t known;      /* request id had a record */
    uint64_t failed;     /* CAA_EIO or CAA_ECLOSED */
    uint64_t refused;    /* CAA_EBUSY */
    uint64_t commits;    /* transactions; appended / commits = group size */
    uint64_t commit_us;  /* time spent in them */
    uint64_t pruned;     /* records removed by retention */
    uint64_t reconnects; /* times the store was given up and opened again */
    uint64_t queued;     /* waiting now */
};

void audit_stats(struct audit *audit, struct audit_stats *out);

/* --- reading --- */

struct audit_record {
    const char *stream;
    uint64_t sequence;
    const char *request_id;
    const char *order_id;
    const char *product;
    const char *caller;
    int event;
    int decision;
    int64_t checked_at_ms;
    struct bytes payload;
    uint8_t hash[AUDIT_HASH_LEN];
    uint8_t previous_hash[AUDIT_HASH_LEN];
};

/* CAA_OK, CAA_ENOTFOUND, CAA_ECORRUPT (the record does not fit its hash: it is not
 * what was written), CAA_EIO (store unreadable), CAA_ENOMEM, CAA_ECLOSED.
 * record is borrowed, NULL unless CAA_OK. */
typedef void audit_found(void *arg, enum caa_err err, const struct audit_record *record);

/* request_id is copied. Same returns as audit_append. */
CAA_MUSTCHECK enum caa_err audit_find(struct audit *audit, const char *request_id,
                                      audit_found *found, void *arg);

/* Every filter given must hold; NULL, "" and 0 are none. */
struct audit_filter {
    const char *name; /* equal to an audit_name.ascii_name */
    const char *order_id;
    int decision;
    int64_t since_ms; /* checked_at_ms >= since_ms */
    int64_t until_ms; /* checked_at_ms < until_ms */
    /* next_token of the page before. It stays good whatever is appended or
     * removed meanwhile. */
    const char *page_token;
    size_t page_size; /* 1 to 1,000; 0 means 100 */
    size_t max_bytes; /* payload in all, one record at least; 0 means 8 MiB */
};

struct audit_page {
    const struct audit_record *records; /* newest checked_at_ms first */
    size_t count;
    char next_token[AUDIT_TOKEN_LEN]; /* empty on the last page */
};

/* CAA_OK, CAA_EIO, CAA_ECLOSED. page is borrowed, NULL unless CAA_OK. */
typedef void audit_listed(void *arg, enum caa_err err, const struct audit_page *page);

/* The filter is copied. Same returns as audit_append; CAA_EINVAL also for a
 * page token not from here or a page size above 1,000. */
CAA_MUSTCHECK enum caa_err audit_list(struct audit *audit,
                                      const struct audit_filter *filter,
                                      audit_listed *listed, void *arg);

/* --- the chain --- */

enum audit_fault_kind {
    AUDIT_CHANGED,   /* the record is not what was written */
    AUDIT_MISSING,   /* no record where the chain needs one */
    AUDIT_REORDERED, /* another record of the stream stands in its place */
    AUDIT_UNINDEXED, /* intact, but history by name does not lead to it */
};

struct audit_finding {
    enum audit_fault_kind kind;
    uint64_t sequence;
    const char *request_id; /* of the record standing there; "" if none */
    const char *text;       /* a sentence that names the record */
};

struct audit_verification {
    uint64_t checked;  /* records read */
    uint64_t findings; /* 0: the chain holds */
    uint64_t first;    /* oldest record kept */
    uint64_t last;     /* newest when the reading began */
    uint8_t last_hash[AUDIT_HASH_LEN];
    /* Where the reading ended, to go on from; read_to_known false: the record
     * there is missing or has another's place. */
    uint64_t read_to;
    uint8_t read_to_hash[AUDIT_HASH_LEN];
    bool read_to_known;
};

/* A record that was read already. */
struct audit_verify_from {
    uint64_t sequence;
    const uint8_t *hash; /* AUDIT_HASH_LEN octets; NULL: not known */
};

struct audit_verify_watch {
    /* Each may be NULL. progress false stops the reading (CAA_ECLOSED). */
    void (*finding)(void *arg, const struct audit_finding *finding);
    bool (*progress)(void *arg, uint64_t checked, uint64_t last);
    void *arg;
};

/* Reads a stream (NULL: this daemon's) from its oldest record, or behind from (may
 * be NULL), to its end, on a connection of its own, in the caller's thread;
 * appends go on meanwhile. CAA_OK: read to the end, see
 * out->findings. CAA_ENOTFOUND: no such stream. CAA_EIO: why says what failed
 * (AUDIT_TEXT_LEN bytes). CAA_EINVAL: the store is "none". */
CAA_MUSTCHECK enum caa_err audit_verify(struct audit *audit, const char *stream,
                                        const struct audit_verify_from *from,
                                        const struct audit_verify_watch *watch,
                                        struct audit_verification *out, char *why);

#endif
