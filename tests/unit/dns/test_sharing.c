/* Many questions at once: who shares an answer, who waits how long, and that
 * everyone gets exactly one. */
#include "dns/rig.h"

#include "base/clock.h"
#include "check/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MS = 1000 };

/* Answers after *arg ms. */
static int answer_late(void *arg, const struct peer_question *question,
                       struct message *reply)
{
    peer_reply(reply, question, RECURSIVE | AD, RIG_RRSET);
    return *(const int *)arg;
}

static int stay_silent(void *arg, const struct peer_question *question,
                       struct message *reply)
{
    (void)arg;
    (void)question;
    (void)reply;
    return PEER_SILENT;
}

static int refuse(void *arg, const struct peer_question *question, struct message *reply)
{
    (void)arg;
    peer_reply(reply, question, RECURSIVE | 5, RIG_NOTHING);
    return 0;
}

static void start_late(struct rig *rig, int *delay_ms, size_t cache_max_entries)
{
    rig_start(rig, &(struct rig_options){.script = answer_late,
                                         .arg = delay_ms,
                                         .timeout_ms = 1000,
                                         .cache_max_entries = cache_max_entries});
}

static struct resolver_stats stats_of(struct rig *rig)
{
    struct resolver_stats stats;
    resolver_stats_read(rig->resolver, &stats);
    return stats;
}

/* -------------------------------------------------------------------- sharing */

static void equal_questions_are_asked_once(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    static struct ask asks[COUNT];
    struct rig rig;
    int delay_ms = 100;
    start_late(&rig, &delay_ms, 0);
    for (size_t i = 0; i < COUNT; i++) {
        ask_init(&rig, &asks[i], "www.example.test");
        ask_start(&asks[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        ask_wait(&asks[i]);
        assert_int_equal(asks[i].held->answer.outcome, CAA_OUTCOME_RRSET);
        assert_ptr_equal(asks[i].held, asks[0].held);
        assert_false(asks[i].from_cache);
    }
    assert_int_equal(peer_udp_questions(rig.peers[0]), 1);
    assert_int_equal(stats_of(&rig).shared, COUNT - 1);
    assert_int_equal(stats_of(&rig).udp_queries, 1);
    assert_int_equal(stats_of(&rig).in_flight, 0);
    for (size_t i = 0; i < COUNT; i++)
        ask_fini(&asks[i]);
    rig_stop(&rig);
}

/* The customer may have mended the record after the first was asked. */
static void a_fresh_question_does_not_join_an_older_one(void **state)
{
    (void)state;
    struct rig rig;
    struct ask old, fresh, twin;
    int delay_ms = 150;
    start_late(&rig, &delay_ms, 0);
    ask_init(&rig, &old, "www.example.test");
    ask_start(&old);
    usleep(50 * MS);
    ask_init(&rig, &fresh, "www.example.test");
    ask_init(&rig, &twin, "www.example.test");
    fresh.query.fresh = twin.query.fresh = true;
    ask_start(&fresh);
    ask_start(&twin); /* as fresh as the one it joins */
    ask_wait(&old);
    assert_int_equal(fresh.done, 0);
    ask_wait(&fresh);
    ask_wait(&twin);
    assert_ptr_not_equal(old.held, fresh.held);
    assert_ptr_equal(twin.held, fresh.held);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 2);
    ask_fini(&old);
    ask_fini(&fresh);
    ask_fini(&twin);
    rig_stop(&rig);
}

/* Whoever flushes says that the records were changed. */
static void after_a_flush_nobody_joins_an_older_question(void **state)
{
    (void)state;
    struct rig rig;
    struct ask old, later;
    int delay_ms = 150;
    start_late(&rig, &delay_ms, 100);
    ask_init(&rig, &old, "www.example.test");
    ask_start(&old);
    usleep(50 * MS);
    assert_int_equal(resolver_flush(rig.resolver, "www.example.test", false), 0);
    ask_init(&rig, &later, "www.example.test");
    ask_start(&later);
    ask_wait(&old);
    assert_int_equal(later.done, 0);
    assert_null(resolver_cached(rig.resolver, &old.query));
    ask_wait(&later);
    assert_ptr_not_equal(old.held, later.held);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 2);
    ask_fini(&old);
    ask_fini(&later);
    rig_stop(&rig);
}

static void the_cache_answers_all_but_the_fresh(void **state)
{
    (void)state;
    struct rig rig;
    struct ask ask;
    int delay_ms = 0;
    start_late(&rig, &delay_ms, 100);
    ask_now(&rig, &ask, "www.example.test");
    struct held_answer *kept = resolver_cached(rig.resolver, &ask.query);
    assert_ptr_equal(kept, ask.held);
    held_unref(kept);
    ask_fini(&ask);
    ask_now(&rig, &ask, "www.example.test");
    assert_true(ask.from_cache);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 1);
    ask_fini(&ask);
    ask_init(&rig, &ask, "www.example.test");
    ask.query.fresh = true;
    ask_start(&ask);
    ask_wait(&ask);
    assert_false(ask.from_cache);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 2);
    ask_fini(&ask);
    assert_int_equal(resolver_flush(rig.resolver, "www.example.test", false), 1);
    ask_now(&rig, &ask, "www.example.test");
    assert_false(ask.from_cache);
    ask_fini(&ask);
    rig_stop(&rig);
}

/* [RFC 2308 7] */
static void a_failure_is_asked_again_every_time(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &(struct rig_options){
                        .script = refuse, .attempts = 1, .cache_max_entries = 9});
    for (unsigned i = 1; i <= 3; i++) {
        assert_outcome(&rig, "www.example.test", CAA_OUTCOME_REFUSED);
        assert_int_equal(peer_udp_questions(rig.peers[0]), i);
    }
    assert_int_equal(stats_of(&rig).lookups[CAA_OUTCOME_REFUSED], 3);
    assert_int_equal(stats_of(&rig).cache_entries, 0);
    rig_stop(&rig);
}

/* ------------------------------------------------------------------- deadlines */

static void the_deadline_of_one_does_not_end_the_wait_of_another(void **state)
{
    (void)state;
    struct rig rig;
    struct ask hasty, patient;
    int delay_ms = 300;
    start_late(&rig, &delay_ms, 100);
    ask_init(&rig, &hasty, "www.example.test");
    ask_init(&rig, &patient, "www.example.test");
    hasty.query.deadline_us = clock_mono_us() + 60 * MS;
    ask_start(&hasty);
    ask_start(&patient);
    ask_wait(&hasty);
    assert_int_equal(hasty.held->answer.outcome, CAA_OUTCOME_DEADLINE_EXCEEDED);
    assert_int_equal(hasty.held->answer.attempt_count, 1);
    assert_in_range(hasty.done_us - hasty.query.deadline_us, 0, 150 * MS);
    ask_wait(&patient);
    assert_int_equal(patient.held->answer.outcome, CAA_OUTCOME_RRSET);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 1);
    ask_fini(&hasty);
    ask_fini(&patient);
    rig_stop(&rig);
}

static void an_answer_nobody_waited_for_is_still_kept(void **state)
{
    (void)state;
    struct rig rig;
    struct ask ask;
    int delay_ms = 150;
    start_late(&rig, &delay_ms, 100);
    ask_init(&rig, &ask, "www.example.test");
    ask.query.deadline_us = clock_mono_us() + 30 * MS;
    ask_start(&ask);
    ask_wait(&ask);
    assert_int_equal(ask.held->answer.outcome, CAA_OUTCOME_DEADLINE_EXCEEDED);
    ask_fini(&ask);
    for (int ms = 0; ms < 2000 && stats_of(&rig).cache_entries == 0; ms++)
        usleep(1 * MS);
    ask_now(&rig, &ask, "www.example.test");
    assert_true(ask.from_cache);
    ask_fini(&ask);
    rig_stop(&rig);
}

static void a_deadline_in_the_past_is_exceeded_at_once(void **state)
{
    (void)state;
    struct rig rig;
    struct ask ask;
    int delay_ms = 500;
    start_late(&rig, &delay_ms, 0);
    ask_init(&rig, &ask, "www.example.test");
    ask.query.deadline_us = ask.query.asked_us - 1;
    ask_start(&ask);
    ask_wait(&ask);
    assert_int_equal(ask.held->answer.outcome, CAA_OUTCOME_DEADLINE_EXCEEDED);
    assert_in_range(ask.done_us - ask.query.asked_us, 0, 300 * MS);
    ask_fini(&ask);
    rig_stop(&rig);
}

/* ----------------------------------------------------------------------- ending */

/* More than are sent at once, some of them equal, some in retry. */
static void destroy_ends_every_open_question_once(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    static struct ask asks[COUNT];
    struct rig rig;
    rig_start(&rig, &(struct rig_options){.script = stay_silent,
                                          .workers = 3,
                                          .timeout_ms = 100,
                                          .attempts = 10});
    for (size_t i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%zu.test", i % 400);
        ask_init(&rig, &asks[i], name);
        ask_start(&asks[i]);
    }
    usleep(150 * MS);
    resolver_destroy(rig.resolver);
    rig.resolver = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(asks[i].done, 1);
        assert_int_equal(asks[i].held->answer.outcome, CAA_OUTCOME_RESOLVER_UNAVAILABLE);
        ask_fini(&asks[i]);
    }
    rig_stop(&rig);
}

static void destroy_right_after_a_question_ends_it(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct rig rig;
        struct ask ask;
        rig_start(&rig, &(struct rig_options){.script = stay_silent, .workers = 2});
        ask_init(&rig, &ask, "www.example.test");
        ask_start(&ask);
        resolver_destroy(rig.resolver);
        rig.resolver = NULL;
        assert_int_equal(ask.done, 1);
        assert_non_null(ask.held);
        ask_fini(&ask);
        rig_stop(&rig);
    }
}

/* ------------------------------------------------------------------- many at once */

/* No resolver's socket buffer holds them: they go out paced, one attempt each. */
static void a_burst_of_20000_questions_loses_none(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct rig rig;
    struct ask *asks = calloc(COUNT, sizeof *asks);
    size_t again = 0;
    assert_non_null(asks);
    rig_start(&rig, &(struct rig_options){
                        .script = rig_answer_rrset, .workers = 2, .timeout_ms = 5000});
    for (size_t i = 0; i < COUNT; i++) {
        char name[40];
        snprintf(name, sizeof name, "n%zu.example.test", i);
        ask_init(&rig, &asks[i], name);
        asks[i].query.deadline_us += 60 * 1000000LL;
        if (i > 0)
            asks[i].query.next = &asks[i - 1].query;
    }
    ask_start(&asks[COUNT - 1]);
    for (size_t i = 0; i < COUNT; i++) {
        ask_wait(&asks[i]);
        assert_int_equal(asks[i].held->answer.outcome, CAA_OUTCOME_RRSET);
        again += asks[i].held->answer.attempt_count > 1;
        ask_fini(&asks[i]);
    }
    assert_in_range(again, 0, COUNT / 1000);
    rig_stop(&rig);
    free(asks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_questions_are_asked_once),
        cmocka_unit_test(a_fresh_question_does_not_join_an_older_one),
        cmocka_unit_test(after_a_flush_nobody_joins_an_older_question),
        cmocka_unit_test(the_cache_answers_all_but_the_fresh),
        cmocka_unit_test(a_failure_is_asked_again_every_time),
        cmocka_unit_test(the_deadline_of_one_does_not_end_the_wait_of_another),
        cmocka_unit_test(an_answer_nobody_waited_for_is_still_kept),
        cmocka_unit_test(a_deadline_in_the_past_is_exceeded_at_once),
        cmocka_unit_test(destroy_ends_every_open_question_once),
        cmocka_unit_test(destroy_right_after_a_question_ends_it),
        cmocka_unit_test(a_burst_of_20000_questions_loses_none),
    };
    return cmocka_run_group_tests_name("sharing", tests, NULL, NULL);
}
