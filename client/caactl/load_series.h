/* load_series.h - responses over time in a bounded number of intervals: when
 * they are used up, two become one.
 * Threads: owner only. */
#ifndef CAACTL_LOAD_SERIES_H
#define CAACTL_LOAD_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_SERIES_MAX      600u
#define LOAD_SERIES_FIRST_NS (INT64_C(100) * 1000 * 1000)

struct load_interval {
    uint64_t responses;
    /* Calls that ended otherwise. */
    uint64_t errors;
    int64_t max_ns;
};

/* All zero is empty. */
struct load_series {
    int64_t interval_ns;
    size_t len;
    struct load_interval intervals[LOAD_SERIES_MAX];
};

/* A call ended at_ns after the start, after ns. */
void load_series_record(struct load_series *series, int64_t at_ns, int64_t ns,
                        bool error);
void load_series_merge(struct load_series *into, const struct load_series *from);

#endif
