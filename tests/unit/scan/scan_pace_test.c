/* The speed of a scan, its patience, and what its errors call for. */
#include "scan_pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scan_progress.h"

static void no_rate_is_no_wait(void **state)
{
    (void)state;
    struct scan_pace pace = {.rate = 0};
    scan_pace_sent(&pace, 1000, 1000000);
    assert_int_equal(scan_pace_wait(&pace, 1000), 0);
    assert_int_equal(scan_pace_batch(&pace, 100), 100);
}

/* Names sent in so many milliseconds by a loop that wakes late. */
static uint64_t names_sent(uint32_t rate, int64_t ms, int64_t late)
{
    struct scan_pace pace = {.rate = rate};
    uint64_t sent = 0;
    for (int64_t now = 5000; now < 5000 + ms;) {
        int64_t wait = scan_pace_wait(&pace, now);
        if (wait > 0) {
            now += wait + late;
            continue;
        }
        size_t batch = scan_pace_batch(&pace, 100);
        scan_pace_sent(&pace, now, batch);
        sent += batch;
    }
    return sent;
}

static void the_rate_is_kept_and_reached(void **state)
{
    (void)state;
    static const uint32_t rates[] = {1, 7, 100, 1000, 50000};
    for (size_t i = 0; i < 5; i++) {
        uint64_t most = (uint64_t)rates[i] * 100;
        uint64_t sent = names_sent(rates[i], 100000, 3);
        /* A quarter of a second may be made up for, and one batch is sent first. */
        assert_true(sent <= most + rates[i] / 4 + 100);
        assert_true(sent >= most * 98 / 100);
    }
}

static void time_not_used_is_not_saved_up(void **state)
{
    (void)state;
    struct scan_pace pace = {.rate = 100};
    scan_pace_sent(&pace, 1000, 1);
    size_t burst = 0;
    while (scan_pace_wait(&pace, 1000000) == 0) {
        scan_pace_sent(&pace, 1000000, 1);
        burst++;
    }
    assert_true(burst <= 26);
}

static void backoff_grows_to_five_seconds(void **state)
{
    (void)state;
    assert_int_equal(scan_backoff_ms(1, 0), 50);
    assert_int_equal(scan_backoff_ms(2, 0), 100);
    for (unsigned tries = 1; tries < 100; tries++)
        for (uint32_t random = 0; random < 4000000000u; random += 123456789u) {
            int64_t pause = scan_backoff_ms(tries, random);
            assert_true(pause >= 50 && pause <= 5000);
        }
    assert_int_equal(scan_backoff_ms(50, 0), 2500);
}

static void errors_call_for_what_can_help(void **state)
{
    (void)state;
    static const struct {
        struct caa_client_error error;
        enum scan_step step;
    } rows[] = {
        {{.code = CAA_CLIENT_UNAVAILABLE}, SCAN_RETRY},
        {{.code = CAA_CLIENT_DEADLINE_EXCEEDED}, SCAN_RETRY},
        {{.code = CAA_CLIENT_RESOURCE_EXHAUSTED, .retry_after_ms = 10}, SCAN_RETRY},
        {{.code = CAA_CLIENT_RESOURCE_EXHAUSTED}, SCAN_SPLIT},
        {{.code = CAA_CLIENT_INVALID_ARGUMENT, .field = "names"}, SCAN_SPLIT},
        {{.code = CAA_CLIENT_INVALID_ARGUMENT, .field = "names[3]"}, SCAN_SPLIT},
        {{.code = CAA_CLIENT_INVALID_ARGUMENT, .field = "payload"}, SCAN_SPLIT},
        {{.code = CAA_CLIENT_INVALID_ARGUMENT, .field = "product"}, SCAN_STOP},
        {{.code = CAA_CLIENT_PERMISSION_DENIED}, SCAN_STOP},
        {{.code = CAA_CLIENT_UNIMPLEMENTED}, SCAN_STOP},
        {{.code = CAA_CLIENT_CANCELLED}, SCAN_STOP},
        {{.code = CAA_CLIENT_INTERNAL}, SCAN_SPLIT}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(scan_judge(&rows[i].error), rows[i].step);
}

static void the_time_left_counts_this_run_only(void **state)
{
    (void)state;
    struct scan_progress progress = {
        .started_ms = 1000, .size = 1000000, .skipped = 500000};
    assert_int_equal(scan_progress_left_s(&progress, 500000, 60000), -1);
    assert_int_equal(scan_progress_left_s(&progress, 600000, 1500), -1);
    assert_int_equal(scan_progress_left_s(&progress, 600000, 11000), 41);
    assert_int_equal(scan_progress_left_s(&progress, 1000000, 11000), 0);
    progress.size = 0;
    assert_int_equal(scan_progress_left_s(&progress, 600000, 11000), -1);
}

static void the_exit_code_is_that_of_the_worst_line(void **state)
{
    (void)state;
    struct scan_tally tally = {.counts = {[SCAN_PERMITTED] = 5, [SCAN_SKIPPED] = 1}};
    assert_int_equal(scan_tally_exit_code(&tally), 0);
    tally.counts[SCAN_UNKNOWN] = 1;
    assert_int_equal(scan_tally_exit_code(&tally), 2);
    tally.counts[SCAN_INVALID_NAME] = 1;
    assert_int_equal(scan_tally_exit_code(&tally), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rate_is_no_wait),
        cmocka_unit_test(the_rate_is_kept_and_reached),
        cmocka_unit_test(time_not_used_is_not_saved_up),
        cmocka_unit_test(backoff_grows_to_five_seconds),
        cmocka_unit_test(errors_call_for_what_can_help),
        cmocka_unit_test(the_time_left_counts_this_run_only),
        cmocka_unit_test(the_exit_code_is_that_of_the_worst_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
