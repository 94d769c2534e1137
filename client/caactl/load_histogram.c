#include "load_histogram.h"

#include <math.h>

/* Cells of one doubling, and its power of two. */
#define CELLS 1024u
#define BITS  10

size_t load_histogram_cell(int64_t ns)
{
    if (ns < (int64_t)CELLS)
        return ns < 0 ? 0 : (size_t)ns;
    if (ns > LOAD_HISTOGRAM_MAX_NS)
        ns = LOAD_HISTOGRAM_MAX_NS;
    int shift = 63 - __builtin_clzll((unsigned long long)ns) - BITS;
    return (size_t)shift * CELLS + ((size_t)ns >> shift);
}

int64_t load_histogram_cell_start(size_t cell)
{
    if (cell < CELLS)
        return (int64_t)cell;
    size_t shift = cell / CELLS - 1;
    return (int64_t)((cell % CELLS + CELLS) << shift);
}

void load_histogram_record(struct load_histogram *histogram, int64_t ns)
{
    if (ns < 0)
        ns = 0;
    histogram->counts[load_histogram_cell(ns)]++;
    if (histogram->total == 0 || ns < histogram->min_ns)
        histogram->min_ns = ns;
    if (ns > histogram->max_ns)
        histogram->max_ns = ns;
    histogram->total++;
    histogram->sum_ns += (double)ns;
}

void load_histogram_merge(struct load_histogram *into, const struct load_histogram *from)
{
    if (from->total == 0)
        return;
    for (size_t cell = 0; cell < LOAD_HISTOGRAM_CELLS; cell++)
        into->counts[cell] += from->counts[cell];
    if (into->total == 0 || from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->total += from->total;
    into->sum_ns += from->sum_ns;
}

static int64_t within(const struct load_histogram *histogram, int64_t ns)
{
    if (ns < histogram->min_ns)
        return histogram->min_ns;
    return ns > histogram->max_ns ? histogram->max_ns : ns;
}

int64_t load_histogram_percentile(const struct load_histogram *histogram, double percent)
{
    /* A hair less, or 99.9 % of 1,000 would be the 1,000th for rounding's sake. */
    double rank = ceil(percent / 100 * (double)histogram->total - 1e-6);
    if (histogram->total == 0)
        return 0;
    if (rank >= (double)histogram->total)
        return histogram->max_ns;
    uint64_t wanted = rank < 1 ? 1 : (uint64_t)rank;
    uint64_t seen = 0;
    size_t cell = 0;
    while ((seen += histogram->counts[cell]) < wanted)
        cell++;
    int64_t start = load_histogram_cell_start(cell);
    return within(histogram, start + (load_histogram_cell_start(cell + 1) - start) / 2);
}

double load_histogram_mean(const struct load_histogram *histogram)
{
    return histogram->total == 0 ? 0 : histogram->sum_ns / (double)histogram->total;
}
