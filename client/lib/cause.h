/* cause.h - why a server cannot be reached, in a person's words.
 * Threads: any; no state. */
#ifndef CAA_CLIENT_CAUSE_H
#define CAA_CLIENT_CAUSE_H

#include "url.h"

/* rv: the nng error of the connection attempt. Static. */
const char *caa_cause_dial(const struct caa_url *url, int rv);
/* The connection stood, but the peer did not greet as a REP socket does. */
const char *caa_cause_greeting(const struct caa_url *url, int rv);

#endif
