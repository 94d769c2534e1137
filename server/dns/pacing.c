#include "dns/pacing.h"

#include <stddef.h>

void pacing_init(struct pacing *pacing, struct wheel *wheel, unsigned window,
                 void (*send)(struct paced *paced))
{
    *pacing = (struct pacing){.wheel = wheel, .window = window, .send = send};
    pacing->sent_tail = &pacing->sent;
    pacing->waiting_tail = &pacing->waiting;
}

static void push(struct paced ***tail, struct paced *paced)
{
    paced->next = NULL;
    **tail = paced;
    *tail = &paced->next;
}

static struct paced *pop(struct paced **first, struct paced ***tail)
{
    struct paced *popped = *first;
    *first = popped->next;
    if (!*first)
        *tail = first;
    return popped;
}

static bool is_open(const struct pacing *pacing)
{
    return pacing->unread < pacing->window;
}

bool pacing_admit(struct pacing *pacing, struct paced *paced)
{
    if (is_open(pacing))
        return true;
    push(&pacing->waiting_tail, paced);
    return false;
}

static void on_aging(struct wheel_timer *timer)
{
    char *aging = (char *)timer;
    pacing_read((struct paced *)(void *)(aging - offsetof(struct paced, aging)));
}

void pacing_sent(struct pacing *pacing, struct paced *paced, int64_t sent_us)
{
    paced->pacing = pacing;
    push(&pacing->sent_tail, paced);
    pacing->unread++;
    wheel_set(pacing->wheel, &paced->aging, sent_us + PACING_AGE_US, on_aging);
}

static void remove_oldest(struct pacing *pacing)
{
    struct paced *oldest = pop(&pacing->sent, &pacing->sent_tail);
    oldest->pacing = NULL;
    pacing->unread--;
    wheel_clear(pacing->wheel, &oldest->aging);
}

void pacing_read(struct paced *paced)
{
    struct pacing *pacing = paced->pacing;
    if (!pacing)
        return;
    while (paced->pacing)
        remove_oldest(pacing);
    while (pacing->waiting && is_open(pacing))
        pacing->send(pop(&pacing->waiting, &pacing->waiting_tail));
}

void pacing_forget(struct pacing *pacing)
{
    pacing->waiting = NULL;
    pacing->waiting_tail = &pacing->waiting;
}
