/* load_json.c - the report that programs read, --compare among them. */
#include <jansson.h>
#include <stdlib.h>

#include "load_report.h"
#include "output.h"

/* Raised when a field changes its meaning. */
#define FORMAT_VERSION 1

static json_t *count(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static json_t *plan_object(const struct load_result *result)
{
    const struct load_plan *plan = &result->plan;
    return json_pack(
        "{s:s, s:i, s:f, s:I, s:f, s:f, s:i, s:i}", "loop",
        plan->rate > 0 ? "open" : "closed", "concurrency", (int)plan->in_flight_max,
        "rate", plan->rate, "requests", (json_int_t)plan->requests, "duration_s",
        (double)plan->duration_ns / 1e9, "warm_up_s", (double)plan->warm_up_ns / 1e9,
        "connections", (int)result->connections, "batch", (int)result->batch);
}

static json_t *metrics_object(const struct load_metrics *metrics)
{
    json_t *object = json_object();
    for (int i = 0; i < LOAD_METRIC_COUNT; i++) {
        enum load_unit unit = load_metric_specs[i].unit;
        bool whole = unit == LOAD_CALLS || unit == LOAD_NAMES;
        double value = metrics->values[i];
        json_object_set_new(object, load_metric_specs[i].key,
                            whole ? count((uint64_t)value) : json_real(value));
    }
    return object;
}

static json_t *statuses_object(const struct load_tally *tally)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < LOAD_STATUSES; i++)
        if (tally->statuses[i] > 0)
            json_object_set_new(object, caa_client_code_name((enum caa_client_code)i),
                                count(tally->statuses[i]));
    return object;
}

static json_t *verdicts_object(const struct load_tally *tally)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < LOAD_VERDICTS; i++)
        if (tally->verdicts[i] > 0)
            json_object_set_new(object, load_verdict_name(i), count(tally->verdicts[i]));
    return object;
}

static json_t *series_array(const struct load_series *series)
{
    json_t *array = json_array();
    for (size_t i = 0; i < series->len; i++) {
        const struct load_interval *interval = &series->intervals[i];
        json_array_append_new(
            array, json_pack("{s:f, s:I, s:I, s:f}", "from_s",
                             (double)(int64_t)i * (double)series->interval_ns / 1e9,
                             "answers", (json_int_t)interval->responses, "errors",
                             (json_int_t)interval->errors, "max_us",
                             (double)interval->max_ns / 1e3));
    }
    return array;
}

/* [microseconds from which on, calls] of every cell that is not empty. */
static json_t *histogram_array(const struct load_histogram *histogram)
{
    json_t *array = json_array();
    for (size_t cell = 0; cell < LOAD_HISTOGRAM_CELLS; cell++)
        if (histogram->counts[cell] > 0)
            json_array_append_new(
                array, json_pack("[f, I]", (double)load_histogram_cell_start(cell) / 1e3,
                                 (json_int_t)histogram->counts[cell]));
    return array;
}

static void print(FILE *out, json_t *object)
{
    char *text =
        object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text == NULL)
        complain("out of memory");
    else
        fprintf(out, "%s\n", text);
    free(text);
    json_decref(object);
}

void load_report_json(FILE *out, const struct load_result *result)
{
    const struct load_tally *tally = result->tally;
    print(out,
          json_pack(
              "{s:i, s:s, s:s, s:s, s:o, s:I, s:f, s:b, s:I, s:I, s:o, s:o, s:o, "
              "s:o, s:o}",
              "load_report", FORMAT_VERSION, "caactl", caa_client_version(), "method",
              result->method, "server", result->server, "plan", plan_object(result),
              "started_at_ms", (json_int_t)result->started_at_ms, "seconds",
              result->seconds, "interrupted", (int)result->interrupted, "warm_up",
              (json_int_t)result->warm_up, "unanswered", (json_int_t)result->unanswered,
              "metrics", metrics_object(&result->metrics), "statuses",
              statuses_object(tally), "verdicts", verdicts_object(tally), "series",
              series_array(&tally->series), "histogram",
              histogram_array(&tally->latency)));
}

void load_report_comparison_json(FILE *out, const struct load_metrics *a,
                                 const struct load_metrics *b)
{
    json_t *ratios = json_object();
    for (int i = 0; i < LOAD_METRIC_COUNT; i++)
        json_object_set_new(ratios, load_metric_specs[i].key,
                            a->values[i] > 0 ? json_real(b->values[i] / a->values[i])
                                             : json_null());
    print(out, json_pack("{s:o, s:o, s:o}", "a", metrics_object(a), "b",
                         metrics_object(b), "ratios", ratios));
}

bool load_report_read(const char *path, struct load_metrics *metrics,
                      struct load_problem *problem)
{
    json_error_t error;
    json_t *report = json_load_file(path, 0, &error);
    if (report == NULL) {
        snprintf(problem->text, sizeof(problem->text), "%s: %s", path, error.text);
        return false;
    }
    const json_t *from = json_object_get(report, "metrics");
    bool ok =
        json_integer_value(json_object_get(report, "load_report")) == FORMAT_VERSION &&
        json_is_object(from);
    for (int i = 0; ok && i < LOAD_METRIC_COUNT; i++) {
        const json_t *number = json_object_get(from, load_metric_specs[i].key);
        ok = json_is_number(number);
        metrics->values[i] = json_number_value(number);
    }
    if (!ok)
        snprintf(problem->text, sizeof(problem->text),
                 "%s is no report of caactl load -O json", path);
    json_decref(report);
    return ok;
}
