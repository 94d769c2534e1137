/* wheel.h - timers of one thread: a hashed timing wheel. Setting and clearing
 * are O(1), so every lookup can have a deadline.
 * Threads: owner only. */
#ifndef CAA_DNS_WHEEL_H
#define CAA_DNS_WHEEL_H

#include <stdint.h>

struct wheel_timer {
    struct wheel_timer *next, *prev; /* NULL: not set */
    int64_t at_us;
    void (*fire)(struct wheel_timer *timer);
};

enum { WHEEL_TICK_US = 4096, WHEEL_SLOTS = 2048 };

struct wheel {
    struct wheel_timer slots[WHEEL_SLOTS]; /* list heads */
    int64_t tick;                          /* every tick before this one has fired */
    unsigned count;
};

void wheel_init(struct wheel *wheel, int64_t now_us);
/* fire is called by wheel_advance, at at_us or up to a tick later, once. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t at_us,
               void (*fire)(struct wheel_timer *));
/* A timer not set is fine. */
void wheel_clear(struct wheel *wheel, struct wheel_timer *timer);
void wheel_advance(struct wheel *wheel, int64_t now_us);

#endif
