/* tls_pair.h - does a private key belong to its certificate? nng takes any two,
 * and every client would be turned away later. A handshake with ourselves over
 * loopback tells, whatever TLS library nng was built with.
 * Threads: any; blocks for some milliseconds, two seconds at most. */
#ifndef CAA_RPC_TLS_PAIR_H
#define CAA_RPC_TLS_PAIR_H

/* Both in PEM. 0, or an nng error. */
int rpc_tls_pair_check(const char *cert, const char *key);

#endif
