#include "dns/wheel.h"

#include <stddef.h>

void wheel_init(struct wheel *wheel, int64_t now_us)
{
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        wheel->slots[i].next = wheel->slots[i].prev = &wheel->slots[i];
    wheel->tick = now_us / WHEEL_TICK_US;
    wheel->count = 0;
}

/* Rounded up, so that nothing fires early. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t at_us,
               void (*fire)(struct wheel_timer *))
{
    int64_t tick = at_us / WHEEL_TICK_US + 1;
    if (tick < wheel->tick)
        tick = wheel->tick;
    struct wheel_timer *head = &wheel->slots[tick % WHEEL_SLOTS];
    *timer = (struct wheel_timer){head, head->prev, at_us, fire};
    head->prev->next = timer;
    head->prev = timer;
    wheel->count++;
}

void wheel_clear(struct wheel *wheel, struct wheel_timer *timer)
{
    if (!timer->next)
        return;
    timer->next->prev = timer->prev;
    timer->prev->next = timer->next;
    timer->next = timer->prev = NULL;
    wheel->count--;
}

/* A due timer's fire may set or clear any other, so the list is read anew
 * after each; those of a later round stay. */
static void fire_slot(struct wheel *wheel, struct wheel_timer *head, int64_t now_us)
{
    struct wheel_timer *timer = head->next;
    while (timer != head) {
        if (timer->at_us > now_us) {
            timer = timer->next;
            continue;
        }
        wheel_clear(wheel, timer);
        timer->fire(timer);
        timer = head->next;
    }
}

void wheel_advance(struct wheel *wheel, int64_t now_us)
{
    int64_t now_tick = now_us / WHEEL_TICK_US;
    if (now_tick - wheel->tick >= WHEEL_SLOTS) /* once around covers every slot */
        wheel->tick = now_tick - WHEEL_SLOTS + 1;
    for (; wheel->tick <= now_tick; wheel->tick++)
        if (wheel->count > 0)
            fire_slot(wheel, &wheel->slots[wheel->tick % WHEEL_SLOTS], now_us);
}
