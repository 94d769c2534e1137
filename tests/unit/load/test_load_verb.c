/* caactl load, the program, against a real REP server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caa_client.h"
#include "fake_caad.h"
#include "peer.h"
#include "program.h"

struct fixture {
    char *url;
    struct peer *peer;
    char folder[32];
    struct program program;
};

/* Names below slow.test take 20 ms; orders called "refuse" are refused. */
static void answer(void *arg, const Rpc__V1__Request *request, struct peer_reply *reply)
{
    fake_caad(arg, request, reply);
    if (strstr(request->method, "CheckDomains") == NULL)
        return;
    Caa__V1__CheckDomainsRequest *check = caa__v1__check_domains_request__unpack(
        NULL, request->payload.len, request->payload.data);
    if (strcmp(check->order_id, "refuse") == 0) {
        reply->code = CAA_CLIENT_RESOURCE_EXHAUSTED;
        reply->retry_after_ms = 1000;
        snprintf(reply->message, sizeof(reply->message), "too much in flight");
    }
    if (strcmp(check->order_id, "slow") == 0)
        reply->delay_ms = 20;
    caa__v1__check_domains_request__free_unpacked(check, NULL);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->url = peer_url();
    fixture->peer = peer_start(fixture->url, answer, NULL);
    setenv("CAAD_SERVER", fixture->url, 1);
    memcpy(fixture->folder, "/tmp/caa-load-XXXXXX", 21);
    assert_non_null(mkdtemp(fixture->folder));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    const char *args[] = {"/bin/rm", "-r", fixture->folder, NULL};
    program_run(&fixture->program, args, NULL);
    peer_stop(fixture->peer);
    peer_url_free(fixture->url);
    free(fixture);
    return 0;
}

static const struct program *run_with(struct fixture *fixture, const char *input,
                                      const char *const *words)
{
    const char *args[20] = {TEST_CAACTL, "load"};
    for (size_t i = 0; words[i] != NULL; i++)
        args[i + 2] = words[i];
    program_run(&fixture->program, args, input);
    return &fixture->program;
}

#define RUN(fixture, ...)                                                                \
    run_with(fixture, NULL, (const char *const[]){__VA_ARGS__, NULL})

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static json_t *report_of(const struct program *done)
{
    json_t *report = json_loads(done->out, 0, NULL);
    if (report == NULL)
        fail_msg("no JSON (exit %d): %s%s", done->status, done->out, done->err);
    return report;
}

static double metric(const json_t *report, const char *key)
{
    return json_number_value(json_object_get(json_object_get(report, "metrics"), key));
}

/* ------------------------------------------------------------------------ runs */

static void exactly_so_many_requests_are_measured(void **state)
{
    struct fixture *fixture = *state;
    json_t *report = report_of(RUN(fixture, "-d", "{\"names\": [\"a.test\"]}", "-n",
                                   "1000", "-c", "20", "-O", "json"));
    assert_int_equal((int)metric(report, "requests"), 1000);
    assert_int_equal((int)metric(report, "permitted"), 1000);
    assert_int_equal((int)metric(report, "errors"), 0);
    assert_true(metric(report, "rate") > 0);
    json_decref(report);
}

static void names_come_from_stdin_in_batches(void **state)
{
    struct fixture *fixture = *state;
    json_t *report = report_of(
        run_with(fixture, "a.test\ndenied.test\nexempt.test\n",
                 (const char *const[]){"--names", "-", "--batch", "3", "-n", "10", "-c",
                                       "4", "--connections", "2", "-O", "json", NULL}));
    assert_int_equal((int)metric(report, "names"), 30);
    assert_int_equal((int)metric(report, "denied"), 10);
    assert_int_equal((int)metric(report, "exempt"), 10);
    json_decref(report);
}

static void an_open_loop_keeps_its_rate_and_counts_what_it_skips(void **state)
{
    struct fixture *fixture = *state;
    /* 20 ms each and 2 at once: 100 of the 500 a second at most. */
    json_t *report =
        report_of(RUN(fixture, "-d", "{\"names\": [\"a.test\"], \"order_id\": \"slow\"}",
                      "-r", "500", "-z", "400ms", "-c", "2", "-O", "json"));
    double sent = metric(report, "requests");
    double skipped = metric(report, "skipped");
    assert_int_equal((int)(sent + skipped), 200);
    assert_true(sent <= 60 && sent >= 4);
    json_decref(report);
}

static void refusals_are_counted_not_retried(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done =
        RUN(fixture, "-d", "{\"names\": [\"a.test\"], \"order_id\": \"refuse\"}", "-n",
            "50", "-c", "5");
    assert_has(done->out, "RESOURCE_EXHAUSTED");
    assert_has(done->out, "too much in flight");
    assert_int_equal(done->status, 64 + CAA_CLIENT_RESOURCE_EXHAUSTED);
    /* The schema was one more. */
    assert_int_equal(peer_count(fixture->peer), 51);
}

static void the_warm_up_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    json_t *report = report_of(RUN(fixture, "-d", "{\"names\": [\"a.test\"]}", "-n", "10",
                                   "-c", "2", "--warm-up", "100ms", "-O", "json"));
    assert_int_equal((int)metric(report, "requests"), 10);
    assert_true(json_integer_value(json_object_get(report, "warm_up")) > 0);
    json_decref(report);
}

static void any_method_of_the_schema_can_be_called(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done =
        RUN(fixture, "--method", "HealthService/Check", "-n", "20", "-c", "2");
    assert_int_equal(done->status, 0);
    assert_has(done->out, "caa.v1.HealthService/Check");
    assert_has(done->out, "requests     20");
}

static void a_condition_that_holds_is_exit_1(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done =
        RUN(fixture, "-d", "{\"names\": [\"denied.test\"]}", "-n", "20", "-c", "2",
            "--fail-if", "errors>0", "--fail-if", "denied>=50%");
    assert_int_equal(done->status, 1);
    assert_has(done->err, "denied>=50%: it is 100.000 %");
    assert_int_equal(RUN(fixture, "-d", "{\"names\": [\"a.test\"]}", "-n", "20", "-c",
                         "2", "--fail-if", "p99>30s")
                         ->status,
                     0);
}

/* -------------------------------------------------------------- files, mistakes */

static void two_reports_are_compared(void **state)
{
    struct fixture *fixture = *state;
    char a[64];
    char b[64];
    snprintf(a, sizeof(a), "%s/a.json", fixture->folder);
    snprintf(b, sizeof(b), "%s/b.json", fixture->folder);
    RUN(fixture, "-d", "{\"names\": [\"a.test\"]}", "-n", "50", "-c", "5", "-O", "json",
        "-o", a);
    RUN(fixture, "-d", "{\"names\": [\"a.test\"], \"order_id\": \"slow\"}", "-n", "50",
        "-c", "5", "-O", "json", "-o", b);
    const struct program *done = RUN(fixture, "--compare", a, b, "--fail-if", "p50>1.5x");
    assert_int_equal(done->status, 1);
    assert_has(done->out, "B/A");
    assert_has(done->out, "worse");
    assert_int_equal(RUN(fixture, "--compare", a, b)->status, 0);
    assert_int_equal(RUN(fixture, "--compare", a)->status, 67);
    assert_int_equal(RUN(fixture, "--compare", a, "/nonexistent")->status, 67);
}

static void assert_usage(struct fixture *fixture, const char *const *words,
                         const char *said)
{
    const struct program *done = run_with(fixture, NULL, words);
    if (done->status != 67)
        fail_msg("%s: exit %d", said, done->status);
    assert_has(done->err, said);
}

static void wrong_command_lines_are_refused_in_words(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *words[6];
        const char *said;
    } rows[] = {
        {{"-c", "0"}, "--concurrency: \"0\" is no whole number from 1 to 10000"},
        {{"-r", "fast"}, "--rate"},
        {{"-n", "1.5"}, "--requests"},
        {{"-z", "10"}, "--duration"},
        {{"-O", "xml"}, "none of summary, json, csv, html"},
        {{"--batch", "5"}, "--batch needs a names file"},
        {{"-c", "2", "--connections", "3"}, "--connections"},
        {{"--fail-if", "p99>5"}, "--fail-if"},
        {{"--fail-if", "p99>2x"}, "--compare"},
        {{"--names", "/nonexistent/file"}, "--names: /nonexistent/file"},
        {{"-d", "@/nonexistent/file"}, "--data: cannot read /nonexistent/file"},
        {{"www.example.test"}, "takes no argument"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_usage(fixture, rows[i].words, rows[i].said);
}

static void what_the_schema_does_not_have_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_usage(fixture, (const char *const[]){"-d", "{\"nmaes\": []}", NULL}, "nmaes");
    assert_usage(fixture, (const char *const[]){"--method", "CheckDomain", NULL},
                 "did you mean CheckDomains");
    assert_usage(fixture, (const char *const[]){"-o", "/nonexistent/out", NULL},
                 "--output: cannot write");
}

static void no_server_is_said_at_once(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done = RUN(fixture, "--server", "ipc:///nonexistent/caad.sock",
                                     "-d", "{\"names\": [\"a.test\"]}", "-n", "1");
    assert_int_equal(done->status, 64 + CAA_CLIENT_UNAVAILABLE);
}

static void an_interrupt_ends_it_with_a_report(void **state)
{
    struct fixture *fixture = *state;
    char path[64];
    snprintf(path, sizeof(path), "%s/report.json", fixture->folder);
    pid_t child = fork();
    if (child == 0) {
        execl(TEST_CAACTL, TEST_CAACTL, "load", "-d", "{\"names\": [\"a.test\"]}", "-z",
              "1m", "-c", "4", "-O", "json", "-o", path, (char *)NULL);
        _exit(127);
    }
    usleep(700000);
    int status = 0;
    kill(child, SIGINT);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    json_t *report = json_load_file(path, 0, NULL);
    assert_true(json_is_true(json_object_get(report, "interrupted")));
    assert_true(metric(report, "requests") > 0);
    json_decref(report);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(exactly_so_many_requests_are_measured),
        T(names_come_from_stdin_in_batches),
        T(an_open_loop_keeps_its_rate_and_counts_what_it_skips),
        T(refusals_are_counted_not_retried),
        T(the_warm_up_is_left_out),
        T(any_method_of_the_schema_can_be_called),
        T(a_condition_that_holds_is_exit_1),
        T(two_reports_are_compared),
        T(wrong_command_lines_are_refused_in_words),
        T(what_the_schema_does_not_have_is_refused),
        T(no_server_is_said_at_once),
        T(an_interrupt_ends_it_with_a_report)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
