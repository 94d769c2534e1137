/* probe.h - why is a server not connected? nng's dialer tries again and again
 * without saying what went wrong, so the probe makes one connection of its own,
 * waits for the peer's SP header, remembers what it saw and hangs up.
 * Threads: any; it has its own lock. */
#ifndef CAA_CLIENT_PROBE_H
#define CAA_CLIENT_PROBE_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <stddef.h>

#include "url.h"

struct caa_probe;

/* url: as in the options, parsed: the same read; tls: NULL unless tls+tcp.
 * url is copied. 0 or an nng error; *out untouched on failure. */
int caa_probe_create(const char *url, const struct caa_url *parsed, nng_tls_config *tls,
                     struct caa_probe **out);
/* Waits for a probe under way. Not from a callback. NULL is fine. */
void caa_probe_destroy(struct caa_probe *probe);

/* Looks again, in the background, unless it is looking or just has. */
void caa_probe_start(struct caa_probe *probe);

/* What the last look saw, in a few words; empty: nothing wrong, or not known. */
void caa_probe_cause(struct caa_probe *probe, char *out, size_t size);

#endif
