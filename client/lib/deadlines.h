/* deadlines.h - one timer for the deadlines of all calls that wait for an answer:
 * nearly every call is answered long before, and a timer of its own, begun and cut
 * short, would cost it more than the rest of its way.
 * Threads: functions named _locked hold the client's lock; the timer's completion
 * takes it. */
#ifndef CAA_CLIENT_DEADLINES_H
#define CAA_CLIENT_DEADLINES_H

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdbool.h>

/* Part of what has the deadline. */
struct caa_deadline {
    struct caa_deadline *next;
    struct caa_deadline *previous;
    nng_time at;
};

struct caa_deadlines {
    pthread_mutex_t *lock;
    void (*passed_locked)(struct caa_deadline *deadline);
    /* Soonest first. */
    struct caa_deadline *first;
    struct caa_deadline *last;
    nng_aio *timer;
    /* The timer runs, until then. */
    bool running;
    nng_time until;
};

/* lock is the client's. passed_locked is told of each deadline that was not removed
 * before its time, once; it is off the list then. 0 or an nng error. */
int caa_deadlines_init(struct caa_deadlines *deadlines, pthread_mutex_t *lock,
                       void (*passed_locked)(struct caa_deadline *deadline));
/* Waits for the timer's completion. Pre: none is listed. */
void caa_deadlines_fini(struct caa_deadlines *deadlines);

/* Pre: deadline->at is set. */
void caa_deadlines_add_locked(struct caa_deadlines *deadlines,
                              struct caa_deadline *deadline);
void caa_deadlines_remove_locked(struct caa_deadlines *deadlines,
                                 struct caa_deadline *deadline);

#endif
