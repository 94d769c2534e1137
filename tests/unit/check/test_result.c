#include "check/result.h"

#include "check/fixture.h"

#include <string.h>

#define HOURS_8_MS  INT64_C(28800000)
#define HOURS_24_MS INT64_C(86400000)

static const char *const OURS[] = {"0 issue globalsign.com", NULL};
static const char *const OTHERS[] = {"0 issue ca.test", NULL};

/* What each test starts from: www.example.test, no records anywhere. */
static int set_up(void **state)
{
    static struct fixture_climb climb;
    fixture_climb_init(&climb, "www.example.test");
    *state = &climb;
    return 0;
}

static int tear_down(void **state)
{
    fixture_climb_fini(*state);
    return 0;
}

/* ------------------------------------------------------------ which level */

/* [5] */
static void no_records_anywhere_permits(void **state)
{
    struct caa_result result = fixture_climb_decide(*state);
    assert_int_equal(result.verdict, CAA_VERDICT_PERMITTED);
    assert_int_equal(result.reason, CAA_REASON_NO_CAA_RECORDS);
    assert_null(result.found);
    assert_null(result.failed);
    assert_null(result.decisive);
    assert_int_equal(result.level_count, 3);
    assert_false(result.retryable);
    assert_string_equal(result.remedy, "");
}

/* [5] */
static void the_nearest_records_decide(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 0, OURS);
    fixture_climb_records(climb, 1, OTHERS);
    struct caa_result result = fixture_climb_decide(climb);
    assert_int_equal(result.reason, CAA_REASON_ISSUER_AUTHORIZED);
    assert_ptr_equal(result.found, &climb->answers[0]);
    assert_int_equal(result.level_count, 1);
    assert_ptr_equal(result.levels, climb->levels);
    assert_true(result.decisive[0]);
    assert_int_equal(result.restricting_tag, CAA_TAG_ISSUE);
}

/* [5] The top-level domain is asked too. */
static void records_at_the_tld_decide(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 2, OTHERS);
    struct caa_result result = fixture_climb_decide(climb);
    assert_int_equal(result.verdict, CAA_VERDICT_DENIED);
    assert_string_equal(result.found->name, "test");
    assert_int_equal(result.level_count, 3);
}

/* [3] [5] A set that does not restrict still ends the climb. */
static void records_that_do_not_restrict_end_the_climb(void **state)
{
    static const char *const iodef[] = {"0 iodef mailto:a@b.test", NULL};
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 0, iodef);
    fixture_climb_records(climb, 1, OTHERS);
    struct caa_result result = fixture_climb_decide(climb);
    assert_int_equal(result.verdict, CAA_VERDICT_PERMITTED);
    assert_int_equal(result.reason, CAA_REASON_NO_RESTRICTING_PROPERTY);
}

/* [7] The climb goes on from the original name, not from the alias target. */
static void an_empty_alias_target_leads_to_the_names_own_parent(void **state)
{
    static const char *const aliases[] = {"www.other.invalid"};
    struct fixture_climb *climb = *state;
    climb->answers[0].aliases = aliases;
    climb->answers[0].alias_count = 1;
    fixture_climb_records(climb, 1, OTHERS);
    struct caa_result result = fixture_climb_decide(climb);
    assert_string_equal(result.found->name, "example.test");
    assert_int_equal(result.reason, CAA_REASON_ISSUER_NOT_AUTHORIZED);
}

/* [6] [17] */
static void a_wildcard_is_judged_as_a_wildcard(void **state)
{
    static const char *const records[] = {"0 issue ca.test", "0 issuewild globalsign.com",
                                          NULL};
    struct fixture_climb climb;
    (void)state;
    fixture_climb_init(&climb, "*.example.test");
    assert_int_equal(climb.count, 2);
    assert_string_equal(climb.levels[0].fqdn.text, "example.test");
    fixture_climb_records(&climb, 0, records);
    struct caa_result result = fixture_climb_decide(&climb);
    assert_int_equal(result.reason, CAA_REASON_ISSUER_AUTHORIZED);
    assert_int_equal(result.restricting_tag, CAA_TAG_ISSUEWILD);
    fixture_climb_fini(&climb);
}

/* --------------------------------------------------------------- failures */

/* [46] [53] No failure becomes permission, whatever lies above it. */
static void every_failure_is_the_result(void **state)
{
    struct fixture_climb *climb = *state;
    for (int outcome = CAA_OUTCOME_TIMEOUT; outcome <= CAA_OUTCOME_DEADLINE_EXCEEDED;
         outcome++) {
        fixture_climb_fail(climb, 1, (enum caa_outcome)outcome);
        fixture_climb_records(climb, 2, OURS);
        struct caa_result result = fixture_climb_decide(climb);
        assert_int_equal(result.verdict, CAA_VERDICT_LOOKUP_FAILED);
        assert_int_equal(result.reason, caa_outcome_reason((enum caa_outcome)outcome));
        assert_null(result.found);
        assert_null(result.decisive);
        assert_ptr_equal(result.failed, &climb->answers[1]);
        assert_int_equal(result.level_count, 2);
        assert_int_equal(result.valid_until_ms, 0);
        assert_int_equal(result.retrieved_at_ms, 1000000);
        assert_int_equal(result.retryable, outcome != CAA_OUTCOME_DNSSEC_BOGUS);
        assert_string_equal(result.remedy, "");
    }
}

static void records_nearer_than_a_failure_decide(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 0, OURS);
    fixture_climb_fail(climb, 1, CAA_OUTCOME_SERVFAIL);
    assert_int_equal(fixture_climb_decide(climb).verdict, CAA_VERDICT_PERMITTED);
}

static void bad_dnssec_at_the_tld_is_not_the_customers_and_may_pass(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_fail(climb, 2, CAA_OUTCOME_DNSSEC_BOGUS);
    assert_true(fixture_climb_decide(climb).retryable);
}

static void bad_dnssec_at_a_tld_asked_for_stays(void **state)
{
    struct fixture_climb climb;
    (void)state;
    fixture_climb_init(&climb, "test");
    fixture_climb_fail(&climb, 0, CAA_OUTCOME_DNSSEC_BOGUS);
    assert_false(fixture_climb_decide(&climb).retryable);
    fixture_climb_fini(&climb);
}

/* ---------------------------------------------------------------- pending */

static bool is_pending(const struct fixture_climb *climb)
{
    struct caa_result result = {.message = "untouched"};
    bool pending = false;
    assert_int_equal(caa_result_decide(climb->arena, &climb->name, &climb->policy,
                                       climb->levels, climb->count, &pending, &result),
                     CAA_OK);
    if (pending)
        assert_string_equal(result.message, "untouched");
    return pending;
}

static void a_result_comes_as_soon_as_the_nearest_levels_settle_it(void **state)
{
    struct fixture_climb *climb = *state;
    climb->levels[0].answer = climb->levels[1].answer = climb->levels[2].answer = NULL;
    assert_true(is_pending(climb));
    climb->levels[2].answer = &climb->answers[2];
    assert_true(is_pending(climb));
    climb->levels[0].answer = &climb->answers[0];
    assert_true(is_pending(climb));
    fixture_climb_records(climb, 1, OURS);
    climb->levels[2].answer = NULL;
    climb->levels[1].answer = &climb->answers[1];
    assert_false(is_pending(climb));
}

/* --------------------------------------------------------------- validity */

/* [44] [67] [74] max(TTL, 8 hours), a TTL above 2^31-1 counts as 0. */
static void validity_is_ttl_or_eight_hours_whichever_is_longer(void **state)
{
    static const struct {
        uint32_t ttl_s;
        int64_t expected_ms;
    } table[] = {
        {0, HOURS_8_MS},          {300, HOURS_8_MS},
        {28800, HOURS_8_MS},      {28801, HOURS_8_MS + 1000},
        {86400, HOURS_24_MS},     {0x7fffffff, INT64_C(0x7fffffff) * 1000},
        {0x80000000, HOURS_8_MS}, {0xffffffff, HOURS_8_MS},
    };
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 0, OURS);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        climb->answers[0].ttl_s = table[i].ttl_s;
        struct caa_result result = fixture_climb_decide(climb);
        assert_int_equal(result.valid_until_ms, 1000000 + table[i].expected_ms);
    }
}

/* [44] */
static void a_denial_has_a_validity_as_well(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 0, OTHERS);
    assert_int_equal(fixture_climb_decide(climb).valid_until_ms, 1000000 + HOURS_8_MS);
}

/* [44] An empty nearer level decides too: it may get records. */
static void the_earliest_deciding_level_ends_the_validity(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 1, OURS);
    climb->answers[0].retrieved_at_ms = 500000;
    climb->answers[0].ttl_s = 60;
    climb->answers[1].retrieved_at_ms = 2000000;
    climb->answers[1].ttl_s = 86400;
    climb->answers[2].retrieved_at_ms = 1; /* above, decides nothing */
    struct caa_result result = fixture_climb_decide(climb);
    assert_int_equal(result.valid_until_ms, 500000 + HOURS_8_MS);
    assert_int_equal(result.retrieved_at_ms, 500000);
}

static void the_cache_shows_only_where_it_decided(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 1, OURS);
    climb->levels[2].from_cache = true;
    assert_false(fixture_climb_decide(climb).from_cache);
    climb->levels[0].from_cache = true;
    assert_true(fixture_climb_decide(climb).from_cache);
}

/* [46] */
static void dnssec_is_the_weakest_of_the_deciding_levels(void **state)
{
    struct fixture_climb *climb = *state;
    fixture_climb_records(climb, 1, OURS);
    climb->answers[0].dnssec = CAA_DNSSEC_SECURE;
    climb->answers[1].dnssec = CAA_DNSSEC_SECURE;
    climb->answers[2].dnssec = CAA_DNSSEC_INDETERMINATE;
    assert_int_equal(fixture_climb_decide(climb).dnssec, CAA_DNSSEC_SECURE);
    climb->answers[0].dnssec = CAA_DNSSEC_INSECURE;
    assert_int_equal(fixture_climb_decide(climb).dnssec, CAA_DNSSEC_INSECURE);
    climb->answers[1].dnssec = CAA_DNSSEC_INDETERMINATE;
    assert_int_equal(fixture_climb_decide(climb).dnssec, CAA_DNSSEC_INDETERMINATE);
}

/* ------------------------------------------------------------ without lookup */

struct without_lookup {
    const char *name;
    const char *asked;
    bool exempt;
    enum caa_reason reason;
};

static struct without_lookup rows[] = {
    {"[41] an address", "192.0.2.1", false, CAA_REASON_IP_ADDRESS},
    {"[41] an IPv6 address", "2001:db8::1", false, CAA_REASON_IP_ADDRESS},
    {"[79] an onion name", "abc.onion", false, CAA_REASON_ONION_NAME},
    {"[68] a reverse name", "1.in-addr.arpa", false, CAA_REASON_REVERSE_NAME},
    {"[4] no name", "a..b", false, CAA_REASON_SYNTAX},
    {"[37] no internationalized name", "\xe2\x98\x83.test", false, CAA_REASON_IDNA},
    {"[45] an exempt product, a name", "www.example.test", true,
     CAA_REASON_PRODUCT_EXEMPT},
    {"[45] an exempt product, an address", "192.0.2.1", true, CAA_REASON_PRODUCT_EXEMPT},
    {"[45] an exempt product, an onion name", "abc.onion", true,
     CAA_REASON_PRODUCT_EXEMPT},
    {"[68] an exempt product, a reverse name", "1.in-addr.arpa", true,
     CAA_REASON_REVERSE_NAME},
    {"[4] an exempt product, no name", "a..b", true, CAA_REASON_SYNTAX},
    {"[37] an exempt product, a bad name", "\xe2\x98\x83.test", true, CAA_REASON_IDNA},
};

static void decides_without_lookup(void **state)
{
    const struct without_lookup *row = *state;
    struct fixture_climb climb;
    fixture_climb_init(&climb, row->asked);
    climb.policy.exempt = row->exempt;
    climb.count = 0;
    assert_false(caa_result_needs_lookup(&climb.name, &climb.policy));
    struct caa_result result = fixture_climb_decide(&climb);
    assert_string_equal(caa_reason_name(result.reason), caa_reason_name(row->reason));
    assert_int_equal(result.verdict, caa_reason_verdict(row->reason));
    assert_int_equal(result.level_count, 0);
    assert_int_equal(result.dnssec, CAA_DNSSEC_UNSPECIFIED);
    assert_int_equal(result.valid_until_ms, 0);
    assert_int_equal(result.retrieved_at_ms, 0);
    assert_false(result.retryable);
    assert_true(strlen(result.message) > 0);
    assert_string_equal(result.remedy, "");
    fixture_climb_fini(&climb);
}

static void a_name_needs_a_lookup_unless_exempt(void **state)
{
    struct fixture_climb *climb = *state;
    assert_true(caa_result_needs_lookup(&climb->name, &climb->policy));
    climb->policy.exempt = true;
    assert_false(caa_result_needs_lookup(&climb->name, &climb->policy));
}

/* ----------------------------------------------------------- out of memory */

static void without_memory_nothing_is_touched_in(const struct fixture_climb *climb)
{
    enum caa_err err = CAA_ENOMEM;
    for (size_t budget = 0; err == CAA_ENOMEM; budget++) {
        struct arena *arena = arena_create(budget);
        struct caa_result result = {.message = "untouched"};
        bool pending = true;
        err = caa_result_decide(arena, &climb->name, &climb->policy, climb->levels,
                                climb->count, &pending, &result);
        if (err) {
            assert_int_equal(err, CAA_ENOMEM);
            assert_string_equal(result.message, "untouched");
            assert_true(pending);
        }
        arena_destroy(arena);
        assert_true(budget < 10000);
    }
}

static void without_memory_nothing_is_touched(void **state)
{
    static const char *const critical[] = {"128 tbs x", NULL};
    struct fixture_climb *climb = *state;
    without_memory_nothing_is_touched_in(climb);
    fixture_climb_records(climb, 1, OURS);
    without_memory_nothing_is_touched_in(climb);
    fixture_climb_records(climb, 1, OTHERS);
    without_memory_nothing_is_touched_in(climb);
    fixture_climb_records(climb, 1, critical);
    without_memory_nothing_is_touched_in(climb);
    fixture_climb_fail(climb, 1, CAA_OUTCOME_SERVFAIL);
    without_memory_nothing_is_touched_in(climb);
    climb->policy.exempt = true;
    climb->count = 0;
    without_memory_nothing_is_touched_in(climb);
}

#define CLIMB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIMB_TEST(no_records_anywhere_permits),
        CLIMB_TEST(the_nearest_records_decide),
        CLIMB_TEST(records_at_the_tld_decide),
        CLIMB_TEST(records_that_do_not_restrict_end_the_climb),
        CLIMB_TEST(an_empty_alias_target_leads_to_the_names_own_parent),
        cmocka_unit_test(a_wildcard_is_judged_as_a_wildcard),
        CLIMB_TEST(every_failure_is_the_result),
        CLIMB_TEST(records_nearer_than_a_failure_decide),
        CLIMB_TEST(bad_dnssec_at_the_tld_is_not_the_customers_and_may_pass),
        cmocka_unit_test(bad_dnssec_at_a_tld_asked_for_stays),
        CLIMB_TEST(a_result_comes_as_soon_as_the_nearest_levels_settle_it),
        CLIMB_TEST(validity_is_ttl_or_eight_hours_whichever_is_longer),
        CLIMB_TEST(a_denial_has_a_validity_as_well),
        CLIMB_TEST(the_earliest_deciding_level_ends_the_validity),
        CLIMB_TEST(the_cache_shows_only_where_it_decided),
        CLIMB_TEST(dnssec_is_the_weakest_of_the_deciding_levels),
        CLIMB_TEST(a_name_needs_a_lookup_unless_exempt),
        CLIMB_TEST(without_memory_nothing_is_touched),
    };
    return FIXTURE_RUN("result", rows, decides_without_lookup, tests);
}
