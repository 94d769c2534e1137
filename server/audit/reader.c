/* The one thread that reads, on a connection of its own, so that a long history
 * never stands before a verdict. */
#include <stdlib.h>

#include "audit/record.h"
#include "audit/rows.h"
#include "audit/state.h"
#include "audit/stream.h"

enum {
    READ_QUEUE_MAX = 10000,
    PAGE_DEFAULT = 100,
    PAGE_MAX = 1000,
    PAGE_BYTES = 8 << 20
};

struct read_job {
    struct read_job *next;
    char *request_id; /* a find; NULL: a list */
    audit_found *found;
    char *name;
    char *order_id;
    int decision;
    int64_t since_ms;
    int64_t before_ms; /* the page holds what is older than (before_ms, before_id) */
    int64_t before_id;
    size_t page_size;
    size_t max_bytes;
    audit_listed *listed;
    void *arg;
};

struct session {
    struct audit *audit;
    struct db *db; /* NULL: not connected */
    struct coder *coder;
};

/* --- jobs --- */

static void job_destroy(struct read_job *job)
{
    if (!job)
        return;
    free(job->request_id);
    free(job->name);
    free(job->order_id);
    free(job);
}

static enum caa_err enqueue(struct reader *reader, struct read_job *job)
{
    enum caa_err err = CAA_OK;
    pthread_mutex_lock(&reader->lock);
    if (reader->closing) {
        err = CAA_ECLOSED;
    } else if (reader->queued >= READ_QUEUE_MAX) {
        err = CAA_EBUSY;
    } else {
        if (reader->last)
            reader->last->next = job;
        else
            reader->first = job;
        reader->last = job;
        reader->queued++;
        pthread_cond_signal(&reader->wake);
    }
    pthread_mutex_unlock(&reader->lock);
    if (err != CAA_OK)
        job_destroy(job);
    return err;
}

enum caa_err audit_find(struct audit *audit, const char *request_id, audit_found *found,
                        void *arg)
{
    if (!request_id || !*request_id || strlen(request_id) > AUDIT_FIELD_MAX)
        return CAA_EINVAL;
    struct read_job *job = calloc(1, sizeof *job);
    if (job)
        job->request_id = strdup(request_id);
    if (!job || !job->request_id) {
        job_destroy(job);
        return CAA_ENOMEM;
    }
    job->found = found;
    job->arg = arg;
    return enqueue(&audit->reader, job);
}

/* --- page tokens: where the page before ended, in hex --- */

static void write_token(char *token, const struct row *last)
{
    snprintf(token, AUDIT_TOKEN_LEN, "1.%llx.%llx",
             (unsigned long long)last->record.checked_at_ms,
             (unsigned long long)last->record_id);
}

static bool read_token(const char *token, int64_t *ms, int64_t *id)
{
    unsigned long long at, record;
    int end = 0;
    if (sscanf(token, "1.%16llx.%16llx%n", &at, &record, &end) != 2 || token[end] != '\0')
        return false;
    *ms = (int64_t)at;
    *id = (int64_t)record;
    return true;
}

static bool fill_list(struct read_job *job, const struct audit_filter *filter)
{
    if (filter->page_size > PAGE_MAX)
        return false;
    job->decision = filter->decision;
    job->since_ms = filter->since_ms ? filter->since_ms : INT64_MIN;
    /* No record_id is below 0, so (until, 0) is all before until. */
    job->before_ms = filter->until_ms ? filter->until_ms : INT64_MAX;
    job->before_id = 0;
    job->page_size = filter->page_size ? filter->page_size : PAGE_DEFAULT;
    job->max_bytes = filter->max_bytes ? filter->max_bytes : PAGE_BYTES;
    const char *token = filter->page_token;
    return !token || !*token || read_token(token, &job->before_ms, &job->before_id);
}

enum caa_err audit_list(struct audit *audit, const struct audit_filter *filter,
                        audit_listed *listed, void *arg)
{
    struct read_job *job = calloc(1, sizeof *job);
    if (!job)
        return CAA_ENOMEM;
    struct bytes key = record_index_key(bytes_of(filter->name ? filter->name : ""));
    job->name = strndup((const char *)key.data, key.len);
    job->order_id = strdup(filter->order_id ? filter->order_id : "");
    job->listed = listed;
    job->arg = arg;
    if (!job->name || !job->order_id || !fill_list(job, filter)) {
        enum caa_err err = job->name && job->order_id ? CAA_EINVAL : CAA_ENOMEM;
        job_destroy(job);
        return err;
    }
    return enqueue(&audit->reader, job);
}

/* --- the store --- */

static bool connect_store(struct session *self, struct fault *fault)
{
    if (self->db)
        return true;
    self->db = db_connect(&self->audit->target, DB_READ, fault);
    if (self->db && stream_check_schema(self->db, fault))
        return true;
    db_close(self->db);
    self->db = NULL;
    return false;
}

static bool query(struct session *self, const struct db_statement *statement,
                  const struct db_value *params, struct rows *rows)
{
    struct fault fault;
    struct db_reply reply = {.row = rows_add, .arg = rows};
    /* A connection that sat idle may have died unseen: once more on a new one. */
    bool fresh = !self->db;
    for (;;) {
        if (connect_store(self, &fault) &&
            db_run(self->db, statement, params, reply, &fault))
            return !rows->failed;
        db_close(self->db);
        self->db = NULL;
        if (fresh || rows->count > 0)
            break;
        fresh = true;
    }
    audit_log(self->audit, AUDIT_WARNING, "audit: not readable: %s", fault.text);
    return false;
}

/* --- find --- */

/* CAA_ECORRUPT: changed; the payload is there if it can be read at all. */
static enum caa_err open_row(struct session *self, struct rows *rows, struct row *row)
{
    struct record_tail tail;
    if (!record_open(self->coder, row->body, &tail))
        return CAA_ECORRUPT;
    uint8_t *copy = arena_alloc(rows->arena, tail.payload.len);
    if (!copy)
        return CAA_ENOMEM;
    if (tail.payload.len)
        memcpy(copy, tail.payload.data, tail.payload.len);
    row->record.payload = (struct bytes){copy, tail.payload.len};
    return record_is_intact(self->coder, &row->record, &tail) ? CAA_OK : CAA_ECORRUPT;
}

static enum caa_err find(struct session *self, const struct read_job *job,
                         struct rows *rows)
{
    const struct db_value params[] = {db_text(job->request_id)};
    if (self->audit->target.kind == DB_NONE)
        return CAA_ENOTFOUND;
    if (!query(self, &sql_find_record, params, rows))
        return CAA_EIO;
    if (rows->count == 0)
        return CAA_ENOTFOUND;
    enum caa_err err = open_row(self, rows, &rows->items[0]);
    if (err == CAA_ECORRUPT)
        audit_log(self->audit, AUDIT_ERROR,
                  "audit: record '%s' is not what was written; verify the stream",
                  job->request_id);
    return err;
}

static void run_find(struct session *self, const struct read_job *job)
{
    struct rows rows;
    if (!rows_init(&rows, 1, SIZE_MAX)) {
        job->found(job->arg, CAA_EIO, NULL);
        return;
    }
    enum caa_err err = find(self, job, &rows);
    job->found(job->arg, err, err == CAA_OK ? &rows.items[0].record : NULL);
    rows_fini(&rows);
}

/* --- list --- */

/* The filter that narrows most leads; sql.c says why. */
static bool query_page(struct session *self, const struct read_job *job,
                       struct rows *rows)
{
    const struct db_value before_ms = db_int(job->before_ms),
                          before_id = db_int(job->before_id),
                          since = db_int(job->since_ms), decision = db_int(job->decision),
                          limit = db_int((int64_t)job->page_size + 1);
    if (*job->name) {
        const struct db_value params[] = {
            db_text(job->name),     before_ms, before_id, since,
            db_text(job->order_id), decision,  limit};
        return query(self, &sql_list_by_name, params, rows);
    }
    if (*job->order_id) {
        const struct db_value params[] = {
            db_text(job->order_id), before_ms, before_id, since, decision, limit};
        return query(self, &sql_list_by_order, params, rows);
    }
    if (job->decision) {
        const struct db_value params[] = {decision, before_ms, before_id, since, limit};
        return query(self, &sql_list_by_decision, params, rows);
    }
    const struct db_value params[] = {before_ms, before_id, since, limit};
    return query(self, &sql_list_by_time, params, rows);
}

/* A changed record is shown all the same, one that cannot be read with an empty
 * payload: hiding it would do a tamperer's work. */
static size_t open_rows(struct session *self, struct rows *rows,
                        const struct read_job *job)
{
    size_t bytes = 0, count = 0;
    while (count < rows->count && count < job->page_size) {
        struct row *row = &rows->items[count];
        if (open_row(self, rows, row) != CAA_OK)
            audit_log(self->audit, AUDIT_ERROR,
                      "audit: record %llu of stream '%s' is not what was written, or "
                      "cannot be read; verify the stream",
                      (unsigned long long)row->record.sequence, row->record.stream);
        bytes += row->record.payload.len;
        if (count > 0 && bytes > job->max_bytes)
            break;
        count++;
    }
    return count;
}

static void give_page(struct session *self, const struct read_job *job, struct rows *rows)
{
    struct audit_page page = {.count = open_rows(self, rows, job)};
    struct audit_record *records = arena_array(rows->arena, page.count, sizeof *records);
    if (!records) {
        job->listed(job->arg, CAA_EIO, NULL);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        records[i] = rows->items[i].record;
    page.records = records;
    if (page.count > 0 && (page.count < rows->count || rows->cut))
        write_token(page.next_token, &rows->items[page.count - 1]);
    job->listed(job->arg, CAA_OK, &page);
}

static void run_list(struct session *self, const struct read_job *job)
{
    struct rows rows;
    if (!rows_init(&rows, job->page_size + 1, job->max_bytes)) {
        job->listed(job->arg, CAA_EIO, NULL);
        return;
    }
    if (self->audit->target.kind == DB_NONE || query_page(self, job, &rows))
        give_page(self, job, &rows);
    else
        job->listed(job->arg, CAA_EIO, NULL);
    rows_fini(&rows);
}

/* --- the thread --- */

static struct read_job *next_job(struct reader *reader, bool *closing)
{
    pthread_mutex_lock(&reader->lock);
    while (!reader->first && !reader->closing)
        pthread_cond_wait(&reader->wake, &reader->lock);
    struct read_job *job = reader->first;
    if (job) {
        reader->first = job->next;
        if (!reader->first)
            reader->last = NULL;
        reader->queued--;
    }
    *closing = reader->closing;
    pthread_mutex_unlock(&reader->lock);
    return job;
}

static void run(struct session *self, const struct read_job *job, bool closing)
{
    if (closing && job->request_id)
        job->found(job->arg, CAA_ECLOSED, NULL);
    else if (closing)
        job->listed(job->arg, CAA_ECLOSED, NULL);
    else if (job->request_id)
        run_find(self, job);
    else
        run_list(self, job);
}

static void *read_records(void *arg)
{
    struct session *self = arg;
    struct read_job *job;
    bool closing;
    while ((job = next_job(&self->audit->reader, &closing)) != NULL) {
        run(self, job, closing);
        job_destroy(job);
    }
    db_close(self->db);
    coder_destroy(self->coder);
    free(self);
    return NULL;
}

/* With no writer to create the store, what is wrong with it is said at once. */
static enum caa_err check_store(struct session *self, char *why)
{
    struct fault fault;
    if (!self->audit->options.read_only || self->audit->target.kind == DB_NONE ||
        connect_store(self, &fault))
        return CAA_OK;
    snprintf(why, AUDIT_TEXT_LEN, "%s", fault.text);
    return CAA_EIO;
}

enum caa_err reader_start(struct audit *audit, char *why)
{
    struct session *self = calloc(1, sizeof *self);
    if (self)
        self->coder = coder_create();
    enum caa_err err = CAA_ENOMEM;
    if (self && self->coder) {
        self->audit = audit;
        err = check_store(self, why);
    }
    if (err == CAA_OK) {
        audit->reader.started =
            pthread_create(&audit->reader.thread, NULL, read_records, self) == 0;
        err = audit->reader.started ? CAA_OK : CAA_ENOMEM;
    }
    if (err != CAA_OK && self) {
        db_close(self->db);
        coder_destroy(self->coder);
        free(self);
    }
    return err;
}

void reader_stop(struct audit *audit)
{
    struct reader *reader = &audit->reader;
    if (!reader->started)
        return;
    pthread_mutex_lock(&reader->lock);
    reader->closing = true;
    pthread_cond_signal(&reader->wake);
    pthread_mutex_unlock(&reader->lock);
    pthread_join(reader->thread, NULL);
    reader->started = false;
}
