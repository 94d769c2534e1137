#include "load_schedule.h"

void load_schedule_start(struct load_schedule *schedule, const struct load_plan *plan,
                         int64_t now_ns)
{
    schedule->plan = *plan;
    schedule->start_ns = now_ns;
    atomic_init(&schedule->due, 0);
    atomic_init(&schedule->warm_up, 0);
    atomic_init(&schedule->measured, 0);
    atomic_init(&schedule->skipped, 0);
    atomic_init(&schedule->stopped, false);
}

void load_schedule_stop(struct load_schedule *schedule)
{
    atomic_store(&schedule->stopped, true);
}

int64_t load_schedule_measured_from(const struct load_schedule *schedule)
{
    return schedule->start_ns + schedule->plan.warm_up_ns;
}

/* Whether a request of this time is still wanted; takes its place among the
 * measured ones. */
static bool admit(struct load_schedule *schedule, int64_t at_ns, struct load_turn *turn)
{
    const struct load_plan *plan = &schedule->plan;
    int64_t from = load_schedule_measured_from(schedule);
    turn->intended_ns = at_ns;
    turn->measured = at_ns >= from;
    if (!turn->measured) {
        atomic_fetch_add_explicit(&schedule->warm_up, 1, memory_order_relaxed);
        return true;
    }
    if (plan->duration_ns != 0 && at_ns - from >= plan->duration_ns)
        return false;
    uint64_t taken =
        atomic_fetch_add_explicit(&schedule->measured, 1, memory_order_relaxed);
    return plan->requests == 0 || taken < plan->requests;
}

static enum load_step next_closed(struct load_schedule *schedule, int64_t now_ns,
                                  struct load_turn *turn)
{
    if (!admit(schedule, now_ns, turn))
        return LOAD_OVER;
    turn->number = atomic_fetch_add_explicit(&schedule->due, 1, memory_order_relaxed);
    return LOAD_SEND;
}

static enum load_step next_open(struct load_schedule *schedule, int64_t now_ns,
                                unsigned in_flight, struct load_turn *turn)
{
    uint64_t number = atomic_load_explicit(&schedule->due, memory_order_relaxed);
    /* From the number, not from the last one: no error adds up. */
    int64_t at_ns =
        schedule->start_ns + (int64_t)((double)number * 1e9 / schedule->plan.rate);
    if (at_ns > now_ns) {
        turn->until_ns = at_ns;
        return LOAD_WAIT;
    }
    if (!admit(schedule, at_ns, turn))
        return LOAD_OVER;
    atomic_store_explicit(&schedule->due, number + 1, memory_order_relaxed);
    turn->number = number;
    if (in_flight < schedule->plan.in_flight_max)
        return LOAD_SEND;
    if (turn->measured)
        atomic_fetch_add_explicit(&schedule->skipped, 1, memory_order_relaxed);
    return LOAD_SKIP;
}

enum load_step load_schedule_next(struct load_schedule *schedule, int64_t now_ns,
                                  unsigned in_flight, struct load_turn *turn)
{
    if (atomic_load_explicit(&schedule->stopped, memory_order_relaxed))
        return LOAD_OVER;
    if (schedule->plan.rate > 0)
        return next_open(schedule, now_ns, in_flight, turn);
    return next_closed(schedule, now_ns, turn);
}
