#include "audit/gather.h"

#include "base/clock.h"

enum {
    WAIT_MAX_US = 2000,
    STEP_US = 200, /* nobody new in so long: nobody is coming */
};

void gather_commit(struct gather *gather, int64_t took_us)
{
    gather->commit_us += (took_us - gather->commit_us) / 4;
}

void gather_note(struct gather *gather, size_t waiting)
{
    gather->expected = waiting;
}

void gather_answered(struct gather *gather)
{
    gather->answered_us = clock_mono_us();
}

static int64_t give_up_at(const struct gather *gather)
{
    int64_t wait_us = gather->commit_us / 2;
    return gather->answered_us + (wait_us < WAIT_MAX_US ? wait_us : WAIT_MAX_US);
}

/* Nobody wakes the thread for less than all it waits for. */
static void step(struct writer *writer, size_t target, int64_t until_us)
{
    int64_t step_us = clock_mono_us() + STEP_US;
    writer->wake_at = target;
    audit_cond_wait_until(&writer->wake, &writer->lock,
                          step_us < until_us ? step_us : until_us);
    writer->wake_at = 1;
}

void gather_wait_locked(const struct gather *gather, struct writer *writer,
                        size_t group_max)
{
    size_t target = gather->expected < group_max ? gather->expected : group_max;
    int64_t until_us = give_up_at(gather);
    size_t before = 0;
    while (!writer->closing && writer->queued < target && writer->queued > before &&
           clock_mono_us() < until_us) {
        before = writer->queued;
        step(writer, target, until_us);
    }
}
