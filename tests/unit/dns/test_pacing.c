#include "dns/pacing.h"

#include "check/fixture.h"

#include <stddef.h>

/* A query as flight.c has it: sent as soon as it is admitted. */
struct query {
    int64_t sent_us; /* 0: not yet */
    struct paced paced;
};

enum { WINDOW = 3, COUNT = 8 };

static struct wheel wheel;
static struct pacing pacing;
static struct query queries[COUNT];
static int64_t now_us;

static void send(struct paced *paced)
{
    struct query *query =
        (struct query *)(void *)((char *)paced - offsetof(struct query, paced));
    if (!pacing_admit(&pacing, paced))
        return;
    query->sent_us = now_us;
    pacing_sent(&pacing, paced, now_us);
}

static size_t count_sent(void)
{
    size_t count = 0;
    while (count < COUNT && queries[count].sent_us > 0)
        count++;
    for (size_t i = count; i < COUNT; i++) /* in order */
        assert_int_equal(queries[i].sent_us, 0);
    return count;
}

static int start(void **state)
{
    (void)state;
    now_us = 1000000;
    wheel_init(&wheel, now_us);
    pacing_init(&pacing, &wheel, WINDOW, send);
    for (size_t i = 0; i < COUNT; i++) {
        queries[i] = (struct query){0};
        send(&queries[i].paced);
    }
    return 0;
}

static void no_more_are_sent_than_the_window_holds(void **state)
{
    (void)state;
    assert_int_equal(count_sent(), WINDOW);
}

static void an_answer_lets_the_next_go(void **state)
{
    (void)state;
    pacing_read(&queries[0].paced);
    assert_int_equal(count_sent(), WINDOW + 1);
    pacing_read(&queries[0].paced); /* once only */
    assert_int_equal(count_sent(), WINDOW + 1);
}

/* The resolver reads in order. */
static void an_answer_says_that_those_before_it_were_read(void **state)
{
    (void)state;
    pacing_read(&queries[2].paced);
    assert_int_equal(count_sent(), 2 * WINDOW);
    pacing_read(&queries[1].paced);
    assert_int_equal(count_sent(), 2 * WINDOW);
}

static void a_silent_resolver_gets_the_next_after_a_while(void **state)
{
    (void)state;
    now_us += PACING_AGE_US - 2 * WHEEL_TICK_US;
    wheel_advance(&wheel, now_us);
    assert_int_equal(count_sent(), WINDOW);
    now_us += 4 * WHEEL_TICK_US;
    wheel_advance(&wheel, now_us);
    assert_int_equal(count_sent(), 2 * WINDOW);
}

static void those_forgotten_are_never_sent(void **state)
{
    (void)state;
    pacing_forget(&pacing);
    for (size_t i = 0; i < WINDOW; i++)
        pacing_read(&queries[i].paced);
    assert_int_equal(count_sent(), WINDOW);
    send(&queries[COUNT - 1].paced);
    assert_true(queries[COUNT - 1].sent_us > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_more_are_sent_than_the_window_holds, start),
        cmocka_unit_test_setup(an_answer_lets_the_next_go, start),
        cmocka_unit_test_setup(an_answer_says_that_those_before_it_were_read, start),
        cmocka_unit_test_setup(a_silent_resolver_gets_the_next_after_a_while, start),
        cmocka_unit_test_setup(those_forgotten_are_never_sent, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
