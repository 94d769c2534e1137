#include "audit/audit.h"

#include <stdlib.h>

#include "audit/state.h"
#include "base/clock.h"

/* --- options --- */

static size_t or_default(size_t value, size_t fallback)
{
    return value ? value : fallback;
}

static void set_defaults(struct audit_options *options)
{
    options->queue_limit = or_default(options->queue_limit, 10000);
    options->batch_entries = or_default(options->batch_entries, 512);
    options->batch_bytes = or_default(options->batch_bytes, 8 << 20);
    options->close_ms = (unsigned)or_default(options->close_ms, 10000);
}

/* Well-formed UTF-8 (RFC 3629): no surrogates, nothing overlong, nothing past
 * U+10FFFF. PostgreSQL would refuse such a text, and its whole batch with it. */
static size_t utf8_len(const uint8_t *c)
{
    if (c[0] < 0x80)
        return 1;
    size_t len = c[0] >= 0xc2 && c[0] < 0xe0 ? 2 : c[0] >= 0xe0 && c[0] < 0xf0 ? 3 : 4;
    if (c[0] < 0xc2 || c[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool beyond = (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90);
    return overlong || beyond ? 0 : len;
}

static bool is_text(const char *text, size_t max)
{
    size_t total = 0;
    for (const uint8_t *c = (const uint8_t *)(text ? text : ""); *c;) {
        size_t len = utf8_len(c);
        total += len;
        if (len == 0 || total > max)
            return false;
        c += len;
    }
    return true;
}

enum caa_err audit_store_check(const char *store, char *why)
{
    struct db_target target;
    struct fault fault;
    if (!db_target_init(&target, store, &fault)) {
        snprintf(why, AUDIT_TEXT_LEN, "%s", fault.text);
        return CAA_EINVAL;
    }
    db_target_fini(&target);
    return CAA_OK;
}

static enum caa_err check_stream(const char *stream, char *why)
{
    if (stream && *stream && is_text(stream, 128))
        return CAA_OK;
    snprintf(why, AUDIT_TEXT_LEN,
             "the audit stream (instance name) must be 1 to 128 bytes of UTF-8");
    return CAA_EINVAL;
}

/* --- shared --- */

void audit_log(const struct audit *audit, enum audit_level level, const char *format, ...)
{
    if (!audit->options.log)
        return;
    char text[AUDIT_TEXT_LEN * 2];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    audit->options.log(audit->options.log_arg, level, text);
}

bool audit_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok;
}

void audit_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000,
                             .tv_nsec = until_us % 1000000 * 1000};
    pthread_cond_timedwait(cond, lock, &until);
}

/* --- life --- */

static void destroy(struct audit *audit)
{
    pthread_cond_destroy(&audit->writer.wake);
    pthread_cond_destroy(&audit->answerer.wake);
    pthread_cond_destroy(&audit->reader.wake);
    pthread_mutex_destroy(&audit->writer.lock);
    pthread_mutex_destroy(&audit->answerer.lock);
    pthread_mutex_destroy(&audit->reader.lock);
    ids_destroy(audit->ids);
    db_target_fini(&audit->target);
    free((void *)(uintptr_t)audit->options.stream);
    free(audit);
}

static struct audit *create(const struct audit_options *options)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (!audit)
        return NULL;
    audit->options = *options;
    audit->options.store = NULL; /* the target keeps it */
    audit->options.stream = strdup(options->stream);
    set_defaults(&audit->options);
    audit->ids = ids_create();
    pthread_mutex_init(&audit->writer.lock, NULL);
    pthread_mutex_init(&audit->answerer.lock, NULL);
    pthread_mutex_init(&audit->reader.lock, NULL);
    bool ok = audit_cond_init(&audit->writer.wake) &&
              audit_cond_init(&audit->answerer.wake) &&
              audit_cond_init(&audit->reader.wake);
    if (ok && audit->ids && audit->options.stream)
        return audit;
    destroy(audit);
    return NULL;
}

static enum caa_err start(struct audit *audit, char *why)
{
    enum caa_err err = CAA_OK;
    if (!audit->options.read_only)
        err = writer_start(audit, why);
    if (err == CAA_OK && !audit->options.read_only)
        err = answer_start(&audit->answerer);
    if (err == CAA_OK)
        err = reader_start(audit, why);
    if (err != CAA_OK) {
        writer_stop(audit);
        answer_stop(&audit->answerer);
    }
    return err;
}

enum caa_err audit_open(const struct audit_options *options, struct audit **out,
                        char *why)
{
    *why = '\0';
    enum caa_err err = audit_store_check(options->store, why);
    if (err == CAA_OK)
        err = check_stream(options->stream, why);
    if (err != CAA_OK)
        return err;
    struct audit *audit = create(options);
    struct fault fault;
    if (!audit || !db_target_init(&audit->target, options->store, &fault)) {
        if (audit)
            destroy(audit);
        snprintf(why, AUDIT_TEXT_LEN, "out of memory");
        return CAA_ENOMEM;
    }
    err = start(audit, why);
    if (err != CAA_OK) {
        destroy(audit);
        return err;
    }
    *out = audit;
    return CAA_OK;
}

void audit_close(struct audit *audit)
{
    if (!audit)
        return;
    /* The writer first: callbacks may still ask to read. */
    writer_stop(audit);
    answer_stop(&audit->answerer);
    reader_stop(audit);
    destroy(audit);
}

/* --- appending --- */

static bool entry_valid(const struct audit_entry *entry)
{
    if (!entry->request_id || !*entry->request_id ||
        entry->payload.len > AUDIT_PAYLOAD_MAX)
        return false;
    const char *const fields[] = {entry->request_id, entry->order_id, entry->product,
                                  entry->caller};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!is_text(fields[i], AUDIT_FIELD_MAX))
            return false;
    }
    size_t names = 0;
    for (size_t i = 0; i < entry->name_count; i++) {
        const char *name = entry->names[i].ascii_name;
        names += name ? strlen(name) : 0;
        if (!is_text(name, SIZE_MAX))
            return false;
    }
    return names + entry->name_count * 16 < (32U << 20);
}

static enum caa_err enqueue(struct writer *writer, struct append_job *job, size_t limit)
{
    enum caa_err err = CAA_OK;
    pthread_mutex_lock(&writer->lock);
    if (writer->closing) {
        err = CAA_ECLOSED;
    } else if (writer->in_flight >= limit) {
        writer->stats.refused++;
        err = CAA_EBUSY;
    } else {
        if (writer->last)
            writer->last->next = job;
        else
            writer->first = job;
        writer->last = job;
        writer->in_flight++;
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->lock);
    return err;
}

enum caa_err audit_append(struct audit *audit, const struct audit_entry *entry,
                          audit_done *done, void *arg)
{
    if (audit->options.read_only || !entry_valid(entry))
        return CAA_EINVAL;
    struct append_job *job = malloc(sizeof *job);
    if (!job)
        return CAA_ENOMEM;
    *job = (struct append_job){.entry = entry,
                               .id_hash = ids_hash(audit->ids, entry->request_id),
                               .done = done,
                               .arg = arg};
    enum caa_err err = enqueue(&audit->writer, job, audit->options.queue_limit);
    if (err != CAA_OK)
        free(job);
    return err;
}

bool audit_maybe_known(const struct audit *audit, const char *request_id)
{
    return ids_has(audit->ids, ids_hash(audit->ids, request_id));
}

/* --- looking --- */

bool audit_health(struct audit *audit, char *text)
{
    struct writer *writer = &audit->writer;
    if (audit->options.read_only) {
        snprintf(text, AUDIT_TEXT_LEN, "opened for reading only");
        return false;
    }
    pthread_mutex_lock(&writer->lock);
    bool serving = writer->serving && !writer->closing;
    snprintf(text, AUDIT_TEXT_LEN, "%s",
             serving           ? ""
             : writer->closing ? "closing"
                               : writer->why);
    pthread_mutex_unlock(&writer->lock);
    return serving;
}

const char *audit_store_text(const struct audit *audit)
{
    return audit->target.text;
}

void audit_stats(struct audit *audit, struct audit_stats *out)
{
    pthread_mutex_lock(&audit->writer.lock);
    *out = audit->writer.stats;
    out->queued = audit->writer.in_flight;
    pthread_mutex_unlock(&audit->writer.lock);
}
