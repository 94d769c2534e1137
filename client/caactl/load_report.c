/* load_report.c - text for people and for spreadsheets. */
#include "load_report.h"

#include "load_chart.h"

static double value(const struct load_result *result, enum load_metric metric)
{
    return result->metrics.values[metric];
}

static void put(FILE *out, const struct load_result *result, enum load_metric metric)
{
    char text[LOAD_VALUE_SIZE];
    fputs(load_metric_text(load_metric_specs[metric].unit, value(result, metric), text),
          out);
}

/* ---------------------------------------------------------------------- summary */

static void put_head(FILE *out, const struct load_result *result)
{
    const struct load_plan *plan = &result->plan;
    fprintf(out, "%s at %s\n", result->method, result->server);
    if (plan->rate > 0)
        fprintf(out, "open loop, %g/s, at most %u in flight", plan->rate,
                plan->in_flight_max);
    else
        fprintf(out, "closed loop, %u in flight", plan->in_flight_max);
    fprintf(out, ", %u connection%s", result->connections,
            result->connections == 1 ? "" : "s");
    if (result->batch > 1)
        fprintf(out, ", %u names a request", result->batch);
    fprintf(out, "%s\n\n", result->interrupted ? " (interrupted)" : "");
}

static void put_rates(FILE *out, const struct load_result *result)
{
    static const enum load_metric lines[] = {LOAD_METRIC_REQUESTS, LOAD_METRIC_ERRORS,
                                             LOAD_METRIC_SKIPPED,  LOAD_METRIC_RATE,
                                             LOAD_METRIC_NAMES,    LOAD_METRIC_NAME_RATE};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        bool needed = lines[i] != LOAD_METRIC_SKIPPED || result->plan.rate > 0;
        if (lines[i] == LOAD_METRIC_NAMES || lines[i] == LOAD_METRIC_NAME_RATE)
            needed = value(result, LOAD_METRIC_NAMES) > 0;
        if (!needed)
            continue;
        fprintf(out, "%-12s ", load_metric_specs[lines[i]].name);
        put(out, result, lines[i]);
        if (lines[i] == LOAD_METRIC_REQUESTS)
            fprintf(out, " in %.3f s", result->seconds);
        fputc('\n', out);
    }
    if (result->unanswered > 0)
        fprintf(out, "%-12s %llu\n", "unanswered",
                (unsigned long long)result->unanswered);
}

static void put_times(FILE *out, const struct load_result *result)
{
    fprintf(out, "\nTime to the answer%s:\n",
            result->plan.rate > 0 ? ", from when the request was due" : "");
    for (int metric = LOAD_METRIC_MIN; metric <= LOAD_METRIC_MAX; metric++) {
        fprintf(out, "  %-6s ", load_metric_specs[metric].name);
        put(out, result, (enum load_metric)metric);
        fputc('\n', out);
    }
}

static void put_bars(FILE *out, const struct load_result *result)
{
    static const char bar[] = "########################################";
    struct load_bar bars[16];
    size_t len = load_chart_bars(&result->tally->latency, bars, 16);
    uint64_t most = 1;
    for (size_t i = 0; i < len; i++)
        most = bars[i].count > most ? bars[i].count : most;
    fputs(len > 0 ? "\nHistogram:\n" : "", out);
    for (size_t i = 0; i < len; i++) {
        char from[LOAD_VALUE_SIZE];
        int width = (int)((bars[i].count * (sizeof(bar) - 1) + most - 1) / most);
        fprintf(out, "  from %8s %10llu %.*s\n",
                load_metric_text(LOAD_TIME, bars[i].from_us, from),
                (unsigned long long)bars[i].count, width, bar);
    }
}

static double percent_of(uint64_t part, double whole)
{
    return whole > 0 ? 100.0 * (double)part / whole : 0;
}

/* A message may come from the server: no control character passes. */
static void put_sample(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void put_mix(FILE *out, const struct load_result *result)
{
    const struct load_tally *tally = result->tally;
    fputs("\nStatus:\n", out);
    for (unsigned i = 0; i < LOAD_STATUSES; i++) {
        if (tally->statuses[i] == 0)
            continue;
        fprintf(out, "  %-19s %10llu %6.2f %%%s",
                caa_client_code_name((enum caa_client_code)i),
                (unsigned long long)tally->statuses[i],
                percent_of(tally->statuses[i], value(result, LOAD_METRIC_REQUESTS)),
                tally->samples[i][0] != '\0' ? "  " : "");
        put_sample(out, tally->samples[i]);
        fputc('\n', out);
    }
    fputs(tally->names > 0 ? "\nVerdicts:\n" : "", out);
    for (unsigned i = 0; i < LOAD_VERDICTS; i++)
        if (tally->verdicts[i] > 0)
            fprintf(out, "  %-19s %10llu %6.2f %%\n", load_verdict_name(i),
                    (unsigned long long)tally->verdicts[i],
                    percent_of(tally->verdicts[i], (double)tally->names));
}

void load_report_summary(FILE *out, const struct load_result *result)
{
    put_head(out, result);
    put_rates(out, result);
    put_times(out, result);
    put_bars(out, result);
    put_mix(out, result);
}

/* -------------------------------------------------------------------------- csv */

void load_report_csv(FILE *out, const struct load_result *result)
{
    const struct load_tally *tally = result->tally;
    const struct load_series *series = &tally->series;
    fputs("section,key,value\n", out);
    fprintf(out, "run,method,%s\nrun,server,\"%s\"\n", result->method, result->server);
    fprintf(out, "run,seconds,%.6f\n", result->seconds);
    for (int i = 0; i < LOAD_METRIC_COUNT; i++)
        fprintf(out, "metric,%s,%.15g\n", load_metric_specs[i].key,
                result->metrics.values[i]);
    for (unsigned i = 0; i < LOAD_STATUSES; i++)
        if (tally->statuses[i] > 0)
            fprintf(out, "status,%s,%llu\n",
                    caa_client_code_name((enum caa_client_code)i),
                    (unsigned long long)tally->statuses[i]);
    for (unsigned i = 0; i < LOAD_VERDICTS; i++)
        if (tally->verdicts[i] > 0)
            fprintf(out, "verdict,%s,%llu\n", load_verdict_name(i),
                    (unsigned long long)tally->verdicts[i]);
    for (size_t i = 0; i < series->len; i++)
        fprintf(out, "answers_from_s,%.1f,%llu\n",
                (double)(int64_t)i * (double)series->interval_ns / 1e9,
                (unsigned long long)series->intervals[i].responses);
    for (size_t cell = 0; cell < LOAD_HISTOGRAM_CELLS; cell++)
        if (tally->latency.counts[cell] > 0)
            fprintf(out, "histogram_from_us,%.3f,%llu\n",
                    (double)load_histogram_cell_start(cell) / 1e3,
                    (unsigned long long)tally->latency.counts[cell]);
}

/* ------------------------------------------------------------------- comparison */

static const char *ratio_text(double a, double b, char *out, size_t size)
{
    if (a > 0)
        snprintf(out, size, "%.3f", b / a);
    else
        snprintf(out, size, "%s", b > 0 ? "new" : "1.000");
    return out;
}

static const char *judge(const struct load_metric_spec *spec, double a, double b)
{
    /* Less than a hundredth says nothing. */
    double change = spec->less * (b - a);
    if (change > 0.01 * a)
        return "worse";
    return change < -0.01 * a ? "better" : "";
}

void load_report_comparison(FILE *out, const struct load_metrics *a,
                            const struct load_metrics *b)
{
    fprintf(out, "%-12s %14s %14s %8s\n", "", "A", "B", "B/A");
    for (int i = 0; i < LOAD_METRIC_COUNT; i++) {
        const struct load_metric_spec *spec = &load_metric_specs[i];
        char texts[2][LOAD_VALUE_SIZE];
        char ratio[LOAD_VALUE_SIZE];
        fprintf(out, "%-12s %14s %14s %8s  %s\n", spec->name,
                load_metric_text(spec->unit, a->values[i], texts[0]),
                load_metric_text(spec->unit, b->values[i], texts[1]),
                ratio_text(a->values[i], b->values[i], ratio, sizeof(ratio)),
                judge(spec, a->values[i], b->values[i]));
    }
}
