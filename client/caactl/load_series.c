#include "load_series.h"

#include <string.h>

static void add(struct load_interval *into, const struct load_interval *from)
{
    into->responses += from->responses;
    into->errors += from->errors;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

static void fold(struct load_series *series)
{
    size_t len = (series->len + 1) / 2;
    for (size_t i = 0; i < len; i++) {
        struct load_interval pair = series->intervals[2 * i];
        if (2 * i + 1 < series->len)
            add(&pair, &series->intervals[2 * i + 1]);
        series->intervals[i] = pair;
    }
    memset(&series->intervals[len], 0,
           (LOAD_SERIES_MAX - len) * sizeof(series->intervals[0]));
    series->len = len;
    series->interval_ns *= 2;
}

static struct load_interval *interval_at(struct load_series *series, int64_t at_ns)
{
    if (series->interval_ns == 0)
        series->interval_ns = LOAD_SERIES_FIRST_NS;
    if (at_ns < 0)
        at_ns = 0;
    while (at_ns / series->interval_ns >= (int64_t)LOAD_SERIES_MAX)
        fold(series);
    size_t index = (size_t)(at_ns / series->interval_ns);
    if (index >= series->len)
        series->len = index + 1;
    return &series->intervals[index];
}

void load_series_record(struct load_series *series, int64_t at_ns, int64_t ns, bool error)
{
    struct load_interval one = {.responses = !error, .errors = error, .max_ns = ns};
    add(interval_at(series, at_ns), &one);
}

void load_series_merge(struct load_series *into, const struct load_series *from)
{
    if (from->len == 0)
        return;
    if (into->interval_ns == 0)
        into->interval_ns = from->interval_ns;
    while (into->interval_ns < from->interval_ns)
        fold(into);
    for (size_t i = 0; i < from->len; i++)
        add(interval_at(into, (int64_t)i * from->interval_ns), &from->intervals[i]);
}
