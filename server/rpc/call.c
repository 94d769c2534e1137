#include "rpc/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/scan.h"
#include "rpc/slot.h"

enum {
    PAYLOAD_FIELD = 3, /* of rpc.v1.Response */
    PAYLOAD_KEY = PAYLOAD_FIELD << 3 | 2,
    VARINT_MAX = 10,
};

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    do {
        out[len++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    return len;
}

/* Envelope and payload in one message. The payload field goes last, behind
 * the packed rest, so that the payload is packed in place, not copied. */
static nng_msg *pack(Rpc__V1__Response *response, const ProtobufCMessage *payload)
{
    uint8_t key[1 + VARINT_MAX] = {PAYLOAD_KEY};
    size_t envelope_len = rpc__v1__response__get_packed_size(response);
    size_t payload_len = payload ? protobuf_c_message_get_packed_size(payload) : 0;
    size_t key_len = payload_len ? 1 + put_varint(key + 1, payload_len) : 0;
    nng_msg *message;
    if (nng_msg_alloc(&message, envelope_len + key_len + payload_len) != 0)
        return NULL;
    uint8_t *at = nng_msg_body(message);
    at += rpc__v1__response__pack(response, at);
    memcpy(at, key, key_len);
    if (payload_len)
        protobuf_c_message_pack(payload, at + key_len);
    return message;
}

static void end(struct rpc_call *call, Rpc__V1__Status *status,
                const ProtobufCMessage *payload)
{
    Rpc__V1__Response response = RPC__V1__RESPONSE__INIT;
    response.status = status;
    if (call->envelope)
        response.request_id = call->envelope->request_id;
    nng_msg *message = pack(&response, payload);
    if (!message) { /* a short reply may yet find room, and ends the caller's wait */
        char text[] = "the server ran out of memory";
        Rpc__V1__Status failed = RPC__V1__STATUS__INIT;
        failed.code = RPC_CODE(INTERNAL);
        failed.message = text;
        response.status = &failed;
        message = pack(&response, NULL);
    }
    rpc_slot_send(call->slot, message);
}

/* What a message quotes is cut by octets, perhaps inside a character. */
static void keep_utf8(char *text)
{
    if (scan_is_text(bytes_of(text)))
        return;
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            *text = '?';
}

void rpc_call_fail(struct rpc_call *call, Rpc__V1__Status__Code code, const char *field,
                   unsigned retry_after_ms, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keep_utf8(text);
    Rpc__V1__Status status = RPC__V1__STATUS__INIT;
    char empty[] = "";
    char *field_copy = field ? strdup(field) : NULL;
    status.code = code;
    status.message = text;
    status.field = field_copy ? field_copy : empty;
    status.retry_after_ms = retry_after_ms;
    end(call, &status, NULL);
    free(field_copy);
}

void rpc_call_reply(const ProtobufCMessage *message, void *data)
{
    struct rpc_call *call = data;
    if (!message) {
        rpc_call_fail(call, RPC_CODE(INTERNAL), NULL, 0, "the server ran out of memory");
        return;
    }
    Rpc__V1__Status status = RPC__V1__STATUS__INIT;
    end(call, &status, message);
}

const char *rpc_call_metadata(const struct rpc_call *call, const char *key)
{
    for (size_t i = 0; i < call->envelope->n_metadata; i++)
        if (strcmp(call->envelope->metadata[i]->key, key) == 0)
            return call->envelope->metadata[i]->value;
    return NULL;
}
