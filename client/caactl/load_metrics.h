/* load_metrics.h - the figures of a run by name: what --fail-if, --compare, the
 * summary and the JSON file speak of.
 * Threads: any; the table is constant. */
#ifndef CAACTL_LOAD_METRICS_H
#define CAACTL_LOAD_METRICS_H

#include <stdbool.h>
#include <stddef.h>

enum load_unit {
    /* Microseconds. */
    LOAD_TIME,
    LOAD_PER_SECOND,
    /* Calls, which may also be given as a share of all due. */
    LOAD_CALLS,
    /* Names, or a share of those answered. */
    LOAD_NAMES
};

/* name, key in JSON, unit, whether less is better (0: neither), text */
#define LOAD_METRICS(M)                                                                  \
    M(REQUESTS, "requests", "requests", LOAD_CALLS, 0, "requests that ended")            \
    M(ERRORS, "errors", "errors", LOAD_CALLS, 1, "ended with a status but OK")           \
    M(SKIPPED, "skipped", "skipped", LOAD_CALLS, 1, "due, not sent: too many in flight") \
    M(RATE, "rate", "rate", LOAD_PER_SECOND, -1, "answers a second")                     \
    M(NAMES, "names", "names", LOAD_NAMES, 0, "names answered")                          \
    M(NAME_RATE, "names_rate", "names_rate", LOAD_PER_SECOND, -1, "names a second")      \
    M(PERMITTED, "permitted", "permitted", LOAD_NAMES, 0, "verdict PERMITTED")           \
    M(DENIED, "denied", "denied", LOAD_NAMES, 0, "verdict DENIED")                       \
    M(FAILED, "failed", "failed", LOAD_NAMES, 1, "verdict LOOKUP_FAILED")                \
    M(EXEMPT, "exempt", "exempt", LOAD_NAMES, 0, "verdict EXEMPT")                       \
    M(INVALID, "invalid", "invalid", LOAD_NAMES, 0, "verdict INVALID_NAME")              \
    M(MIN, "min", "min_us", LOAD_TIME, 1, "shortest")                                    \
    M(MEAN, "mean", "mean_us", LOAD_TIME, 1, "mean")                                     \
    M(P50, "p50", "p50_us", LOAD_TIME, 1, "half took no longer")                         \
    M(P90, "p90", "p90_us", LOAD_TIME, 1, "90 %")                                        \
    M(P99, "p99", "p99_us", LOAD_TIME, 1, "99 %")                                        \
    M(P99_9, "p99.9", "p99_9_us", LOAD_TIME, 1, "99.9 %")                                \
    M(MAX, "max", "max_us", LOAD_TIME, 1, "longest")

enum load_metric {
#define LOAD_METRIC_ENUM(id, name, key, unit, less, text) LOAD_METRIC_##id,
    LOAD_METRICS(LOAD_METRIC_ENUM)
#undef LOAD_METRIC_ENUM
        LOAD_METRIC_COUNT
};

struct load_metric_spec {
    const char *name;
    const char *key;
    enum load_unit unit;
    /* 1: less is better, -1: more is, 0: neither. */
    int less;
    const char *text;
};

/* Indexed by enum load_metric. */
extern const struct load_metric_spec load_metric_specs[LOAD_METRIC_COUNT];

struct load_metrics {
    double values[LOAD_METRIC_COUNT];
};

/* LOAD_METRIC_COUNT: there is none of this name. */
enum load_metric load_metric_find(const char *name, size_t len);

/* What a share of this metric is a share of; 0 for times and rates. */
double load_metric_whole(const struct load_metrics *metrics, enum load_metric metric);

/* "1.23 ms", "41,200/s", "12"; out holds LOAD_VALUE_SIZE. Returns out. */
#define LOAD_VALUE_SIZE 40
const char *load_metric_text(enum load_unit unit, double value,
                             char out[LOAD_VALUE_SIZE]);

#endif
