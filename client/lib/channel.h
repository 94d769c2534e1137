/* channel.h - a ProtobufCService whose methods run on the server: what stands
 * behind the client stubs that protobuf-c generates.
 *
 *     struct caa_channel channel;
 *     caa_channel_init(&channel, &caa__v1__caa_service__descriptor, client, ...);
 *     caa__v1__caa_service__check_domains(&channel.base, &request, closure, op);
 *
 * A channel is cheap and made for one call: it carries the call's options in
 * and its error out. It must live until the closure begins; the closure may free
 * it. The message given to the closure is the closure's to free, and NULL when
 * the call failed.
 * Threads: one call at a time; the closure runs on a library thread. */
#ifndef CAA_CLIENT_CHANNEL_H
#define CAA_CLIENT_CHANNEL_H

#include <protobuf-c/protobuf-c.h>

#include "caa_client.h"

struct caa_channel {
    /* First: the stubs hand it back to invoke. */
    ProtobufCService base;
    struct caa_client *client;
    struct caa_client_call_options options;
    /* The refusal of a call that never began; the closure is then not called.
     * Points outside the channel, which may be gone when the stub returns. */
    enum caa_client_code *refused;
    struct caa_client_error *refused_error;

    /* While the call is under way. */
    const ProtobufCMethodDescriptor *method;
    ProtobufCClosure closure;
    void *closure_data;
    /* For the closure: why its message is NULL. */
    const struct caa_client_error *error;
};

/* options->request_id is borrowed until the stub returns. *refused: OK when the
 * stub has returned and the closure has run or will. */
void caa_channel_init(struct caa_channel *channel,
                      const ProtobufCServiceDescriptor *service,
                      struct caa_client *client,
                      const struct caa_client_call_options *options,
                      enum caa_client_code *refused,
                      struct caa_client_error *refused_error);

#endif
