/* The client library against a real REP server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caa_client.h"
#include "fake_caad.h"
#include "peer.h"
#include "x509_make.h"

#define HEALTH "caa.v1.HealthService/Check"

struct fixture {
    char *url;
    struct peer *peer;
    struct caa_client *client;
    /* What the scripted handler saw and does. */
    char request_id[8][64];
    uint32_t timeout_ms[8];
    char caller[32];
    atomic_uint calls;
    unsigned failures;
    int failure_code;
    /* Set by the test between two calls, read by the peer's thread. */
    atomic_uint retry_after_ms;
    void (*_Atomic distort)(Caa__V1__CheckDomainsResponse *response);
    pthread_mutex_t lock;
    struct peer_reply canned;
};

static struct caa_client *connect_to(const char *const *urls, size_t len,
                                     uint32_t connect_timeout_ms)
{
    struct caa_client_options options = {.servers = urls,
                                         .servers_len = len,
                                         .name = "unit-test",
                                         .timeout_ms = 5000,
                                         .connect_timeout_ms = connect_timeout_ms};
    struct caa_client *client = NULL;
    struct caa_client_error error;
    assert_int_equal(caa_client_create(&options, &client, &error), CAA_CLIENT_OK);
    return client;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->url = peer_url();
    pthread_mutex_init(&fixture->lock, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    caa_client_destroy(fixture->client);
    peer_stop(fixture->peer);
    peer_url_free(fixture->url);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

/* Starts a peer with handler, and a client of it. */
static void serve(struct fixture *fixture, peer_handler handler)
{
    const char *urls[] = {fixture->url};
    fixture->peer = peer_start(fixture->url, handler, fixture);
    fixture->client = connect_to(urls, 1, 0);
}

/* Records what it is asked, fails the first times, then answers in earnest. */
static void scripted(void *arg, const Rpc__V1__Request *request, struct peer_reply *reply)
{
    struct fixture *fixture = arg;
    unsigned call = atomic_fetch_add(&fixture->calls, 1);
    if (call < 8) {
        snprintf(fixture->request_id[call], 64, "%s", request->request_id);
        fixture->timeout_ms[call] = request->timeout_ms;
    }
    if (request->n_metadata == 1 && strcmp(request->metadata[0]->key, "caller") == 0)
        snprintf(fixture->caller, sizeof(fixture->caller), "%s",
                 request->metadata[0]->value);
    if (call < fixture->failures) {
        reply->code = fixture->failure_code;
        reply->retry_after_ms = fixture->retry_after_ms;
        snprintf(reply->message, sizeof(reply->message), "not now");
        return;
    }
    fake_caad(NULL, request, reply);
}

static enum caa_client_code check(struct fixture *fixture, const char *const *names,
                                  size_t len, struct caa_check_response **response,
                                  struct caa_client_error *error)
{
    struct caa_check_request request = {.names = names, .names_len = len};
    return caa_client_check(fixture->client, &request, 2000, response, error);
}

static enum caa_client_code call_health(struct fixture *fixture, uint32_t timeout_ms,
                                        struct caa_client_error *error)
{
    struct caa_client_call_options options = {.timeout_ms = timeout_ms};
    void *reply = NULL;
    size_t reply_len = 0;
    enum caa_client_code code = caa_client_call(fixture->client, HEALTH, NULL, 0,
                                                &options, &reply, &reply_len, error);
    caa_client_free(reply);
    return code;
}

/* ------------------------------------------------------------------- answers */

static void a_check_brings_a_result_for_each_name_once(void **state)
{
    struct fixture *fixture = *state;
    const char *names[] = {"a.test", "denied.test",  "cn.test",
                           "a.test", "timeout.test", "exempt.test"};
    struct caa_check_request request = {
        .common_name = "cn.test", .names = names, .names_len = 6};
    struct caa_check_response *response = NULL;
    struct caa_client_error error;
    serve(fixture, fake_caad);
    assert_int_equal(caa_client_check(fixture->client, &request, 2000, &response, &error),
                     0);
    assert_int_equal(response->results_len, 5);
    assert_string_equal(response->results[0].name, "cn.test");
    assert_string_equal(response->results[1].name, "a.test");
    assert_int_equal(response->decision, CAA_CHECK_DECISION_DENIED);
    assert_true(caa_check_may_issue(&response->results[0]));
    assert_int_equal(response->results[2].verdict, CAA_CHECK_VERDICT_DENIED);
    assert_int_equal(response->results[2].records_len, 1);
    assert_false(caa_check_may_issue(&response->results[2]));
    assert_false(caa_check_may_issue(&response->results[3]));
    assert_true(caa_check_may_issue(&response->results[4]));
    assert_int_equal(strlen(response->request_id), 32);
    caa_check_response_free(response);
}

static void the_deadline_the_caller_and_an_id_are_sent(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    serve(fixture, scripted);
    assert_int_equal(call_health(fixture, 2000, &error), 0);
    assert_int_equal(strlen(fixture->request_id[0]), 32);
    assert_in_range(fixture->timeout_ms[0], 1500, 2000);
    assert_string_equal(fixture->caller, "unit-test");
}

static void health_reads_the_whole_and_a_part(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    bool serving = false;
    serve(fixture, fake_caad);
    assert_int_equal(caa_client_health(fixture->client, NULL, 0, &serving, &error), 0);
    assert_true(serving);
    assert_int_equal(caa_client_health(fixture->client, "audit", 0, &serving, &error), 0);
    assert_false(serving);
    assert_int_equal(caa_client_health(fixture->client, "nonesuch", 0, &serving, &error),
                     CAA_CLIENT_NOT_FOUND);
}

static void a_status_comes_back_with_its_field(void **state)
{
    struct fixture *fixture = *state;
    const char *names[] = {"a.test"};
    struct caa_check_request request = {
        .product = "Nonesuch", .names = names, .names_len = 1};
    struct caa_check_response *response = NULL;
    struct caa_client_error error;
    serve(fixture, fake_caad);
    assert_int_equal(caa_client_check(fixture->client, &request, 2000, &response, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    assert_string_equal(error.field, "product");
    assert_string_equal(error.message, "there is no such product");
    assert_null(response);
}

/* ------------------------------------------------------- replies not believed */

static void distorting(void *arg, const Rpc__V1__Request *request,
                       struct peer_reply *reply)
{
    struct fixture *fixture = arg;
    Caa__V1__CheckDomainsRequest *asked = caa__v1__check_domains_request__unpack(
        NULL, request->payload.len, request->payload.data);
    Caa__V1__CheckDomainsResponse response;
    fake_check(asked, request->request_id, &response);
    atomic_load (&fixture->distort)(&response);
    fake_payload(reply, &response.base);
    fake_check_free(&response);
    caa__v1__check_domains_request__free_unpacked(asked, NULL);
}

static void drop_last(Caa__V1__CheckDomainsResponse *response)
{
    free(response->results[--response->n_results]);
}

static void drop_all(Caa__V1__CheckDomainsResponse *response)
{
    while (response->n_results > 0)
        drop_last(response);
}

static void double_first(Caa__V1__CheckDomainsResponse *response)
{
    response->results[1]->name = response->results[0]->name;
}

static void swap_names(Caa__V1__CheckDomainsResponse *response)
{
    char *name = response->results[0]->name;
    response->results[0]->name = response->results[1]->name;
    response->results[1]->name = name;
}

static void other_case(Caa__V1__CheckDomainsResponse *response)
{
    static char name[] = "A.test";
    response->results[0]->name = name;
}

static void other_id(Caa__V1__CheckDomainsResponse *response)
{
    static char id[] = "someone-else";
    response->request_id = id;
}

static void permit_a_denial(Caa__V1__CheckDomainsResponse *response)
{
    response->decision = CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED;
}

static void permit_for_a_denying_reason(Caa__V1__CheckDomainsResponse *response)
{
    response->results[1]->verdict = CAA__V1__RESULT__VERDICT__PERMITTED;
}

static void permit_an_unknown_verdict(Caa__V1__CheckDomainsResponse *response)
{
    response->results[1]->verdict = (Caa__V1__Result__Verdict)77;
    response->decision = CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED;
}

static void a_doubtful_reply_is_never_a_verdict(void **state)
{
    static const struct {
        void (*distort)(Caa__V1__CheckDomainsResponse *response);
        const char *text;
    } rows[] = {
        {drop_last, "holds 1 results for 2"},
        {drop_all, "holds 0 results for 2"},
        {double_first, "is for \"a.test\", expected was \"denied.test\""},
        {swap_names, "is for \"denied.test\", expected was \"a.test\""},
        {other_case, "is for \"A.test\", expected was \"a.test\""},
        {other_id, "answers request \"someone-else\""},
        {permit_a_denial, "the decision is PERMITTED"},
        {permit_for_a_denying_reason, "permits for a reason that does not"},
        {permit_an_unknown_verdict, "the decision is PERMITTED"},
    };
    struct fixture *fixture = *state;
    const char *names[] = {"a.test", "denied.test"};
    serve(fixture, distorting);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct caa_check_response *response = NULL;
        struct caa_client_error error = {.code = CAA_CLIENT_OK};
        fixture->distort = rows[i].distort;
        assert_int_equal(check(fixture, names, 2, &response, &error),
                         CAA_CLIENT_INTERNAL);
        assert_null(response);
        if (strstr(error.message, rows[i].text) == NULL)
            fail_msg("row %zu: \"%s\" lacks \"%s\"", i, error.message, rows[i].text);
    }
}

static void the_generic_call_does_not_believe_it_either(void **state)
{
    struct fixture *fixture = *state;
    char name[] = "a.test";
    char *names[] = {name};
    Caa__V1__CheckDomainsRequest request = CAA__V1__CHECK_DOMAINS_REQUEST__INIT;
    uint8_t payload[64];
    void *reply = NULL;
    size_t reply_len = 0;
    struct caa_client_error error;
    request.names = names;
    request.n_names = 1;
    size_t len = caa__v1__check_domains_request__pack(&request, payload);
    fixture->distort = drop_all;
    serve(fixture, distorting);
    assert_int_equal(caa_client_call(fixture->client, "caa.v1.CaaService/CheckDomains",
                                     payload, len, NULL, &reply, &reply_len, &error),
                     CAA_CLIENT_INTERNAL);
    assert_null(reply);
}

static void unknown_verdict(Caa__V1__CheckDomainsResponse *response)
{
    response->results[0]->verdict = (Caa__V1__Result__Verdict)77;
    response->decision = (Caa__V1__CheckDomainsResponse__Decision)9;
}

static void unknown_numbers_read_as_unspecified(void **state)
{
    struct fixture *fixture = *state;
    const char *names[] = {"a.test"};
    struct caa_check_response *response = NULL;
    struct caa_client_error error;
    fixture->distort = unknown_verdict;
    serve(fixture, distorting);
    assert_int_equal(check(fixture, names, 1, &response, &error), 0);
    assert_int_equal(response->results[0].verdict, CAA_CHECK_VERDICT_UNSPECIFIED);
    assert_int_equal(response->decision, CAA_CHECK_DECISION_UNSPECIFIED);
    assert_false(caa_check_may_issue(&response->results[0]));
    caa_check_response_free(response);
}

static void canned(void *arg, const Rpc__V1__Request *request, struct peer_reply *reply)
{
    struct fixture *fixture = arg;
    char id[160];
    memcpy(id, reply->request_id, sizeof(id));
    (void)request;
    pthread_mutex_lock(&fixture->lock);
    *reply = fixture->canned;
    pthread_mutex_unlock(&fixture->lock);
    if (reply->request_id[0] == '\0')
        memcpy(reply->request_id, id, sizeof(id));
}

static void answer_with(struct fixture *fixture, struct peer_reply reply)
{
    pthread_mutex_lock(&fixture->lock);
    fixture->canned = reply;
    pthread_mutex_unlock(&fixture->lock);
}

static void a_broken_envelope_is_internal(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    serve(fixture, canned);
    answer_with(fixture, (struct peer_reply){.garbage = true});
    assert_int_equal(call_health(fixture, 2000, &error), CAA_CLIENT_INTERNAL);
    assert_string_equal(error.message, "the reply cannot be read");
    answer_with(fixture, (struct peer_reply){.request_id = "another"});
    assert_int_equal(call_health(fixture, 2000, &error), CAA_CLIENT_INTERNAL);
    assert_non_null(strstr(error.message, "belongs to another request"));
    answer_with(fixture, (struct peer_reply){.code = 4711});
    assert_int_equal(call_health(fixture, 2000, &error), CAA_CLIENT_UNKNOWN);
}

/* -------------------------------------------------------------------- retries */

static void unavailable_is_tried_again_with_the_same_id(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    fixture->failures = 2;
    fixture->failure_code = CAA_CLIENT_UNAVAILABLE;
    serve(fixture, scripted);
    assert_int_equal(call_health(fixture, 3000, &error), 0);
    assert_int_equal(atomic_load(&fixture->calls), 3);
    assert_string_equal(fixture->request_id[0], fixture->request_id[1]);
    assert_string_equal(fixture->request_id[0], fixture->request_id[2]);
    assert_true(fixture->timeout_ms[2] < fixture->timeout_ms[0]);
}

static void attempts_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    fixture->failures = 100;
    fixture->failure_code = CAA_CLIENT_UNAVAILABLE;
    serve(fixture, scripted);
    assert_int_equal(call_health(fixture, 3000, &error), CAA_CLIENT_UNAVAILABLE);
    assert_string_equal(error.message, "not now");
    assert_int_equal(atomic_load(&fixture->calls), 4);
}

static void exhaustion_is_tried_again_only_if_there_is_time(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    fixture->failures = 1;
    fixture->failure_code = CAA_CLIENT_RESOURCE_EXHAUSTED;
    fixture->retry_after_ms = 60000;
    serve(fixture, scripted);
    assert_int_equal(call_health(fixture, 1000, &error), CAA_CLIENT_RESOURCE_EXHAUSTED);
    assert_int_equal(error.retry_after_ms, 60000);
    assert_int_equal(atomic_load(&fixture->calls), 1);
    atomic_store(&fixture->calls, 0);
    fixture->retry_after_ms = 50;
    assert_int_equal(call_health(fixture, 1000, &error), 0);
    assert_int_equal(atomic_load(&fixture->calls), 2);
}

static void a_denied_permission_is_not_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    fixture->failures = 100;
    fixture->failure_code = CAA_CLIENT_PERMISSION_DENIED;
    serve(fixture, scripted);
    assert_int_equal(call_health(fixture, 1000, &error), CAA_CLIENT_PERMISSION_DENIED);
    assert_int_equal(atomic_load(&fixture->calls), 1);
}

/* ------------------------------------------------------------------ deadlines */

static void a_silent_server_is_a_deadline_exceeded(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    answer_with(fixture, (struct peer_reply){.silent = true});
    serve(fixture, canned);
    nng_time start = nng_clock();
    assert_int_equal(call_health(fixture, 300, &error), CAA_CLIENT_DEADLINE_EXCEEDED);
    assert_in_range(nng_clock() - start, 280, 1500);
    assert_non_null(strstr(error.message, fixture->url));
}

static void an_absent_server_is_named_with_its_cause(void **state)
{
    struct fixture *fixture = *state;
    const char *urls[] = {fixture->url, "tcp://127.0.0.1:1"};
    struct caa_client_error error;
    fixture->client = connect_to(urls, 2, 300);
    nng_time start = nng_clock();
    assert_int_equal(call_health(fixture, 10000, &error), CAA_CLIENT_UNAVAILABLE);
    assert_in_range(nng_clock() - start, 280, 2000);
    assert_non_null(strstr(error.message, fixture->url));
    assert_non_null(strstr(error.message, "no such file"));
    assert_non_null(strstr(error.message, "tcp://127.0.0.1:1: connection refused"));
}

static void a_server_that_comes_late_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    const char *urls[] = {fixture->url};
    struct caa_client_error error;
    fixture->client = connect_to(urls, 1, 0);
    assert_int_equal(call_health(fixture, 100, &error), CAA_CLIENT_UNAVAILABLE);
    fixture->peer = peer_start(fixture->url, fake_caad, NULL);
    assert_int_equal(call_health(fixture, 5000, &error), 0);
}

/* ------------------------------------------------------------ several servers */

static void calls_move_to_the_server_that_lives(void **state)
{
    struct fixture *fixture = *state;
    char *other = peer_url();
    const char *urls[] = {fixture->url, other};
    struct caa_client_error error;
    struct peer *second = peer_start(other, fake_caad, NULL);
    fixture->peer = peer_start(fixture->url, fake_caad, NULL);
    fixture->client = connect_to(urls, 2, 0);
    for (int i = 0; i < 20; i++) {
        nng_msleep(5);
        assert_int_equal(call_health(fixture, 3000, &error), 0);
    }
    assert_true(peer_count(second) > 0);
    assert_true(peer_count(fixture->peer) > 0);
    peer_stop(fixture->peer);
    fixture->peer = NULL;
    for (int i = 0; i < 20; i++)
        assert_int_equal(call_health(fixture, 3000, &error), 0);
    struct caa_client_server_state server;
    assert_true(caa_client_server_state(fixture->client, 0, &server));
    assert_false(server.connected);
    assert_true(caa_client_server_state(fixture->client, 1, &server));
    assert_true(server.connected);
    assert_int_equal(server.outstanding, 0);
    assert_false(caa_client_server_state(fixture->client, 2, &server));
    caa_client_destroy(fixture->client);
    fixture->client = NULL;
    peer_stop(second);
    peer_url_free(other);
}

static void silent_then(void *arg, const Rpc__V1__Request *request,
                        struct peer_reply *reply)
{
    (void)request;
    atomic_fetch_add((atomic_uint *)arg, 1);
    reply->silent = true;
}

static void *stop_later(void *arg)
{
    nng_msleep(150);
    peer_stop(arg);
    return NULL;
}

/* The server dies with the request in hand: another one gets the same id. */
static void a_lost_connection_is_tried_again_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    atomic_uint silent = 0;
    const char *urls[] = {fixture->url};
    struct caa_client_error error;
    struct peer *dying = peer_start(fixture->url, silent_then, &silent);
    fixture->client = connect_to(urls, 1, 0);
    pthread_t thread;
    nng_msleep(100);
    pthread_create(&thread, NULL, stop_later, dying);
    struct caa_client_call_options options = {.timeout_ms = 400};
    void *reply = NULL;
    size_t reply_len = 0;
    assert_int_equal(caa_client_call(fixture->client, HEALTH, NULL, 0, &options, &reply,
                                     &reply_len, &error),
                     CAA_CLIENT_UNAVAILABLE);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&silent), 1);
    fixture->peer = peer_start(fixture->url, scripted, fixture);
    assert_int_equal(call_health(fixture, 3000, &error), 0);
}

/* ------------------------------------------------------------------------- TLS */

struct tls_files {
    char folder[32];
    char path[5][48];
};

enum { SERVER_CERT, SERVER_KEY, CLIENT_CERT, CLIENT_KEY, OTHER_CERT };

static void make_tls_files(struct tls_files *files)
{
    static const char *const names[] = {"s.crt", "s.key", "c.crt", "c.key", "o.crt"};
    char other_key[48];
    memcpy(files->folder, "/tmp/caa-tls-XXXXXX", 20);
    assert_non_null(mkdtemp(files->folder));
    for (size_t i = 0; i < 5; i++)
        snprintf(files->path[i], sizeof(files->path[i]), "%s/%s", files->folder,
                 names[i]);
    snprintf(other_key, sizeof(other_key), "%s/o.key", files->folder);
    x509_make_identity(files->path[SERVER_CERT], files->path[SERVER_KEY], "localhost");
    x509_make_identity(files->path[CLIENT_CERT], files->path[CLIENT_KEY], "client");
    x509_make_identity(files->path[OTHER_CERT], other_key, "localhost");
    unlink(other_key);
}

static void remove_tls_files(struct tls_files *files)
{
    for (size_t i = 0; i < 5; i++)
        unlink(files->path[i]);
    rmdir(files->folder);
}

/* Calls once; NULL stands for what is not given. */
static enum caa_client_code call_tls(const char *url, const char *ca, const char *cert,
                                     const char *key, const char *name,
                                     struct caa_client_error *error)
{
    struct caa_client_options options = {.servers = &url,
                                         .servers_len = 1,
                                         .tls_ca_file = ca,
                                         .tls_cert_file = cert,
                                         .tls_key_file = key,
                                         .tls_server_name = name,
                                         .connect_timeout_ms = 1000};
    struct caa_client *client = NULL;
    bool serving = false;
    enum caa_client_code code = caa_client_create(&options, &client, error);
    if (code == CAA_CLIENT_OK)
        code = caa_client_health(client, NULL, 3000, &serving, error);
    caa_client_destroy(client);
    return code;
}

static void tls_demands_both_certificates(void **state)
{
    struct fixture *fixture = *state;
    struct tls_files files;
    struct caa_client_error error;
    char *url = NULL;
    make_tls_files(&files);
    const char *ca = files.path[SERVER_CERT];
    const char *cert = files.path[CLIENT_CERT];
    const char *key = files.path[CLIENT_KEY];
    fixture->peer = peer_start_tls("tls+tcp://127.0.0.1:0", ca, files.path[SERVER_KEY],
                                   cert, fake_caad, NULL, &url);
    assert_int_equal(call_tls(url, ca, cert, key, NULL, &error), CAA_CLIENT_OK);
    /* nobody we know signed the server's certificate, or it has another name */
    assert_int_equal(call_tls(url, files.path[OTHER_CERT], cert, key, NULL, &error),
                     CAA_CLIENT_UNAVAILABLE);
    assert_non_null(strstr(error.message, "certificate"));
    assert_int_equal(call_tls(url, ca, cert, key, "elsewhere", &error),
                     CAA_CLIENT_UNAVAILABLE);
    /* the server does not know us */
    assert_int_equal(call_tls(url, ca, NULL, NULL, NULL, &error), CAA_CLIENT_UNAVAILABLE);
    /* files that are not what they should be */
    assert_int_equal(call_tls(url, key, cert, key, NULL, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    assert_string_equal(error.field, "tls_ca_file");
    assert_int_equal(call_tls(url, ca, cert, NULL, NULL, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    assert_string_equal(error.field, "tls_key_file");
    assert_int_equal(call_tls(url, ca, cert, cert, NULL, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    free(url);
    remove_tls_files(&files);
}

/* ----------------------------------------------------------------- concurrency */

#define THREADS 8
#define CALLS   200

struct load {
    struct fixture *fixture;
    atomic_uint ok;
    atomic_uint failed;
};

static void *call_many(void *arg)
{
    struct load *load = arg;
    for (int i = 0; i < CALLS; i++) {
        const char *names[] = {"a.test", "denied.test"};
        struct caa_check_response *response = NULL;
        struct caa_client_error error;
        if (check(load->fixture, names, 2, &response, &error) == CAA_CLIENT_OK)
            atomic_fetch_add(&load->ok, 1);
        caa_check_response_free(response);
    }
    return NULL;
}

static void many_threads_share_a_client(void **state)
{
    struct load load = {.fixture = *state};
    pthread_t threads[THREADS];
    serve(*state, fake_caad);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_many, &load);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&load.ok), THREADS * CALLS);
}

static void on_check(void *arg, const struct caa_client_error *error,
                     struct caa_check_response *response)
{
    struct load *load = arg;
    atomic_fetch_add(error->code == CAA_CLIENT_OK ? &load->ok : &load->failed, 1);
    assert_true((error->code == CAA_CLIENT_OK) == (response != NULL));
    caa_check_response_free(response);
}

static unsigned begin_many(struct fixture *fixture, struct load *load, unsigned count)
{
    const char *names[] = {"a.test"};
    struct caa_check_request request = {.names = names, .names_len = 1};
    unsigned begun = 0;
    for (unsigned i = 0; i < count; i++)
        if (caa_client_check_async(fixture->client, &request, 5000, on_check, load,
                                   NULL) == CAA_CLIENT_OK)
            begun++;
    return begun;
}

static void every_callback_comes_exactly_once(void **state)
{
    struct fixture *fixture = *state;
    struct load load = {.fixture = fixture};
    serve(fixture, fake_caad);
    unsigned begun = begin_many(fixture, &load, 2000);
    assert_int_equal(begun, 2000);
    for (int i = 0; i < 500 && atomic_load(&load.ok) < begun; i++)
        nng_msleep(10);
    assert_int_equal(atomic_load(&load.ok), begun);
    assert_int_equal(atomic_load(&load.failed), 0);
}

static void destroy_ends_what_is_under_way(void **state)
{
    struct fixture *fixture = *state;
    struct load load = {.fixture = fixture};
    answer_with(fixture, (struct peer_reply){.silent = true});
    serve(fixture, canned);
    unsigned begun = begin_many(fixture, &load, 100);
    nng_msleep(50);
    begun += begin_many(fixture, &load, 100);
    caa_client_destroy(fixture->client);
    fixture->client = NULL;
    assert_int_equal(atomic_load(&load.failed), begun);
}

static void destroy_ends_what_waits_for_a_server(void **state)
{
    struct fixture *fixture = *state;
    struct load load = {.fixture = fixture};
    const char *urls[] = {fixture->url};
    fixture->client = connect_to(urls, 1, 0);
    unsigned begun = begin_many(fixture, &load, 50);
    caa_client_destroy(fixture->client);
    fixture->client = NULL;
    assert_int_equal(atomic_load(&load.failed), begun);
}

static void a_server_restarted_under_load_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct load load = {.fixture = fixture};
    serve(fixture, fake_caad);
    unsigned begun = begin_many(fixture, &load, 500);
    nng_msleep(3);
    peer_stop(fixture->peer);
    nng_msleep(50);
    fixture->peer = peer_start(fixture->url, fake_caad, NULL);
    for (int i = 0; i < 500 && atomic_load(&load.ok) + atomic_load(&load.failed) < begun;
         i++)
        nng_msleep(10);
    assert_int_equal(atomic_load(&load.ok), begun);
}

/* ------------------------------------------------------------------- bad input */

static void a_request_too_large_is_refused_before_it_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    void *reply = NULL;
    size_t reply_len = 0;
    static uint8_t payload[(1u << 20) + 1];
    serve(fixture, scripted);
    assert_int_equal(caa_client_call(fixture->client, HEALTH, payload, sizeof(payload),
                                     NULL, &reply, &reply_len, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "max_message_bytes"));
    assert_string_equal(error.field, "payload");
    assert_int_equal(atomic_load(&fixture->calls), 0);
}

static void wrong_arguments_are_refused_in_words(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    struct caa_check_response *response = NULL;
    const char *names[] = {"a.test", NULL};
    struct caa_check_request request = {.names = names, .names_len = 2};
    char id[140];
    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    serve(fixture, fake_caad);
    assert_int_equal(caa_client_check(fixture->client, &request, 0, &response, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    assert_string_equal(error.message, "names[1] is NULL");
    request.names_len = 1;
    request.request_id = id;
    assert_int_equal(caa_client_check(fixture->client, &request, 0, &response, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
    assert_string_equal(error.field, "request_id");
    assert_int_equal(caa_client_call_async(fixture->client, "nonsense", NULL, 0, NULL,
                                           NULL, NULL, &error),
                     CAA_CLIENT_INVALID_ARGUMENT);
}

static void wrong_urls_are_refused_in_words(void **state)
{
    static const struct {
        const char *url;
        const char *text;
    } rows[] = {
        {"", "the scheme must be"},
        {"http://localhost:80", "the scheme must be"},
        {"ipc://relative", "must be absolute"},
        {"tcp://localhost", "must end in :PORT"},
        {"tcp://localhost:0", "must end in :PORT"},
        {"tcp://localhost:65536", "must end in :PORT"},
        {"tcp://:80", "the host is missing"},
        {"tcp://::1:80", "must stand in brackets"},
        {"tcp://[::1:80", "not closed"},
        {"tcp://a b:80", "no host has"},
        {"tls+tcp://localhost:80", "needs the file of the CA"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct caa_client_options options = {.servers = &rows[i].url, .servers_len = 1};
        struct caa_client *client = NULL;
        struct caa_client_error error = {.code = CAA_CLIENT_OK};
        assert_int_equal(caa_client_create(&options, &client, &error),
                         CAA_CLIENT_INVALID_ARGUMENT);
        assert_null(client);
        if (strstr(error.message, rows[i].text) == NULL)
            fail_msg("%s: \"%s\"", rows[i].url, error.message);
    }
    struct caa_client *client = NULL;
    assert_int_equal(caa_client_create(NULL, &client, NULL), CAA_CLIENT_INVALID_ARGUMENT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_check_brings_a_result_for_each_name_once),
        T(the_deadline_the_caller_and_an_id_are_sent),
        T(health_reads_the_whole_and_a_part),
        T(a_status_comes_back_with_its_field),
        T(a_doubtful_reply_is_never_a_verdict),
        T(the_generic_call_does_not_believe_it_either),
        T(unknown_numbers_read_as_unspecified),
        T(a_broken_envelope_is_internal),
        T(unavailable_is_tried_again_with_the_same_id),
        T(attempts_are_bounded),
        T(exhaustion_is_tried_again_only_if_there_is_time),
        T(a_denied_permission_is_not_tried_again),
        T(a_silent_server_is_a_deadline_exceeded),
        T(an_absent_server_is_named_with_its_cause),
        T(a_server_that_comes_late_is_waited_for),
        T(calls_move_to_the_server_that_lives),
        T(a_lost_connection_is_tried_again_elsewhere),
        T(tls_demands_both_certificates),
        T(many_threads_share_a_client),
        T(every_callback_comes_exactly_once),
        T(destroy_ends_what_is_under_way),
        T(destroy_ends_what_waits_for_a_server),
        T(a_server_restarted_under_load_loses_nothing),
        T(a_request_too_large_is_refused_before_it_is_sent),
        T(wrong_arguments_are_refused_in_words),
        T(wrong_urls_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
