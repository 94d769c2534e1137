/* PostgreSQL through libpq's pipeline mode: a batch is one round trip to look
 * up its request ids and one to write and commit. The socket is non-blocking
 * and every wait has a limit, so a server that stopped answering costs the
 * writer seconds, not the kernel's quarter of an hour. */
#include <endian.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "audit/db.h"
#include "base/clock.h"

enum { IO_LIMIT_MS = 10000, OID_INT8 = 20, OID_TEXT = 25, OID_BYTEA = 17 };

/* Keys of the advisory locks: "caad" in ASCII, then what is locked. */
enum { LOCK_CLASS = 0x63616164, LOCK_SCHEMA = 0 };

struct pending {
    const struct db_statement *statement; /* NULL: no rows expected */
    struct db_reply reply;
    bool commit;
};

struct pg_db {
    struct db db;
    PGconn *conn;
    char *secret;
    bool prepared[DB_STATEMENT_MAX];
    struct pending *pending;
    size_t pending_count;
    size_t pending_room;
};

static struct pg_db *of(struct db *db)
{
    return (struct pg_db *)db;
}

/* libpq's texts end in a newline and may have several lines; ours are one. */
static void one_line(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
        text[--len] = '\0';
    for (char *c = text; *c; c++) {
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    }
}

/* No libpq text is known to hold the password; this makes it certain. */
static void hide_secret(char *text, const char *secret)
{
    if (!secret || !*secret)
        return;
    size_t len = strlen(secret);
    for (char *at = text; (at = strstr(at, secret)) != NULL; at += len)
        memset(at, '*', len);
}

static bool fail(struct pg_db *self, enum fault_cure cure, const char *text,
                 struct fault *fault)
{
    fault_set(fault, cure, "PostgreSQL: %s", text);
    one_line(fault->text);
    hide_secret(fault->text, self->secret);
    return false;
}

static bool fail_conn(struct pg_db *self, struct fault *fault)
{
    const char *text = PQerrorMessage(self->conn);
    return fail(self, FAULT_WAIT, *text ? text : "connection lost", fault);
}

static enum fault_cure cure_of(const char *state)
{
    static const char *const races[] = {"40001", "40P01", "23505"};
    for (size_t i = 0; i < sizeof races / sizeof *races; i++) {
        if (strcmp(state, races[i]) == 0)
            return FAULT_RETRY;
    }
    /* 42: no right, no such table, and other things only a person can mend. */
    return strncmp(state, "42", 2) == 0 ? FAULT_NEVER : FAULT_WAIT;
}

static bool fail_result(struct pg_db *self, const PGresult *result, struct fault *fault)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!text)
        text = PQresultErrorMessage(result);
    return fail(self, cure_of(state ? state : ""), text, fault);
}

static void pg_close(struct db *db)
{
    struct pg_db *self = of(db);
    PQfinish(self->conn);
    free(self->pending);
    free(self->secret);
    free(self);
}

/* --- waiting --- */

static bool wait_socket(struct pg_db *self, bool unsent, int64_t until_us,
                        struct fault *fault)
{
    struct pollfd fd = {.fd = PQsocket(self->conn), .events = POLLIN};
    if (unsent)
        fd.events |= POLLOUT;
    int64_t left_ms = (until_us - clock_mono_us()) / 1000;
    int ready = left_ms > 0 ? poll(&fd, 1, (int)left_ms) : 0;
    if (ready == 0)
        return fail(self, FAULT_WAIT, "no answer within 10 seconds", fault);
    if (ready < 0 && errno != EINTR)
        return fail(self, FAULT_WAIT, strerror(errno), fault);
    if (ready > 0 && (fd.revents & (POLLIN | POLLHUP | POLLERR)) &&
        !PQconsumeInput(self->conn))
        return fail_conn(self, fault);
    return true;
}

/* The next result, NULL between two statements. False: connection lost. */
static bool next_result(struct pg_db *self, PGresult **out, struct fault *fault)
{
    int64_t until_us = clock_mono_us() + (int64_t)IO_LIMIT_MS * 1000;
    for (;;) {
        int unsent = PQflush(self->conn);
        if (unsent < 0)
            return fail_conn(self, fault);
        if (!PQisBusy(self->conn))
            break;
        if (!wait_socket(self, unsent > 0, until_us, fault))
            return false;
    }
    *out = PQgetResult(self->conn);
    return true;
}

/* --- reading --- */

static struct db_value column(const PGresult *result, int row, int index, char kind)
{
    const uint8_t *data = (const uint8_t *)PQgetvalue(result, row, index);
    size_t len = (size_t)PQgetlength(result, row, index);
    if (kind != 'i') {
        struct db_value value = db_blob(data, len);
        value.kind = kind == 't' ? DB_TEXT : DB_BLOB;
        return value;
    }
    /* smallint, integer and bigint: two's complement, high byte first. */
    uint64_t number = len > 0 && (data[0] & 0x80) ? UINT64_MAX : 0;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | data[i];
    return db_int((int64_t)number);
}

static void give_rows(const PGresult *result, const struct pending *pending)
{
    const char *columns = pending->statement->columns;
    struct db_value values[DB_PARAM_MAX];
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; columns[i] && i < PQnfields(result); i++)
            values[i] = column(result, row, i, columns[i]);
        if (pending->reply.row)
            pending->reply.row(pending->reply.arg, values);
    }
}

static bool take_result(struct pg_db *self, const PGresult *result,
                        const struct pending *pending, struct fault *fault)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        if (pending->statement)
            give_rows(result, pending);
        return true;
    case PGRES_COMMAND_OK:
        if (pending->reply.affected)
            *pending->reply.affected =
                strtoll(PQcmdTuples((PGresult *)(uintptr_t)result), NULL, 10);
        /* COMMIT of a transaction that failed reports success as ROLLBACK. */
        if (pending->commit &&
            strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "COMMIT") != 0)
            return fail(self, FAULT_WAIT, "the transaction was rolled back", fault);
        return true;
    default:
        return fail_result(self, result, fault);
    }
}

static bool read_reply(struct pg_db *self, const struct pending *pending,
                       struct fault *fault)
{
    PGresult *result = NULL;
    if (!next_result(self, &result, fault))
        return false;
    if (!result)
        return fail_conn(self, fault);
    bool ok = take_result(self, result, pending, fault);
    PQclear(result);
    PGresult *end = NULL;
    if (!ok || !next_result(self, &end, fault))
        return false;
    PQclear(end); /* NULL: one statement, one result */
    return true;
}

static bool read_sync(struct pg_db *self, struct fault *fault)
{
    PGresult *result = NULL;
    if (!next_result(self, &result, fault))
        return false;
    bool ok = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return ok || fail_conn(self, fault);
}

static bool pg_sync(struct db *db, struct fault *fault)
{
    struct pg_db *self = of(db);
    if (!PQpipelineSync(self->conn))
        return fail_conn(self, fault);
    for (size_t i = 0; i < self->pending_count; i++) {
        if (!read_reply(self, &self->pending[i], fault))
            return false;
    }
    self->pending_count = 0;
    return read_sync(self, fault);
}

/* --- sending --- */

static bool expect(struct pg_db *self, struct pending pending, struct fault *fault)
{
    if (self->pending_count == self->pending_room) {
        size_t room = self->pending_room ? self->pending_room * 2 : 256;
        struct pending *grown = realloc(self->pending, room * sizeof *grown);
        if (!grown)
            return fail(self, FAULT_WAIT, "out of memory", fault);
        self->pending = grown;
        self->pending_room = room;
    }
    self->pending[self->pending_count++] = pending;
    return true;
}

static bool send_plain(struct pg_db *self, const char *sql, bool commit,
                       struct fault *fault)
{
    if (!PQsendQueryParams(self->conn, sql, 0, NULL, NULL, NULL, NULL, 0))
        return fail_conn(self, fault);
    return expect(self, (struct pending){.commit = commit}, fault);
}

static bool prepare(struct pg_db *self, const struct db_statement *statement,
                    const char *name, struct fault *fault)
{
    Oid types[DB_PARAM_MAX];
    int count = 0;
    for (const char *kind = statement->params; *kind; kind++)
        types[count++] = *kind == 'i' ? OID_INT8 : *kind == 't' ? OID_TEXT : OID_BYTEA;
    if (!PQsendPrepare(self->conn, name, statement->sql, count, types))
        return fail_conn(self, fault);
    self->prepared[statement->id] = true;
    return expect(self, (struct pending){0}, fault);
}

static bool pg_send(struct db *db, const struct db_statement *statement,
                    const struct db_value *params, struct db_reply reply,
                    struct fault *fault)
{
    struct pg_db *self = of(db);
    char name[16];
    snprintf(name, sizeof name, "caad%d", statement->id);
    if (!self->prepared[statement->id] && !prepare(self, statement, name, fault))
        return false;

    const char *data[DB_PARAM_MAX];
    int lengths[DB_PARAM_MAX];
    int formats[DB_PARAM_MAX];
    uint64_t numbers[DB_PARAM_MAX];
    int count = 0;
    for (; statement->params[count]; count++) {
        const struct db_value *value = &params[count];
        formats[count] = 1;
        if (value->kind == DB_INT) {
            numbers[count] = htobe64((uint64_t)value->number);
            data[count] = (const char *)&numbers[count];
            lengths[count] = sizeof numbers[count];
        } else {
            data[count] = value->bytes.data ? (const char *)value->bytes.data : "";
            lengths[count] = (int)value->bytes.len;
        }
    }
    if (!PQsendQueryPrepared(self->conn, name, count, data, lengths, formats, 1))
        return fail_conn(self, fault);
    return expect(self, (struct pending){.statement = statement, .reply = reply}, fault);
}

/* Several statements in one text need the simple protocol. */
static bool pg_script(struct db *db, const char *sql, struct fault *fault)
{
    struct pg_db *self = of(db);
    if (!PQexitPipelineMode(self->conn) || !PQsendQuery(self->conn, sql))
        return fail_conn(self, fault);
    PGresult *result = NULL;
    for (;;) {
        if (!next_result(self, &result, fault))
            return false;
        if (!result)
            break;
        bool ok = take_result(self, result, &(struct pending){0}, fault);
        PQclear(result);
        if (!ok)
            return false;
    }
    return PQenterPipelineMode(self->conn) || fail_conn(self, fault);
}

static bool pg_begin(struct db *db, struct fault *fault)
{
    return send_plain(of(db), "BEGIN", false, fault);
}

static bool pg_commit(struct db *db, struct fault *fault)
{
    return send_plain(of(db), "COMMIT", true, fault) && pg_sync(db, fault);
}

/* --- locks --- */

static void row_to_bool(void *arg, const struct db_value *values)
{
    *(bool *)arg = values[0].number != 0;
}

static bool pg_lock_schema(struct db *db, struct fault *fault)
{
    static const struct db_statement lock = {
        .id = DB_STATEMENT_MAX - 1,
        .sql = "SELECT 1::smallint FROM (SELECT pg_advisory_xact_lock($1::integer, "
               "$2::integer)) l",
        .params = "ii",
        .columns = "i"};
    const struct db_value params[] = {db_int(LOCK_CLASS), db_int(LOCK_SCHEMA)};
    return db_run(db, &lock, params, (struct db_reply){0}, fault);
}

static bool pg_lock_stream(struct db *db, int64_t stream_no, struct fault *fault)
{
    static const struct db_statement lock = {
        .id = DB_STATEMENT_MAX - 2,
        .sql = "SELECT CASE WHEN pg_try_advisory_lock($1::integer, $2::integer)"
               " THEN 1 ELSE 0 END",
        .params = "ii",
        .columns = "i"};
    const struct db_value params[] = {db_int(LOCK_CLASS), db_int(stream_no)};
    bool held = false;
    if (!db_run(db, &lock, params, (struct db_reply){.row = row_to_bool, .arg = &held},
                fault))
        return false;
    return held || fail(of(db), FAULT_TAKEN, "another daemon writes this stream", fault);
}

static const struct db_statement find_schema = {
    .id = DB_STATEMENT_MAX - 3,
    .sql = "SELECT count(*) FROM information_schema.tables"
           " WHERE table_schema = current_schema() AND table_name = 'audit_meta'",
    .params = "",
    .columns = "i"};

static const struct db_ops pg_ops = {
    .close = pg_close,
    .script = pg_script,
    .send = pg_send,
    .sync = pg_sync,
    .begin = pg_begin,
    .commit = pg_commit,
    .lock_schema = pg_lock_schema,
    .lock_stream = pg_lock_stream,
    .blob_type = "BYTEA",
    .key_type = "BIGINT",
    .find_schema = &find_schema,
    .clustered = "",
};

/* --- connecting --- */

static void drop_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static PGconn *connect_url(const char *url)
{
    /* What stands before dbname is a default that the URL may override. */
    static const char *const keys[] = {"connect_timeout",
                                       "tcp_user_timeout",
                                       "keepalives_idle",
                                       "fallback_application_name",
                                       "dbname",
                                       "client_encoding",
                                       NULL};
    const char *const values[] = {"5", "10000", "10", "caad", url, "UTF8", NULL};
    return PQconnectdbParams(keys, values, 1);
}

/* A server set to confirm commits early would make our promise a lie. */
static const char write_session[] =
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit', true) = 'off'";

static bool set_up(struct pg_db *self, enum db_mode mode, struct fault *fault)
{
    if (PQstatus(self->conn) != CONNECTION_OK)
        return fail_conn(self, fault);
    PQsetNoticeReceiver(self->conn, drop_notice, NULL);
    const char *encoding = PQparameterStatus(self->conn, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return fail(self, FAULT_NEVER, "the database's encoding is not UTF8", fault);
    if (PQsetnonblocking(self->conn, 1) != 0 || !PQenterPipelineMode(self->conn))
        return fail_conn(self, fault);
    return pg_script(&self->db,
                     mode == DB_WRITE ? write_session
                                      : "SET default_transaction_read_only = on",
                     fault);
}

struct db *db_pg_connect(const char *url, const char *secret, enum db_mode mode,
                         struct fault *fault)
{
    struct pg_db *self = calloc(1, sizeof *self);
    if (!self) {
        fault_set(fault, FAULT_WAIT, "out of memory");
        return NULL;
    }
    self->db.ops = &pg_ops;
    self->secret = secret ? strdup(secret) : NULL;
    self->conn = connect_url(url);
    if (set_up(self, mode, fault))
        return &self->db;
    pg_close(&self->db);
    return NULL;
}
