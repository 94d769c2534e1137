#include "outbox.h"

#include <stdlib.h>
#include <string.h>

void caa_outbox_init(struct caa_outbox *outbox)
{
    *outbox = (struct caa_outbox){.first = NULL};
    outbox->end = &outbox->first;
}

void caa_outbox_clear(struct caa_outbox *outbox)
{
    while (outbox->first != NULL) {
        struct caa_frame *frame = outbox->first;
        outbox->first = frame->next;
        free(frame);
    }
    caa_outbox_init(outbox);
}

void caa_outbox_push(struct caa_outbox *outbox, struct caa_frame *frame)
{
    frame->next = NULL;
    *outbox->end = frame;
    outbox->end = &frame->next;
}

void caa_outbox_withdraw(struct caa_outbox *outbox, uint32_t id)
{
    unsigned kept = outbox->lent > 0 ? outbox->lent : outbox->sent > 0;
    for (struct caa_frame **at = &outbox->first; *at != NULL; at = &(*at)->next) {
        struct caa_frame *frame = *at;
        if (kept > 0) {
            kept--;
            continue;
        }
        if (frame->id != id)
            continue;
        *at = frame->next;
        if (outbox->end == &frame->next)
            outbox->end = at;
        free(frame);
        return;
    }
}

bool caa_outbox_lend(struct caa_outbox *outbox, nng_iov *iov)
{
    struct caa_frame *frame = outbox->first;
    size_t skip = outbox->sent;
    size_t len = 0;
    if (frame == NULL)
        return false;
    if (frame->next == NULL || frame->len - skip > CAA_OUTBOX_BATCH) {
        *iov = (nng_iov){.iov_buf = frame->bytes + skip, .iov_len = frame->len - skip};
        outbox->lent = 1;
        return true;
    }
    outbox->lent = 0;
    for (; frame != NULL && frame->len - skip <= CAA_OUTBOX_BATCH - len;
         frame = frame->next) {
        memcpy(outbox->batch + len, frame->bytes + skip, frame->len - skip);
        len += frame->len - skip;
        skip = 0;
        outbox->lent++;
    }
    *iov = (nng_iov){.iov_buf = outbox->batch, .iov_len = len};
    return true;
}

void caa_outbox_wrote(struct caa_outbox *outbox, size_t bytes)
{
    outbox->lent = 0;
    outbox->sent += bytes;
    while (outbox->first != NULL && outbox->sent >= outbox->first->len) {
        struct caa_frame *frame = outbox->first;
        outbox->sent -= frame->len;
        outbox->first = frame->next;
        free(frame);
    }
    if (outbox->first == NULL)
        outbox->end = &outbox->first;
}
