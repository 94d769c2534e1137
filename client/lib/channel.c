#include "channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "error.h"

/* "package.Service/Method"; ours are far shorter. */
#define METHOD_MAX 256

static void on_done(void *arg, const struct caa_client_error *error, const uint8_t *reply,
                    size_t reply_len)
{
    struct caa_channel *channel = arg;
    struct caa_client_error unreadable;
    ProtobufCMessage *message = NULL;
    channel->error = error;
    if (error->code == CAA_CLIENT_OK) {
        message =
            protobuf_c_message_unpack(channel->method->output, NULL, reply_len, reply);
        if (message == NULL) {
            caa_error_set(&unreadable, CAA_CLIENT_INTERNAL, NULL, "the reply is no %s",
                          channel->method->output->name);
            channel->error = &unreadable;
        }
    }
    channel->closure(message, channel->closure_data);
}

static enum caa_client_code begin(struct caa_channel *channel,
                                  const ProtobufCMessage *input,
                                  struct caa_client_error *error)
{
    char method[METHOD_MAX];
    snprintf(method, sizeof(method), "%s/%s", channel->base.descriptor->name,
             channel->method->name);
    size_t len = protobuf_c_message_get_packed_size(input);
    uint8_t *payload = malloc(len + 1);
    if (payload == NULL)
        return caa_error_no_memory(error);
    protobuf_c_message_pack(input, payload);
    struct caa_call_spec spec = {.method = method,
                                 .payload = payload,
                                 .payload_len = len,
                                 .request_id = channel->options.request_id,
                                 .timeout_ms = channel->options.timeout_ms,
                                 .done = on_done,
                                 .arg = channel};
    enum caa_client_code code = caa_call_begin(channel->client, &spec, error);
    free(payload);
    return code;
}

static void invoke(ProtobufCService *service, unsigned method_index,
                   const ProtobufCMessage *input, ProtobufCClosure closure,
                   void *closure_data)
{
    struct caa_channel *channel = (struct caa_channel *)service;
    /* After begin the channel may be gone; these are the caller's. */
    enum caa_client_code *refused = channel->refused;
    struct caa_client_error *refused_error = channel->refused_error;
    channel->method = &service->descriptor->methods[method_index];
    channel->closure = closure;
    channel->closure_data = closure_data;
    *refused = begin(channel, input, refused_error);
}

void caa_channel_init(struct caa_channel *channel,
                      const ProtobufCServiceDescriptor *service,
                      struct caa_client *client,
                      const struct caa_client_call_options *options,
                      enum caa_client_code *refused,
                      struct caa_client_error *refused_error)
{
    *channel = (struct caa_channel){.base = {.descriptor = service, .invoke = invoke},
                                    .client = client,
                                    .options = *options,
                                    .refused = refused,
                                    .refused_error = refused_error};
}
