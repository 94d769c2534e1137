/* The lookups of one request, against a DNS server of the test's own: what is
 * asked, when a name is decided, and that the end comes exactly once. */
#include "service/check.h"

#include "base/clock.h"
#include "check/fixture.h"
#include "dns/rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the server does with a question: the zone, and how it changes. */
struct zone {
    atomic_bool mended;    /* deny.test allows us now */
    atomic_uint questions; /* for deny.test */
};

static int answer_zone(void *arg, const struct peer_question *question,
                       struct message *reply)
{
    struct zone *zone = arg;
    const char *name = question->name;
    const char *records = RIG_NODATA;
    if (strcmp(name, "silent.test") == 0)
        return PEER_SILENT;
    if (strcmp(name, "deny.test") == 0) {
        atomic_fetch_add(&zone->questions, 1);
        records = atomic_load(&zone->mended)
                      ? "AN @12 300 CAA 0 issue globalsign.com\nAR . 0 OPT 0\n"
                      : RIG_RRSET;
    }
    if (strcmp(name, "allow.test") == 0)
        records = "AN @12 300 CAA 0 issue globalsign.com\nAR . 0 OPT 0\n";
    peer_reply(reply, question, RECURSIVE | AD, records);
    return strcmp(name, "slow.test") == 0 ? 200 : 0;
}

static struct rig rig;
static struct zone zone;

/* One request and its end. */
struct run {
    struct check_options options;
    struct check *check;
    enum caa_err err;
    unsigned completed;
};

static void on_complete(struct check *check, enum caa_err err, void *arg)
{
    struct run *run = arg;
    pthread_mutex_lock(&rig.lock);
    run->check = check;
    run->err = err;
    run->completed++;
    pthread_cond_broadcast(&rig.changed);
    pthread_mutex_unlock(&rig.lock);
}

static void run_init(struct run *run, const char *const *names, size_t count)
{
    *run = (struct run){.completed = 0};
    run->options = (struct check_options){
        .resolver = rig.resolver,
        .policy = fixture_policy(),
        .names = names,
        .name_count = count,
        .asked_us = clock_mono_us(),
        .deadline_us = clock_mono_us() + 30 * 1000000LL,
        .memory_budget = 16 << 20,
        .complete = on_complete,
        .arg = run,
    };
}

static void run_wait(struct run *run)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 60;
    int err = 0;
    pthread_mutex_lock(&rig.lock);
    while (!run->completed && err == 0)
        err = pthread_cond_timedwait(&rig.changed, &rig.lock, &until);
    pthread_mutex_unlock(&rig.lock);
    assert_int_equal(run->completed, 1);
}

/* Starts, waits, and expects results. */
static const struct caa_result *run_whole(struct run *run)
{
    assert_int_equal(check_start(&run->options), CAA_OK);
    run_wait(run);
    assert_int_equal(run->err, CAA_OK);
    return check_results(run->check);
}

static void assert_result(const struct caa_result *result, enum caa_reason reason,
                          bool from_cache)
{
    assert_string_equal(caa_reason_name(result->reason), caa_reason_name(reason));
    assert_int_equal(result->from_cache, from_cache);
}

static int start(size_t cache_max_entries)
{
    atomic_init(&zone.mended, false);
    atomic_init(&zone.questions, 0);
    rig_start(&rig, &(struct rig_options){.script = answer_zone,
                                          .arg = &zone,
                                          .workers = 2,
                                          .cache_max_entries = cache_max_entries});
    return 0;
}

static int start_cached(void **state)
{
    (void)state;
    return start(100);
}

static int start_uncached(void **state)
{
    (void)state;
    return start(0);
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

/* ---------------------------------------------------------------------- sharing */

/* [RFC 8659 3] The climb of each, and no level twice, with no cache at all. */
static void names_of_one_parent_ask_it_once(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    static char texts[COUNT][32];
    const char *names[COUNT];
    struct run run;
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "n%zu.example.test", i);
        names[i] = texts[i];
    }
    run_init(&run, names, COUNT);
    const struct caa_result *results = run_whole(&run);
    for (size_t i = 0; i < COUNT; i++) {
        assert_result(&results[i], CAA_REASON_NO_CAA_RECORDS, false);
        assert_string_equal(results[i].name->asked, names[i]);
    }
    assert_int_equal(peer_udp_questions(rig.peers[0]), COUNT + 2);
    check_release(run.check);
}

static void one_bad_name_does_not_hide_the_others(void **state)
{
    (void)state;
    static const char *const names[] = {"allow.test", "a..test", "192.0.2.1",
                                        "www.deny.test", "*.allow.test"};
    struct run run;
    run_init(&run, names, 5);
    const struct caa_result *results = run_whole(&run);
    assert_result(&results[0], CAA_REASON_ISSUER_AUTHORIZED, false);
    assert_result(&results[1], CAA_REASON_SYNTAX, false);
    assert_result(&results[2], CAA_REASON_IP_ADDRESS, false);
    assert_result(&results[3], CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    assert_result(&results[4], CAA_REASON_ISSUER_AUTHORIZED, false);
    check_release(run.check);
}

static void what_needs_no_lookup_is_answered_at_once(void **state)
{
    (void)state;
    static const char *const names[] = {"deny.test", "192.0.2.1"};
    struct run run;
    run_init(&run, names, 2);
    run.options.policy.exempt = true;
    assert_int_equal(check_start(&run.options), CAA_OK);
    assert_int_equal(run.completed, 1);
    assert_result(&check_results(run.check)[0], CAA_REASON_PRODUCT_EXEMPT, false);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 0);
    check_release(run.check);
}

/* ------------------------------------------------------------------------- cache */

static void check_once(const char *name, bool fresh, enum caa_reason reason,
                       bool from_cache)
{
    struct run run;
    run_init(&run, &name, 1);
    run.options.fresh = fresh;
    assert_result(run_whole(&run), reason, from_cache);
    check_release(run.check);
}

static void a_permission_may_come_from_the_cache(void **state)
{
    (void)state;
    check_once("allow.test", false, CAA_REASON_ISSUER_AUTHORIZED, false);
    for (int ms = 0; ms < 2000 && peer_udp_questions(rig.peers[0]) < 2; ms++)
        usleep(1000); /* the far level, which nothing waits for */
    usleep(50000);
    check_once("allow.test", false, CAA_REASON_ISSUER_AUTHORIZED, true);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 2);
    check_once("allow.test", true, CAA_REASON_ISSUER_AUTHORIZED, false);
}

/* A customer who has just mended the record does not wait for its TTL. */
static void a_denial_never_comes_from_the_cache(void **state)
{
    (void)state;
    check_once("deny.test", false, CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    assert_int_equal(atomic_load(&zone.questions), 1);
    check_once("deny.test", false, CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    assert_int_equal(atomic_load(&zone.questions), 2);
    atomic_store(&zone.mended, true);
    check_once("deny.test", false, CAA_REASON_ISSUER_AUTHORIZED, false);
    assert_int_equal(atomic_load(&zone.questions), 3);
    check_once("deny.test", false, CAA_REASON_ISSUER_AUTHORIZED, true);
    assert_int_equal(atomic_load(&zone.questions), 3);
}

static void names_denied_by_one_cached_parent_ask_it_afresh_once(void **state)
{
    (void)state;
    static const char *const names[] = {"a.deny.test", "b.deny.test", "c.deny.test",
                                        "allow.test"};
    struct run run;
    check_once("deny.test", false, CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    run_init(&run, names, 4);
    const struct caa_result *results = run_whole(&run);
    for (size_t i = 0; i < 3; i++)
        assert_result(&results[i], CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    assert_result(&results[3], CAA_REASON_ISSUER_AUTHORIZED, false);
    assert_int_equal(atomic_load(&zone.questions), 2);
    check_release(run.check);
}

/* ------------------------------------------------------------------------ timing */

static void the_nearest_levels_decide_without_the_rest(void **state)
{
    (void)state;
    static const char *const names[] = {"deny.test"};
    static const char *const slow[] = {"deny.test", "www.slow.test"};
    struct run run;
    run_init(&run, names, 1);
    assert_result(run_whole(&run), CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    check_release(run.check); /* before the answer for the top level, perhaps */
    run_init(&run, slow, 2);
    int64_t started_us = clock_mono_us();
    const struct caa_result *results = run_whole(&run);
    assert_in_range(clock_mono_us() - started_us, 190000, 5000000);
    assert_result(&results[0], CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    assert_result(&results[1], CAA_REASON_NO_CAA_RECORDS, false);
    check_release(run.check);
}

static void a_whole_climb_has_an_answer_at_every_level(void **state)
{
    (void)state;
    static const char *const names[] = {"www.deny.test"};
    struct run run;
    run_init(&run, names, 1);
    run.options.whole_climb = true;
    assert_result(run_whole(&run), CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
    size_t count;
    const struct caa_level *levels = check_levels(run.check, 0, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_non_null(levels[i].answer);
    assert_string_equal(levels[1].fqdn.text, "deny.test");
    check_release(run.check);
}

static void a_deadline_is_the_result_of_what_it_cuts_off(void **state)
{
    (void)state;
    static const char *const names[] = {"allow.test", "silent.test"};
    struct run run;
    run_init(&run, names, 2);
    run.options.deadline_us = clock_mono_us() + 100000;
    const struct caa_result *results = run_whole(&run);
    assert_result(&results[0], CAA_REASON_ISSUER_AUTHORIZED, false);
    assert_result(&results[1], CAA_REASON_DEADLINE_EXCEEDED, false);
    assert_int_equal(results[1].verdict, CAA_VERDICT_LOOKUP_FAILED);
    check_release(run.check);
}

/* --------------------------------------------------------------------------- ends */

/* Either check_start says so, or complete does, never both. */
static void without_memory_the_end_comes_once_all_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"www.deny.test", "allow.test", "a.b.allow.test"};
    unsigned refused = 0, failed = 0, well = 0;
    for (size_t budget = 0; budget < 60000 && well < 3; budget += 400) {
        struct run run;
        run_init(&run, names, 3);
        run.options.memory_budget = budget;
        if (check_start(&run.options) != CAA_OK) {
            assert_int_equal(run.completed, 0);
            refused++;
            continue;
        }
        run_wait(&run);
        *(run.err == CAA_OK ? &well : &failed) += 1;
        check_release(run.check);
    }
    assert_true(refused > 0 && failed > 0 && well == 3);
}

static void a_resolver_that_goes_ends_every_check(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    static const char *const names[] = {"www.silent.test", "silent.test"};
    static struct run runs[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        run_init(&runs[i], names, 2);
        assert_int_equal(check_start(&runs[i].options), CAA_OK);
    }
    resolver_destroy(rig.resolver);
    rig.resolver = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(runs[i].completed, 1);
        assert_int_equal(runs[i].err, CAA_OK);
        assert_int_equal(check_results(runs[i].check)[1].reason,
                         CAA_REASON_RESOLVER_UNAVAILABLE);
        check_release(runs[i].check);
    }
}

/* Released as soon as complete says so, while far levels are still asked. */
static void many_checks_at_once_end_once_each(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static const char *const names[] = {"www.deny.test", "allow.test", "x.y.z.test"};
    static struct run runs[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        run_init(&runs[i], names, 3);
        runs[i].options.fresh = i % 3 == 0;
        assert_int_equal(check_start(&runs[i].options), CAA_OK);
        if (i % 50 == 49)
            resolver_flush(rig.resolver, "test", true);
    }
    for (size_t i = 0; i < COUNT; i++) {
        run_wait(&runs[i]);
        const struct caa_result *results = check_results(runs[i].check);
        assert_result(&results[0], CAA_REASON_ISSUER_NOT_AUTHORIZED, false);
        assert_int_equal(results[1].reason, CAA_REASON_ISSUER_AUTHORIZED);
        assert_int_equal(results[2].reason, CAA_REASON_NO_CAA_RECORDS);
        check_release(runs[i].check);
    }
}

#define CACHED(f)   cmocka_unit_test_setup_teardown(f, start_cached, stop)
#define UNCACHED(f) cmocka_unit_test_setup_teardown(f, start_uncached, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNCACHED(names_of_one_parent_ask_it_once),
        UNCACHED(one_bad_name_does_not_hide_the_others),
        UNCACHED(what_needs_no_lookup_is_answered_at_once),
        CACHED(a_permission_may_come_from_the_cache),
        CACHED(a_denial_never_comes_from_the_cache),
        CACHED(names_denied_by_one_cached_parent_ask_it_afresh_once),
        UNCACHED(the_nearest_levels_decide_without_the_rest),
        UNCACHED(a_whole_climb_has_an_answer_at_every_level),
        UNCACHED(a_deadline_is_the_result_of_what_it_cuts_off),
        UNCACHED(without_memory_the_end_comes_once_all_the_same),
        CACHED(a_resolver_that_goes_ends_every_check),
        CACHED(many_checks_at_once_end_once_each),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
