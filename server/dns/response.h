/* response.h - read one DNS response to a CAA question. The C library's own
 * message parser splits the records; CAA RDATA, EDE and the alias chain are
 * read here. Octets come from any name server in the world: whatever cannot
 * be read for certain is MALFORMED_RESPONSE, never an empty answer.
 * Threads: any. */
#ifndef CAA_DNS_RESPONSE_H
#define CAA_DNS_RESPONSE_H

#include "base/arena.h"
#include "check/answer.h"

/* Fills outcome, dnssec, rcode, ttl_s, properties, aliases, ede and response
 * of *out (the rest untouched) from message, which answers a CAA question for
 * name (lookup form). Arrays live in arena; slices and out->response point
 * into message. outcome is never TIMEOUT, RESOLVER_UNAVAILABLE or
 * DEADLINE_EXCEEDED, and DNSSEC_BOGUS only through EDE-less inference
 * elsewhere. dnssec: SECURE with AD, else INSECURE; INDETERMINATE without
 * EDNS or for a failure. CAA_ENOMEM: *out untouched. */
CAA_MUSTCHECK enum caa_err response_read(struct arena *arena, struct bytes message,
                                         const char *name, struct caa_answer *out);

/* For the self-test: NOERROR from a recursive server. *ad: validated. */
bool response_is_noerror(struct bytes message, bool *ad);

#endif
