#include "check/verdict.h"

#include "check/fixture.h"

static void each_reason_has_its_verdict_and_name(void **state)
{
    (void)state;
    static const struct {
        enum caa_reason reason;
        enum caa_verdict verdict;
        const char *name;
    } table[] = {
#define ROW(reason, number, verdict)                                                     \
    {CAA_REASON_##reason, CAA_VERDICT_##verdict, #reason},
        CAA_REASON_TABLE(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(caa_reason_verdict(table[i].reason), table[i].verdict);
        assert_string_equal(caa_reason_name(table[i].reason), table[i].name);
    }
    assert_int_equal(caa_reason_verdict(CAA_REASON_UNSPECIFIED), CAA_VERDICT_UNSPECIFIED);
    assert_string_equal(caa_reason_name(CAA_REASON_UNSPECIFIED), "UNSPECIFIED");
}

/* [46] [53] No failure is permission. */
static void every_failure_is_lookup_failed(void **state)
{
    (void)state;
    for (int outcome = CAA_OUTCOME_TIMEOUT; outcome <= CAA_OUTCOME_DEADLINE_EXCEEDED;
         outcome++) {
        enum caa_reason reason = caa_outcome_reason((enum caa_outcome)outcome);
        assert_true(caa_outcome_is_failure((enum caa_outcome)outcome));
        assert_int_equal(caa_reason_verdict(reason), CAA_VERDICT_LOOKUP_FAILED);
        assert_string_equal(caa_outcome_name((enum caa_outcome)outcome),
                            caa_reason_name(reason));
    }
}

static void answers_are_no_failures(void **state)
{
    (void)state;
    assert_false(caa_outcome_is_failure(CAA_OUTCOME_RRSET));
    assert_false(caa_outcome_is_failure(CAA_OUTCOME_NODATA));
    assert_false(caa_outcome_is_failure(CAA_OUTCOME_NXDOMAIN));
    assert_string_equal(caa_outcome_name(CAA_OUTCOME_RRSET), "RRSET");
    assert_string_equal(caa_outcome_name(CAA_OUTCOME_NODATA), "NODATA");
    assert_string_equal(caa_outcome_name(CAA_OUTCOME_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(caa_outcome_name((enum caa_outcome)0), "UNSPECIFIED");
}

static void names_are_those_of_the_schema(void **state)
{
    (void)state;
    assert_string_equal(caa_dnssec_name(CAA_DNSSEC_SECURE), "SECURE");
    assert_string_equal(caa_dnssec_name(CAA_DNSSEC_INSECURE), "INSECURE");
    assert_string_equal(caa_dnssec_name(CAA_DNSSEC_BOGUS), "BOGUS");
    assert_string_equal(caa_dnssec_name(CAA_DNSSEC_INDETERMINATE), "INDETERMINATE");
    assert_string_equal(caa_dnssec_name(CAA_DNSSEC_UNSPECIFIED), "UNSPECIFIED");
    assert_string_equal(caa_verdict_name(CAA_VERDICT_PERMITTED), "PERMITTED");
    assert_string_equal(caa_verdict_name(CAA_VERDICT_DENIED), "DENIED");
    assert_string_equal(caa_verdict_name(CAA_VERDICT_LOOKUP_FAILED), "LOOKUP_FAILED");
    assert_string_equal(caa_verdict_name(CAA_VERDICT_EXEMPT), "EXEMPT");
    assert_string_equal(caa_verdict_name(CAA_VERDICT_INVALID_NAME), "INVALID_NAME");
    assert_string_equal(caa_verdict_name(CAA_VERDICT_UNSPECIFIED), "UNSPECIFIED");
    assert_string_equal(caa_decision_name(CAA_DECISION_PERMITTED), "PERMITTED");
    assert_string_equal(caa_decision_name(CAA_DECISION_DENIED), "DENIED");
    assert_string_equal(caa_decision_name(CAA_DECISION_LOOKUP_FAILED), "LOOKUP_FAILED");
    assert_string_equal(caa_decision_name(CAA_DECISION_UNSPECIFIED), "UNSPECIFIED");
}

/* [46] Not known is weaker than Insecure: the two must not be mixed up. */
static void the_weaker_state_wins_either_way_round(void **state)
{
    (void)state;
    static const enum caa_dnssec order[] = {CAA_DNSSEC_UNSPECIFIED, CAA_DNSSEC_SECURE,
                                            CAA_DNSSEC_INSECURE, CAA_DNSSEC_INDETERMINATE,
                                            CAA_DNSSEC_BOGUS};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            assert_int_equal(caa_dnssec_weaker(order[i], order[j]), order[i > j ? i : j]);
}

static enum caa_decision decide(const enum caa_verdict *verdicts, size_t count)
{
    enum caa_decision decision = CAA_DECISION_UNSPECIFIED;
    for (size_t i = 0; i < count; i++)
        decision = caa_decision_add(decision, verdicts[i]);
    return decision;
}

/* [4] Each name by itself, and all of them must be permitted. */
static void the_worst_verdict_decides_in_any_order(void **state)
{
    (void)state;
    static const enum caa_verdict all[] = {
        CAA_VERDICT_PERMITTED, CAA_VERDICT_EXEMPT,       CAA_VERDICT_LOOKUP_FAILED,
        CAA_VERDICT_DENIED,    CAA_VERDICT_INVALID_NAME,
    };
    static const enum caa_decision means[] = {
        CAA_DECISION_PERMITTED, CAA_DECISION_PERMITTED, CAA_DECISION_LOOKUP_FAILED,
        CAA_DECISION_DENIED,    CAA_DECISION_DENIED,
    };
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            for (size_t k = 0; k < 5; k++) {
                enum caa_verdict verdicts[] = {all[i], all[j], all[k]};
                bool denied = means[i] == CAA_DECISION_DENIED ||
                              means[j] == CAA_DECISION_DENIED ||
                              means[k] == CAA_DECISION_DENIED;
                bool failed = i == 2 || j == 2 || k == 2;
                assert_int_equal(decide(verdicts, 3), denied ? CAA_DECISION_DENIED
                                                      : failed
                                                          ? CAA_DECISION_LOOKUP_FAILED
                                                          : CAA_DECISION_PERMITTED);
            }
}

/* [1] Helper that prints nothing: no verdict is no permission. */
static void a_name_without_a_verdict_is_not_permitted(void **state)
{
    (void)state;
    static const enum caa_verdict verdicts[] = {CAA_VERDICT_PERMITTED,
                                                CAA_VERDICT_UNSPECIFIED};
    assert_int_equal(decide(verdicts, 2), CAA_DECISION_LOOKUP_FAILED);
    assert_int_equal(decide(verdicts + 1, 1), CAA_DECISION_LOOKUP_FAILED);
    assert_int_equal(decide(verdicts, 0), CAA_DECISION_UNSPECIFIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_its_verdict_and_name),
        cmocka_unit_test(every_failure_is_lookup_failed),
        cmocka_unit_test(answers_are_no_failures),
        cmocka_unit_test(names_are_those_of_the_schema),
        cmocka_unit_test(the_weaker_state_wins_either_way_round),
        cmocka_unit_test(the_worst_verdict_decides_in_any_order),
        cmocka_unit_test(a_name_without_a_verdict_is_not_permitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
