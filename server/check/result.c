#include "check/result.h"

#include <assert.h>

#include "check/message.h"

/* RFC 2181 section 8: a TTL with the top bit set counts as 0. */
static int64_t ttl_ms(uint32_t ttl_s)
{
    return ttl_s > INT32_MAX ? 0 : (int64_t)ttl_s * 1000;
}

/* BR 4.2.2.1: the answer may be issued on for max(TTL, 8 hours). */
static int64_t answer_valid_until_ms(const struct caa_answer *answer)
{
    int64_t kept_ms = ttl_ms(answer->ttl_s);
    return answer->retrieved_at_ms +
           (kept_ms > CAA_VALIDITY_MIN_MS ? kept_ms : CAA_VALIDITY_MIN_MS);
}

bool caa_result_needs_lookup(const struct caa_name *name, const struct caa_policy *policy)
{
    return name->kind == CAA_NAME_DOMAIN && !policy->exempt;
}

static enum caa_reason reason_without_lookup(const struct caa_name *name,
                                             const struct caa_policy *policy)
{
    switch (name->kind) {
    case CAA_NAME_INVALID:
        return name->fault; /* exempt products issue for names only, too */
    case CAA_NAME_IP_ADDRESS:
        return policy->exempt ? CAA_REASON_PRODUCT_EXEMPT : CAA_REASON_IP_ADDRESS;
    case CAA_NAME_ONION:
        return policy->exempt ? CAA_REASON_PRODUCT_EXEMPT : CAA_REASON_ONION_NAME;
    case CAA_NAME_DOMAIN:
        break;
    }
    return CAA_REASON_PRODUCT_EXEMPT;
}

/* What the answers of the deciding levels have in common. An empty level
 * decides as well: had it held records, they would have been the ones. */
static void gather_levels(struct caa_result *result)
{
    bool decided =
        result->verdict == CAA_VERDICT_PERMITTED || result->verdict == CAA_VERDICT_DENIED;
    for (size_t i = 0; i < result->level_count; i++) {
        const struct caa_level *level = &result->levels[i];
        int64_t retrieved_at_ms = level->answer->retrieved_at_ms;
        int64_t valid_until_ms = answer_valid_until_ms(level->answer);
        result->dnssec = caa_dnssec_weaker(result->dnssec, level->answer->dnssec);
        result->from_cache = result->from_cache || level->from_cache;
        if (result->retrieved_at_ms == 0 ||
            (retrieved_at_ms > 0 && retrieved_at_ms < result->retrieved_at_ms))
            result->retrieved_at_ms = retrieved_at_ms;
        if (decided &&
            (result->valid_until_ms == 0 || valid_until_ms < result->valid_until_ms))
            result->valid_until_ms = valid_until_ms;
    }
}

/* "May succeed later with nothing changed by the customer." Errors and silence
 * pass. Bad signatures stay until somebody signs again, who for a top-level
 * domain is never the customer. */
static bool failure_is_retryable(const struct caa_name *name,
                                 const struct caa_level *failed)
{
    if (failed->answer->outcome != CAA_OUTCOME_DNSSEC_BOGUS)
        return true;
    return caa_fqdn_label_count(failed->fqdn) == 1 && failed->fqdn.len < name->fqdn.len;
}

static enum caa_err decide_by_rrset(struct arena *arena, const struct caa_policy *policy,
                                    struct caa_result *result)
{
    struct caa_judgement judgement;
    const struct caa_answer *found = result->levels[result->level_count - 1].answer;
    enum caa_err err =
        caa_policy_judge(arena, policy, result->name->wildcard, found->properties,
                         found->property_count, &judgement);
    if (err)
        return err;
    result->found = found;
    result->reason = judgement.reason;
    result->restricting_tag = judgement.restricting_tag;
    result->decisive = judgement.decisive;
    return CAA_OK;
}

static enum caa_err decide_by_finding(struct arena *arena,
                                      const struct caa_policy *policy,
                                      struct caa_finding finding,
                                      struct caa_result *result)
{
    const struct caa_level *decider = &result->levels[finding.level];
    switch (finding.kind) {
    case CAA_FINDING_RRSET:
        result->level_count = finding.level + 1;
        return decide_by_rrset(arena, policy, result);
    case CAA_FINDING_NONE:
        result->reason = CAA_REASON_NO_CAA_RECORDS;
        return CAA_OK;
    case CAA_FINDING_FAILED:
        result->level_count = finding.level + 1;
        result->failed = decider->answer;
        result->reason = caa_outcome_reason(decider->answer->outcome);
        result->retryable = failure_is_retryable(result->name, decider);
        return CAA_OK;
    case CAA_FINDING_PENDING:
        break;
    }
    return CAA_EINVAL; /* the caller waits for those */
}

enum caa_err caa_result_decide(struct arena *arena, const struct caa_name *name,
                               const struct caa_policy *policy,
                               const struct caa_level *levels, size_t count,
                               bool *pending, struct caa_result *out)
{
    struct caa_result result = {.name = name};
    enum caa_err err = CAA_OK;
    if (caa_result_needs_lookup(name, policy)) {
        assert(count == caa_fqdn_label_count(name->fqdn));
        struct caa_finding finding = caa_climb_select(levels, count);
        if (finding.kind == CAA_FINDING_PENDING) {
            *pending = true;
            return CAA_OK;
        }
        result.levels = levels;
        result.level_count = count;
        err = decide_by_finding(arena, policy, finding, &result);
    } else {
        result.reason = reason_without_lookup(name, policy);
    }
    if (err)
        return err;
    result.verdict = caa_reason_verdict(result.reason);
    gather_levels(&result);
    err = caa_message_write(arena, policy, &result);
    if (err)
        return err;
    *pending = false;
    *out = result;
    return CAA_OK;
}
