/* door.h - one listener: its nng REP socket, its roles, and the contexts that
 * receive on it. nng leaves requests unread when no context waits, without a
 * word to the sender; so the door opens more contexts before they run short,
 * up to a bound above the limit of work in flight, and the rest is refused in
 * words.
 * Threads: door_open and door_close by the owner; the rest is nng's. */
#ifndef CAA_RPC_DOOR_H
#define CAA_RPC_DOOR_H

#include <stdatomic.h>

#include "rpc/server.h"
#include "rpc/slot.h"

struct rpc_door {
    struct rpc_server *server;
    unsigned roles;
    const char *url;
    nng_socket socket;
    pthread_mutex_t lock; /* slots, slot_count */
    struct rpc_slot *slots;
    unsigned slot_count, slot_max;
    atomic_uint receiving; /* slots that wait for a request */
    atomic_uint connections;
    unsigned max_connections;
    atomic_bool closing;
    bool is_ipc;
};

/* Opens the socket and listens. false: *error (owned by the caller's buffer)
 * says why. */
bool rpc_door_open(struct rpc_door *door, struct rpc_server *server,
                   const struct rpc_listen *listen, const struct rpc_limits *limits,
                   char *error, size_t error_size);
/* Pre: no call in flight. Waits for nng's callbacks. */
void rpc_door_close(struct rpc_door *door);

#endif
