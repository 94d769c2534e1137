/* pacing.h - no more queries to one resolver than its socket buffer holds. Those
 * that may still lie unread there are kept in the order sent. The buffer is a queue,
 * so an answer to one of them says that those before it were read; the rest waits.
 * Threads: the worker's. */
#ifndef CAA_DNS_PACING_H
#define CAA_DNS_PACING_H

#include <stdbool.h>

#include "dns/wheel.h"

enum {
    /* So many queries of all workers together fit a resolver's socket buffer
     * (212,992 octets by default, at some 800 each) with room to spare. */
    PACING_WINDOW = 160,
    PACING_WINDOW_MIN = 8, /* a worker */
    /* A resolver that answers nothing at all gets the next ones after this. */
    PACING_AGE_US = 500000,
};

struct pacing;

/* Part of what is sent; all zero at first. */
struct paced {
    struct pacing *pacing; /* NULL: not sent, or read */
    struct paced *next;    /* of those sent after it, or of those that wait */
    struct wheel_timer aging;
};

/* Of one worker and one resolver. */
struct pacing {
    struct wheel *wheel;
    unsigned window, unread;
    struct paced *sent, **sent_tail; /* perhaps unread, oldest first */
    struct paced *waiting, **waiting_tail;
    void (*send)(struct paced *paced);
};

/* send: called when the turn of one that waits has come; it asks pacing_admit
 * again, and is admitted. */
void pacing_init(struct pacing *pacing, struct wheel *wheel, unsigned window,
                 void (*send)(struct paced *paced));
/* true: send it. false: it waits for its turn. */
bool pacing_admit(struct pacing *pacing, struct paced *paced);
void pacing_sent(struct pacing *pacing, struct paced *paced, int64_t sent_us);
/* It was answered, or is waited for no longer: it and all sent before it were read.
 * Sends those whose turn that makes it. Nothing if it was not sent. */
void pacing_read(struct paced *paced);
/* Nobody waits any more. */
void pacing_forget(struct pacing *pacing);

#endif
