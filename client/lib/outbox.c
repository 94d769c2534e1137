#include "outbox.h"

#include <stdlib.h>

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

unsigned caa_outbox_lend(struct caa_outbox *outbox, nng_iov iov[CAA_OUTBOX_BATCH])
{
    size_t skip = outbox->sent;
    outbox->lent = 0;
    for (struct caa_frame *frame = outbox->first;
         frame != NULL && outbox->lent < CAA_OUTBOX_BATCH; frame = frame->next) {
        iov[outbox->lent].iov_buf = frame->bytes + skip;
        iov[outbox->lent].iov_len = frame->len - skip;
        outbox->lent++;
        skip = 0;
    }
    return outbox->lent;
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
