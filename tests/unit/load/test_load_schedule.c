#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "load_schedule.h"

#define MS INT64_C(1000000)
#define S  (1000 * MS)

static struct load_schedule started(struct load_plan plan, int64_t now_ns)
{
    struct load_schedule schedule;
    load_schedule_start(&schedule, &plan, now_ns);
    return schedule;
}

static void a_closed_loop_sends_at_once(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_schedule schedule = started((struct load_plan){.requests = 2}, 5 * S);
    assert_int_equal(load_schedule_next(&schedule, 6 * S, 0, &turn), LOAD_SEND);
    assert_int_equal(turn.intended_ns, 6 * S);
    assert_int_equal(turn.number, 0);
    assert_true(turn.measured);
    assert_int_equal(load_schedule_next(&schedule, 6 * S, 0, &turn), LOAD_SEND);
    assert_int_equal(turn.number, 1);
    assert_int_equal(load_schedule_next(&schedule, 6 * S, 0, &turn), LOAD_OVER);
}

static void an_open_loop_is_timed_from_when_each_was_due(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_schedule schedule =
        started((struct load_plan){.rate = 100, .in_flight_max = 10}, 1 * S);
    assert_int_equal(load_schedule_next(&schedule, 1 * S, 0, &turn), LOAD_SEND);
    assert_int_equal(load_schedule_next(&schedule, 1 * S, 1, &turn), LOAD_WAIT);
    assert_int_equal(turn.until_ns, 1 * S + 10 * MS);
    /* The sender was held up for 35 ms: three are due, each from its own time. */
    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(load_schedule_next(&schedule, 1 * S + 35 * MS, 1, &turn),
                         LOAD_SEND);
        assert_int_equal(turn.intended_ns, 1 * S + i * 10 * MS);
    }
    assert_int_equal(load_schedule_next(&schedule, 1 * S + 35 * MS, 1, &turn), LOAD_WAIT);
}

static void what_is_due_with_too_many_out_is_skipped_and_counted(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_schedule schedule =
        started((struct load_plan){.rate = 1000, .in_flight_max = 2}, 0);
    assert_int_equal(load_schedule_next(&schedule, 5 * MS, 1, &turn), LOAD_SEND);
    assert_int_equal(load_schedule_next(&schedule, 5 * MS, 2, &turn), LOAD_SKIP);
    assert_int_equal(load_schedule_next(&schedule, 5 * MS, 2, &turn), LOAD_SKIP);
    assert_int_equal(load_schedule_next(&schedule, 5 * MS, 1, &turn), LOAD_SEND);
    assert_int_equal(turn.number, 3);
    assert_int_equal(atomic_load(&schedule.skipped), 2);
}

static void the_rate_does_not_drift(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_schedule schedule =
        started((struct load_plan){.rate = 30000, .in_flight_max = 1}, 0);
    uint64_t sent = 0;
    while (load_schedule_next(&schedule, 10 * S - 1, 0, &turn) == LOAD_SEND)
        sent++;
    assert_int_equal(sent, 300000);
}

static void the_warm_up_is_sent_but_not_measured(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_schedule schedule =
        started((struct load_plan){.requests = 1, .warm_up_ns = 1 * S}, 0);
    assert_int_equal(load_schedule_measured_from(&schedule), 1 * S);
    for (int64_t i = 0; i < 5; i++) {
        assert_int_equal(load_schedule_next(&schedule, i * 100 * MS, 0, &turn),
                         LOAD_SEND);
        assert_false(turn.measured);
    }
    assert_int_equal(load_schedule_next(&schedule, 1 * S, 0, &turn), LOAD_SEND);
    assert_true(turn.measured);
    assert_int_equal(turn.number, 5);
    assert_int_equal(load_schedule_next(&schedule, 1 * S, 0, &turn), LOAD_OVER);
    assert_int_equal(atomic_load(&schedule.warm_up), 5);
}

static void the_duration_begins_after_the_warm_up(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_plan plan = {.duration_ns = 2 * S, .warm_up_ns = 1 * S};
    struct load_schedule schedule = started(plan, 0);
    assert_int_equal(load_schedule_next(&schedule, 3 * S - 1, 0, &turn), LOAD_SEND);
    assert_int_equal(load_schedule_next(&schedule, 3 * S, 0, &turn), LOAD_OVER);
}

static void an_open_loop_ends_by_when_requests_were_due(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_plan plan = {.rate = 10, .duration_ns = 1 * S, .in_flight_max = 100};
    struct load_schedule schedule = started(plan, 0);
    unsigned sent = 0;
    while (load_schedule_next(&schedule, 100 * S, 0, &turn) == LOAD_SEND)
        sent++;
    assert_int_equal(sent, 10);
}

static void stopped_is_over(void **state)
{
    (void)state;
    struct load_turn turn;
    struct load_schedule schedule = started((struct load_plan){.requests = 100}, 0);
    load_schedule_stop(&schedule);
    assert_int_equal(load_schedule_next(&schedule, 0, 0, &turn), LOAD_OVER);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_closed_loop_sends_at_once),
        T(an_open_loop_is_timed_from_when_each_was_due),
        T(what_is_due_with_too_many_out_is_skipped_and_counted),
        T(the_rate_does_not_drift),
        T(the_warm_up_is_sent_but_not_measured),
        T(the_duration_begins_after_the_warm_up),
        T(an_open_loop_ends_by_when_requests_were_due),
        T(stopped_is_over)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
