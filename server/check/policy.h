/* policy.h - do these records let this CA issue? RFC 8659 section 4, RFC 8657,
 * RFC 9495. The rules, in the order they decide:
 *   1. a critical property with an unknown tag forbids;
 *   2. the restricting properties are those of the certificate's own tag; for a
 *      wildcard name issuewild if there is any, else issue;
 *   3. none: nothing restricts;
 *   4. one that names us, with its parameters satisfied: authorized;
 *   5. else denied, for the reason nearest to a permission.
 * Threads: any. */
#ifndef CAA_CHECK_POLICY_H
#define CAA_CHECK_POLICY_H

#include "base/arena.h"
#include "check/issue_value.h"
#include "check/property.h"
#include "check/verdict.h"

/* Who asks, for what; everything borrowed. */
struct caa_policy {
    const char *const *issuer_domain_names; /* who we are; compared without case */
    size_t issuer_domain_name_count;        /* at least 1 */
    enum caa_certificate certificate;
    bool exempt; /* the product needs no check */
    const char *const *account_uris;
    size_t account_uri_count;
    const char *validation_method; /* "" if none was given */
};

struct caa_judgement {
    enum caa_verdict verdict; /* PERMITTED or DENIED */
    enum caa_reason reason;
    enum caa_tag restricting_tag; /* the tag that governed; UNKNOWN if none did */
    bool *decisive;               /* one for each property, in the arena: the records
                                   * that authorize; of a denial those that block: the
                                   * critical ones, else those that name us, else all
                                   * of the restricting tag */
};

/* Our own name that issuer_domain_name is, compared without case; NULL: it is
 * not us. */
const char *caa_policy_own_name(const struct caa_policy *policy,
                                struct bytes issuer_domain_name);

/* Whether a parameter allows this request (RFC 8657 sections 3 and 4): absent
 * allows all; doubled, empty or ill-formed allows nothing. */
bool caa_policy_account_allowed(const struct caa_policy *policy,
                                const struct caa_parameter *accounturi);
bool caa_policy_method_allowed(const struct caa_policy *policy,
                               const struct caa_parameter *validationmethods);

/* Pre: count >= 1. CAA_ENOMEM: *out untouched. */
CAA_MUSTCHECK enum caa_err caa_policy_judge(struct arena *arena,
                                            const struct caa_policy *policy,
                                            bool wildcard,
                                            const struct caa_property *properties,
                                            size_t count, struct caa_judgement *out);

#endif
