#include "frame.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_LEN 8
#define ID_LEN     4
/* Many replies fit in one read. */
#define BUFFER_LEN 65536

const uint8_t caa_frame_req_header[CAA_FRAME_HEADER_LEN] = {0, 'S',  'P', 0,
                                                            0, 0x30, 0,   0};
const uint8_t caa_frame_rep_header[CAA_FRAME_HEADER_LEN] = {0, 'S',  'P', 0,
                                                            0, 0x31, 0,   0};

static void put(uint8_t *out, size_t len, uint64_t number)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(number >> (8 * (len - 1 - i)));
}

static uint64_t get(const uint8_t *in, size_t len)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | in[i];
    return number;
}

struct caa_frame *caa_frame_make(bool ipc, uint32_t id, size_t body_len, uint8_t **body)
{
    size_t len = (ipc ? 1u : 0u) + LENGTH_LEN + ID_LEN + body_len;
    struct caa_frame *frame = malloc(sizeof(*frame) + len);
    if (frame == NULL)
        return NULL;
    uint8_t *at = frame->bytes;
    frame->next = NULL;
    frame->id = id;
    frame->len = len;
    if (ipc)
        *at++ = 1;
    put(at, LENGTH_LEN, ID_LEN + body_len);
    put(at + LENGTH_LEN, ID_LEN, id);
    *body = at + LENGTH_LEN + ID_LEN;
    return frame;
}

/* Moves what is left to the beginning, once for each read. */
static void compact(struct caa_frame_buffer *buffer)
{
    if (buffer->at == 0)
        return;
    memmove(buffer->data, buffer->data + buffer->at, buffer->len - buffer->at);
    buffer->len -= buffer->at;
    buffer->at = 0;
}

static bool grow(struct caa_frame_buffer *buffer, size_t cap)
{
    uint8_t *data = realloc(buffer->data, cap);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->cap = cap;
    return true;
}

uint8_t *caa_frame_room(struct caa_frame_buffer *buffer, size_t *room)
{
    compact(buffer);
    /* What has arrived doubles, not what a length claims will arrive. */
    if (buffer->cap - buffer->len < BUFFER_LEN / 2 &&
        !grow(buffer, buffer->cap == 0 ? BUFFER_LEN : 2 * buffer->cap))
        return NULL;
    /* The memory of a large reply is not kept. */
    if (buffer->len == 0 && buffer->cap > BUFFER_LEN && !grow(buffer, BUFFER_LEN))
        return NULL;
    *room = buffer->cap - buffer->len;
    return buffer->data + buffer->len;
}

enum caa_frame_next caa_frame_take(struct caa_frame_buffer *buffer, uint32_t *id,
                                   const uint8_t **body, size_t *body_len)
{
    size_t prefix = buffer->ipc ? 1 : 0;
    const uint8_t *at = buffer->data + buffer->at;
    size_t left = buffer->len - buffer->at;
    if (left < prefix + LENGTH_LEN)
        return CAA_FRAME_MORE;
    uint64_t len = get(at + prefix, LENGTH_LEN);
    if ((buffer->ipc && at[0] != 1) || len < ID_LEN)
        return CAA_FRAME_MALFORMED;
    if (len - ID_LEN > buffer->max_body)
        return CAA_FRAME_TOO_LARGE;
    if (left - prefix - LENGTH_LEN < len)
        return CAA_FRAME_MORE;
    *id = (uint32_t)get(at + prefix + LENGTH_LEN, ID_LEN);
    *body = at + prefix + LENGTH_LEN + ID_LEN;
    *body_len = (size_t)len - ID_LEN;
    buffer->at += prefix + LENGTH_LEN + (size_t)len;
    return CAA_FRAME_MESSAGE;
}

void caa_frame_reset(struct caa_frame_buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->len = buffer->cap = buffer->at = 0;
}
