#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "load_gate.h"

static const struct load_metrics run = {.values = {[LOAD_METRIC_REQUESTS] = 900,
                                                   [LOAD_METRIC_ERRORS] = 9,
                                                   [LOAD_METRIC_SKIPPED] = 100,
                                                   [LOAD_METRIC_RATE] = 1500,
                                                   [LOAD_METRIC_NAMES] = 2000,
                                                   [LOAD_METRIC_DENIED] = 20,
                                                   [LOAD_METRIC_P99] = 5200,
                                                   [LOAD_METRIC_P99_9] = 9000,
                                                   [LOAD_METRIC_MAX] = 12000}};

static bool fails(const char *text, const struct load_metrics *base)
{
    struct load_gate gate;
    struct load_problem problem;
    double found;
    if (!load_gate_parse(&gate, text, &problem))
        fail_msg("\"%s\": %s", text, problem.text);
    return load_gate_fails(&gate, &run, base, &found);
}

static void conditions_hold_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fails;
    } rows[] = {
        {"p99>5ms", true},      {"p99>5.2ms", false},   {"p99>=5200us", true},
        {"p99<1s", true},       {"p99.9>9ms", false},   {"max > 0.01s", true},
        {"rate<1000", false},   {"rate<=1500", true},   {" errors > 0 ", true},
        {"errors>0.9%", false}, {"errors>0.89%", true}, {"skipped>=10%", true},
        {"denied>1%", false},   {"denied>=1%", true},   {"denied>19", true},
        {"failed>0", false},    {"names<1", false},     {"requests<901", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (fails(rows[i].text, NULL) != rows[i].fails)
            fail_msg("%s", rows[i].text);
}

static void what_is_no_condition_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {"", "is no condition"},
        {"p99", "is no condition"},
        {"p99>", "is no condition"},
        {"p99>5", "is no condition"},
        {"p99>5 minutes", "no condition"},
        {"p99=5ms", "is no condition"},
        {"p99>5ms x", "is no condition"},
        {"p99>5%", "is no condition"},
        {"rate<1ms", "is no condition"},
        {"rate<10%", "is no condition"},
        {"p99>nanms", "is no condition"},
        {"p99>1.2.3ms", "is no condition"},
        {"p98>5ms", "there are requests errors"},
        {">5ms", "is no condition"},
        {"p99>-5ms", "is no condition"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct load_gate gate;
        struct load_problem problem;
        if (load_gate_parse(&gate, rows[i].text, &problem))
            fail_msg("\"%s\" was taken", rows[i].text);
        if (strstr(problem.text, rows[i].said) == NULL)
            fail_msg("\"%s\": %s", rows[i].text, problem.text);
    }
}

static void a_ratio_compares_with_the_other_run(void **state)
{
    (void)state;
    struct load_metrics base = run;
    base.values[LOAD_METRIC_P99] = 4000;
    base.values[LOAD_METRIC_ERRORS] = 0;
    base.values[LOAD_METRIC_RATE] = 1500;
    assert_true(fails("p99>1.2x", &base));
    assert_false(fails("p99>1.31x", &base));
    assert_false(fails("rate<0.99x", &base));
    assert_true(fails("errors>100x", &base));
    assert_false(fails("failed>1x", &base));
}

static void a_run_without_an_answer_meets_no_time(void **state)
{
    (void)state;
    struct load_gate gate;
    struct load_problem problem;
    struct load_metrics nothing = {.values = {[LOAD_METRIC_REQUESTS] = 10}};
    double found;
    assert_true(load_gate_parse(&gate, "p99>5ms", &problem));
    assert_true(load_gate_fails(&gate, &nothing, NULL, &found));
    assert_true(load_gate_parse(&gate, "denied>1%", &problem));
    assert_false(load_gate_fails(&gate, &nothing, NULL, &found));
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(conditions_hold_or_not), T(what_is_no_condition_is_refused_in_words),
        T(a_ratio_compares_with_the_other_run), T(a_run_without_an_answer_meets_no_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
