/* The one thread that writes. Whatever is queued when a commit ends becomes the
 * next commit, so groups grow with load and a lone entry never waits; answering
 * for the last group goes on meanwhile (answer.c). Between groups it removes old
 * records, a few at a time. When the store fails, the connection is dropped and
 * everything queued fails until a new one has claimed the stream and shown that
 * it can be written. */
#include <limits.h>
#include <stdlib.h>

#include "audit/batch.h"
#include "audit/retention.h"
#include "audit/session.h"
#include "base/clock.h"

enum {
    RACE_ATTEMPTS = 4,
    CLAIM_WAIT_MS = 3000, /* a server may need so long to miss a killed client */
    PRUNE_STEP_US = 20 * 1000,
    PRUNE_REST_US = 60 * 1000 * 1000,
};

static bool keeps_records(const struct session *self)
{
    return self->audit->target.kind != DB_NONE;
}

static void destroy_session(struct session *self)
{
    if (!self)
        return;
    db_close(self->db);
    coder_destroy(self->coder);
    free(self->group.jobs);
    free(self->group.items);
    free(self);
}

/* --- groups --- */

static void answer_group(struct session *self, enum caa_err err)
{
    struct group *group = &self->group;
    struct append_job *first = NULL;
    for (size_t i = group->count; i-- > 0;) {
        struct append_job *job = group->jobs[i];
        job->err = err;
        if (err == CAA_OK) {
            job->receipt = group->items[i].receipt;
            ids_add(self->audit->ids, job->id_hash);
        }
        job->next = first;
        first = job;
    }
    answer_give(&self->audit->answerer, first, group->count);
    group->count = 0;
}

static void finish_group(struct session *self, enum caa_err err)
{
    struct writer *writer = self->writer;
    struct group *group = &self->group;
    uint64_t known = 0;
    for (size_t i = 0; i < group->count; i++)
        known += err == CAA_OK && group->items[i].receipt.known;
    pthread_mutex_lock(&writer->lock);
    writer->in_flight -= group->count;
    writer->stats.known += known;
    if (err == CAA_OK)
        writer->stats.appended += group->count - known;
    else
        writer->stats.failed += group->count;
    pthread_mutex_unlock(&writer->lock);
    answer_group(self, err);
}

static void take_group_locked(struct session *self)
{
    struct writer *writer = self->writer;
    struct group *group = &self->group;
    const struct audit_options *options = &self->audit->options;
    size_t bytes = 0;
    while (writer->first && group->count < options->batch_entries &&
           (group->count == 0 || bytes < options->batch_bytes)) {
        struct append_job *job = writer->first;
        writer->first = job->next;
        if (!writer->first)
            writer->last = NULL;
        bytes += job->entry->payload.len;
        group->jobs[group->count] = job;
        group->items[group->count] =
            (struct batch_item){.entry = job->entry, .id_hash = job->id_hash};
        group->count++;
    }
}

static bool write_once(struct session *self, struct fault *fault)
{
    int64_t start_us = clock_mono_us();
    bool ok = batch_write(self->db, self->coder, self->audit->options.stream,
                          &self->stream, self->group.items, self->group.count, fault);
    int64_t took_us = clock_mono_us() - start_us;
    struct writer *writer = self->writer;
    pthread_mutex_lock(&writer->lock);
    writer->stats.commits += ok;
    writer->stats.commit_us += (uint64_t)took_us;
    pthread_mutex_unlock(&writer->lock);
    return ok;
}

/* Two daemons given one request id at the same moment: one of them loses the
 * race at commit and, asked again, finds the other's record. */
static bool write_group(struct session *self, struct fault *fault)
{
    for (int attempt = 1;; attempt++) {
        if (write_once(self, fault))
            return true;
        if (fault->cure != FAULT_RETRY || attempt == RACE_ATTEMPTS)
            return false;
        db_close(self->db);
        self->db = NULL;
        if (!session_connect(self, fault))
            return false;
    }
}

/* audit.store none: for load tests and preflight hosts. */
static void count_group(struct session *self)
{
    for (size_t i = 0; i < self->group.count; i++)
        self->group.items[i].receipt.sequence = ++self->stream.head_sequence;
    finish_group(self, CAA_OK);
}

static void commit_group(struct session *self)
{
    struct fault fault;
    if (!keeps_records(self)) {
        count_group(self);
    } else if (!self->db) {
        finish_group(self, CAA_EIO);
    } else if (write_group(self, &fault)) {
        finish_group(self, CAA_OK);
    } else {
        session_give_up(self, &fault);
        finish_group(self, CAA_EIO);
    }
}

/* --- retention --- */

static void count_pruned(struct session *self, const struct retention_report *report)
{
    pthread_mutex_lock(&self->writer->lock);
    self->writer->stats.pruned += report->removed;
    pthread_mutex_unlock(&self->writer->lock);
    if (report->stuck_at && report->stuck_at != self->stuck_at)
        audit_log(self->audit, AUDIT_ERROR,
                  "audit: records before sequence %llu of a stream are missing; "
                  "retention leaves "
                  "that stream as it is until someone has looked into it",
                  (unsigned long long)report->stuck_at);
    self->stuck_at = report->stuck_at;
}

static void prune(struct session *self)
{
    struct fault fault;
    struct retention_report report;
    int64_t cutoff_ms =
        retention_cutoff_ms(clock_wall_ms(), self->audit->options.keep_days);
    if (retention_step(self->db, self->coder, cutoff_ms, &report, &fault)) {
        count_pruned(self, &report);
        self->prune_at_us =
            clock_mono_us() + (report.removed ? PRUNE_STEP_US : PRUNE_REST_US);
        return;
    }
    self->prune_at_us = clock_mono_us() + PRUNE_REST_US;
    if (fault.cure != FAULT_RETRY) {
        session_give_up(self, &fault);
        return;
    }
    db_close(self->db);
    self->db = NULL;
    session_try(self);
}

/* --- the thread --- */

static int64_t next_duty_us(const struct session *self)
{
    if (!keeps_records(self))
        return INT64_MAX;
    if (!self->db)
        return self->connect_at_us;
    return self->audit->options.keep_days ? self->prune_at_us : INT64_MAX;
}

/* Sleeps until there is something to write or to do. True: go on. False: all
 * is written, or closing took too long. */
static bool await_work(struct session *self, bool *out_of_time)
{
    struct writer *writer = self->writer;
    int64_t duty_us = next_duty_us(self);
    pthread_mutex_lock(&writer->lock);
    while (!writer->first && !writer->closing && clock_mono_us() < duty_us) {
        if (duty_us == INT64_MAX)
            pthread_cond_wait(&writer->wake, &writer->lock);
        else
            audit_cond_wait_until(&writer->wake, &writer->lock, duty_us);
    }
    bool more = writer->first || !writer->closing;
    *out_of_time = writer->closing && clock_mono_us() > writer->close_until_us;
    take_group_locked(self);
    pthread_mutex_unlock(&writer->lock);
    return more;
}

static void *write_records(void *arg)
{
    struct session *self = arg;
    bool out_of_time = false;
    while (await_work(self, &out_of_time)) {
        if (out_of_time) {
            finish_group(self, CAA_ECLOSED);
            continue;
        }
        bool due = clock_mono_us() >= next_duty_us(self);
        if (due && !self->db)
            session_try(self);
        if (self->group.count > 0)
            commit_group(self);
        if (due && self->db && self->audit->options.keep_days)
            prune(self);
    }
    destroy_session(self);
    return NULL;
}

/* --- start and stop --- */

static struct session *create_session(struct audit *audit)
{
    struct session *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    size_t room = audit->options.batch_entries;
    self->audit = audit;
    self->writer = &audit->writer;
    self->backoff_us = SESSION_BACKOFF_US;
    self->coder = coder_create();
    self->group.jobs = calloc(room, sizeof *self->group.jobs);
    self->group.items = calloc(room, sizeof *self->group.items);
    return self;
}

/* A daemon restarted after a kill may be quicker than the server's notice that
 * its predecessor is gone, so a taken stream is asked for again for a while. */
static bool connect_first(struct session *self, struct fault *fault)
{
    int64_t until_us = clock_mono_us() + (int64_t)CLAIM_WAIT_MS * 1000;
    while (!session_connect(self, fault)) {
        if (fault->cure != FAULT_TAKEN && fault->cure != FAULT_RETRY)
            return false;
        if (clock_mono_us() > until_us)
            return false;
        struct timespec pause = {.tv_nsec = SESSION_BACKOFF_US * 1000};
        nanosleep(&pause, NULL);
    }
    return true;
}

static enum caa_err first_claim(struct session *self, char *why)
{
    struct fault fault;
    if (!keeps_records(self) || connect_first(self, &fault)) {
        session_serve(self);
        return CAA_OK;
    }
    if (fault.cure == FAULT_TAKEN) {
        snprintf(
            why, AUDIT_TEXT_LEN,
            "another daemon writes the audit stream '%.128s'; give each caad its own "
            "instance name",
            self->audit->options.stream);
        return CAA_EBUSY;
    }
    if (fault.cure == FAULT_NEVER) {
        snprintf(why, AUDIT_TEXT_LEN, "%s", fault.text);
        return CAA_EIO;
    }
    session_give_up(self, &fault);
    return CAA_OK;
}

enum caa_err writer_start(struct audit *audit, char *why)
{
    struct session *self = create_session(audit);
    if (!self || !self->coder || !self->group.jobs || !self->group.items) {
        destroy_session(self);
        snprintf(why, AUDIT_TEXT_LEN, "out of memory");
        return CAA_ENOMEM;
    }
    enum caa_err err = first_claim(self, why);
    if (err == CAA_OK) {
        audit->writer.stats.reconnects = 0; /* the first connection is none */
        audit->writer.started =
            pthread_create(&audit->writer.thread, NULL, write_records, self) == 0;
        err = audit->writer.started ? CAA_OK : CAA_ENOMEM;
    }
    if (err != CAA_OK)
        destroy_session(self);
    return err;
}

void writer_stop(struct audit *audit)
{
    struct writer *writer = &audit->writer;
    if (!writer->started)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->closing = true;
    writer->close_until_us = clock_mono_us() + (int64_t)audit->options.close_ms * 1000;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    writer->started = false;
}
