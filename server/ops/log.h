/* log.h - one line an event, JSON or text, for journals and people.
 *
 * A line is put together on the caller's stack and goes out in one write of at
 * most PIPE_BUF octets, so lines of different threads never mix, not in a pipe
 * either. Foreign text cannot steer a terminal or forge a line: control and
 * direction characters and octets that are no UTF-8 leave escaped.
 *
 * The same message more than repeats_per_s times in a second is counted instead
 * of written; log_tick, or the next such message, says how many there were.
 *
 * Threads: any, but for create and destroy, which belong to one owner. */
#ifndef CAA_OPS_LOG_H
#define CAA_OPS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct log;

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

/* "debug", "info", "warning", "error"; "json", "text". false: no such. */
bool log_level_read(const char *text, enum log_level *out);
bool log_format_read(const char *text, enum log_format *out);
const char *log_level_name(enum log_level level);

/* PIPE_BUF on Linux: what a pipe takes in one piece. */
enum { LOG_LINE_MAX = 4096 };

struct log_options {
    int fd; /* stays the caller's */
    enum log_level level;
    enum log_format format;
    unsigned repeats_per_s; /* 0 = all are written */
    /* For tests; NULL = the real clocks. */
    int64_t (*wall_ms)(void *arg);
    int64_t (*mono_us)(void *arg);
    void *clock_arg;
};

CAA_MUSTCHECK enum caa_err log_create(const struct log_options *options,
                                      struct log **out);

/* Writes what was only counted so far. NULL is fine. */
void log_destroy(struct log *log);

/* For a reloaded configuration. */
void log_set(struct log *log, enum log_level level, enum log_format format);

/* Says how often each message was held back, once its second is over. Call it
 * about once a second; NULL is fine. */
void log_tick(struct log *log);

/* One "key": value of a line; the functions below make them. All is borrowed. */
enum log_kind { LOG_KIND_END, LOG_KIND_TEXT, LOG_KIND_INT, LOG_KIND_UINT, LOG_KIND_BOOL };

struct log_field {
    const char *key; /* snake_case; not time, level, msg or repeats */
    enum log_kind kind;
    union {
        struct bytes text;
        int64_t integer;
        uint64_t natural;
        bool truth;
    } value;
};

/* NULL is null. */
static inline struct log_field log_str(const char *key, const char *text)
{
    return (struct log_field){
        key, LOG_KIND_TEXT, {.text = text ? bytes_of(text) : (struct bytes){NULL, 0}}};
}

static inline struct log_field log_bytes(const char *key, struct bytes text)
{
    return (struct log_field){key, LOG_KIND_TEXT, {.text = text}};
}

static inline struct log_field log_int(const char *key, int64_t integer)
{
    return (struct log_field){key, LOG_KIND_INT, {.integer = integer}};
}

static inline struct log_field log_uint(const char *key, uint64_t natural)
{
    return (struct log_field){key, LOG_KIND_UINT, {.natural = natural}};
}

static inline struct log_field log_bool(const char *key, bool truth)
{
    return (struct log_field){key, LOG_KIND_BOOL, {.truth = truth}};
}

static inline struct log_field log_err(const char *key, enum caa_err err)
{
    return log_str(key, caa_err_text(err));
}

/* Would a line of this level be written? false for NULL. */
bool log_enabled(const struct log *log, enum log_level level);

/* Pre: fields end in one of LOG_KIND_END. message is a constant: it is what
 * repeats are told by. A line that would be too long loses its last fields and
 * says so with "cut": true. A line that cannot be written is counted, and the
 * next that can be says how many were "lost". NULL log is silent. */
void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields);

/* log_event(log, LOG_LEVEL_INFO, "listening", log_str("url", url));
 * Below the level, the fields are not even evaluated. */
#define log_event(log, level, message, ...)                                              \
    do {                                                                                 \
        if (log_enabled((log), (level)))                                                 \
            log_write((log), (level), (message),                                         \
                      (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}});        \
    } while (0)

#define log_debug(log, ...)   log_event(log, LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(log, ...)    log_event(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(log, ...) log_event(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(log, ...)   log_event(log, LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
