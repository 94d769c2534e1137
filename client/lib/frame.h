/* frame.h - the bytes between a REQ and a REP socket: the header both sides send
 * first, then messages, each with its length and the request id that pairs reply
 * with request. As in the mappings of SP to TCP and IPC that nng implements.
 *
 *     header    0 'S' 'P' 0, protocol (16 bit), 0 0
 *     message   [1, over ipc only] length (64 bit), request id (32 bit), body
 *
 * Numbers are big-endian; a request id has its highest bit set.
 * Threads: any; the buffer belongs to its holder. */
#ifndef CAA_CLIENT_FRAME_H
#define CAA_CLIENT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAA_FRAME_HEADER_LEN 8
#define CAA_FRAME_ID_BIT     0x80000000u

/* What a REQ sends first and what it expects of a REP. */
extern const uint8_t caa_frame_req_header[CAA_FRAME_HEADER_LEN];
extern const uint8_t caa_frame_rep_header[CAA_FRAME_HEADER_LEN];

/* One request on its way out. */
struct caa_frame {
    struct caa_frame *next;
    uint32_t id;
    size_t len;
    uint8_t bytes[];
};

/* Room for a body of body_len bytes, its place in *body. From malloc; NULL: out
 * of memory. */
struct caa_frame *caa_frame_make(bool ipc, uint32_t id, size_t body_len, uint8_t **body);

/* Bytes received, and the messages in them. */
struct caa_frame_buffer {
    bool ipc;
    /* Largest body taken. */
    size_t max_body;
    uint8_t *data;
    size_t len;
    size_t cap;
    /* Where the next message begins. */
    size_t at;
};

/* Where the next bytes go, at least one; NULL: out of memory. */
uint8_t *caa_frame_room(struct caa_frame_buffer *buffer, size_t *room);

enum caa_frame_next {
    CAA_FRAME_MESSAGE,
    /* The rest has not arrived yet. */
    CAA_FRAME_MORE,
    CAA_FRAME_MALFORMED,
    CAA_FRAME_TOO_LARGE
};

/* The next whole message. *body is borrowed until the buffer is next used. */
enum caa_frame_next caa_frame_take(struct caa_frame_buffer *buffer, uint32_t *id,
                                   const uint8_t **body, size_t *body_len);

/* Forgets everything received; free as well. */
void caa_frame_reset(struct caa_frame_buffer *buffer);

#endif
