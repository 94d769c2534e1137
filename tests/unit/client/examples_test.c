/* The manual's example and the components in client/examples, run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_caad.h"
#include "peer.h"
#include "program.h"
#include "x509_make.h"

#define CERTIFICATES 200

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
    memcpy(fixture->folder, "/tmp/caa-exa-XXXXXX", 20);
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

static const struct program *run(struct fixture *fixture, const char *const *args)
{
    program_run(&fixture->program, args, NULL);
    return &fixture->program;
}

static void path_in(struct fixture *fixture, const char *name, char out[64])
{
    snprintf(out, 64, "%s/%s", fixture->folder, name);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void the_manual_s_example_runs(void **state)
{
    struct fixture *fixture = *state;
    const char *args[] = {TEST_MANUAL_EXAMPLE, fixture->url, NULL};
    const struct program *done = run(fixture, args);
    assert_string_equal(done->err, "");
    assert_int_equal(done->status, 0);
    assert_string_equal(done->out, "www.example.com: issue\n*.example.com: issue\n");
}

static void order_says_what_may_be_issued(void **state)
{
    struct fixture *fixture = *state;
    char csr[64];
    path_in(fixture, "a.csr", csr);
    x509_make_csr(csr, false, "a.test", "DNS:a.test,DNS:denied.test,IP:192.0.2.1");
    const char *args[] = {TEST_ORDER, fixture->url, "o-1", csr, NULL};
    const struct program *done = run(fixture, args);
    assert_string_equal(done->err, "");
    assert_int_equal(done->status, 1);
    assert_has(done->out, "issue   a.test (NO_CAA_RECORDS)\n"
                          "refuse  denied.test (ISSUER_NOT_AUTHORIZED)\n");
    x509_make_csr(csr, false, NULL, "DNS:a.test");
    assert_int_equal(run(fixture, args)->status, 0);
    args[3] = "/nonexistent";
    assert_int_equal(run(fixture, args)->status, 2);
    assert_has(fixture->program.err, "is no CSR that can be read");
}

static void reissue_points_out_what_was_added(void **state)
{
    struct fixture *fixture = *state;
    char certificate[64];
    char csr[64];
    path_in(fixture, "a.crt", certificate);
    path_in(fixture, "a.csr", csr);
    x509_make_certificate(certificate, false, "a.test", "DNS:a.test,DNS:old.test", 30);
    x509_make_csr(csr, false, "a.test", "DNS:a.test,DNS:denied.test");
    const char *args[] = {TEST_REISSUE, fixture->url, "o-1", certificate, csr, NULL};
    const struct program *done = run(fixture, args);
    assert_string_equal(done->err, "");
    assert_int_equal(done->status, 1);
    assert_has(done->out, "kept    issue   a.test");
    assert_has(done->out, "added   refuse  denied.test");
    assert_has(done->out, "dropped         old.test");
}

static void renewal_finds_what_will_fail(void **state)
{
    struct fixture *fixture = *state;
    char folder[64];
    path_in(fixture, "certs", folder);
    const char *make[] = {"/bin/mkdir", folder, NULL};
    run(fixture, make);
    for (int i = 0; i < CERTIFICATES; i++) {
        char path[128];
        char sans[64];
        snprintf(path, sizeof(path), "%s/%03d.pem", folder, i);
        snprintf(sans, sizeof(sans), "DNS:%sn%d.test", i % 50 == 7 ? "denied." : "", i);
        x509_make_certificate(path, false, NULL, sans, i < CERTIFICATES / 2 ? 10 : 90);
    }
    const char *args[] = {TEST_RENEWAL, fixture->url, "30", folder, NULL};
    const struct program *done = run(fixture, args);
    assert_string_equal(done->err, "");
    assert_int_equal(done->status, 1);
    assert_has(done->out, "007.pem (ends 20");
    assert_has(done->out, "denied.n57.test: DENIED ISSUER_NOT_AUTHORIZED");
    assert_has(done->out, "100 certificates checked, 2 would be refused, 0 could not be "
                          "checked, 0 files not readable\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_manual_s_example_runs),
        T(order_says_what_may_be_issued),
        T(reissue_points_out_what_was_added),
        T(renewal_finds_what_will_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
