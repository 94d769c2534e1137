/* Reads a stream from its anchor to its head and reports every record that is
 * not what the chain says. A record carries its own sequence and the hash of
 * the one before it, so one that was changed, one that was moved and one whose
 * predecessor was exchanged are told apart. */
#include <stdlib.h>

#include "audit/record.h"
#include "audit/rows.h"
#include "audit/state.h"
#include "audit/stream.h"

enum { CHUNK_RECORDS = 256, CHUNK_BYTES = 16 << 20 };

struct verify {
    struct db *db;
    struct coder *coder;
    const char *name;
    struct stream stream; /* as it was when the reading began */
    const struct audit_verify_from *from;
    const struct audit_verify_watch *watch;
    struct audit_verification *out;
    struct fault fault;
    uint64_t expected;            /* next sequence */
    uint8_t hash[AUDIT_HASH_LEN]; /* of the record before it */
    bool linked;                  /* that hash is known */
};

__attribute__((format(printf, 5, 6))) static void
report(struct verify *self, enum audit_fault_kind kind, uint64_t sequence,
       const char *request_id, const char *format, ...)
{
    char text[AUDIT_TEXT_LEN + AUDIT_FIELD_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    self->out->findings++;
    const struct audit_finding finding = {kind, sequence, request_id, text};
    if (self->watch && self->watch->finding)
        self->watch->finding(self->watch->arg, &finding);
}

static unsigned long long ull(uint64_t number)
{
    return number;
}

static void set_previous(struct verify *self, const uint8_t *hash)
{
    memcpy(self->hash, hash, AUDIT_HASH_LEN);
    self->linked = true;
}

/* Retention may have moved the anchor past where we read: no gap then. */
static bool skip_pruned(struct verify *self)
{
    struct stream now;
    bool found = false;
    if (!stream_read(self->db, self->name, &now, &found, &self->fault))
        return false;
    if (found && now.anchor_sequence >= self->expected) {
        self->expected = now.anchor_sequence + 1;
        set_previous(self, now.anchor_hash);
    }
    return true;
}

static void report_gap(struct verify *self, uint64_t last)
{
    uint64_t first = self->expected;
    if (last < first)
        return;
    if (first == last)
        report(self, AUDIT_MISSING, first, "", "record %llu is missing", ull(first));
    else
        report(self, AUDIT_MISSING, first, "", "records %llu to %llu are missing",
               ull(first), ull(last));
    self->linked = false;
}

/* --- one record --- */

static void check_link(struct verify *self, const struct audit_record *record)
{
    if (!self->linked || memcmp(record->previous_hash, self->hash, AUDIT_HASH_LEN) == 0)
        return;
    report(self, AUDIT_CHANGED, record->sequence - 1, "",
           "record %llu is not the one that record %llu ('%s') was chained to",
           ull(record->sequence - 1), ull(record->sequence), record->request_id);
}

static void check_row(struct verify *self, const struct row *row,
                      struct record_tail *tail, bool readable)
{
    const struct audit_record *record = &row->record;
    if (!readable) {
        report(self, AUDIT_CHANGED, record->sequence, record->request_id,
               "record %llu ('%s') was changed: its body cannot be read",
               ull(record->sequence), record->request_id);
        set_previous(self, record->hash);
    } else if (!record_is_intact(self->coder, record, tail)) {
        report(self, AUDIT_CHANGED, record->sequence, record->request_id,
               "record %llu ('%s') was changed: its content does not fit its hash",
               ull(record->sequence), record->request_id);
        set_previous(self, record->hash);
    } else if (tail->sequence != record->sequence) {
        report(self, AUDIT_REORDERED, record->sequence, record->request_id,
               "record %llu ('%s') stands in the place of record %llu",
               ull(tail->sequence), record->request_id, ull(record->sequence));
        self->linked = false; /* what stood here is elsewhere */
    } else {
        check_link(self, record);
        set_previous(self, record->hash);
    }
}

/* --- the name index --- */

struct name_count {
    size_t sent;
    size_t found;
};

static void count_name(void *arg, const struct db_value *values)
{
    (void)values;
    ((struct name_count *)arg)->found++;
}

static bool send_names(struct verify *self, const struct row *row,
                       struct record_tail tail, struct name_count *count)
{
    struct bytes name;
    while (record_next_name(&tail, &name)) {
        if (name.len == 0)
            continue;
        const struct db_value params[] = {
            {.kind = DB_TEXT, .bytes = record_index_key(name)},
            db_int(row->record.checked_at_ms),
            db_int(row->record_id)};
        struct db_reply reply = {.row = count_name, .arg = count};
        if (!self->db->ops->send(self->db, &sql_find_name, params, reply, &self->fault))
            return false;
        count->sent++;
    }
    return true;
}

static bool report_unindexed(struct verify *self, const struct rows *rows,
                             const struct name_count *counts)
{
    if (!self->db->ops->sync(self->db, &self->fault))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct audit_record *record = &rows->items[i].record;
        if (counts[i].found < counts[i].sent)
            report(self, AUDIT_UNINDEXED, record->sequence, record->request_id,
                   "record %llu ('%s') is not found by %zu of its names",
                   ull(record->sequence), record->request_id,
                   counts[i].sent - counts[i].found);
    }
    return true;
}

/* --- chunks --- */

static bool take_row(struct verify *self, const struct row *row, struct name_count *count)
{
    uint64_t sequence = row->record.sequence;
    if (sequence > self->expected) {
        if (!skip_pruned(self))
            return false;
        report_gap(self, sequence - 1);
    }
    if (sequence < self->expected)
        return true; /* read before retention passed it */
    struct record_tail tail;
    bool readable = record_open(self->coder, row->body, &tail);
    check_row(self, row, &tail, readable);
    self->expected = sequence + 1;
    self->out->checked++;
    return !readable || tail.sequence != sequence || send_names(self, row, tail, count);
}

static bool take_rows(struct verify *self, const struct rows *rows)
{
    struct name_count *counts = arena_array(rows->arena, rows->count, sizeof *counts);
    if (!counts || rows->failed)
        return fault_set(&self->fault, FAULT_WAIT, "out of memory");
    for (size_t i = 0; i < rows->count; i++) {
        if (!take_row(self, &rows->items[i], &counts[i]))
            return false;
    }
    return report_unindexed(self, rows, counts);
}

static bool read_chunk(struct verify *self, bool *more)
{
    struct rows rows;
    if (!rows_init(&rows, CHUNK_RECORDS, CHUNK_BYTES))
        return fault_set(&self->fault, FAULT_WAIT, "out of memory");
    const struct db_value params[] = {
        db_int(sql_record_id(self->stream.number, self->expected - 1)),
        db_int(sql_record_id(self->stream.number, self->stream.head_sequence)),
        db_int(CHUNK_RECORDS)};
    bool ok = db_run(self->db, &sql_read_range, params,
                     (struct db_reply){.row = rows_add, .arg = &rows}, &self->fault) &&
              take_rows(self, &rows);
    *more = rows.count > 0;
    rows_fini(&rows);
    return ok;
}

static bool go_on(const struct verify *self)
{
    const struct audit_verify_watch *watch = self->watch;
    return !watch || !watch->progress ||
           watch->progress(watch->arg, self->out->checked, self->out->last);
}

static enum caa_err read_stream(struct verify *self)
{
    bool more = true;
    while (more) {
        if (!read_chunk(self, &more))
            return CAA_EIO;
        if (more && !go_on(self))
            return CAA_ECLOSED;
    }
    if (self->expected <= self->stream.head_sequence && !skip_pruned(self))
        return CAA_EIO;
    report_gap(self, self->stream.head_sequence);
    return CAA_OK;
}

/* --- the whole --- */

/* What retention has taken away since cannot be gone on from. */
static void begin(struct verify *self)
{
    const struct audit_verify_from *from = self->from;
    if (!from || from->sequence <= self->stream.anchor_sequence) {
        self->expected = self->stream.anchor_sequence + 1;
        set_previous(self, self->stream.anchor_hash);
        return;
    }
    self->expected = from->sequence + 1;
    if (from->hash)
        set_previous(self, from->hash);
}

static enum caa_err verify_stream(struct verify *self)
{
    bool found = false;
    if (!self->db || !stream_check_schema(self->db, &self->fault) ||
        !stream_read(self->db, self->name, &self->stream, &found, &self->fault))
        return CAA_EIO;
    if (!found) {
        fault_set(&self->fault, FAULT_NEVER, "the audit store has no stream '%.128s'",
                  self->name);
        return CAA_ENOTFOUND;
    }
    begin(self);
    self->out->first = self->expected;
    self->out->last = self->stream.head_sequence;
    memcpy(self->out->last_hash, self->stream.head_hash, AUDIT_HASH_LEN);
    enum caa_err err = read_stream(self);
    self->out->read_to = self->expected - 1;
    self->out->read_to_known = self->linked;
    memcpy(self->out->read_to_hash, self->hash, AUDIT_HASH_LEN);
    if (err == CAA_OK && self->linked &&
        memcmp(self->hash, self->stream.head_hash, AUDIT_HASH_LEN) != 0)
        report(self, AUDIT_CHANGED, self->stream.head_sequence, "",
               "record %llu is not the one the stream's row knows as its newest",
               ull(self->stream.head_sequence));
    return err;
}

enum caa_err audit_verify(struct audit *audit, const char *stream,
                          const struct audit_verify_from *from,
                          const struct audit_verify_watch *watch,
                          struct audit_verification *out, char *why)
{
    *why = '\0';
    struct verify self = {.name = stream && *stream ? stream : audit->options.stream,
                          .from = from,
                          .watch = watch,
                          .out = out,
                          .coder = coder_create()};
    *out = (struct audit_verification){0};
    if (!self.coder)
        return CAA_ENOMEM;
    enum caa_err err = CAA_EINVAL;
    self.db = db_connect(&audit->target, DB_READ, &self.fault);
    if (audit->target.kind != DB_NONE)
        err = verify_stream(&self);
    if (err == CAA_EIO || err == CAA_EINVAL || err == CAA_ENOTFOUND)
        snprintf(why, AUDIT_TEXT_LEN, "%s", self.fault.text);
    db_close(self.db);
    coder_destroy(self.coder);
    return err;
}
