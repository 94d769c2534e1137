#include "envelope.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"

/* The one place that builds a Request: fill it and hand it to then. metadata
 * and its list live in the caller, because the Request points at them. */
struct built {
    Rpc__V1__Request request;
    Rpc__V1__Metadata metadata;
    Rpc__V1__Metadata *list[1];
};

/* protobuf-c's structs have no const; it only reads them when packing. */
static char *unconst(const char *text)
{
    union {
        const char *in;
        char *out;
    } cast = {.in = text};
    return cast.out;
}

static void build(struct built *built, const struct caa_envelope *envelope,
                  uint32_t timeout_ms)
{
    rpc__v1__request__init(&built->request);
    built->request.method = unconst(envelope->method);
    built->request.request_id = unconst(envelope->request_id);
    built->request.timeout_ms = timeout_ms;
    built->request.payload.data = (uint8_t *)unconst(envelope->payload);
    built->request.payload.len = envelope->payload_len;
    if (envelope->caller == NULL)
        return;
    rpc__v1__metadata__init(&built->metadata);
    built->metadata.key = unconst("caller");
    built->metadata.value = unconst(envelope->caller);
    built->list[0] = &built->metadata;
    built->request.metadata = built->list;
    built->request.n_metadata = 1;
}

size_t caa_envelope_size(const struct caa_envelope *envelope, uint32_t timeout_ms)
{
    struct built built;
    build(&built, envelope, timeout_ms);
    return rpc__v1__request__get_packed_size(&built.request);
}

void caa_envelope_pack(const struct caa_envelope *envelope, uint32_t timeout_ms,
                       uint8_t *out)
{
    struct built built;
    build(&built, envelope, timeout_ms);
    rpc__v1__request__pack(&built.request, out);
}

static enum caa_client_code read_status(const Rpc__V1__Status *status,
                                        struct caa_client_error *error)
{
    /* A number that is no gRPC code must not pass for success. */
    int number = (int)status->code;
    enum caa_client_code code = number >= 0 && number <= CAA_CLIENT_UNAUTHENTICATED
                                    ? (enum caa_client_code)number
                                    : CAA_CLIENT_UNKNOWN;
    if (code == CAA_CLIENT_OK)
        return code;
    caa_error_set(error, code, status->field, "%s",
                  status->message[0] != '\0' ? status->message : "no reason given");
    error->retry_after_ms = status->retry_after_ms;
    return code;
}

/* A server that could not even read the request knows no id to echo. */
static bool is_to_us(const Rpc__V1__Response *response, const char *request_id)
{
    if (response->request_id[0] == '\0' && response->status->code != 0)
        return true;
    return strcmp(response->request_id, request_id) == 0;
}

enum caa_client_code caa_envelope_read(const uint8_t *reply, size_t reply_len,
                                       const char *request_id, Rpc__V1__Response **out,
                                       struct caa_client_error *error)
{
    Rpc__V1__Response *response = rpc__v1__response__unpack(NULL, reply_len, reply);
    enum caa_client_code code = CAA_CLIENT_INTERNAL;
    if (response == NULL)
        return caa_error_set(error, code, NULL, "the reply cannot be read");
    if (response->status == NULL)
        caa_error_set(error, code, NULL, "the reply has no status");
    else if (!is_to_us(response, request_id))
        caa_error_set(error, code, NULL,
                      "the reply belongs to another request: it is for id \"%.128s\", "
                      "the request had \"%s\"",
                      response->request_id, request_id);
    else
        code = read_status(response->status, error);
    if (code == CAA_CLIENT_OK)
        *out = response;
    else
        rpc__v1__response__free_unpacked(response, NULL);
    return code;
}
