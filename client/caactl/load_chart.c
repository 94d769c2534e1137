#include "load_chart.h"

#include <math.h>
#include <stdbool.h>

#include "load_metrics.h"

/* The drawing area inside its margins, in SVG units. */
#define WIDTH  760.0
#define HEIGHT 260.0
#define LEFT   76.0
#define TOP    12.0
#define RIGHT  16.0
#define BOTTOM 34.0

#define BARS 60

/* ------------------------------------------------------------------------- bars */

size_t load_chart_bars(const struct load_histogram *histogram, struct load_bar *bars,
                       size_t max)
{
    if (histogram->total == 0)
        return 0;
    double first = fmax((double)histogram->min_ns, 1);
    double last = fmax((double)histogram->max_ns, first * 1.01);
    double step = log(last / first) / (double)max;
    for (size_t i = 0; i < max; i++)
        bars[i] = (struct load_bar){.from_us = first * exp(step * (double)i) / 1e3,
                                    .to_us = first * exp(step * (double)(i + 1)) / 1e3};
    for (size_t cell = 0; cell < LOAD_HISTOGRAM_CELLS; cell++) {
        if (histogram->counts[cell] == 0)
            continue;
        double at = fmax((double)load_histogram_cell_start(cell), first);
        size_t bar = (size_t)(log(at / first) / step);
        bars[bar < max ? bar : max - 1].count += histogram->counts[cell];
    }
    return max;
}

/* ------------------------------------------------------------------------- axes */

struct axis {
    double from;
    double to;
    bool logarithmic;
};

static double share(const struct axis *axis, double value)
{
    if (axis->logarithmic)
        return log(value / axis->from) / log(axis->to / axis->from);
    return (value - axis->from) / (axis->to - axis->from);
}

static double x_of(const struct axis *axis, double value)
{
    return LEFT + share(axis, value) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct axis *axis, double value)
{
    return HEIGHT - BOTTOM - share(axis, value) * (HEIGHT - TOP - BOTTOM);
}

static void begin(FILE *out, const char *label)
{
    fprintf(out,
            "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">\n"
            "<rect class=\"area\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/>\n",
            WIDTH, HEIGHT, label, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
}

static void end(FILE *out)
{
    fputs("</svg>\n", out);
}

static void x_mark(FILE *out, const struct axis *axis, double value, const char *text)
{
    double x = x_of(axis, value);
    fprintf(out,
            "<path class=\"grid\" d=\"M%.1f %gV%g\"/>"
            "<text class=\"x\" x=\"%.1f\" y=\"%g\">%s</text>\n",
            x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18, text);
}

static void y_mark(FILE *out, const struct axis *axis, double value, const char *text)
{
    double y = y_of(axis, value);
    fprintf(out,
            "<path class=\"grid\" d=\"M%g %.1fH%g\"/>"
            "<text class=\"y\" x=\"%g\" y=\"%.1f\">%s</text>\n",
            LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, text);
}

/* 1, 2 or 5 times a power of ten: about count steps to the top. */
static double round_step(double top, double count)
{
    double power = pow(10, floor(log10(top / count)));
    double digits = top / count / power;
    return power * (digits > 5 ? 10 : digits > 2 ? 5 : digits > 1 ? 2 : 1);
}

static void y_marks_linear(FILE *out, const struct axis *axis, enum load_unit unit)
{
    double step = round_step(axis->to, 5);
    for (double value = 0; value <= axis->to * 1.0001; value += step) {
        char text[LOAD_VALUE_SIZE];
        y_mark(out, axis, value, load_metric_text(unit, value, text));
    }
}

/* At 1, 2 and 5 of each decade; over many decades at 1 alone. */
static void time_marks(FILE *out, const struct axis *axis,
                       void (*mark)(FILE *, const struct axis *, double, const char *))
{
    bool many = axis->to / axis->from > 1e4;
    double decade = pow(10, floor(log10(axis->from)));
    static const double steps[] = {1, 2, 5};
    for (; decade <= axis->to; decade *= 10)
        for (size_t i = 0; i < (many ? 1 : 3); i++) {
            double value = decade * steps[i];
            char text[LOAD_VALUE_SIZE];
            if (value >= axis->from && value <= axis->to)
                mark(out, axis, value, load_metric_text(LOAD_TIME, value, text));
        }
}

/* ----------------------------------------------------------------------- charts */

/* Nines: 0 for the median, 1 for 90 %, 2 for 99 %, as far as there are calls. */
static double nines_max(const struct load_histogram *histogram)
{
    return fmin(fmax(log10((double)histogram->total), 1), 6);
}

static struct axis time_axis(const struct load_histogram *histogram)
{
    double from = fmax((double)histogram->min_ns / 1e3, 0.1);
    double to = fmax((double)histogram->max_ns / 1e3, from * 1.1);
    return (struct axis){.from = from * 0.95, .to = to * 1.05, .logarithmic = true};
}

void load_chart_percentiles(FILE *out, const struct load_histogram *histogram)
{
    static const char *const marks[] = {"0 %",     "90 %",     "99 %",     "99.9 %",
                                        "99.99 %", "99.999 %", "99.9999 %"};
    struct axis x = {.from = 0, .to = nines_max(histogram)};
    struct axis y = time_axis(histogram);
    begin(out, "time to the answer by percentile");
    for (int nines = 0; nines <= (int)x.to; nines++)
        x_mark(out, &x, nines, marks[nines]);
    time_marks(out, &y, y_mark);
    fputs("<path class=\"line\" d=\"", out);
    for (int i = 0; i <= 200; i++) {
        double nines = x.to * i / 200;
        double us =
            (double)load_histogram_percentile(histogram, 100 * (1 - pow(10, -nines))) /
            1e3;
        fprintf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x_of(&x, nines),
                y_of(&y, fmax(us, y.from)));
    }
    fputs("\"/>\n", out);
    end(out);
}

static double rate_at(const struct load_series *series, size_t index, double seconds,
                      uint64_t count)
{
    /* The last interval may be cut short. */
    double interval = (double)series->interval_ns / 1e9;
    double width = fmin(interval, seconds - (double)index * interval);
    return (double)count / fmax(width, interval / 10);
}

static void rate_line(FILE *out, const struct load_series *series, double seconds,
                      const struct axis *x, const struct axis *y, bool errors)
{
    fprintf(out, "<path class=\"%s\" d=\"", errors ? "line bad" : "line");
    for (size_t i = 0; i < series->len; i++) {
        const struct load_interval *interval = &series->intervals[i];
        double at = ((double)i + 0.5) * (double)series->interval_ns / 1e9;
        double rate =
            rate_at(series, i, seconds, errors ? interval->errors : interval->responses);
        fprintf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x_of(x, fmin(at, seconds)),
                y_of(y, rate));
    }
    fputs("\"/>\n", out);
}

void load_chart_rate(FILE *out, const struct load_series *series, double seconds)
{
    double top = 1;
    uint64_t errors = 0;
    for (size_t i = 0; i < series->len; i++) {
        const struct load_interval *interval = &series->intervals[i];
        top = fmax(top, rate_at(series, i, seconds, interval->responses));
        top = fmax(top, rate_at(series, i, seconds, interval->errors));
        errors += interval->errors;
    }
    struct axis x = {.from = 0, .to = fmax(seconds, 0.001)};
    struct axis y = {.from = 0, .to = top * 1.05};
    begin(out, "answers a second over time");
    double step = round_step(x.to, 8);
    for (double at = 0; at <= x.to * 1.0001; at += step) {
        char text[LOAD_VALUE_SIZE];
        snprintf(text, sizeof(text), "%g s", at);
        x_mark(out, &x, at, text);
    }
    y_marks_linear(out, &y, LOAD_PER_SECOND);
    rate_line(out, series, x.to, &x, &y, false);
    if (errors > 0)
        rate_line(out, series, x.to, &x, &y, true);
    end(out);
}

void load_chart_histogram(FILE *out, const struct load_histogram *histogram)
{
    struct load_bar bars[BARS];
    size_t len = load_chart_bars(histogram, bars, BARS);
    double top = 1;
    for (size_t i = 0; i < len; i++)
        top = fmax(top, (double)bars[i].count);
    struct axis x = time_axis(histogram);
    struct axis y = {.from = 0, .to = top * 1.05};
    begin(out, "calls by time to the answer");
    time_marks(out, &x, x_mark);
    y_marks_linear(out, &y, LOAD_CALLS);
    for (size_t i = 0; i < len; i++) {
        char from[LOAD_VALUE_SIZE];
        char to[LOAD_VALUE_SIZE];
        double left = x_of(&x, bars[i].from_us);
        double height = HEIGHT - BOTTOM - y_of(&y, (double)bars[i].count);
        fprintf(out,
                "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%.1f\"><title>%s to %s: %llu</title></rect>\n",
                left, HEIGHT - BOTTOM - height, x_of(&x, bars[i].to_us) - left - 1,
                height, load_metric_text(LOAD_TIME, bars[i].from_us, from),
                load_metric_text(LOAD_TIME, bars[i].to_us, to),
                (unsigned long long)bars[i].count);
    }
    end(out);
}
