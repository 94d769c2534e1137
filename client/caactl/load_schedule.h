/* load_schedule.h - when to send what. Pure: the caller brings the time and
 * acts on the answer.
 *
 * Closed loop: a caller that has its answer sends the next request at once.
 * Open loop: request k is due at start + k / rate whatever the answers do, and
 * is timed from then, so that a slow server cannot hide the wait of those that
 * came after (coordinated omission). What is due while in_flight_max requests
 * are out is skipped and counted.
 *
 * Requests due before the end of the warm-up are sent but not measured; count
 * and duration apply to the measured ones.
 * Threads: any for a closed loop; one for an open one. stop: any. */
#ifndef CAACTL_LOAD_SCHEDULE_H
#define CAACTL_LOAD_SCHEDULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct load_plan {
    /* Requests a second; 0: closed loop. */
    double rate;
    /* Measured requests at most; 0: no bound. */
    uint64_t requests;
    /* Of the measured part; 0: no bound. */
    int64_t duration_ns;
    int64_t warm_up_ns;
    unsigned in_flight_max;
};

struct load_schedule {
    struct load_plan plan;
    int64_t start_ns;
    /* Requests ever due: the next one's number. */
    atomic_ullong due;
    atomic_ullong warm_up;
    atomic_ullong measured;
    /* Of the measured ones. */
    atomic_ullong skipped;
    atomic_bool stopped;
};

enum load_step {
    /* Send request number, timed from intended_ns. */
    LOAD_SEND,
    /* Ask again at until_ns. */
    LOAD_WAIT,
    /* It was due, but too many are out. Ask again at once. */
    LOAD_SKIP,
    LOAD_OVER
};

struct load_turn {
    uint64_t number;
    int64_t intended_ns;
    bool measured;
    int64_t until_ns;
};

void load_schedule_start(struct load_schedule *schedule, const struct load_plan *plan,
                         int64_t now_ns);
enum load_step load_schedule_next(struct load_schedule *schedule, int64_t now_ns,
                                  unsigned in_flight, struct load_turn *turn);
/* Nothing more is sent. */
void load_schedule_stop(struct load_schedule *schedule);

/* When the measured part begins. */
int64_t load_schedule_measured_from(const struct load_schedule *schedule);

#endif
