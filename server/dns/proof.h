/* proof.h - asks a resolver for the root's SOA now, for lookups whose outcome
 * rests on what it is at this moment: an answer without AD means "insecure" only
 * from one that validates, and silence means the domain's only from one that
 * speaks. The self-test's word is up to a second old, and a resolver may have been
 * replaced since. One question proves for all who asked before it was sent.
 * Threads: owner only. */
#ifndef CAA_DNS_PROOF_H
#define CAA_DNS_PROOF_H

#include "dns/worker.h"

struct proof_waiter {
    struct proof_waiter *next;
    /* answers: it gave a good answer; validates: with AD. */
    void (*done)(struct proof_waiter *waiter, bool answers, bool validates);
};

CAA_MUSTCHECK enum caa_err proof_start(struct worker *worker);
/* Those who wait are forgotten. */
void proof_stop(struct worker *worker);

/* done is called once, within the time of an attempt or two. */
void proof_ask(struct worker *worker, size_t upstream, struct proof_waiter *waiter);

#endif
