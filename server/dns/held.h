/* held.h - an answer shared by the cache, by requests and by the audit: one
 * block of memory with everything the answer points to, counted references.
 * Threads: any; immutable after creation, but for its place. */
#ifndef CAA_DNS_HELD_H
#define CAA_DNS_HELD_H

#include <stdatomic.h>

#include "check/answer.h"

/* Where it is in the cache: the cache's own, under its locks. */
struct cache_place {
    struct held_answer *next_in_bucket;
    struct held_answer *newer, *older; /* by last use */
    uint64_t hash;
    int64_t asked_us, expires_us;
};

struct held_answer {
    atomic_uint references;
    struct cache_place place;
    struct caa_answer answer;
};

/* Copies draft and all it points to; one reference, the caller's. Property
 * and EDE slices that point into draft->response point into the copy's.
 * NULL: out of memory. */
struct held_answer *held_create(const struct caa_answer *draft);
struct held_answer *held_ref(struct held_answer *held);
/* NULL is fine. */
void held_unref(struct held_answer *held);

#endif
