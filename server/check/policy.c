#include "check/policy.h"

#include <assert.h>

/* What one restricting property says to this request, worst first. */
enum standing {
    STANDING_UNREADABLE,   /* outside the grammar: names nobody */
    STANDING_NOBODY,       /* readable, no issuer */
    STANDING_OTHER_ISSUER, /* names another */
    STANDING_METHOD,       /* names us, not for this method */
    STANDING_ACCOUNT,      /* names us, not for this account */
    STANDING_AUTHORIZES,
    STANDING_COUNT,
};

/* Why a denial, nearest to a permission last. Which one when several stand:
 * the highest standing met (docs/design.md, "Which reason"). */
static const enum caa_reason REASONS[STANDING_COUNT] = {
    [STANDING_UNREADABLE] = CAA_REASON_MALFORMED_PROPERTY,
    [STANDING_NOBODY] = CAA_REASON_ISSUANCE_FORBIDDEN,
    [STANDING_OTHER_ISSUER] = CAA_REASON_ISSUER_NOT_AUTHORIZED,
    [STANDING_METHOD] = CAA_REASON_METHOD_NOT_AUTHORIZED,
    [STANDING_ACCOUNT] = CAA_REASON_ACCOUNT_NOT_AUTHORIZED,
    [STANDING_AUTHORIZES] = CAA_REASON_ISSUER_AUTHORIZED,
};

const char *caa_policy_own_name(const struct caa_policy *policy,
                                struct bytes issuer_domain_name)
{
    /* The whole name or nothing: a part of it is somebody else. */
    for (size_t i = 0; i < policy->issuer_domain_name_count; i++)
        if (bytes_equal_nocase(issuer_domain_name,
                               bytes_of(policy->issuer_domain_names[i])))
            return policy->issuer_domain_names[i];
    return NULL;
}

bool caa_policy_account_allowed(const struct caa_policy *policy,
                                const struct caa_parameter *accounturi)
{
    if (accounturi->count == 0)
        return true;
    /* RFC 8657 section 3: more than one, or no URI, is never satisfied. */
    if (accounturi->count > 1 || !caa_accounturi_is_uri(accounturi->value))
        return false;
    for (size_t i = 0; i < policy->account_uri_count; i++)
        if (bytes_equal(accounturi->value, bytes_of(policy->account_uris[i])))
            return true;
    return false;
}

bool caa_policy_method_allowed(const struct caa_policy *policy,
                               const struct caa_parameter *validationmethods)
{
    if (validationmethods->count == 0)
        return true;
    /* RFC 8657 section 4 is silent on a doubled one: nothing satisfies it. */
    if (validationmethods->count > 1 || policy->validation_method[0] == '\0')
        return false;
    return caa_validationmethods_include(validationmethods->value,
                                         bytes_of(policy->validation_method));
}

static enum standing property_standing(const struct caa_policy *policy,
                                       const struct caa_property *property)
{
    struct caa_issue_value value;
    /* RFC 8659 section 4.2: a malformed value is one with no issuer. */
    if (!caa_issue_value_read(property->value, &value))
        return STANDING_UNREADABLE;
    if (value.issuer_domain_name.len == 0)
        return STANDING_NOBODY;
    if (!caa_policy_own_name(policy, value.issuer_domain_name))
        return STANDING_OTHER_ISSUER;
    if (!caa_policy_account_allowed(policy, &value.accounturi))
        return STANDING_ACCOUNT;
    if (!caa_policy_method_allowed(policy, &value.validationmethods))
        return STANDING_METHOD;
    return STANDING_AUTHORIZES;
}

static bool is_unknown_critical(const struct caa_property *property)
{
    return property->known == CAA_TAG_UNKNOWN && caa_property_is_critical(property);
}

/* RFC 8659 section 4.1: a critical property nobody here understands forbids. */
static bool judge_critical(const struct caa_property *properties, size_t count,
                           bool *decisive)
{
    bool met = false;
    for (size_t i = 0; i < count; i++) {
        decisive[i] = is_unknown_critical(&properties[i]);
        met = met || decisive[i];
    }
    return met;
}

static bool has_tag(const struct caa_property *properties, size_t count, enum caa_tag tag)
{
    for (size_t i = 0; i < count; i++)
        if (properties[i].known == tag)
            return true;
    return false;
}

/* The tag whose properties restrict this certificate. */
static enum caa_tag governing_tag(enum caa_certificate certificate, bool wildcard,
                                  const struct caa_property *properties, size_t count)
{
    switch (certificate) {
    case CAA_CERTIFICATE_SMIME:
        return CAA_TAG_ISSUEMAIL; /* RFC 9495 section 4: and no other */
    case CAA_CERTIFICATE_VMC:
        return CAA_TAG_ISSUEVMC;
    case CAA_CERTIFICATE_TLS:
        break;
    }
    /* RFC 8659 section 4.3: for a wildcard any issuewild, whatever it says,
     * hides every issue; for another name issuewild means nothing. */
    if (wildcard && has_tag(properties, count, CAA_TAG_ISSUEWILD))
        return CAA_TAG_ISSUEWILD;
    return CAA_TAG_ISSUE;
}

/* Which of the restricting properties made the reason. */
static bool standing_decides(enum standing standing, enum standing best)
{
    if (best == STANDING_AUTHORIZES)
        return standing == STANDING_AUTHORIZES;
    if (best >= STANDING_METHOD)
        return standing >= STANDING_METHOD;
    return true;
}

static void judge_restricting(const struct caa_policy *policy,
                              const struct caa_property *properties, size_t count,
                              struct caa_judgement *judgement)
{
    enum standing best = STANDING_UNREADABLE;
    for (size_t i = 0; i < count; i++) {
        if (properties[i].known != judgement->restricting_tag)
            continue;
        enum standing standing = property_standing(policy, &properties[i]);
        if (standing > best)
            best = standing;
    }
    for (size_t i = 0; i < count; i++)
        judgement->decisive[i] =
            properties[i].known == judgement->restricting_tag &&
            standing_decides(property_standing(policy, &properties[i]), best);
    judgement->reason = REASONS[best];
}

enum caa_err caa_policy_judge(struct arena *arena, const struct caa_policy *policy,
                              bool wildcard, const struct caa_property *properties,
                              size_t count, struct caa_judgement *out)
{
    assert(count >= 1);
    struct caa_judgement judgement = {
        .decisive = arena_array(arena, count, sizeof *judgement.decisive),
    };
    if (!judgement.decisive)
        return CAA_ENOMEM;
    enum caa_tag tag = governing_tag(policy->certificate, wildcard, properties, count);
    if (judge_critical(properties, count, judgement.decisive)) {
        judgement.reason = CAA_REASON_CRITICAL_UNKNOWN_PROPERTY;
    } else if (!has_tag(properties, count, tag)) {
        judgement.reason = CAA_REASON_NO_RESTRICTING_PROPERTY;
    } else {
        judgement.restricting_tag = tag;
        judge_restricting(policy, properties, count, &judgement);
    }
    judgement.verdict = caa_reason_verdict(judgement.reason);
    *out = judgement;
    return CAA_OK;
}
