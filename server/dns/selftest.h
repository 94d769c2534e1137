/* selftest.h - asks each resolver for the root's SOA once a second and judges
 * by the answer (upstream.h). One worker does it for the pool.
 * Threads: that worker. */
#ifndef CAA_DNS_SELFTEST_H
#define CAA_DNS_SELFTEST_H

#include "dns/worker.h"

/* Starts the rounds; they end with the worker's timers. */
CAA_MUSTCHECK enum caa_err selftest_start(struct worker *worker);
/* Tests at once where somebody wants it; call it often. */
void selftest_poll(struct worker *worker);
void selftest_stop(struct worker *worker);

#endif
