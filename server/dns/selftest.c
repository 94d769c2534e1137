#include "dns/selftest.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "dns/query.h"
#include "dns/response.h"

struct self_test {
    struct worker *worker;
    struct upstream *upstream;
    struct channel *channel;
    struct channel_query *query; /* NULL: none on its way */
    struct wheel_timer timer;    /* the next round, or the end of this one */
};

static void on_timer(struct wheel_timer *timer);

static void schedule(struct self_test *test, int64_t in_us)
{
    wheel_clear(&test->worker->wheel, &test->timer);
    wheel_set(&test->worker->wheel, &test->timer, clock_mono_us() + in_us, on_timer);
}

/* The first test of all decides at once. */
static void judge_failure(struct self_test *test, bool refused)
{
    unsigned failures = atomic_fetch_add(&test->upstream->test_failures, 1) + 1;
    bool untested = atomic_load(&test->upstream->state) == UPSTREAM_UNTESTED;
    if (refused || untested || failures >= UPSTREAM_TEST_FAILURES)
        worker_set_state(test->worker, test->upstream, UPSTREAM_UNREACHABLE);
}

static void judge_answer(struct self_test *test, struct bytes message)
{
    bool ad = false;
    if (!response_is_noerror(message, &ad)) {
        judge_failure(test, false);
        return;
    }
    atomic_store(&test->upstream->test_failures, 0);
    worker_set_state(test->worker, test->upstream,
                     ad ? UPSTREAM_VALIDATING : UPSTREAM_NOT_VALIDATING);
}

static void on_test_done(void *arg, enum channel_status status, struct bytes message)
{
    struct self_test *test = arg;
    test->query = NULL;
    if (status == CHANNEL_ANSWERED) {
        upstream_answered(test->upstream, clock_mono_us());
        judge_answer(test, message);
    } else if (status != CHANNEL_FAILED) {
        judge_failure(test, status == CHANNEL_UNREACHABLE);
    }
    schedule(test, UPSTREAM_TEST_INTERVAL_US);
}

static void begin(struct self_test *test)
{
    uint8_t message[QUERY_MAX];
    size_t len = query_write(message, "", QUERY_TYPE_SOA, (uint16_t)random_u64(), false);
    schedule(test, UPSTREAM_TEST_INTERVAL_US);
    if (channel_send(test->channel, CAA_TRANSPORT_UDP, (struct bytes){message, len},
                     on_test_done, test, &test->query) != CAA_OK)
        judge_failure(test, false);
}

static void on_timer(struct wheel_timer *timer)
{
    struct self_test *test =
        (struct self_test *)(void *)((char *)timer - offsetof(struct self_test, timer));
    if (test->query) {
        channel_abandon(test->query);
        test->query = NULL;
        judge_failure(test, false);
    }
    begin(test);
}

enum caa_err selftest_start(struct worker *worker)
{
    const struct pool *pool = worker->pool;
    worker->self_tests = calloc(pool->upstream_count, sizeof *worker->self_tests);
    if (!worker->self_tests)
        return CAA_ENOMEM;
    for (size_t i = 0; i < pool->upstream_count; i++) {
        worker->self_tests[i] = (struct self_test){.worker = worker,
                                                   .upstream = &pool->upstreams[i],
                                                   .channel = worker->channels[i]};
        begin(&worker->self_tests[i]);
    }
    return CAA_OK;
}

void selftest_poll(struct worker *worker)
{
    for (size_t i = 0; worker->self_tests && i < worker->pool->upstream_count; i++) {
        struct self_test *test = &worker->self_tests[i];
        if (!test->query && atomic_exchange(&test->upstream->test_wanted, false))
            begin(test);
    }
}

void selftest_stop(struct worker *worker)
{
    if (!worker->self_tests)
        return;
    for (size_t i = 0; i < worker->pool->upstream_count; i++) {
        wheel_clear(&worker->wheel, &worker->self_tests[i].timer);
        if (worker->self_tests[i].query)
            channel_abandon(worker->self_tests[i].query);
    }
    free(worker->self_tests);
    worker->self_tests = NULL;
}
