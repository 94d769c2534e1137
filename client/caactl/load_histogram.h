/* load_histogram.h - how long calls took, in bounded memory.
 *
 * A cell's width grows with its value, so every value is known to 0.1 %: 1,024
 * cells for each doubling, from 1 us to 60 s (below 1 us to the nanosecond).
 * Longer times count as 60 s, but the longest is kept exactly.
 * Threads: owner only. */
#ifndef CAACTL_LOAD_HISTOGRAM_H
#define CAACTL_LOAD_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

/* 1,024 single nanoseconds, then 26 doublings from 2^10 ns to 2^36 ns. */
#define LOAD_HISTOGRAM_CELLS  (27u * 1024u)
#define LOAD_HISTOGRAM_MAX_NS (INT64_C(60) * 1000 * 1000 * 1000)

/* All zero is empty. */
struct load_histogram {
    uint64_t counts[LOAD_HISTOGRAM_CELLS];
    uint64_t total;
    int64_t min_ns;
    int64_t max_ns;
    double sum_ns;
};

/* Negative times count as 0. */
void load_histogram_record(struct load_histogram *histogram, int64_t ns);
void load_histogram_merge(struct load_histogram *into, const struct load_histogram *from);

/* The time that so many percent (0 to 100) of the calls did not exceed: the
 * middle of its cell. 0 when empty. */
int64_t load_histogram_percentile(const struct load_histogram *histogram, double percent);
double load_histogram_mean(const struct load_histogram *histogram);

/* The cell of a time, and the first time of a cell; that of the cell after it
 * ends the cell. */
size_t load_histogram_cell(int64_t ns);
int64_t load_histogram_cell_start(size_t cell);

#endif
