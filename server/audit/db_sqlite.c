/* SQLite: one file in WAL mode, every commit synced (synchronous=FULL), so that
 * it outlives a power cut. A second file, PATH-lock, carries one lock byte a
 * stream; the kernel drops it with the process, however that ends. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/db.h"

struct sqlite_db {
    struct db db;
    sqlite3 *handle;
    char *path;
    int lock_fd;
    struct stat file;
    sqlite3_stmt *statements[DB_STATEMENT_MAX];
};

static enum fault_cure cure_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return FAULT_RETRY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
        return FAULT_WAIT;
    case SQLITE_IOERR:
        /* The shared memory file could not grow: a full disk by another name. */
        return FAULT_WAIT;
    default:
        return FAULT_NEVER;
    }
}

static bool fail(struct sqlite_db *self, struct fault *fault)
{
    int code = sqlite3_extended_errcode(self->handle);
    int cause = sqlite3_system_errno(self->handle);
    bool show_cause =
        cause && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN);
    return fault_set(fault, cure_of(code), "%s: %s%s%s", self->path,
                     sqlite3_errmsg(self->handle), show_cause ? ": " : "",
                     show_cause ? strerror(cause) : "");
}

static struct sqlite_db *of(struct db *db)
{
    return (struct sqlite_db *)db;
}

static void sqlite_close(struct db *db)
{
    struct sqlite_db *self = of(db);
    for (size_t i = 0; i < DB_STATEMENT_MAX; i++)
        sqlite3_finalize(self->statements[i]);
    sqlite3_close(self->handle);
    if (self->lock_fd >= 0)
        close(self->lock_fd);
    free(self->path);
    free(self);
}

static bool sqlite_script(struct db *db, const char *sql, struct fault *fault)
{
    return sqlite3_exec(of(db)->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(of(db), fault);
}

static int bind(sqlite3_stmt *statement, int index, const struct db_value *value)
{
    const char *data = value->bytes.data ? (const char *)value->bytes.data : "";
    switch (value->kind) {
    case DB_INT:
        return sqlite3_bind_int64(statement, index, value->number);
    case DB_TEXT:
        return sqlite3_bind_text64(statement, index, data, value->bytes.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(statement, index, data, value->bytes.len,
                                   SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static struct db_value column(sqlite3_stmt *statement, int index, char kind)
{
    if (kind == 'i')
        return db_int(sqlite3_column_int64(statement, index));
    const void *data = kind == 't' ? (const void *)sqlite3_column_text(statement, index)
                                   : sqlite3_column_blob(statement, index);
    size_t len = (size_t)sqlite3_column_bytes(statement, index);
    struct db_value value = db_blob(data ? data : "", data ? len : 0);
    value.kind = kind == 't' ? DB_TEXT : DB_BLOB;
    return value;
}

static void give_row(sqlite3_stmt *statement, const char *columns, struct db_reply reply)
{
    struct db_value values[DB_PARAM_MAX];
    for (int i = 0; columns[i]; i++)
        values[i] = column(statement, i, columns[i]);
    if (reply.row)
        reply.row(reply.arg, values);
}

static bool run(struct sqlite_db *self, sqlite3_stmt *statement, const char *columns,
                struct db_reply reply, struct fault *fault)
{
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        give_row(statement, columns, reply);
    bool ok = rc == SQLITE_DONE || fail(self, fault);
    if (ok && reply.affected)
        *reply.affected = sqlite3_changes64(self->handle);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return ok;
}

static bool sqlite_send(struct db *db, const struct db_statement *statement,
                        const struct db_value *params, struct db_reply reply,
                        struct fault *fault)
{
    struct sqlite_db *self = of(db);
    sqlite3_stmt **slot = &self->statements[statement->id];
    if (!*slot && sqlite3_prepare_v3(self->handle, statement->sql, -1,
                                     SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
        return fail(self, fault);
    for (int i = 0; statement->params[i]; i++) {
        if (bind(*slot, i + 1, &params[i]) != SQLITE_OK)
            return fail(self, fault);
    }
    return run(self, *slot, statement->columns, reply, fault);
}

static bool sqlite_sync(struct db *db, struct fault *fault)
{
    (void)db;
    (void)fault;
    return true;
}

/* A file that was moved or removed is still writable through our descriptor,
 * but nobody would find the records again. */
static bool file_in_place(struct sqlite_db *self, struct fault *fault)
{
    struct stat now;
    if (stat(self->path, &now) == 0 && now.st_ino == self->file.st_ino &&
        now.st_dev == self->file.st_dev)
        return true;
    return fault_set(fault, FAULT_WAIT, "%s: the file was removed or replaced",
                     self->path);
}

static bool sqlite_begin(struct db *db, struct fault *fault)
{
    return file_in_place(of(db), fault) && sqlite_script(db, "BEGIN IMMEDIATE", fault);
}

static bool sqlite_commit(struct db *db, struct fault *fault)
{
    return sqlite_script(db, "COMMIT", fault) && file_in_place(of(db), fault);
}

/* BEGIN IMMEDIATE did it. */
static bool sqlite_lock_schema(struct db *db, struct fault *fault)
{
    (void)db;
    (void)fault;
    return true;
}

static bool sqlite_lock_stream(struct db *db, int64_t stream_no, struct fault *fault)
{
    struct sqlite_db *self = of(db);
    char name[4096];
    snprintf(name, sizeof name, "%s-lock", self->path);
    self->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (self->lock_fd < 0)
        return fault_set(fault, FAULT_NEVER, "%s: %s", name, strerror(errno));
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = stream_no, .l_len = 1};
    if (fcntl(self->lock_fd, F_OFD_SETLK, &lock) == 0)
        return true;
    if (errno != EAGAIN && errno != EACCES)
        return fault_set(fault, FAULT_NEVER, "%s: %s", name, strerror(errno));
    return fault_set(fault, FAULT_TAKEN, "%s: another daemon writes this stream",
                     self->path);
}

static const struct db_statement find_schema = {
    .id = DB_STATEMENT_MAX - 3,
    .sql =
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit_meta'",
    .params = "",
    .columns = "i"};

static const struct db_ops sqlite_ops = {
    .close = sqlite_close,
    .script = sqlite_script,
    .send = sqlite_send,
    .sync = sqlite_sync,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .lock_schema = sqlite_lock_schema,
    .lock_stream = sqlite_lock_stream,
    .blob_type = "BLOB",
    .key_type = "INTEGER",
    .find_schema = &find_schema,
    .clustered = "WITHOUT ROWID",
};

/* WAL's -wal and -shm files let readers go on while the writer commits. A
 * small journal limit keeps a burst from leaving a large file behind; 8,000
 * pages between checkpoints let hot index pages be written back once, not often. */
static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA journal_size_limit = 67108864;"
                              "PRAGMA cache_size = -65536;"
                              "PRAGMA wal_autocheckpoint = 8000;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA trusted_schema = OFF;";

static bool set_up(struct sqlite_db *self, enum db_mode mode, struct fault *fault)
{
    sqlite3_extended_result_codes(self->handle, 1);
    sqlite3_busy_timeout(self->handle, 5000);
    if (mode == DB_READ)
        return sqlite_script(
            &self->db, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF", fault);
    if (sqlite3_db_readonly(self->handle, "main"))
        return fault_set(fault, FAULT_NEVER, "%s: the file is read-only", self->path);
    if (!sqlite_script(&self->db, pragmas, fault))
        return false;
    if (stat(self->path, &self->file) != 0)
        return fault_set(fault, FAULT_NEVER, "%s: %s", self->path, strerror(errno));
    return true;
}

struct db *db_sqlite_connect(const char *path, enum db_mode mode, struct fault *fault)
{
    struct sqlite_db *self = calloc(1, sizeof *self);
    if (self)
        self->path = strdup(path);
    if (!self || !self->path) {
        free(self);
        fault_set(fault, FAULT_WAIT, "out of memory");
        return NULL;
    }
    self->db.ops = &sqlite_ops;
    self->lock_fd = -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (mode == DB_WRITE)
        flags |= SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(path, &self->handle, flags, NULL) != SQLITE_OK)
        fail(self, fault);
    else if (set_up(self, mode, fault))
        return &self->db;
    sqlite_close(&self->db);
    return NULL;
}
