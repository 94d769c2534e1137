/* tls.h - the certificates of a tls+tcp listener.
 * Threads: the door's owner. */
#ifndef CAA_RPC_TLS_H
#define CAA_RPC_TLS_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "rpc/server.h"

/* What is in force, and what was before it: nng reads the pointer without a
 * lock when it begins to accept, so a replaced one lives a while longer. */
struct rpc_tls {
    nng_tls_config *config, *before;
};

/* Reads the PEM files and gives them to the listener, started or not:
 * connections made from now on see the new certificates, those that stand keep
 * theirs. An nng error otherwise, and what was in force stays; *what names the
 * setting that is wrong. */
int rpc_tls_use(struct rpc_tls *tls, nng_listener listener,
                const struct rpc_listen *listen, const char **what);
/* A started listener has prepared its next connection already, with the
 * certificates of then; takes that one, so that no client gets it. */
void rpc_tls_flush(nng_listener listener);
void rpc_tls_fini(struct rpc_tls *tls);

#endif
