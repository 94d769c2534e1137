/* clock.h - the two clocks. Only I/O code reads them; check/ is given times.
 * Threads: any. */
#ifndef CAA_BASE_CLOCK_H
#define CAA_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Milliseconds since 1970-01-01 UTC: for records and validity. */
static inline int64_t clock_wall_ms(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000;
}

/* Microseconds that never jump: for timeouts and durations. */
static inline int64_t clock_mono_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

#endif
