/* deadlines.h - when the calls that wait for an answer run out of time: one timer
 * for all of them, since nearly every call is answered long before, and a timer of
 * its own, begun and cut short, would cost it more than the rest of its way.
 * Threads: functions named _locked hold the client's lock; the timer's completion
 * takes it. */
#ifndef CAA_CLIENT_DEADLINES_H
#define CAA_CLIENT_DEADLINES_H

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdbool.h>

struct caa_call;

struct caa_deadlines {
    pthread_mutex_t *lock;
    /* Soonest first, linked by due_next and due_previous. */
    struct caa_call *first;
    struct caa_call *last;
    nng_aio *timer;
    /* The timer runs, until then. */
    bool running;
    nng_time until;
};

/* lock is the client's. 0 or an nng error. */
int caa_deadlines_init(struct caa_deadlines *deadlines, pthread_mutex_t *lock);
/* Waits for the timer's completion. Pre: no call is listed. */
void caa_deadlines_fini(struct caa_deadlines *deadlines);

/* From now on, until it is removed, the call is told with caa_call_late_locked,
 * once, when its deadline has passed; it is off the list then. */
void caa_deadlines_add_locked(struct caa_deadlines *deadlines, struct caa_call *call);
void caa_deadlines_remove_locked(struct caa_deadlines *deadlines, struct caa_call *call);

#endif
