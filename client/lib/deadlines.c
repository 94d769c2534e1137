#include "deadlines.h"

#include "attempt.h"

/* Pre: a call is listed. */
static void run_locked(struct caa_deadlines *deadlines)
{
    nng_time now = nng_clock();
    deadlines->until = deadlines->first->deadline;
    deadlines->running = true;
    nng_sleep_aio(deadlines->until > now ? (nng_duration)(deadlines->until - now) : 0,
                  deadlines->timer);
}

static void on_timer(void *arg)
{
    struct caa_deadlines *deadlines = arg;
    pthread_mutex_lock(deadlines->lock);
    nng_time now = nng_clock();
    while (deadlines->first != NULL && deadlines->first->deadline <= now) {
        struct caa_call *call = deadlines->first;
        caa_deadlines_remove_locked(deadlines, call);
        caa_call_late_locked(call);
    }
    deadlines->running = false;
    if (deadlines->first != NULL)
        run_locked(deadlines);
    pthread_mutex_unlock(deadlines->lock);
}

int caa_deadlines_init(struct caa_deadlines *deadlines, pthread_mutex_t *lock)
{
    *deadlines = (struct caa_deadlines){.lock = lock};
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
void caa_deadlines_add_locked(struct caa_deadlines *deadlines, struct caa_call *call)
{
    struct caa_call *before = deadlines->last;
    while (before != NULL && before->deadline > call->deadline)
        before = before->due_previous;
    call->due_previous = before;
    call->due_next = before != NULL ? before->due_next : deadlines->first;
    *(before != NULL ? &before->due_next : &deadlines->first) = call;
    *(call->due_next != NULL ? &call->due_next->due_previous : &deadlines->last) = call;
    if (!deadlines->running)
        run_locked(deadlines);
    else if (call->deadline < deadlines->until)
        nng_aio_cancel(deadlines->timer); /* to run anew, less long */
}

void caa_deadlines_remove_locked(struct caa_deadlines *deadlines, struct caa_call *call)
{
    *(call->due_previous != NULL ? &call->due_previous->due_next : &deadlines->first) =
        call->due_next;
    *(call->due_next != NULL ? &call->due_next->due_previous : &deadlines->last) =
        call->due_previous;
}
