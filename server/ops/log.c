#include "ops/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ops/log_line.h"

enum {
    /* More messages than caad has; of two that meet in a slot, each ends the
     * other's count. */
    SLOTS = 256,
    SECOND_US = 1000000,
};

/* One message within one second. */
struct slot {
    const char *message; /* constant, never freed; NULL: unused */
    enum log_level level;
    int64_t since_us;
    uint64_t written, held;
};

struct log {
    int fd;
    _Atomic int level, format;
    unsigned repeats_per_s;
    int64_t (*wall_ms)(void *arg);
    int64_t (*mono_us)(void *arg);
    void *clock_arg;
    _Atomic uint64_t lost;
    pthread_mutex_t lock; /* for slots */
    struct slot slots[SLOTS];
};

static const char *const LEVELS[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_ERROR] = "error",
};

bool log_level_read(const char *text, enum log_level *out)
{
    for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++)
        if (strcmp(text, LEVELS[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

bool log_format_read(const char *text, enum log_format *out)
{
    bool json = strcmp(text, "json") == 0;
    if (!json && strcmp(text, "text") != 0)
        return false;
    *out = json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
    return true;
}

const char *log_level_name(enum log_level level)
{
    return LEVELS[level];
}

static int64_t real_wall_ms(void *arg)
{
    (void)arg;
    return clock_wall_ms();
}

static int64_t real_mono_us(void *arg)
{
    (void)arg;
    return clock_mono_us();
}

enum caa_err log_create(const struct log_options *options, struct log **out)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log)
        return CAA_ENOMEM;
    log->fd = options->fd;
    log->repeats_per_s = options->repeats_per_s;
    log->wall_ms = options->wall_ms ? options->wall_ms : real_wall_ms;
    log->mono_us = options->mono_us ? options->mono_us : real_mono_us;
    log->clock_arg = options->clock_arg;
    log_set(log, options->level, options->format);
    pthread_mutex_init(&log->lock, NULL);
    *out = log;
    return CAA_OK;
}

void log_set(struct log *log, enum log_level level, enum log_format format)
{
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
    atomic_store_explicit(&log->format, (int)format, memory_order_relaxed);
}

bool log_enabled(const struct log *log, enum log_level level)
{
    return log && (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

/* --- output --- */

/* One write, unless the kernel takes a part only: then a torn line is worse
 * than a second write. false: nothing or not all of it went out. */
static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        data += put;
        len -= (size_t)put;
    }
    return true;
}

/* repeats: how many like this one were held back; 0 = not a summary. */
static void emit(struct log *log, enum log_level level, const char *message,
                 const struct log_field *fields, uint64_t repeats)
{
    struct log_line line;
    int format = atomic_load_explicit(&log->format, memory_order_relaxed);
    log_line_start(&line, (enum log_format)format, log->wall_ms(log->clock_arg), level,
                   message);
    for (; fields && fields->kind != LOG_KIND_END; fields++)
        log_line_add(&line, fields);
    struct log_field note = log_uint("repeats", repeats);
    if (repeats)
        log_line_add(&line, &note);
    uint64_t lost = atomic_exchange(&log->lost, 0);
    note = log_uint("lost", lost);
    if (lost)
        log_line_add(&line, &note);
    log_line_end(&line);
    if (!write_all(log->fd, line.data, line.len))
        atomic_fetch_add(&log->lost, lost + 1);
}

/* --- repeats --- */

static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261U; /* FNV-1a: our own constants, nobody's input */
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    return hash;
}

static void emit_summary(struct log *log, const struct slot *slot)
{
    if (slot->held)
        emit(log, slot->level, slot->message, NULL, slot->held);
}

/* false: hold this one back. *over is the slot's past, to be summed up. */
static bool admit(struct log *log, enum log_level level, const char *message,
                  struct slot *over)
{
    int64_t now = log->mono_us(log->clock_arg);
    pthread_mutex_lock(&log->lock);
    struct slot *slot = &log->slots[hash_text(message) % SLOTS];
    if (!slot->message || strcmp(slot->message, message) != 0 || slot->level != level ||
        now - slot->since_us >= SECOND_US) {
        *over = *slot;
        *slot = (struct slot){.message = message, .level = level, .since_us = now};
    }
    bool admitted = slot->written < log->repeats_per_s;
    if (admitted)
        slot->written++;
    else
        slot->held++;
    pthread_mutex_unlock(&log->lock);
    return admitted;
}

void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields)
{
    if (!log_enabled(log, level))
        return;
    struct slot over = {0};
    bool admitted = log->repeats_per_s == 0 || admit(log, level, message, &over);
    emit_summary(log, &over);
    if (admitted)
        emit(log, level, message, fields, 0);
}

static void sum_up(struct log *log, bool all)
{
    int64_t now = log->mono_us(log->clock_arg);
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot over = {0};
        pthread_mutex_lock(&log->lock);
        struct slot *slot = &log->slots[i];
        if (slot->held && (all || now - slot->since_us >= SECOND_US)) {
            over = *slot;
            *slot = (struct slot){0};
        }
        pthread_mutex_unlock(&log->lock);
        emit_summary(log, &over);
    }
}

void log_tick(struct log *log)
{
    if (log)
        sum_up(log, false);
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    sum_up(log, true);
    pthread_mutex_destroy(&log->lock);
    free(log);
}
