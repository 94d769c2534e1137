/* load_chart.h - a histogram in few bars, and charts as SVG.
 * Threads: any; no state. */
#ifndef CAACTL_LOAD_CHART_H
#define CAACTL_LOAD_CHART_H

#include <stdio.h>

#include "load_histogram.h"
#include "load_series.h"

struct load_bar {
    double from_us;
    double to_us;
    uint64_t count;
};

/* Bars of equal ratio from the shortest to the longest time, at most max of
 * them; returns how many. */
size_t load_chart_bars(const struct load_histogram *histogram, struct load_bar *bars,
                       size_t max);

/* Time over the share of calls that took no longer; the last ones wide apart. */
void load_chart_percentiles(FILE *out, const struct load_histogram *histogram);
/* Answers and errors a second. */
void load_chart_rate(FILE *out, const struct load_series *series, double seconds);
void load_chart_histogram(FILE *out, const struct load_histogram *histogram);

#endif
