/* caactl, the program, against a real REP server: output, exit codes, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_caad.h"
#include "peer.h"
#include "program.h"
#include "x509_make.h"

struct fixture {
    char *url;
    struct peer *peer;
    char folder[32];
    struct program program;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->url = peer_url();
    fixture->peer = peer_start(fixture->url, fake_caad, NULL);
    setenv("CAAD_SERVER", fixture->url, 1);
    memcpy(fixture->folder, "/tmp/caa-ctl-XXXXXX", 20);
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

/* Runs caactl with up to 15 arguments, the list ending in NULL. */
static const struct program *run_with(struct fixture *fixture, const char *input,
                                      const char *const *words)
{
    const char *args[17] = {TEST_CAACTL};
    for (size_t i = 0; words[i] != NULL; i++)
        args[i + 1] = words[i];
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

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" has \"%s\"", text, part);
}

/* ---------------------------------------------------------------------- verdicts */

static void the_exit_code_is_the_verdict(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(RUN(fixture, "check", "a.test", "exempt.test")->status, 0);
    assert_int_equal(RUN(fixture, "check", "a.test", "denied.test")->status, 1);
    assert_int_equal(RUN(fixture, "check", "invalid.test")->status, 1);
    assert_int_equal(RUN(fixture, "check", "timeout.test")->status, 2);
    assert_int_equal(RUN(fixture, "check", "timeout.test", "denied.test")->status, 1);
    assert_int_equal(RUN(fixture, "check", "--product", "Nonesuch", "a")->status, 67);
}

static void json_is_one_response_a_line(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done = RUN(fixture, "--json", "check", "--request-id", "r-7",
                                     "a.test", "denied.test", "a.test");
    assert_int_equal(done->status, 1);
    assert_string_equal(done->err, "");
    assert_ptr_equal(strchr(done->out, '\n'), done->out + strlen(done->out) - 1);
    json_t *json = json_loads(done->out, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "request_id")), "r-7");
    assert_string_equal(json_string_value(json_object_get(json, "checked_at_ms")),
                        "1700000000123");
    json_t *results = json_object_get(json, "results");
    assert_int_equal(json_array_size(results), 2);
    json_t *result = json_array_get(results, 1);
    assert_string_equal(json_string_value(json_object_get(result, "verdict")), "DENIED");
    assert_true(json_is_false(json_object_get(result, "from_cache")));
    json_decref(json);
}

static void a_refusal_shows_message_and_remedy(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done = RUN(fixture, "check", "a.test", "denied.test");
    assert_has(done->out,
               "NAME         VERDICT    REASON                 FOUND AT  DNSSEC\n"
               "a.test       PERMITTED  NO_CAA_RECORDS         -         SECURE\n"
               "denied.test  DENIED     ISSUER_NOT_AUTHORIZED  test      SECURE\n"
               "    CAA Check Failed:");
    assert_has(done->out, "    Remedy: Add to the zone test:\n"
                          "            test. CAA 0 issue \"ca.example\"\n");
    assert_has(done->out, "Decision: DENIED");
}

static void nothing_reaches_the_terminal_unescaped(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done =
        RUN(fixture, "check", "evil.test", "\033[2J\x7f", "\xe2\x80\xaetset.a");
    assert_lacks(done->out, "\033");
    assert_lacks(done->out, "\xc2\x9b");
    assert_lacks(done->out, "\xe2\x80\xae");
    assert_has(done->out, "\\x1b[31m");
    assert_has(done->out, "\\u{202e}tset.a");
}

static void names_come_from_stdin_too(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done =
        run_with(fixture, "a.test\n\n  denied.test \r\n",
                 (const char *const[]){"check", "b.test", "-", NULL});
    assert_int_equal(done->status, 1);
    assert_has(done->out, "b.test ");
    assert_has(done->out, "a.test ");
    assert_has(done->out, "denied.test ");
}

static void options_stand_before_and_after_the_verb(void **state)
{
    struct fixture *fixture = *state;
    assert_has(RUN(fixture, "check", "a.test", "--json")->out, "{\"request_id\"");
    assert_has(RUN(fixture, "-j", "-t5s", "check", "-e", "ORDER", "-fpDV", "a.test")->out,
               "{\"request_id\"");
    assert_has(RUN(fixture, "check", "--event=add-san", "--", "--json")->out, "--json ");
}

/* ----------------------------------------------------------------- wrong input */

static void wrong_command_lines_are_refused_in_words(void **state)
{
    static const struct {
        const char *words[8];
        const char *text;
    } rows[] = {
        {{NULL}, "a verb is missing"},
        {{"chekc"}, "did you mean check?"},
        {{"xyzzy"}, "there is no verb \"xyzzy\"; see caactl --help"},
        {{"check"}, "needs a name"},
        {{"check", "--producct", "x"}, "did you mean --product?"},
        {{"check", "-x"}, "unknown option -x"},
        {{"--product", "x", "check", "a"}, "must stand after the verb"},
        {{"health", "--fresh"}, "health takes no --fresh"},
        {{"check", "a", "--product"}, "--product needs a value"},
        {{"check", "a", "--product", "x", "--product", "y"}, "--product is given twice"},
        {{"check", "a", "--fresh=1"}, "--fresh takes no value"},
        {{"check", "a", "--event", "reneval"}, "did you mean RENEWAL?"},
        {{"--timeout", "10", "health"}, "\"10\" is no time; accepted are 500ms"},
        {{"--timeout", "0s", "health"}, "is no time"},
        {{"--timeout", "2d", "health"}, "is no time"},
        {{"--timeout", "", "health"}, "is no time"},
        {{"--server", "http://x", "health"}, "the scheme must be ipc, tcp or tls+tcp"},
        {{"--server", "tls+tcp://x:1", "health"}, "(--tls-ca)"},
        {{"--server", "tls+tcp://x:1", "--tls-ca", "/nonexistent", "health"},
         "cannot read /nonexistent: No such file"},
        {{"health", "a", "b"}, "health takes one part"},
        {{"info", "x"}, "info takes no argument, found \"x\""},
        {{"explain"}, "explain takes one name"},
        {{"call"}, "call takes one method"},
        {{"call", "CheckDomain"}, "did you mean CheckDomains?"},
        {{"call", "CheckDomains", "-d", "{"}, "--data: line 1"},
        {{"call", "CheckDomains", "-d", "{\"names\":[1]}"},
         "--data: $.names[0]: expected a string, found a number"},
        {{"call", "CheckDomains", "-d", "@/nonexistent"}, "cannot read /nonexistent"},
        {{"describe", "Resutl"}, "did you mean Result?"},
        {{"describe", "Status"}, "there are 2 symbols"},
        {{"template", "Verdict"}, "is no method and no message"},
        {{"history", "--since", "yesterday"}, "--since: \"yesterday\" is no time"},
        {{"history", "--since", "2026-02-30"}, "is no time"},
        {{"history", "--limit", "0"}, "is no number from 1"},
        {{"history", "--decision", "maybe"}, "accepted are permitted, denied"},
        {{"history", "--verdict", "no"}, "lookup_failed, exempt and invalid_name"},
        {{"history", "--since", "1d", "--until", "2d"}, "is not after --since"},
        {{"history", "--since", "2026-01-31T08:00:00+25:00"}, "is no time"},
        {{"history", "--report", "xml"}, "accepted are csv and json"},
        {{"history", "--report", "csv", "--export"}, "exclude each other"},
        {{"history", "--denied", "--verdict", "denied"}, "give one of them"},
        {{"history", "--id", "r", "--since", "1d"}, "--id and --since exclude"},
        {{"history", "--id", ""}, "the request id is empty"},
        {{"history", "--verify", "--denied"}, "--verify and --denied exclude"},
        {{"flush", "--subtree"}, "needs a name"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct program *done = run_with(fixture, NULL, rows[i].words);
        if (done->status != 67 || strstr(done->err, rows[i].text) == NULL)
            fail_msg("row %zu: %d, \"%s\" lacks \"%s\"", i, done->status, done->err,
                     rows[i].text);
        assert_string_equal(done->out, "");
        assert_int_equal(strncmp(done->err, "caactl: ", 8), 0);
    }
}

static void an_absent_daemon_is_named(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done = RUN(fixture, "--server", "ipc:///tmp/nonexistent/s",
                                     "--timeout", "300ms", "health");
    assert_int_equal(done->status, 78);
    assert_string_equal(done->err,
                        "caactl: UNAVAILABLE: cannot reach ipc:///tmp/nonexistent/s: no "
                        "such file (is caad running?)\n");
}

static void a_full_disk_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    const char *args[] = {"/bin/sh", "-c", TEST_CAACTL " info > /dev/full", NULL};
    program_run(&fixture->program, args, NULL);
    assert_int_equal(fixture->program.status, 72);
    assert_has(fixture->program.err, "cannot write the output: No space left on device");
}

/* ------------------------------------------------------------ CSR, certificate */

static const char *path_in(struct fixture *fixture, const char *name)
{
    static char paths[4][64];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", fixture->folder, name);
    return path;
}

static void a_csr_and_a_certificate_bring_their_names(void **state)
{
    struct fixture *fixture = *state;
    const char *csr = path_in(fixture, "a.csr");
    const char *certificate = path_in(fixture, "b.crt");
    const char *mail = path_in(fixture, "c.crt");
    x509_make_csr(csr, false, "cn.test",
                  "DNS:a.test,DNS:cn.test,DNS:denied.test,IP:192.0.2.1,IP:2001:db8::1,"
                  "URI:http://x.test/");
    x509_make_certificate(certificate, true, "other.test", "DNS:b.test", 30);
    x509_make_certificate(mail, false, "Jane Doe", "email:jane@mail.test", 30);
    const struct program *done =
        RUN(fixture, "check", "--csr", csr, "--cert", certificate, "--cert", mail);
    assert_int_equal(done->status, 1);
    const char *cn = strstr(done->out, "\ncn.test ");
    const char *san = strstr(done->out, "\na.test ");
    assert_true(cn != NULL && san != NULL && cn < san);
    assert_has(done->out, "192.0.2.1 ");
    assert_has(done->out, "2001:db8::1 ");
    assert_has(done->out, "other.test ");
    assert_has(done->out, "b.test ");
    assert_has(done->out, "jane@mail.test ");
    assert_lacks(done->out, "Jane Doe");
    assert_has(done->err, "1 subject alternative name of a kind CAA does not know");
}

static void write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

/* Cuts a file to a part of its length. */
static void cut(const char *path, int percent)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size * percent / 100), 0);
}

static void assert_refused(struct fixture *fixture, const char *option, const char *path,
                           const char *text)
{
    const struct program *done = RUN(fixture, "check", option, path);
    assert_int_equal(done->status, 67);
    assert_has(done->err, text);
}

static void wrong_files_are_refused_in_words(void **state)
{
    struct fixture *fixture = *state;
    const char *path = path_in(fixture, "f");
    assert_refused(fixture, "--csr", "/nonexistent", "cannot read /nonexistent: No such");
    assert_refused(fixture, "--csr", fixture->folder, "Is a directory");
    write_file(path, "", 0);
    assert_refused(fixture, "--csr", path, "is empty");
    write_file(path, "hello", 5);
    assert_refused(fixture, "--csr", path, "is no CSR in PEM or DER, or is truncated");
    assert_refused(fixture, "--cert", path, "is no certificate in PEM or DER");
    x509_make_key(path);
    assert_refused(fixture, "--csr", path, "holds a PEM \"PRIVATE KEY\", not a CSR");
    x509_make_csr(path, false, "a.test", NULL);
    assert_refused(fixture, "--cert", path, "holds a CSR, not a certificate; use --csr");
    cut(path, 60);
    assert_refused(fixture, "--csr", path, "is a broken or truncated PEM file");
    x509_make_certificate(path, false, "a.test", NULL, 1);
    assert_refused(fixture, "--csr", path, "holds a certificate, not a CSR; use --cert");
    x509_make_csr(path, true, "a.test", "DNS:a.test");
    cut(path, 60);
    assert_refused(fixture, "--csr", path, "or is truncated");
    x509_make_csr(path, false, NULL, NULL);
    assert_refused(fixture, "--csr", path, "has neither a common name nor");
    x509_make_certificate(path, true, NULL, "URI:http://a.test/", 1);
    assert_refused(fixture, "--cert", path, "has neither a common name nor");
}

static void ten_thousand_sans_are_read(void **state)
{
    struct fixture *fixture = *state;
    const char *path = path_in(fixture, "many.csr");
    char *sans = malloc(10000 * 20);
    size_t len = 0;
    for (int i = 0; i < 10000; i++)
        len += (size_t)sprintf(sans + len, "%sDNS:n%05d.test", i > 0 ? "," : "", i);
    x509_make_csr(path, false, NULL, sans);
    free(sans);
    const char *command[] = {"/bin/sh", "-c", NULL, NULL};
    char text[256];
    snprintf(text, sizeof(text), "%s check --csr %s | grep -c PERMITTED", TEST_CAACTL,
             path);
    command[2] = text;
    program_run(&fixture->program, command, NULL);
    assert_string_equal(fixture->program.err, "");
    assert_string_equal(fixture->program.out, "10001\n");
}

/* ------------------------------------------------------------------- other verbs */

static void health_is_an_exit_code(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(RUN(fixture, "health")->status, 0);
    assert_has(fixture->program.out, "resolver  SERVING");
    assert_int_equal(RUN(fixture, "health", "audit")->status, 1);
    assert_int_equal(RUN(fixture, "health", "nonesuch")->status, 69);
    assert_has(RUN(fixture, "--json", "health")->out, "\"status\":\"SERVING\"");
}

static void every_verb_speaks_and_has_help(void **state)
{
    static const struct {
        const char *words[6];
        const char *text;
        int status;
    } rows[] = {
        {{"info"}, "issuer names      ca.example", 0},
        {{"stats"}, "caad_checks_total{verdict=DENIED} 42\n", 0},
        {{"flush", "a.test"}, "1 cached answer forgotten", 0},
        {{"flush", "--subtree", "a.test"}, "101 cached answers", 0},
        {{"drain"}, "draining: 7 checks in flight", 0},
        {{"explain", "a.test"}, "asked 127.0.0.1:53 over UDP: NODATA in 1.2 ms", 0},
        {{"explain", "denied.test"}, "Remedy:", 1},
        {{"history", "denied.test"}, "denied.test: DENIED, ISSUER_NOT_AUTHORIZED", 0},
        {{"call", "CheckDomains", "-d", "{\"names\":[\"denied.test\"]}"},
         "\"decision\": \"DENIED\"",
         0},
        {{"describe"}, "service caa.v1.CaaService {", 0},
        {{"describe", "Result.Verdict"}, "  LOOKUP_FAILED = 3;", 0},
        {{"describe", "CheckDomains"}, "  repeated string names = 6;", 0},
        {{"template", "CheckDomains"}, "\"event\": \"EVENT_UNSPECIFIED\"", 0},
        {{"--version"}, "caactl ", 0},
        {{"--help"}, "Examples:\n  caactl check", 0},
        {{"check", "--help"}, "--account-uri URI", 0},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct program *done = run_with(fixture, NULL, rows[i].words);
        assert_string_equal(done->err, "");
        assert_int_equal(done->status, rows[i].status);
        assert_has(done->out, rows[i].text);
    }
}

static void history_reads_page_after_page(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done = RUN(fixture, "--json", "history", "--order", "o-1");
    const char *second = strchr(done->out, '\n');
    assert_non_null(second);
    assert_has(done->out, "\"sequence\":\"2\"");
    assert_has(second + 1, "\"sequence\":\"1\"");
    done = RUN(fixture, "--json", "history", "--limit", "1");
    assert_ptr_equal(strchr(done->out, '\n'), done->out + strlen(done->out) - 1);
}

static void what_template_gives_call_takes(void **state)
{
    struct fixture *fixture = *state;
    const struct program *done = RUN(fixture, "template", "CheckDomains");
    char *text = strdup(done->out);
    const struct program *called = run_with(
        fixture, text,
        (const char *const[]){"--json", "call", "CheckDomains", "-d", "@-", NULL});
    assert_string_equal(called->err, "");
    assert_int_equal(called->status, 0);
    free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_exit_code_is_the_verdict),
        T(json_is_one_response_a_line),
        T(a_refusal_shows_message_and_remedy),
        T(nothing_reaches_the_terminal_unescaped),
        T(names_come_from_stdin_too),
        T(options_stand_before_and_after_the_verb),
        T(wrong_command_lines_are_refused_in_words),
        T(an_absent_daemon_is_named),
        T(a_full_disk_is_noticed),
        T(a_csr_and_a_certificate_bring_their_names),
        T(wrong_files_are_refused_in_words),
        T(ten_thousand_sans_are_read),
        T(health_is_an_exit_code),
        T(every_verb_speaks_and_has_help),
        T(history_reads_page_after_page),
        T(what_template_gives_call_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
