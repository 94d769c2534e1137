#include "check/climb.h"

#include "check/fixture.h"

#include <string.h>

/* One letter a level, nearest first: r RRset, d NODATA, x NXDOMAIN, f a
 * failure, ? not answered yet. */
struct row {
    const char *name;
    const char *levels;
    enum caa_finding_kind kind;
    size_t level;
};

static struct row rows[] = {
    {"[5] the nearest RRset is the relevant one", "rr", CAA_FINDING_RRSET, 0},
    {"[5] a parent's RRset counts if the name has none", "dr", CAA_FINDING_RRSET, 1},
    {"[5] the climb reaches the top-level domain", "ddr", CAA_FINDING_RRSET, 2},
    {"[5] every level empty is no RRset", "ddd", CAA_FINDING_NONE, 0},
    {"[7] NXDOMAIN is empty and the climb goes on", "xr", CAA_FINDING_RRSET, 1},
    {"[7] NXDOMAIN at every level is no RRset", "xxx", CAA_FINDING_NONE, 0},
    {"[7] NXDOMAIN and NODATA mix", "xdr", CAA_FINDING_RRSET, 2},
    {"[46] a failure nearer than an RRset is the result", "fr", CAA_FINDING_FAILED, 0},
    {"[46] a failure above the RRset does not matter", "rf", CAA_FINDING_RRSET, 0},
    {"[46] a failure above empty levels is the result", "ddf", CAA_FINDING_FAILED, 2},
    {"[46] the nearest of several failures is the result", "dff", CAA_FINDING_FAILED, 1},
    {"[5] a nearer open question leaves the climb open", "?r", CAA_FINDING_PENDING, 0},
    {"[5] an open question above the RRset does not matter", "r?", CAA_FINDING_RRSET, 0},
    {"[46] a nearer open question may hide the failure", "d?f", CAA_FINDING_PENDING, 1},
    {"[46] a failure is final before the levels above are in", "df?", CAA_FINDING_FAILED,
     1},
    {"[5] nothing answered yet", "???", CAA_FINDING_PENDING, 0},
};

static void selects(void **state)
{
    const struct row *row = *state;
    struct caa_level levels[8];
    struct caa_answer answers[8];
    size_t count = strlen(row->levels);
    for (size_t i = 0; i < count; i++) {
        enum caa_outcome outcome = row->levels[i] == 'r'   ? CAA_OUTCOME_RRSET
                                   : row->levels[i] == 'd' ? CAA_OUTCOME_NODATA
                                   : row->levels[i] == 'x' ? CAA_OUTCOME_NXDOMAIN
                                                           : CAA_OUTCOME_TIMEOUT;
        answers[i] = fixture_answer("x", outcome);
        levels[i] =
            (struct caa_level){.answer = row->levels[i] == '?' ? NULL : &answers[i]};
    }
    struct caa_finding finding = caa_climb_select(levels, count);
    assert_int_equal(finding.kind, row->kind);
    if (row->kind == CAA_FINDING_RRSET || row->kind == CAA_FINDING_FAILED)
        assert_int_equal(finding.level, row->level);
}

/* [5] RFC 8659 section 3. */
static void the_plan_goes_up_to_the_tld_and_leaves_out_the_root(void **state)
{
    (void)state;
    struct caa_level levels[4];
    const char *text = "a.b.example.test";
    assert_int_equal(caa_climb_plan((struct caa_fqdn){text, strlen(text)}, levels), 4);
    assert_string_equal(levels[0].fqdn.text, "a.b.example.test");
    assert_string_equal(levels[1].fqdn.text, "b.example.test");
    assert_string_equal(levels[2].fqdn.text, "example.test");
    assert_string_equal(levels[3].fqdn.text, "test");
    for (size_t i = 0; i < 4; i++) {
        assert_null(levels[i].answer);
        assert_false(levels[i].from_cache);
        assert_int_equal(levels[i].fqdn.len, strlen(levels[i].fqdn.text));
    }
}

static void a_top_level_domain_is_a_plan_of_one(void **state)
{
    (void)state;
    struct caa_level level;
    assert_int_equal(caa_climb_plan((struct caa_fqdn){"test", 4}, &level), 1);
}

/* [5] The longest name has 127 labels and no more. */
static void the_longest_name_has_a_plan(void **state)
{
    (void)state;
    char text[CAA_FQDN_MAX + 1];
    struct caa_level levels[FIXTURE_LEVELS_MAX];
    for (size_t i = 0; i < CAA_FQDN_MAX; i++)
        text[i] = i % 2 ? '.' : 'a';
    text[CAA_FQDN_MAX] = '\0';
    assert_int_equal(caa_climb_plan((struct caa_fqdn){text, CAA_FQDN_MAX}, levels), 127);
}

/* [46] [53] Each kind of failure stops the climb. */
static void every_failure_outcome_fails_the_climb(void **state)
{
    (void)state;
    for (int outcome = CAA_OUTCOME_TIMEOUT; outcome <= CAA_OUTCOME_DEADLINE_EXCEEDED;
         outcome++) {
        struct caa_answer answer = fixture_answer("x", (enum caa_outcome)outcome);
        struct caa_level level = {.answer = &answer};
        assert_int_equal(caa_climb_select(&level, 1).kind, CAA_FINDING_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_goes_up_to_the_tld_and_leaves_out_the_root),
        cmocka_unit_test(a_top_level_domain_is_a_plan_of_one),
        cmocka_unit_test(the_longest_name_has_a_plan),
        cmocka_unit_test(every_failure_outcome_fails_the_climb),
    };
    return FIXTURE_RUN("climb", rows, selects, tests);
}
