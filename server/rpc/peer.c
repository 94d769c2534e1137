#include "rpc/peer.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* What a reply costs beyond its octets: nng's message, our slot. */
    REPLY_OVERHEAD = 4096,
    MIB = 1024 * 1024,
};

/* One client may leave this much unread; a good one that asks ten thousand
 * things at once stays below. When many do so, each may leave less. */
static const size_t unread_max = (size_t)64 * MIB, unread_least = (size_t)1 * MIB,
                    unread_all = (size_t)256 * MIB;

void rpc_peers_init(struct rpc_peers *peers)
{
    *peers = (struct rpc_peers){0};
    pthread_mutex_init(&peers->lock, NULL);
}

void rpc_peers_fini(struct rpc_peers *peers)
{
    for (size_t i = 0; i < PEER_BUCKETS; i++) {
        while (peers->buckets[i]) {
            struct rpc_peer *peer = peers->buckets[i];
            peers->buckets[i] = peer->next;
            rpc_peer_release(peer);
        }
    }
    pthread_mutex_destroy(&peers->lock);
}

static struct rpc_peer **find_locked(struct rpc_peers *peers, nng_pipe pipe)
{
    struct rpc_peer **link = &peers->buckets[(unsigned)nng_pipe_id(pipe) % PEER_BUCKETS];
    while (*link && nng_pipe_id((*link)->pipe) != nng_pipe_id(pipe))
        link = &(*link)->next;
    return link;
}

/* From malloc; NULL: out of memory. */
static char *describe(nng_pipe pipe, const nng_sockaddr *address)
{
    uint64_t uid;
    char text[INET6_ADDRSTRLEN] = "", *name = NULL, *description = NULL;
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) == 0)
        return asprintf(&description, "uid=%" PRIu64, uid) < 0 ? NULL : description;
    if (address->s_family == NNG_AF_UNSPEC)
        return strdup("");
    if (address->s_family == NNG_AF_INET)
        inet_ntop(AF_INET, &address->s_in.sa_addr, text, sizeof text);
    else if (address->s_family == NNG_AF_INET6)
        inet_ntop(AF_INET6, address->s_in6.sa_addr, text, sizeof text);
#ifdef NNG_OPT_TLS_PEER_CN /* nng 1.6: the name in the client's certificate */
    if (nng_pipe_get_string(pipe, NNG_OPT_TLS_PEER_CN, &name) != 0)
        name = NULL;
#endif
    if (asprintf(&description, "%s%s%saddress=%s", name ? "cn=" : "", name ? name : "",
                 name ? " " : "", text) < 0)
        description = NULL;
    nng_strfree(name);
    return description;
}

bool rpc_peers_add(struct rpc_peers *peers, nng_pipe pipe)
{
    struct rpc_peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return false;
    peer->pipe = pipe;
    atomic_init(&peer->refs, 1);
    if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &peer->address) != 0)
        peer->address.s_family = NNG_AF_UNSPEC;
    peer->description = describe(pipe, &peer->address);
    if (!peer->description) {
        free(peer);
        return false;
    }
    pthread_mutex_lock(&peers->lock);
    *find_locked(peers, pipe) = peer;
    pthread_mutex_unlock(&peers->lock);
    return true;
}

void rpc_peers_remove(struct rpc_peers *peers, nng_pipe pipe)
{
    pthread_mutex_lock(&peers->lock);
    struct rpc_peer **link = find_locked(peers, pipe);
    struct rpc_peer *peer = *link;
    if (peer)
        *link = peer->next;
    pthread_mutex_unlock(&peers->lock);
    if (peer)
        rpc_peer_release(peer);
}

struct rpc_peer *rpc_peers_hold(struct rpc_peers *peers, nng_pipe pipe)
{
    pthread_mutex_lock(&peers->lock);
    struct rpc_peer *peer = *find_locked(peers, pipe);
    if (peer) {
        atomic_fetch_add(&peer->refs, 1);
        atomic_store_explicit(&peer->heard, true, memory_order_relaxed);
    }
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

void rpc_peer_release(struct rpc_peer *peer)
{
    if (atomic_fetch_sub(&peer->refs, 1) > 1)
        return;
    free(peer->description);
    free(peer);
}

void rpc_peer_give_up(struct rpc_peer *peer)
{
    atomic_store(&peer->given_up, true);
}

bool rpc_peer_is_given_up(const struct rpc_peer *peer)
{
    return atomic_load(&peer->given_up);
}

/* One a tick and bucket is enough: closing calls back into the table. */
void rpc_peers_tick(struct rpc_peers *peers)
{
    for (size_t i = 0; i < PEER_BUCKETS; i++) {
        nng_pipe pipe = NNG_PIPE_INITIALIZER;
        pthread_mutex_lock(&peers->lock);
        for (struct rpc_peer *peer = peers->buckets[i]; peer; peer = peer->next)
            if (!atomic_exchange(&peer->heard, false) && rpc_peer_is_given_up(peer))
                pipe = peer->pipe;
        pthread_mutex_unlock(&peers->lock);
        if (nng_pipe_id(pipe) > 0)
            nng_pipe_close(pipe);
    }
}

static bool same_address(const nng_sockaddr *a, const nng_sockaddr *b)
{
    if (a->s_family != b->s_family)
        return false;
    if (a->s_family == NNG_AF_INET)
        return a->s_in.sa_port == b->s_in.sa_port && a->s_in.sa_addr == b->s_in.sa_addr;
    return a->s_family == NNG_AF_INET6 && a->s_in6.sa_port == b->s_in6.sa_port &&
           memcmp(a->s_in6.sa_addr, b->s_in6.sa_addr, sizeof a->s_in6.sa_addr) == 0;
}

bool rpc_peers_has_address(struct rpc_peers *peers, const nng_sockaddr *address)
{
    bool found = false;
    pthread_mutex_lock(&peers->lock);
    for (size_t i = 0; i < PEER_BUCKETS && !found; i++)
        for (struct rpc_peer *peer = peers->buckets[i]; peer && !found; peer = peer->next)
            found = same_address(&peer->address, address);
    pthread_mutex_unlock(&peers->lock);
    return found;
}

bool rpc_peer_begin_reply(struct rpc_peers *peers, struct rpc_peer *peer, size_t len)
{
    size_t cost = len + REPLY_OVERHEAD;
    size_t all = atomic_fetch_add(&peers->unread, cost) + cost;
    size_t own = atomic_fetch_add(&peer->unread, cost) + cost;
    if (own <= (all <= unread_all ? unread_max : unread_least))
        return true;
    rpc_peer_end_reply(peers, peer, len);
    rpc_peer_give_up(peer);
    return false;
}

void rpc_peer_end_reply(struct rpc_peers *peers, struct rpc_peer *peer, size_t len)
{
    atomic_fetch_sub(&peers->unread, len + REPLY_OVERHEAD);
    atomic_fetch_sub(&peer->unread, len + REPLY_OVERHEAD);
}
