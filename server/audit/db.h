/* db.h - the little of a database that audit/ needs, so that each rule of the
 * record is written once and SQLite and PostgreSQL differ only below this line.
 *
 * Statements are queued with db_send and their rows arrive, in order, by the
 * time db_sync returns: PostgreSQL sends them in one pipeline, SQLite runs them
 * at once. After any failure the connection is good only for db->close.
 * Threads: one connection, one thread. */
#ifndef CAA_AUDIT_DB_H
#define CAA_AUDIT_DB_H

#include "audit/fault.h"
#include "base/bytes.h"

enum { DB_PARAM_MAX = 12 };

enum db_kind { DB_INT, DB_TEXT, DB_BLOB };

struct db_value {
    enum db_kind kind;
    int64_t number;
    struct bytes bytes; /* DB_TEXT ends in NUL too when read from a row */
};

static inline struct db_value db_int(int64_t number)
{
    return (struct db_value){.kind = DB_INT, .number = number};
}

static inline struct db_value db_text(const char *text)
{
    return (struct db_value){.kind = DB_TEXT, .bytes = bytes_of(text)};
}

static inline struct db_value db_blob(const void *data, size_t len)
{
    return (struct db_value){.kind = DB_BLOB, .bytes = {data, len}};
}

/* columns holds the statement's result kinds, one letter each: i t b. Its
 * parameters are $1, $2, ... first met in that order, so that both databases
 * number them alike. */
struct db_statement {
    int id; /* < DB_STATEMENT_MAX, unique */
    const char *sql;
    const char *params;
    const char *columns;
};

enum { DB_STATEMENT_MAX = 40 };

/* One row; values are borrowed for the call. */
typedef void db_row(void *arg, const struct db_value *values);

struct db_reply {
    db_row *row; /* may be NULL */
    void *arg;
    int64_t *affected; /* rows changed; may be NULL */
};

struct db;

struct db_ops {
    void (*close)(struct db *db);
    /* Statement texts without parameters or rows, ; between them. */
    bool (*script)(struct db *db, const char *sql, struct fault *fault);
    bool (*send)(struct db *db, const struct db_statement *statement,
                 const struct db_value *params, struct db_reply reply,
                 struct fault *fault);
    bool (*sync)(struct db *db, struct fault *fault);
    bool (*begin)(struct db *db, struct fault *fault);
    bool (*commit)(struct db *db, struct fault *fault);
    /* Serialises schema changes between daemons until commit; after begin. */
    bool (*lock_schema)(struct db *db, struct fault *fault);
    /* Holds the stream for this connection's life, or FAULT_TAKEN. */
    bool (*lock_stream)(struct db *db, int64_t stream_no, struct fault *fault);
    /* The words that differ in CREATE TABLE, and a count of audit_meta tables. */
    const char *blob_type;
    const char *key_type;  /* SQLite's INTEGER PRIMARY KEY is the row's own id */
    const char *clustered; /* keep a table in its primary key */
    const struct db_statement *find_schema;
};

struct db {
    const struct db_ops *ops;
};

enum db_mode {
    DB_WRITE, /* may create the store */
    DB_READ,
};

struct db_target {
    enum { DB_NONE, DB_SQLITE, DB_POSTGRESQL } kind;
    char *location; /* path or URL */
    char *text;     /* without credentials */
    char *secret;   /* the URL's password, to keep it out of texts; or NULL */
};

/* Reads "sqlite:...", "postgresql://..." or "none". False: *fault says what is
 * wrong, *out needs no fini. */
bool db_target_init(struct db_target *out, const char *store, struct fault *fault);
void db_target_fini(struct db_target *target);

/* NULL: *fault says why. Not for DB_NONE. */
struct db *db_connect(const struct db_target *target, enum db_mode mode,
                      struct fault *fault);
/* NULL is fine. */
void db_close(struct db *db);

struct db *db_sqlite_connect(const char *path, enum db_mode mode, struct fault *fault);
struct db *db_pg_connect(const char *url, const char *secret, enum db_mode mode,
                         struct fault *fault);
/* Splits a PostgreSQL URL into what may be shown and its password. */
bool db_pg_read_url(const char *url, char **text, char **secret, struct fault *fault);

/* send and sync in one. */
bool db_run(struct db *db, const struct db_statement *statement,
            const struct db_value *params, struct db_reply reply, struct fault *fault);

#endif
