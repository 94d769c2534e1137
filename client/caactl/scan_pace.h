/* scan_pace.h - how fast a scan may go, how long it tries again, and whether an
 * error is worth it. Times are milliseconds of a clock that never goes back.
 * Threads: owner only; no clock of its own. */
#ifndef CAACTL_SCAN_PACE_H
#define CAACTL_SCAN_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "caa_client.h"

struct scan_pace {
    /* Names a second; 0: as fast as it goes. */
    uint32_t rate;
    /* When the next name may be sent. */
    double next_ms;
};

/* Milliseconds to wait before the next request, 0: now. */
int64_t scan_pace_wait(const struct scan_pace *pace, int64_t now_ms);
/* So many names were sent. Time not used is not saved up. */
void scan_pace_sent(struct scan_pace *pace, int64_t now_ms, size_t names);
/* The most names a request should have, so that a low rate is an even one. */
size_t scan_pace_batch(const struct scan_pace *pace, size_t batch);

/* Pause before a request is sent for the (tries + 1)th time: doubled each time,
 * spread by random over its upper half. */
int64_t scan_backoff_ms(unsigned tries, uint32_t random);

enum scan_step {
    /* Ask again later: the daemon is away, busy or slow. */
    SCAN_RETRY,
    /* Ask for fewer names at once: something in this request is refused. */
    SCAN_SPLIT,
    /* No request will do any better. */
    SCAN_STOP
};

/* What a failed request calls for. */
enum scan_step scan_judge(const struct caa_client_error *error);

#endif
