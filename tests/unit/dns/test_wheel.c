/* A wheel on virtual time. */
#include "dns/wheel.h"

#include "check/fixture.h"

#include <stdlib.h>
#include <string.h>

enum { START_US = 987654321, ROUND_US = WHEEL_TICK_US * WHEEL_SLOTS };

/* A timer that notes when it fired; first member, so that a timer is its probe. */
struct probe {
    struct wheel_timer timer;
    unsigned fired;
    int64_t fired_us;
};

/* cmocka has no argument for callbacks, the wheel none but the timer. */
static struct wheel wheel;
static int64_t now_us;

static void note(struct wheel_timer *timer)
{
    struct probe *probe = (struct probe *)(void *)timer;
    probe->fired++;
    probe->fired_us = now_us;
}

static int set_up(void **state)
{
    (void)state;
    now_us = START_US;
    wheel_init(&wheel, now_us);
    return 0;
}

static void advance_to(int64_t to_us)
{
    now_us = to_us;
    wheel_advance(&wheel, now_us);
}

static void set(struct probe *probe, int64_t at_us)
{
    *probe = (struct probe){.fired = 0};
    wheel_set(&wheel, &probe->timer, at_us, note);
}

static void a_timer_fires_once_not_early_and_soon(void **state)
{
    (void)state;
    struct probe probe;
    for (int64_t in_us = 0; in_us < 3 * WHEEL_TICK_US; in_us += 97) {
        int64_t at_us = now_us + in_us;
        set(&probe, at_us);
        while (now_us < at_us + 3 * WHEEL_TICK_US)
            advance_to(now_us + 131);
        assert_int_equal(probe.fired, 1);
        assert_in_range(probe.fired_us - at_us, 0, 2 * WHEEL_TICK_US);
    }
    assert_int_equal(wheel.count, 0);
}

static void a_timer_in_the_past_fires_at_the_next_tick(void **state)
{
    (void)state;
    struct probe probe;
    advance_to(now_us);
    set(&probe, 5);
    advance_to(now_us + WHEEL_TICK_US);
    assert_int_equal(probe.fired, 1);
}

static void a_cleared_timer_does_not_fire(void **state)
{
    (void)state;
    struct probe probe, other;
    set(&probe, now_us + 1000);
    set(&other, now_us + 1000);
    wheel_clear(&wheel, &probe.timer);
    wheel_clear(&wheel, &probe.timer); /* not set any more */
    advance_to(now_us + ROUND_US);
    assert_int_equal(probe.fired, 0);
    assert_int_equal(other.fired, 1);
}

static void a_timer_never_set_can_be_cleared(void **state)
{
    (void)state;
    struct wheel_timer timer = {0};
    wheel_clear(&wheel, &timer);
    assert_int_equal(wheel.count, 0);
}

static void a_timer_many_rounds_away_waits_for_its_round(void **state)
{
    (void)state;
    struct probe far, near;
    int64_t far_us = now_us + 5LL * ROUND_US + 1234;
    set(&far, far_us);
    set(&near, now_us + 1234); /* the same slot */
    while (now_us < far_us + 3 * WHEEL_TICK_US) {
        advance_to(now_us + 3000);
        if (now_us < far_us)
            assert_int_equal(far.fired, 0);
    }
    assert_int_equal(near.fired, 1);
    assert_int_equal(far.fired, 1);
    assert_in_range(far.fired_us - far_us, 0, 2 * WHEEL_TICK_US);
}

/* The machine slept: everything due fires, nothing else. */
static void a_jump_fires_all_that_is_due(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    static struct probe probes[COUNT];
    int64_t jump_us = now_us + 7LL * ROUND_US + 77;
    for (int64_t i = 0; i < COUNT; i++)
        set(&probes[i], START_US + i * ROUND_US / 37);
    advance_to(jump_us);
    for (int64_t i = 0; i < COUNT; i++) {
        int64_t at_us = START_US + i * ROUND_US / 37;
        if (at_us < jump_us - WHEEL_TICK_US)
            assert_int_equal(probes[i].fired, 1);
        if (at_us > jump_us)
            assert_int_equal(probes[i].fired, 0);
    }
    advance_to(START_US + COUNT * (int64_t)ROUND_US);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(probes[i].fired, 1);
}

static void a_clock_that_stands_still_fires_nothing_twice(void **state)
{
    (void)state;
    struct probe probe;
    set(&probe, now_us);
    advance_to(now_us + 2 * WHEEL_TICK_US);
    for (int i = 0; i < 10; i++)
        wheel_advance(&wheel, now_us);
    assert_int_equal(probe.fired, 1);
}

/* ----------------------------------------------------------- from within fire */

static struct probe friends[3];

static void set_again(struct wheel_timer *timer)
{
    struct probe *probe = (struct probe *)(void *)timer;
    if (++probe->fired < 5)
        wheel_set(&wheel, timer, now_us + 10000, set_again);
}

static void a_timer_may_set_itself_again(void **state)
{
    (void)state;
    struct probe probe = {.fired = 0};
    wheel_set(&wheel, &probe.timer, now_us + 10000, set_again);
    for (int i = 0; i < 100; i++)
        advance_to(now_us + WHEEL_TICK_US);
    assert_int_equal(probe.fired, 5);
    assert_int_equal(wheel.count, 0);
}

static void clear_friends(struct wheel_timer *timer)
{
    note(timer);
    for (size_t i = 0; i < 3; i++)
        wheel_clear(&wheel, &friends[i].timer);
}

/* Whichever comes first takes the others away. */
static void a_timer_may_clear_others_of_its_slot(void **state)
{
    (void)state;
    memset(friends, 0, sizeof friends);
    for (size_t i = 0; i < 3; i++)
        wheel_set(&wheel, &friends[i].timer, now_us + 1000, clear_friends);
    advance_to(now_us + 3 * WHEEL_TICK_US);
    assert_int_equal(friends[0].fired + friends[1].fired + friends[2].fired, 1);
    assert_int_equal(wheel.count, 0);
}

static void set_friend(struct wheel_timer *timer)
{
    note(timer);
    wheel_set(&wheel, &friends[1].timer, now_us, note);
}

static void a_timer_may_set_another_that_is_due(void **state)
{
    (void)state;
    memset(friends, 0, sizeof friends);
    wheel_set(&wheel, &friends[0].timer, now_us + 1000, set_friend);
    advance_to(now_us + 2 * WHEEL_TICK_US);
    advance_to(now_us + 2 * WHEEL_TICK_US);
    assert_int_equal(friends[1].fired, 1);
}

/* --------------------------------------------------------------------- at random */

static void thousands_at_random_fire_once_each_in_time(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static struct probe probes[COUNT];
    static int64_t at_us[COUNT];
    srandom(1);
    for (size_t i = 0; i < COUNT; i++) {
        at_us[i] = now_us + random() % (3LL * ROUND_US);
        set(&probes[i], at_us[i]);
    }
    for (size_t i = 0; i < COUNT; i += 3)
        wheel_clear(&wheel, &probes[i].timer);
    while (now_us < START_US + 3LL * ROUND_US + 2 * WHEEL_TICK_US)
        advance_to(now_us + random() % WHEEL_TICK_US);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(probes[i].fired, i % 3 != 0);
        if (probes[i].fired)
            assert_in_range(probes[i].fired_us - at_us[i], 0, 2 * WHEEL_TICK_US);
    }
    assert_int_equal(wheel.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_timer_fires_once_not_early_and_soon, set_up),
        cmocka_unit_test_setup(a_timer_in_the_past_fires_at_the_next_tick, set_up),
        cmocka_unit_test_setup(a_cleared_timer_does_not_fire, set_up),
        cmocka_unit_test_setup(a_timer_never_set_can_be_cleared, set_up),
        cmocka_unit_test_setup(a_timer_many_rounds_away_waits_for_its_round, set_up),
        cmocka_unit_test_setup(a_jump_fires_all_that_is_due, set_up),
        cmocka_unit_test_setup(a_clock_that_stands_still_fires_nothing_twice, set_up),
        cmocka_unit_test_setup(a_timer_may_set_itself_again, set_up),
        cmocka_unit_test_setup(a_timer_may_clear_others_of_its_slot, set_up),
        cmocka_unit_test_setup(a_timer_may_set_another_that_is_due, set_up),
        cmocka_unit_test_setup(thousands_at_random_fire_once_each_in_time, set_up),
    };
    return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
