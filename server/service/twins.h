/* twins.h - calls that carry the request_id of a call in flight: a retry of the
 * same check. They wait for the first one and get its answer, so that one id
 * is checked and recorded once.
 * Threads: any. */
#ifndef CAA_SERVICE_TWINS_H
#define CAA_SERVICE_TWINS_H

#include <stdbool.h>

#include "base/err.h"

struct twins;

/* One call; embedded in its owner. */
struct twin {
    const char *request_id; /* lives until twins_leave */
    struct twin *next;      /* in the bucket, or who waits next */
    struct twin *waiting;   /* of the first: those that wait for it */
};

CAA_MUSTCHECK enum caa_err twins_create(struct twins **out);
void twins_destroy(struct twins *twins);

/* true: twin is the first with its id. false: it waits for the first. */
bool twins_join(struct twins *twins, struct twin *twin);
/* The first is done; returns the list of those that waited, linked by next. */
struct twin *twins_leave(struct twins *twins, struct twin *twin);

#endif
