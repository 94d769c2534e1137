/* half_open.h - bounds connections that never become one: TCP stands, but no
 * handshake follows. nng 1.5's time for it does not end a TLS handshake in which
 * the client is silent, and it offers no way to such a connection. So the
 * sockets of the port are looked for among the process's own, and those that
 * belong to no connected client for too long are shut down; nng then frees them.
 * Threads: the owner. */
#ifndef CAA_RPC_HALF_OPEN_H
#define CAA_RPC_HALF_OPEN_H

#include <stddef.h>
#include <stdint.h>

#include "rpc/peer.h"

struct half_open_entry;

struct rpc_half_open {
    struct half_open_entry *entries; /* sorted by cookie */
    size_t count;
};

/* To be called once a second. max: how many may wait at all; when more do,
 * they get a second each. */
void rpc_half_open_sweep(struct rpc_half_open *half_open, struct rpc_peers *peers,
                         nng_listener listener, unsigned max);
void rpc_half_open_fini(struct rpc_half_open *half_open);

#endif
