#include "audit/store.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/pg_server.h"

static struct pg_server *server;
static int databases;

int stores_setup(void **state)
{
    (void)state;
    server = pg_server_start();
    return server ? 0 : -1;
}

int stores_teardown(void **state)
{
    (void)state;
    pg_server_stop(server);
    server = NULL;
    return 0;
}

static void name_database(struct store *store, const char *database)
{
    snprintf(store->url, sizeof store->url, "postgresql://postgres@/%s?host=%s", database,
             pg_server_host(server));
}

static void create_database(struct store *store)
{
    char database[16];
    name_database(store, "postgres");
    snprintf(database, sizeof database, "t%d", ++databases);
    store_sql(store, "CREATE DATABASE %s", database);
    name_database(store, database);
}

int store_setup(void **state)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return -1;
    store->kind = (enum store_kind)(intptr_t)*state;
    if (store->kind == STORE_POSTGRESQL) {
        create_database(store);
    } else {
        strcpy(store->dir, "/tmp/caad-audit-XXXXXX");
        if (!mkdtemp(store->dir))
            return -1;
        snprintf(store->path, sizeof store->path, "%s/audit.db", store->dir);
        snprintf(store->url, sizeof store->url, "sqlite:%s", store->path);
    }
    *state = store;
    return 0;
}

int store_teardown(void **state)
{
    struct store *store = *state;
    static const char *const ends[] = {"", "-wal", "-shm", "-lock", ".away"};
    for (size_t i = 0; store->kind == STORE_SQLITE && i < sizeof ends / sizeof *ends;
         i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", store->path, ends[i]);
        unlink(path);
    }
    if (store->kind == STORE_SQLITE)
        rmdir(store->dir);
    free(store);
    return 0;
}

/* --- SQL --- */

static void put_cell(FILE *out, const char *text, bool last)
{
    fprintf(out, "%s%s", text ? text : "", last ? "\n" : "|");
}

static void query_sqlite(const struct store *store, const char *sql, FILE *out)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(store->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    for (const char *rest = sql; *rest;) {
        if (sqlite3_prepare_v2(db, rest, -1, &statement, &rest) != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        int columns = sqlite3_column_count(statement), rc;
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
            for (int i = 0; i < columns; i++)
                put_cell(out, (const char *)sqlite3_column_text(statement, i),
                         i + 1 == columns);
        }
        if (statement && rc != SQLITE_DONE)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
}

static void query_pg(const struct store *store, const char *sql, FILE *out)
{
    PGconn *conn = PQconnectdb(store->url);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < PQnfields(result); i++)
            put_cell(out, PQgetvalue(result, row, i), i + 1 == PQnfields(result));
    }
    PQclear(result);
    PQfinish(conn);
}

__attribute__((format(printf, 2, 0))) static char *query(const struct store *store,
                                                         const char *format, va_list args)
{
    char *sql = NULL, *text = NULL;
    size_t len = 0;
    assert_true(vasprintf(&sql, format, args) >= 0);
    FILE *out = open_memstream(&text, &len);
    (store->kind == STORE_SQLITE ? query_sqlite : query_pg)(store, sql, out);
    fclose(out);
    free(sql);
    return text;
}

char *store_query(const struct store *store, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = query(store, format, args);
    va_end(args);
    return text;
}

void store_sql(const struct store *store, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(query(store, format, args));
    va_end(args);
}

int64_t store_number(const struct store *store, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = query(store, format, args);
    va_end(args);
    int64_t number = strtoll(text, NULL, 10);
    free(text);
    return number;
}

/* --- faults --- */

static void away(const struct store *store, char *path, size_t size)
{
    snprintf(path, size, "%s.away", store->path);
}

void store_break(struct store *store)
{
    char path[128];
    away(store, path, sizeof path);
    if (store->kind == STORE_POSTGRESQL) {
        assert_true(pg_server_crash(server));
        return;
    }
    assert_int_equal(rename(store->path, path), 0);
    assert_int_equal(mkdir(store->path, 0700), 0); /* so that no new file is made */
}

void store_mend(struct store *store)
{
    char path[128];
    away(store, path, sizeof path);
    if (store->kind == STORE_POSTGRESQL) {
        assert_true(pg_server_restart(server));
        return;
    }
    assert_int_equal(rmdir(store->path), 0);
    assert_int_equal(rename(path, store->path), 0);
}

/* --- opening --- */

static void print_log(void *arg, enum audit_level level, const char *text)
{
    (void)arg;
    (void)level;
    if (getenv("AUDIT_TEST_LOG"))
        fprintf(stderr, "  %s\n", text);
}

struct audit *store_open_with(const struct store *store, struct audit_options options)
{
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    options.store = store->url;
    if (!options.log)
        options.log = print_log;
    if (audit_open(&options, &audit, why) != CAA_OK)
        fail_msg("audit_open: %s", why);
    return audit;
}

struct audit *store_open(const struct store *store, const char *stream)
{
    return store_open_with(store, (struct audit_options){.stream = stream});
}
