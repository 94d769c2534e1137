/* call.h - one RPC from its arrival to its reply. A service method is a
 * protobuf-c handler: handler(service, input, closure, closure_data), where
 * closure_data is the call. It ends the call exactly once, from any thread:
 * with closure(response, closure_data), or with rpc_call_fail(closure_data).
 * Threads: one at a time; a handler may hand the call on. */
#ifndef CAA_RPC_CALL_H
#define CAA_RPC_CALL_H

#include <stdbool.h>

#include "base/arena.h"
#include "rpc/v1/rpc.pb-c.h"

enum rpc_role {
    RPC_ROLE_CHECK = 1, /* every service but AdminService */
    RPC_ROLE_ADMIN = 2,
};

/* Short names for gRPC's status codes as the schema has them. */
#define RPC_CODE(name) RPC__V1__STATUS__CODE__##name

struct rpc_server;
struct rpc_slot;

struct rpc_call {
    struct arena *arena;              /* lives until the reply is on its way */
    const Rpc__V1__Request *envelope; /* in arena */
    const char *caller;               /* metadata "caller" and the peer; in arena */
    int64_t received_us;              /* monotonic */
    int64_t deadline_us;              /* monotonic; the caller's patience */

    /* rpc/'s own. */
    struct rpc_slot *slot;
    bool counted;
};

/* Ends the call with a status other than OK. field may be NULL. */
void rpc_call_fail(struct rpc_call *call, Rpc__V1__Status__Code code, const char *field,
                   unsigned retry_after_ms, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The closure of every method; a NULL message is INTERNAL. Packs before it
 * returns, so message need not outlive it. */
void rpc_call_reply(const ProtobufCMessage *message, void *call);

/* The value of a metadata key, or NULL. */
const char *rpc_call_metadata(const struct rpc_call *call, const char *key);

#endif
