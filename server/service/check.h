/* check.h - the lookups of one request: plans every name's climb, asks each
 * distinct level once, decides each name as soon as its nearest levels settle
 * it, and hands over when all are decided.
 *
 * No denial comes from the cache: where a cached answer denies, the name's
 * levels are all asked afresh, once, since the customer may have just mended
 * the record.
 *
 * Threads: check_start by the owner; answers come in on worker threads, under
 * the check's lock; complete is called once, by the thread that decided the
 * last name, perhaps within check_start. From then on the results are
 * immutable. */
#ifndef CAA_SERVICE_CHECK_H
#define CAA_SERVICE_CHECK_H

#include "check/result.h"
#include "dns/resolver.h"

struct check;

struct check_options {
    struct resolver *resolver;
    struct caa_policy policy; /* what it points to lives until complete */
    const char *const *names; /* distinct, valid UTF-8; live until complete */
    size_t name_count;
    bool fresh;          /* ask every level, whatever the cache holds */
    bool whole_climb;    /* decide only when every level is known */
    int64_t asked_us;    /* monotonic: when the request came */
    int64_t deadline_us; /* monotonic */
    size_t memory_budget;
    /* err: CAA_OK, or CAA_ENOMEM and no results. */
    void (*complete)(struct check *check, enum caa_err err, void *arg);
    void *arg;
};

/* CAA_ENOMEM: complete will not be called. */
CAA_MUSTCHECK enum caa_err check_start(const struct check_options *options);
/* After complete: results[i] is for options->names[i]. */
const struct caa_result *check_results(const struct check *check);
/* Every level of a name's climb, nearest first; answers may be NULL where an
 * early decision did not wait for them. */
const struct caa_level *check_levels(const struct check *check, size_t name,
                                     size_t *count);
/* The caller of check_start, when done with the results. */
void check_release(struct check *check);

#endif
