#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load_chart.h"
#include "load_histogram.h"
#include "load_series.h"

#define US INT64_C(1000)
#define S  INT64_C(1000000000)

static int set_up(void **state)
{
    *state = calloc(2, sizeof(struct load_histogram));
    return *state == NULL;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void every_value_is_known_to_a_thousandth(void **state)
{
    struct load_histogram *histogram = *state;
    for (double ns = 1e3; ns < 6e10; ns *= 1.00037) {
        memset(histogram, 0, sizeof(*histogram));
        load_histogram_record(histogram, (int64_t)ns);
        load_histogram_record(histogram, 60 * S);
        double found = (double)load_histogram_percentile(histogram, 50);
        assert_true(fabs(found - floor(ns)) <= ns / 1000);
    }
}

static void cells_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    for (size_t cell = 0; cell + 1 < LOAD_HISTOGRAM_CELLS; cell++) {
        int64_t start = load_histogram_cell_start(cell);
        int64_t next = load_histogram_cell_start(cell + 1);
        assert_true(next > start);
        if (next > LOAD_HISTOGRAM_MAX_NS)
            break;
        assert_int_equal(load_histogram_cell(start), cell);
        assert_int_equal(load_histogram_cell(next - 1), cell);
    }
}

static void what_is_out_of_range_stays_in_the_ends(void **state)
{
    struct load_histogram *histogram = *state;
    load_histogram_record(histogram, -5);
    load_histogram_record(histogram, 3600 * S);
    assert_int_equal(histogram->min_ns, 0);
    assert_int_equal(histogram->max_ns, 3600 * S);
    assert_int_equal(load_histogram_percentile(histogram, 100), 3600 * S);
    assert_true(load_histogram_cell(INT64_MAX) < LOAD_HISTOGRAM_CELLS);
}

static void percentiles_count_from_the_shortest(void **state)
{
    struct load_histogram *histogram = *state;
    for (int64_t i = 1; i <= 1000; i++)
        load_histogram_record(histogram, i * US);
    assert_in_range(load_histogram_percentile(histogram, 50), 499500, 500500);
    assert_in_range(load_histogram_percentile(histogram, 99.9), 998001, 999999);
    assert_int_equal(load_histogram_percentile(histogram, 100), 1000 * US);
    assert_int_equal(load_histogram_percentile(histogram, 0), 1 * US);
    assert_true(fabs(load_histogram_mean(histogram) - 500500) < 1);
}

static void nothing_recorded_is_zero(void **state)
{
    struct load_histogram *histogram = *state;
    assert_int_equal(load_histogram_percentile(histogram, 99), 0);
    assert_true(load_histogram_mean(histogram) < 1e-9);
}

static void merged_is_as_recorded_in_one(void **state)
{
    struct load_histogram *parts = *state;
    struct load_histogram *whole = calloc(1, sizeof(*whole));
    for (int64_t i = 1; i <= 5000; i++) {
        load_histogram_record(&parts[i % 2], i * i);
        load_histogram_record(whole, i * i);
    }
    load_histogram_merge(&parts[0], &parts[1]);
    assert_memory_equal(parts[0].counts, whole->counts, sizeof(whole->counts));
    assert_int_equal(parts[0].total, whole->total);
    assert_int_equal(parts[0].min_ns, whole->min_ns);
    assert_int_equal(parts[0].max_ns, whole->max_ns);
    free(whole);
}

static void bars_hold_every_call(void **state)
{
    struct load_histogram *histogram = *state;
    struct load_bar bars[16];
    for (int64_t i = 1; i <= 3000; i++)
        load_histogram_record(histogram, i * 137);
    size_t len = load_chart_bars(histogram, bars, 16);
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += bars[i].count;
    assert_int_equal(len, 16);
    assert_int_equal(sum, 3000);
}

static void one_value_alone_has_bars_too(void **state)
{
    struct load_histogram *histogram = *state;
    struct load_bar bars[4];
    load_histogram_record(histogram, 0);
    assert_int_equal(load_chart_bars(histogram, bars, 4), 4);
    assert_int_equal(bars[0].count, 1);
}

/* ---------------------------------------------------------------------- series */

static uint64_t sum_of(const struct load_series *series)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < series->len; i++)
        sum += series->intervals[i].responses + series->intervals[i].errors;
    return sum;
}

static void a_long_run_keeps_its_intervals_few(void **state)
{
    (void)state;
    struct load_series series = {0};
    for (int64_t second = 0; second < 3600; second++)
        load_series_record(&series, second * S, 5, second % 10 == 0);
    assert_true(series.len <= LOAD_SERIES_MAX);
    assert_true(series.interval_ns * (int64_t)series.len >= 3600 * S);
    assert_int_equal(sum_of(&series), 3600);
}

static void series_of_different_intervals_merge(void **state)
{
    (void)state;
    struct load_series a = {0};
    struct load_series b = {0};
    load_series_record(&a, 100 * S, 7, false);
    load_series_record(&b, 0, 3, false);
    load_series_record(&b, 1 * S, 3, true);
    assert_true(a.interval_ns > b.interval_ns);
    load_series_merge(&b, &a);
    assert_int_equal(sum_of(&b), 3);
    assert_int_equal(b.interval_ns, a.interval_ns);
    struct load_series empty = {0};
    load_series_merge(&empty, &b);
    assert_int_equal(sum_of(&empty), 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {T(every_value_is_known_to_a_thousandth),
                                       T(cells_follow_each_other_without_a_gap),
                                       T(what_is_out_of_range_stays_in_the_ends),
                                       T(percentiles_count_from_the_shortest),
                                       T(nothing_recorded_is_zero),
                                       T(merged_is_as_recorded_in_one),
                                       T(bars_hold_every_call),
                                       T(one_value_alone_has_bars_too),
                                       T(a_long_run_keeps_its_intervals_few),
                                       T(series_of_different_intervals_merge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
