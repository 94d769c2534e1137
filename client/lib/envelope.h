/* envelope.h - a call into a packed rpc.v1.Request, rpc.v1.Response out of bytes.
 * Knows no CAA.
 * Threads: any; no state. */
#ifndef CAA_CLIENT_ENVELOPE_H
#define CAA_CLIENT_ENVELOPE_H

#include <rpc/v1/rpc.pb-c.h>
#include <stddef.h>
#include <stdint.h>

#include "caa_client.h"

struct caa_envelope {
    const char *method;
    const char *request_id;
    /* Metadata "caller"; NULL: none. */
    const char *caller;
    const void *payload;
    size_t payload_len;
};

/* Bytes the packed Request has, and packing it to out. */
size_t caa_envelope_size(const struct caa_envelope *envelope, uint32_t timeout_ms);
void caa_envelope_pack(const struct caa_envelope *envelope, uint32_t timeout_ms,
                       uint8_t *out);

/* Reads a reply. OK: *out is the caller's, to be freed with
 * rpc__v1__response__free_unpacked. Otherwise *error says what the server said,
 * or INTERNAL: the reply cannot be read or belongs to another request. */
enum caa_client_code caa_envelope_read(const uint8_t *reply, size_t reply_len,
                                       const char *request_id, Rpc__V1__Response **out,
                                       struct caa_client_error *error);

#endif
