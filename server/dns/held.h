/* held.h - an answer shared by the cache, by requests and by the audit: one
 * block of memory with everything the answer points to, counted references.
 * Threads: any; immutable after creation. */
#ifndef CAA_DNS_HELD_H
#define CAA_DNS_HELD_H

#include <stdatomic.h>

#include "check/answer.h"

struct held_answer {
    atomic_uint references;
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
