#include "deadlines.h"

/* Pre: one is listed. */
static void run_locked(struct caa_deadlines *deadlines)
{
    nng_time now = nng_clock();
    deadlines->until = deadlines->first->at;
    deadlines->running = true;
    nng_sleep_aio(deadlines->until > now ? (nng_duration)(deadlines->until - now) : 0,
                  deadlines->timer);
}

static void on_timer(void *arg)
{
    struct caa_deadlines *deadlines = arg;
    pthread_mutex_lock(deadlines->lock);
    nng_time now = nng_clock();
    while (deadlines->first != NULL && deadlines->first->at <= now) {
        struct caa_deadline *passed = deadlines->first;
        caa_deadlines_remove_locked(deadlines, passed);
        deadlines->passed_locked(passed);
    }
    deadlines->running = false;
    if (deadlines->first != NULL)
        run_locked(deadlines);
    pthread_mutex_unlock(deadlines->lock);
}

int caa_deadlines_init(struct caa_deadlines *deadlines, pthread_mutex_t *lock,
                       void (*passed_locked)(struct caa_deadline *deadline))
{
    *deadlines = (struct caa_deadlines){.lock = lock, .passed_locked = passed_locked};
    return nng_aio_alloc(&deadlines->timer, on_timer, deadlines);
}

void caa_deadlines_fini(struct caa_deadlines *deadlines)
{
    if (deadlines->timer == NULL)
        return;
    nng_aio_stop(deadlines->timer);
    nng_aio_free(deadlines->timer);
}

/* Most calls of a client have the same patience, so the place is near the end. */
void caa_deadlines_add_locked(struct caa_deadlines *deadlines,
                              struct caa_deadline *deadline)
{
    struct caa_deadline *before = deadlines->last;
    while (before != NULL && before->at > deadline->at)
        before = before->previous;
    deadline->previous = before;
    deadline->next = before != NULL ? before->next : deadlines->first;
    *(before != NULL ? &before->next : &deadlines->first) = deadline;
    *(deadline->next != NULL ? &deadline->next->previous : &deadlines->last) = deadline;
    if (!deadlines->running)
        run_locked(deadlines);
    else if (deadline->at < deadlines->until)
        nng_aio_cancel(deadlines->timer); /* to run anew, less long */
}

void caa_deadlines_remove_locked(struct caa_deadlines *deadlines,
                                 struct caa_deadline *deadline)
{
    struct caa_deadline *next = deadline->next, *previous = deadline->previous;
    *(previous != NULL ? &previous->next : &deadlines->first) = next;
    *(next != NULL ? &next->previous : &deadlines->last) = previous;
}
