#include "audit/retention.h"

#include "audit/rows.h"

/* A step holds the writer for a few milliseconds. */
enum { STEP_RECORDS = 64, STEP_BYTES = 1 << 20, STREAMS_MAX = 1024 };

int64_t retention_cutoff_ms(int64_t now_ms, unsigned keep_days)
{
    const int64_t day = INT64_C(86400000);
    if (keep_days == 0)
        return INT64_MIN;
    return now_ms - now_ms % day - keep_days * day;
}

struct stream_names {
    struct arena *arena;
    const char *names[STREAMS_MAX];
    size_t count;
};

static void take_name(void *arg, const struct db_value *values)
{
    struct stream_names *streams = arg;
    if (streams->count == STREAMS_MAX)
        return;
    const char *name = arena_strndup(streams->arena, (const char *)values[1].bytes.data,
                                     values[1].bytes.len);
    if (name)
        streams->names[streams->count++] = name;
}

static bool drop_names(struct db *db, struct coder *coder, const struct row *row,
                       struct fault *fault)
{
    struct record_tail tail;
    /* A body that was tampered with names nobody; index rows without a record
     * are never shown. */
    if (!record_open(coder, row->body, &tail))
        return true;
    struct bytes name;
    while (record_next_name(&tail, &name)) {
        const struct db_value params[] = {
            {.kind = DB_TEXT, .bytes = record_index_key(name)},
            db_int(row->record.checked_at_ms),
            db_int(row->record_id)};
        if (name.len &&
            !db->ops->send(db, &sql_drop_name, params, (struct db_reply){0}, fault))
            return false;
    }
    return true;
}

/* The unbroken run of records from the anchor on that are old enough. Removing
 * past a gap would remove the evidence of it. */
static size_t count_old(const struct rows *rows, uint64_t anchor, int64_t cutoff_ms,
                        uint64_t *stuck_at)
{
    size_t count = 0;
    for (; count < rows->count; count++) {
        const struct audit_record *record = &rows->items[count].record;
        if (record->checked_at_ms >= cutoff_ms)
            break;
        if (record->sequence != anchor + count + 1) {
            *stuck_at = count == 0 ? record->sequence : *stuck_at;
            break;
        }
    }
    return count;
}

static bool remove_rows(struct db *db, struct coder *coder, const struct stream *stream,
                        const struct row *rows, size_t count, bool *moved,
                        struct fault *fault)
{
    const struct row *last = &rows[count - 1];
    for (size_t i = 0; i < count; i++) {
        if (!drop_names(db, coder, &rows[i], fault))
            return false;
    }
    const struct db_value range[] = {
        db_int(sql_record_id(stream->number, stream->anchor_sequence)),
        db_int(last->record_id)};
    const struct db_value anchor[] = {db_int((int64_t)last->record.sequence),
                                      db_blob(last->record.hash, AUDIT_HASH_LEN),
                                      db_int(stream->number),
                                      db_int((int64_t)stream->anchor_sequence)};
    int64_t affected = 0;
    if (!db->ops->send(db, &sql_drop_records, range, (struct db_reply){0}, fault) ||
        !db_run(db, &sql_set_anchor, anchor, (struct db_reply){.affected = &affected},
                fault))
        return false;
    *moved = affected == 1;
    return true;
}

static bool step_stream(struct db *db, struct coder *coder, const char *name,
                        int64_t cutoff_ms, struct rows *rows,
                        struct retention_report *out, struct fault *fault)
{
    struct stream stream;
    bool found = false;
    if (!stream_read(db, name, &stream, &found, fault))
        return false;
    if (!found)
        return true;
    const struct db_value params[] = {
        db_int(sql_record_id(stream.number, stream.anchor_sequence)),
        db_int(sql_record_id(stream.number, stream.head_sequence)), db_int(STEP_RECORDS)};
    if (!db_run(db, &sql_read_range, params,
                (struct db_reply){.row = rows_add, .arg = rows}, fault))
        return false;
    if (rows->failed)
        return fault_set(fault, FAULT_WAIT, "out of memory");
    size_t count = count_old(rows, stream.anchor_sequence, cutoff_ms, &out->stuck_at);
    if (count == 0)
        return true;

    bool moved = false;
    if (!db->ops->begin(db, fault) ||
        !remove_rows(db, coder, &stream, rows->items, count, &moved, fault))
        return false;
    if (!moved)
        return fault_set(fault, FAULT_RETRY,
                         "another daemon pruned stream '%s' meanwhile", name);
    out->removed += count;
    return db->ops->commit(db, fault);
}

static bool step_streams(struct db *db, struct coder *coder,
                         const struct stream_names *streams, int64_t cutoff_ms,
                         struct retention_report *out, struct fault *fault)
{
    for (size_t i = 0; i < streams->count && out->removed == 0; i++) {
        struct rows rows;
        if (!rows_init(&rows, STEP_RECORDS, STEP_BYTES))
            return fault_set(fault, FAULT_WAIT, "out of memory");
        bool ok = step_stream(db, coder, streams->names[i], cutoff_ms, &rows, out, fault);
        rows_fini(&rows);
        if (!ok)
            return false;
    }
    return true;
}

bool retention_step(struct db *db, struct coder *coder, int64_t cutoff_ms,
                    struct retention_report *out, struct fault *fault)
{
    *out = (struct retention_report){0};
    struct stream_names streams = {.arena = arena_create(1 << 20)};
    if (!streams.arena)
        return fault_set(fault, FAULT_WAIT, "out of memory");
    bool ok = db_run(db, &sql_list_streams, NULL,
                     (struct db_reply){.row = take_name, .arg = &streams}, fault) &&
              step_streams(db, coder, &streams, cutoff_ms, out, fault);
    arena_destroy(streams.arena);
    return ok;
}
