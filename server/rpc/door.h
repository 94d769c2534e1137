/* door.h - one listener: its nng REP socket, its roles, and the contexts that
 * receive on it. nng leaves requests unread when no context waits, without a
 * word to the sender; so the door opens more contexts before they run short,
 * up to a bound above the limit of work in flight, and the rest is refused in
 * words. A client that does not read its replies holds none of them for long.
 * Threads: rpc_door_* by the owner; the rest is nng's. */
#ifndef CAA_RPC_DOOR_H
#define CAA_RPC_DOOR_H

#include <stdatomic.h>

#include "rpc/half_open.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "rpc/slot.h"
#include "rpc/tls.h"

struct rpc_door {
    struct rpc_server *server;
    unsigned roles;
    const char *url;
    nng_socket socket;
    nng_listener listener;
    pthread_mutex_t lock; /* slots, slot_count */
    struct rpc_slot *slots;
    unsigned slot_count;
    unsigned slot_max;     /* those that send not counted */
    atomic_uint receiving; /* slots that wait for a request */
    atomic_uint sending;   /* slots whose reply waits for its client */
    struct rpc_peers peers;
    struct rpc_half_open half_open;
    struct rpc_tls tls;
    atomic_uint connections;
    unsigned max_connections;
    atomic_bool closing;
    bool is_ipc, is_tls;
};

/* Opens the socket and listens. false: *error (owned by the caller's buffer)
 * says why. */
bool rpc_door_open(struct rpc_door *door, struct rpc_server *server,
                   const struct rpc_listen *listen, const struct rpc_limits *limits,
                   char *error, size_t error_size);
/* Reads the certificates again; true where there are none. false: the old ones
 * stay, error says why. */
bool rpc_door_reload_tls(struct rpc_door *door, const struct rpc_listen *listen,
                         char *error, size_t error_size);
/* Once a second: ends connections that came and said nothing, and those that
 * read nothing. */
void rpc_door_tick(struct rpc_door *door);
/* No request is taken any more; replies still go out. With nobody to receive,
 * nng reads one request more a connection and then rests, so that it can be
 * closed: to close connections that are being read is what nng_mend.c warns of. */
void rpc_door_stop_receiving(struct rpc_door *door);
/* Pre: no call in flight. Waits for nng's callbacks. */
void rpc_door_close(struct rpc_door *door);

#endif
