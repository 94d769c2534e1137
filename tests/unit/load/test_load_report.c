#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <caa/v1/caa.pb-c.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load_report.h"

#define MS INT64_C(1000000)

static void end(struct load_tally *tally, int64_t at_ms, int64_t ms,
                enum caa_client_code code, const char *message)
{
    struct caa_client_error error = {.code = code};
    snprintf(error.message, sizeof(error.message), "%s", message);
    load_tally_ended(tally, at_ms * MS, ms * MS, &error);
}

static void answer(struct load_tally *tally, const int *verdicts, size_t len)
{
    Caa__V1__CheckDomainsResponse reply = CAA__V1__CHECK_DOMAINS_RESPONSE__INIT;
    Caa__V1__Result results[8];
    Caa__V1__Result *list[8];
    uint8_t bytes[1024];
    struct load_verdict_field field =
        load_verdict_field_find(&caa__v1__check_domains_response__descriptor);
    for (size_t i = 0; i < len; i++) {
        caa__v1__result__init(&results[i]);
        results[i].verdict = (Caa__V1__Result__Verdict)verdicts[i];
        results[i].retrieved_at_ms = 1;
        list[i] = &results[i];
    }
    reply.n_results = len;
    reply.results = list;
    size_t size = caa__v1__check_domains_response__pack(&reply, bytes);
    load_tally_reply(tally, &field, bytes, size);
    /* Cut anywhere, it does no harm. */
    struct load_tally *spare = calloc(1, sizeof(*spare));
    for (size_t cut = 0; cut < size; cut++)
        load_tally_reply(spare, &field, bytes, cut);
    free(spare);
}

/* 98 answers of 1 to 98 ms, a refusal and a deadline. */
static int set_up(void **state)
{
    struct load_result *result = calloc(1, sizeof(*result));
    struct load_tally *tally = calloc(1, sizeof(*tally));
    *result = (struct load_result){.method = "caa.v1.CaaService/CheckDomains",
                                   .server = "ipc:///tmp/<caad>&.sock",
                                   .plan = {.rate = 100, .in_flight_max = 7},
                                   .connections = 2,
                                   .batch = 3,
                                   .tally = tally,
                                   .skipped = 5};
    for (int64_t i = 1; i <= 98; i++)
        end(tally, i * 10, i, CAA_CLIENT_OK, "");
    end(tally, 990, 1, CAA_CLIENT_RESOURCE_EXHAUSTED, "no \033[2J <b>room</b>");
    end(tally, 1000, 500, CAA_CLIENT_DEADLINE_EXCEEDED, "too late");
    answer(tally, (const int[]){1, 1, 2, 3, 4, 5, 99}, 7);
    result->seconds = 1;
    load_result_summarize(result);
    *state = result;
    return 0;
}

static int tear_down(void **state)
{
    struct load_result *result = *state;
    free(result->tally);
    free(result);
    return 0;
}

static char *text_of(void (*report)(FILE *, const struct load_result *),
                     const struct load_result *result)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    report(out, result);
    fclose(out);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is missing in:\n%s", part, text);
}

static void refusals_do_not_make_it_look_fast(void **state)
{
    struct load_result *result = *state;
    const double *values = result->metrics.values;
    assert_int_equal((int)values[LOAD_METRIC_REQUESTS], 100);
    assert_int_equal((int)values[LOAD_METRIC_ERRORS], 2);
    assert_int_equal((int)values[LOAD_METRIC_RATE], 98);
    assert_int_equal(result->tally->latency.total, 99);
    assert_int_equal((int)values[LOAD_METRIC_MAX], 500000);
}

static void verdicts_are_counted(void **state)
{
    struct load_result *result = *state;
    const double *values = result->metrics.values;
    assert_int_equal((int)values[LOAD_METRIC_NAMES], 7);
    assert_int_equal((int)values[LOAD_METRIC_PERMITTED], 2);
    assert_int_equal((int)values[LOAD_METRIC_DENIED], 1);
    assert_int_equal((int)values[LOAD_METRIC_FAILED], 1);
    assert_int_equal((int)values[LOAD_METRIC_EXEMPT], 1);
    assert_int_equal((int)values[LOAD_METRIC_INVALID], 1);
    assert_int_equal(result->tally->verdicts[LOAD_VERDICTS - 1], 1);
}

static void replies_without_verdicts_have_none(void **state)
{
    (void)state;
    struct load_verdict_field field =
        load_verdict_field_find(&caa__v1__health_check_response__descriptor);
    assert_int_equal(field.result_id, 0);
    field = load_verdict_field_find(&caa__v1__explain_domain_response__descriptor);
    assert_int_equal(field.result_id, 1);
}

static void the_summary_shows_rates_times_and_the_mix(void **state)
{
    char *text = text_of(load_report_summary, *state);
    assert_has(text, "open loop, 100/s, at most 7 in flight, 2 connections");
    assert_has(text, "errors       2\n");
    assert_has(text, "skipped      5\n");
    assert_has(text, "p90    90.0 ms\n");
    assert_has(text, "RESOURCE_EXHAUSTED");
    assert_has(text, "no ?[2J <b>room</b>");
    assert_has(text, "LOOKUP_FAILED                1  14.29 %");
    free(text);
}

static void the_json_report_is_read_back(void **state)
{
    struct load_result *result = *state;
    char path[] = "/tmp/caa-load-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct load_metrics read;
    struct load_problem problem;
    load_report_json(file, result);
    fclose(file);
    assert_true(load_report_read(path, &read, &problem));
    for (int i = 0; i < LOAD_METRIC_COUNT; i++) {
        double difference = read.values[i] - result->metrics.values[i];
        assert_true(difference * difference < 1e-6);
    }
    json_t *report = json_load_file(path, 0, NULL);
    uint64_t calls = 0;
    size_t index;
    json_t *cell;
    json_array_foreach(json_object_get(report, "histogram"), index, cell) calls +=
        (uint64_t)json_integer_value(json_array_get(cell, 1));
    assert_int_equal(calls, 99);
    json_decref(report);
    unlink(path);
}

static void a_file_that_is_no_report_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/caa-load-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct load_metrics read;
    struct load_problem problem;
    fputs("{\"load_report\": 1, \"metrics\": {\"rate\": \"fast\"}}", file);
    fclose(file);
    assert_false(load_report_read(path, &read, &problem));
    assert_has(problem.text, "is no report");
    unlink(path);
    assert_false(load_report_read(path, &read, &problem));
}

static void the_csv_report_is_one_table(void **state)
{
    char *text = text_of(load_report_csv, *state);
    assert_has(text, "section,key,value\n");
    assert_has(text, "metric,max_us,500000\n");
    assert_has(text, "status,OK,98\n");
    assert_has(text, "verdict,OTHER,1\n");
    assert_has(text, "answers_from_s,0.0,9\n");
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        size_t commas = 0;
        for (const char *at = line; *at != '\0'; at++)
            commas += *at == ',';
        assert_int_equal(commas, 2);
    }
    free(text);
}

static size_t count(const char *page, const char *before, const char *tag,
                    const char *after)
{
    char text[16];
    size_t found = 0;
    snprintf(text, sizeof(text), "%s%s%s", before, tag, after);
    while ((page = strstr(page, text)) != NULL) {
        page += strlen(text);
        found++;
    }
    return found;
}

/* Tags that open close again, but for those that never do. */
static void assert_well_formed(const char *page)
{
    static const char *const tags[] = {"html", "head", "style", "body", "svg", "table",
                                       "tr",   "td",   "div",   "h2",   "p",   "text"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        size_t opened = count(page, "<", tags[i], ">") + count(page, "<", tags[i], " ");
        size_t closed = count(page, "</", tags[i], ">");
        if (opened == 0 || opened != closed)
            fail_msg("<%s>: %zu opened, %zu closed", tags[i], opened, closed);
    }
}

static void the_page_stands_alone_and_trusts_no_text(void **state)
{
    char *text = text_of(load_report_html, *state);
    assert_well_formed(text);
    assert_has(text, "ipc:///tmp/&lt;caad&gt;&amp;.sock");
    assert_has(text, "&lt;b&gt;room&lt;/b&gt;");
    assert_null(strstr(text, "http"));
    assert_null(strstr(text, "<script"));
    assert_null(strchr(text, '\033'));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    free(text);
}

static void a_run_without_answers_has_reports_too(void **state)
{
    struct load_result *result = *state;
    memset(result->tally, 0, sizeof(*result->tally));
    result->seconds = 0;
    load_result_summarize(result);
    void (*const reports[])(FILE *, const struct load_result *) = {
        load_report_summary, load_report_csv, load_report_json, load_report_html};
    for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
        char *text = text_of(reports[i], result);
        assert_true(strlen(text) > 100);
        assert_null(strstr(text, " nan"));
        assert_null(strstr(text, ",nan"));
        assert_null(strstr(text, "\"nan"));
        free(text);
    }
}

static void two_runs_are_compared(void **state)
{
    struct load_result *result = *state;
    struct load_metrics slower = result->metrics;
    char *text = NULL;
    size_t size = 0;
    slower.values[LOAD_METRIC_P99] *= 1.5;
    slower.values[LOAD_METRIC_RATE] *= 2;
    FILE *out = open_memstream(&text, &size);
    load_report_comparison(out, &result->metrics, &slower);
    load_report_comparison_json(out, &result->metrics, &slower);
    fclose(out);
    assert_has(text, "1.500  worse");
    assert_has(text, "2.000  better");
    assert_has(text, "\"p50_us\":1.0");
    free(text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {T(refusals_do_not_make_it_look_fast),
                                       T(verdicts_are_counted),
                                       T(replies_without_verdicts_have_none),
                                       T(the_summary_shows_rates_times_and_the_mix),
                                       T(the_json_report_is_read_back),
                                       T(a_file_that_is_no_report_is_refused),
                                       T(the_csv_report_is_one_table),
                                       T(the_page_stands_alone_and_trusts_no_text),
                                       T(a_run_without_answers_has_reports_too),
                                       T(two_runs_are_compared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
