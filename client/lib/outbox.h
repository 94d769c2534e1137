/* outbox.h - requests waiting to be written, in order. What has been handed to
 * the writer stays where it is until it is out.
 * Threads: owner only; link.c guards it with the client's lock. */
#ifndef CAA_CLIENT_OUTBOX_H
#define CAA_CLIENT_OUTBOX_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

/* Short requests are written together, up to so many bytes. */
#define CAA_OUTBOX_BATCH 16384

struct caa_outbox {
    struct caa_frame *first;
    struct caa_frame **end;
    /* Bytes of the first frame that are out. */
    size_t sent;
    /* Frames the writer has. */
    unsigned lent;
    uint8_t batch[CAA_OUTBOX_BATCH];
};

void caa_outbox_init(struct caa_outbox *outbox);
void caa_outbox_clear(struct caa_outbox *outbox);

/* Takes frame over. */
void caa_outbox_push(struct caa_outbox *outbox, struct caa_frame *frame);
/* Takes out the request with this id, unless the writer has it or had a part. */
void caa_outbox_withdraw(struct caa_outbox *outbox, uint32_t id);

/* Lends what is to be written next; false: nothing is. */
bool caa_outbox_lend(struct caa_outbox *outbox, nng_iov *iov);
/* So many bytes of what was lent are out; nothing is lent any more. */
void caa_outbox_wrote(struct caa_outbox *outbox, size_t bytes);

#endif
