#include "audit/db.h"

#include <stdlib.h>

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool read_sqlite(struct db_target *out, const char *path, struct fault *fault)
{
    if (*path == '\0' || path[strlen(path) - 1] == '/')
        return fault_set(fault, FAULT_NEVER,
                         "audit.store: sqlite: needs the path of a file, such as "
                         "sqlite:/var/lib/caad/audit.db");
    out->kind = DB_SQLITE;
    out->location = strdup(path);
    if (asprintf(&out->text, "sqlite:%s", path) < 0)
        out->text = NULL;
    return true;
}

static bool read_postgresql(struct db_target *out, const char *url, struct fault *fault)
{
    if (!db_pg_read_url(url, &out->text, &out->secret, fault))
        return false;
    out->kind = DB_POSTGRESQL;
    out->location = strdup(url);
    return true;
}

static bool read_store(struct db_target *out, const char *store, struct fault *fault)
{
    if (strcmp(store, "none") == 0) {
        out->kind = DB_NONE;
        out->location = strdup("");
        out->text = strdup("none");
        return true;
    }
    if (has_prefix(store, "sqlite:"))
        return read_sqlite(out, store + strlen("sqlite:"), fault);
    if (has_prefix(store, "postgresql://") || has_prefix(store, "postgres://"))
        return read_postgresql(out, store, fault);
    /* Not repeated: a mistyped URL may hold a password. */
    return fault_set(
        fault, FAULT_NEVER,
        "audit.store: give sqlite:/path/to/file, postgresql://user@host/database "
        "or none");
}

bool db_target_init(struct db_target *out, const char *store, struct fault *fault)
{
    struct db_target target = {0};
    if (!read_store(&target, store ? store : "", fault))
        return false;
    if (!target.location || !target.text) {
        db_target_fini(&target);
        return fault_set(fault, FAULT_WAIT, "out of memory");
    }
    *out = target;
    return true;
}

void db_target_fini(struct db_target *target)
{
    free(target->location);
    free(target->text);
    free(target->secret);
}

struct db *db_connect(const struct db_target *target, enum db_mode mode,
                      struct fault *fault)
{
    switch (target->kind) {
    case DB_SQLITE:
        return db_sqlite_connect(target->location, mode, fault);
    case DB_POSTGRESQL:
        return db_pg_connect(target->location, target->secret, mode, fault);
    case DB_NONE:
        break;
    }
    fault_set(fault, FAULT_NEVER, "audit.store is none: no record is kept");
    return NULL;
}

void db_close(struct db *db)
{
    if (db)
        db->ops->close(db);
}

bool db_run(struct db *db, const struct db_statement *statement,
            const struct db_value *params, struct db_reply reply, struct fault *fault)
{
    return db->ops->send(db, statement, params, reply, fault) && db->ops->sync(db, fault);
}
