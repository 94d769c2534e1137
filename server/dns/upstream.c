#include "dns/upstream.h"

#include "base/clock.h"

bool upstream_in_rotation(const struct upstream *upstream, bool require_dnssec)
{
    int state = atomic_load(&upstream->state);
    return state == UPSTREAM_VALIDATING ||
           (state == UPSTREAM_NOT_VALIDATING && !require_dnssec);
}

void upstream_answered(struct upstream *upstream, int64_t now_us)
{
    atomic_store_explicit(&upstream->last_answer_us, now_us, memory_order_relaxed);
}

bool upstream_alive_since(const struct upstream *upstream, int64_t since_us)
{
    return atomic_load_explicit(&upstream->last_answer_us, memory_order_relaxed) >=
           since_us;
}

bool upstream_set_state(struct upstream *upstream, enum upstream_state state,
                        enum upstream_state *from)
{
    *from = (enum upstream_state)atomic_exchange(&upstream->state, (int)state);
    if (*from == state)
        return false;
    atomic_store(&upstream->since_ms, clock_wall_ms());
    return true;
}

const char *upstream_state_name(enum upstream_state state)
{
    switch (state) {
    case UPSTREAM_UNTESTED:
        return "UNTESTED";
    case UPSTREAM_VALIDATING:
        return "VALIDATING";
    case UPSTREAM_NOT_VALIDATING:
        return "NOT_VALIDATING";
    case UPSTREAM_UNREACHABLE:
        return "UNREACHABLE";
    }
    return "UNKNOWN";
}
