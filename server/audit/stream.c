#include "audit/stream.h"

static void take_number(void *arg, const struct db_value *values)
{
    *(int64_t *)arg = values[0].number;
}

static bool read_number(struct db *db, const struct db_statement *statement, int64_t *out,
                        struct fault *fault)
{
    return db_run(db, statement, NULL, (struct db_reply){.row = take_number, .arg = out},
                  fault);
}

/* 0: no schema yet. */
static bool read_version(struct db *db, int64_t *version, struct fault *fault)
{
    int64_t tables = 0;
    *version = 0;
    if (!read_number(db, db->ops->find_schema, &tables, fault))
        return false;
    if (tables > 0 && !read_number(db, &sql_read_version, version, fault))
        return false;
    if (*version <= AUDIT_SCHEMA_VERSION)
        return true;
    return fault_set(
        fault, FAULT_NEVER,
        "the audit store has schema version %lld, this caad knows versions up to %d; "
        "use the newer caad that wrote it",
        (long long)*version, AUDIT_SCHEMA_VERSION);
}

bool stream_check_schema(struct db *db, struct fault *fault)
{
    int64_t version = 0;
    if (!read_version(db, &version, fault))
        return false;
    return version > 0 ||
           fault_set(fault, FAULT_NEVER, "the audit store holds no caad records yet");
}

/* Version N to N + 1 is one step here; each store passes through every step. */
static bool migrate(struct db *db, struct fault *fault)
{
    int64_t version = 0;
    if (!read_version(db, &version, fault))
        return false;
    if (version == AUDIT_SCHEMA_VERSION)
        return true;
    char text[4096];
    sql_create(text, sizeof text, db->ops);
    const struct db_value params[] = {db_int(AUDIT_SCHEMA_VERSION)};
    return db->ops->script(db, text, fault) &&
           db_run(db, &sql_add_version, params, (struct db_reply){0}, fault);
}

struct reading {
    struct stream *stream;
    bool found;
};

static void copy_hash(uint8_t *hash, struct bytes stored)
{
    memset(hash, 0, AUDIT_HASH_LEN);
    memcpy(hash, stored.data, stored.len < AUDIT_HASH_LEN ? stored.len : AUDIT_HASH_LEN);
}

static void take_stream(void *arg, const struct db_value *values)
{
    struct reading *reading = arg;
    reading->found = true;
    reading->stream->number = values[0].number;
    reading->stream->head_sequence = (uint64_t)values[1].number;
    copy_hash(reading->stream->head_hash, values[2].bytes);
    reading->stream->anchor_sequence = (uint64_t)values[3].number;
    copy_hash(reading->stream->anchor_hash, values[4].bytes);
}

bool stream_read(struct db *db, const char *name, struct stream *out, bool *found,
                 struct fault *fault)
{
    struct reading reading = {.stream = out};
    const struct db_value params[] = {db_text(name)};
    struct db_reply reply = {.row = take_stream, .arg = &reading};
    if (!db_run(db, &sql_read_stream, params, reply, fault))
        return false;
    *found = reading.found;
    return true;
}

static bool add_stream(struct db *db, const char *name, struct fault *fault)
{
    static const uint8_t none[AUDIT_HASH_LEN];
    const struct db_value params[] = {db_text(name), db_blob(none, sizeof none)};
    return db_run(db, &sql_add_stream, params, (struct db_reply){0}, fault);
}

static bool prepare_store(struct db *db, const char *name, struct stream *out,
                          struct fault *fault)
{
    bool found = false;
    if (!db->ops->begin(db, fault) || !db->ops->lock_schema(db, fault) ||
        !migrate(db, fault) || !stream_read(db, name, out, &found, fault))
        return false;
    if (!found &&
        (!add_stream(db, name, fault) || !stream_read(db, name, out, &found, fault)))
        return false;
    return db->ops->commit(db, fault);
}

static void take_newest(void *arg, const struct db_value *values)
{
    struct stream *stream = arg;
    uint64_t sequence = sql_sequence(values[0].number);
    if (sequence <= stream->head_sequence)
        return;
    stream->head_sequence = sequence;
    copy_hash(stream->head_hash, values[1].bytes);
}

/* Where the chain goes on. If someone removed the newest records, the head row
 * still knows them: the gap stays and audit_verify finds it. If someone set
 * the head row back, the records win. */
static bool read_head(struct db *db, const char *name, struct stream *out,
                      struct fault *fault)
{
    bool found = false;
    if (!stream_read(db, name, out, &found, fault))
        return false;
    if (!found)
        return fault_set(fault, FAULT_WAIT,
                         "the stream's row was removed from audit_stream");
    const struct db_value params[] = {db_int(sql_record_id(out->number, 0)),
                                      db_int(sql_record_id(out->number + 1, 0))};
    return db_run(db, &sql_newest_record, params,
                  (struct db_reply){.row = take_newest, .arg = out}, fault);
}

bool stream_claim(struct db *db, const char *name, struct stream *out,
                  struct fault *fault)
{
    if (!prepare_store(db, name, out, fault))
        return false;
    if (!db->ops->lock_stream(db, out->number, fault))
        return false;
    const struct db_value params[] = {db_int(out->number)};
    return db->ops->begin(db, fault) &&
           db_run(db, &sql_touch_stream, params, (struct db_reply){0}, fault) &&
           read_head(db, name, out, fault) && db->ops->commit(db, fault);
}
