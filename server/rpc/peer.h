/* peer.h - one connected client of a door, and what it has left unread. nng
 * queues replies for a client that does not read them without bound and without
 * end; here both are bounded, and other clients keep their contexts.
 * Threads: any; the table has a lock of its own. */
#ifndef CAA_RPC_PEER_H
#define CAA_RPC_PEER_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct rpc_peer {
    struct rpc_peer *next; /* in its bucket */
    nng_pipe pipe;
    nng_sockaddr address;
    /* What the transport knows of the other end, for the record: "uid=33",
     * "address=192.0.2.1"; "" if nothing. */
    char *description;
    atomic_uint refs;
    atomic_size_t unread; /* octets of replies that wait in nng */
    atomic_bool given_up; /* to be disconnected */
    atomic_bool heard;    /* sent something since the last tick */
};

enum { PEER_BUCKETS = 256 };

struct rpc_peers {
    pthread_mutex_t lock;
    struct rpc_peer *buckets[PEER_BUCKETS];
    atomic_size_t unread; /* of all */
};

void rpc_peers_init(struct rpc_peers *peers);
void rpc_peers_fini(struct rpc_peers *peers);

/* A client came; false: out of memory. */
bool rpc_peers_add(struct rpc_peers *peers, nng_pipe pipe);
/* A client left; unknown ones are ignored. */
void rpc_peers_remove(struct rpc_peers *peers, nng_pipe pipe);
/* A reference, to be released; NULL: it has left. */
struct rpc_peer *rpc_peers_hold(struct rpc_peers *peers, nng_pipe pipe);
void rpc_peer_release(struct rpc_peer *peer);
/* This client gets no replies any more, and is disconnected by a tick once it
 * is silent: nng_mend.c says why not at once. */
void rpc_peer_give_up(struct rpc_peer *peer);
bool rpc_peer_is_given_up(const struct rpc_peer *peer);
/* Once a second, by the owner. */
void rpc_peers_tick(struct rpc_peers *peers);
/* Whether a client with this address is connected. */
bool rpc_peers_has_address(struct rpc_peers *peers, const nng_sockaddr *address);

/* A reply of len octets is handed to nng. false: the client has left too many
 * unread, so it is given up and the reply must not be sent. */
bool rpc_peer_begin_reply(struct rpc_peers *peers, struct rpc_peer *peer, size_t len);
/* That reply is gone, one way or the other. */
void rpc_peer_end_reply(struct rpc_peers *peers, struct rpc_peer *peer, size_t len);

#endif
