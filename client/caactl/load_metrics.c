#include "load_metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct load_metric_spec load_metric_specs[LOAD_METRIC_COUNT] = {
#define LOAD_METRIC_SPEC(id, name, key, unit, less, text)                                \
    [LOAD_METRIC_##id] = {name, key, unit, less, text},
    LOAD_METRICS(LOAD_METRIC_SPEC)
#undef LOAD_METRIC_SPEC
};

enum load_metric load_metric_find(const char *name, size_t len)
{
    int metric = 0;
    while (metric < LOAD_METRIC_COUNT &&
           (strlen(load_metric_specs[metric].name) != len ||
            strncmp(load_metric_specs[metric].name, name, len) != 0))
        metric++;
    return (enum load_metric)metric;
}

double load_metric_whole(const struct load_metrics *metrics, enum load_metric metric)
{
    switch (load_metric_specs[metric].unit) {
    case LOAD_CALLS:
        return metrics->values[LOAD_METRIC_REQUESTS] +
               metrics->values[LOAD_METRIC_SKIPPED];
    case LOAD_NAMES:
        return metrics->values[LOAD_METRIC_NAMES];
    case LOAD_TIME:
    case LOAD_PER_SECOND:
        break;
    }
    return 0;
}

/* Digits in groups of three. */
static void put_grouped(double value, char *out, size_t size)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%.0f", value);
    size_t at = 0;
    for (int i = 0; i < len && at + 2 < size; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

/* Three digits that count, in the unit that suits. */
static void put_time(double us, char *out, size_t size)
{
    static const char *const units[] = {"us", "ms", "s"};
    size_t unit = 0;
    for (; us >= 1000 && unit < 2; unit++)
        us /= 1000;
    int decimals = us >= 100 ? 0 : us >= 10 ? 1 : 2;
    snprintf(out, size, "%.*f %s", decimals, us, units[unit]);
}

const char *load_metric_text(enum load_unit unit, double value, char out[LOAD_VALUE_SIZE])
{
    switch (unit) {
    case LOAD_TIME:
        put_time(value, out, LOAD_VALUE_SIZE);
        break;
    case LOAD_PER_SECOND:
        if (value < 100)
            snprintf(out, LOAD_VALUE_SIZE, "%.1f", value);
        else
            put_grouped(round(value), out, LOAD_VALUE_SIZE - 2);
        strcat(out, "/s");
        break;
    case LOAD_CALLS:
    case LOAD_NAMES:
        put_grouped(value, out, LOAD_VALUE_SIZE);
        break;
    }
    return out;
}
