#include "scan_done.h"

#include <stdlib.h>

#include "output.h"

void scan_done_init(struct scan_done *done)
{
    *done = (struct scan_done){.next = 1,
                               .ring = must_alloc(SCAN_WINDOW * sizeof(*done->ring))};
}

void scan_done_fini(struct scan_done *done)
{
    free(done->ring);
    *done = (struct scan_done){0};
}

static uint32_t *slot(const struct scan_done *done, uint64_t line)
{
    return &done->ring[line % SCAN_WINDOW];
}

bool scan_done_add(struct scan_done *done, uint64_t line, uint32_t mark)
{
    if (line < done->next || line - done->next >= SCAN_WINDOW || *slot(done, line) != 0)
        return false;
    *slot(done, line) = mark;
    done->len++;
    if (line > done->last)
        done->last = line;
    for (uint32_t *at; *(at = slot(done, done->next)) != 0; done->next++) {
        done->sum += *at;
        *at = 0;
    }
    return true;
}

enum scan_done_state scan_done_look(struct scan_done *done, uint64_t line, uint32_t mark)
{
    if (line < done->next) {
        done->seen += mark;
        return line + 1 < done->next || done->seen == done->sum ? SCAN_DONE
                                                                : SCAN_DIFFERENT;
    }
    if (line > done->last || *slot(done, line) == 0)
        return SCAN_NOT_DONE;
    return *slot(done, line) == mark ? SCAN_DONE : SCAN_DIFFERENT;
}
