/* flight.h - one question on its way: an attempt and its retries, each on the
 * next resolver in rotation; TCP after truncation; once more with CD after a
 * final SERVFAIL, to tell a DNSSEC failure from any other. All who ask the
 * same meanwhile wait for the same flight.
 * Threads: the worker that owns the name. */
#ifndef CAA_DNS_FLIGHT_H
#define CAA_DNS_FLIGHT_H

#include "dns/worker.h"

/* Joins a flight, or takes the cached answer, or starts a flight. */
void flight_ask(struct worker *worker, struct resolver_query *query);
/* Its turn to be sent has come. */
void flight_send(struct paced *paced);
/* Ends every flight with RESOLVER_UNAVAILABLE. */
void flight_end_all(struct worker *worker);

/* Frees those kept for the next ones. */
void flight_free_spare(struct worker *worker);

#endif
