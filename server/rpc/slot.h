/* slot.h - one nng context and the call it carries: receive, work, send, and
 * again. Inside rpc/ only.
 * Threads: the one that holds the call; the state changes hands with nng's
 * completion callbacks. */
#ifndef CAA_RPC_SLOT_H
#define CAA_RPC_SLOT_H

#include <nng/nng.h>

#include "rpc/call.h"

struct rpc_door;
struct rpc_peer;

enum rpc_slot_state { RPC_SLOT_RECEIVING, RPC_SLOT_WORKING, RPC_SLOT_SENDING };

struct rpc_slot {
    struct rpc_slot *next; /* of the same door */
    struct rpc_door *door;
    nng_ctx ctx;
    nng_aio *aio;
    _Atomic enum rpc_slot_state state;
    struct rpc_peer *peer; /* WORKING, SENDING: who asked; NULL: has left */
    size_t reply_len;      /* SENDING */
    struct rpc_call call;  /* WORKING */
};

/* A call's reply, envelope and all, goes out; call->arena is released. */
void rpc_slot_send(struct rpc_slot *slot, nng_msg *message);

/* rpc/server: reads the envelope in message (which stays the caller's) and
 * starts the method. */
void rpc_server_dispatch(struct rpc_server *server, struct rpc_slot *slot,
                         nng_msg *message);
/* rpc/server: a counted call is done; another may come in its place. Before the
 * reply is sent, since whoever gets it may ask again at once. */
void rpc_server_make_room(struct rpc_server *server);
/* rpc/server: a call's reply is on its way. */
void rpc_server_ended(struct rpc_server *server);

#endif
