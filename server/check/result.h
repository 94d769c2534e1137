/* result.h - the answer for one name: climb, policy, validity and words put
 * together. The only place that turns lookups into a verdict.
 * Threads: any. */
#ifndef CAA_CHECK_RESULT_H
#define CAA_CHECK_RESULT_H

#include "check/climb.h"
#include "check/name.h"
#include "check/policy.h"

/* BR 4.2.2.1: a check may be issued on for max(TTL, 8 hours). */
#define CAA_VALIDITY_MIN_MS (INT64_C(8) * 3600 * 1000)

struct caa_result {
    const struct caa_name *name;
    enum caa_verdict verdict;
    enum caa_reason reason;
    enum caa_dnssec dnssec;         /* the weakest of the deciding levels */
    const struct caa_level *levels; /* the deciding ones, nearest first */
    size_t level_count;
    const struct caa_answer *found;  /* has the Relevant RRset; else NULL */
    const struct caa_answer *failed; /* why LOOKUP_FAILED; else NULL */
    enum caa_tag restricting_tag;
    const bool *decisive; /* one for each of found->properties; else NULL */
    int64_t retrieved_at_ms;
    int64_t valid_until_ms; /* 0 unless PERMITTED or DENIED */
    bool from_cache;
    bool retryable;      /* may succeed later with nothing changed by the customer: every
                          * failure but bad DNSSEC, which stays until somebody signs
                          * again (for a top-level domain never the customer) */
    const char *message; /* for a customer */
    const char *remedy;  /* "" where no record would help */
};

/* Whether name needs no lookup under policy: exempt, or no name at all. */
bool caa_result_needs_lookup(const struct caa_name *name,
                             const struct caa_policy *policy);

/* Decides as soon as the nearest levels settle it. *pending: not settled yet,
 * *out untouched. count is 0 for a name that needs no lookup. Strings live in
 * arena, the rest is borrowed. CAA_ENOMEM: *out untouched. */
CAA_MUSTCHECK enum caa_err caa_result_decide(struct arena *arena,
                                             const struct caa_name *name,
                                             const struct caa_policy *policy,
                                             const struct caa_level *levels, size_t count,
                                             bool *pending, struct caa_result *out);

#endif
