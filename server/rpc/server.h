/* server.h - the RPC server: listeners, limits, and the table of services.
 * It knows the envelope and protobuf services, nothing of CAA.
 * Threads: rpc_server_create, _add and _destroy by the owner; calls run on
 * nng's threads and must not block there. */
#ifndef CAA_RPC_SERVER_H
#define CAA_RPC_SERVER_H

#include <pthread.h>

#include "base/err.h"
#include "rpc/call.h"

struct rpc_server;

struct rpc_listen {
    const char *url;                    /* ipc://, tcp://, tls+tcp:// */
    int mode;                           /* ipc: permission bits; -1: leave */
    unsigned roles;                     /* of enum rpc_role */
    const char *cert, *key, *client_ca; /* tls+tcp: PEM files */
};

struct rpc_limits {
    size_t max_message_bytes;
    unsigned max_in_flight;   /* calls of bounded services at once */
    unsigned max_connections; /* a listener */
    size_t max_request_memory_bytes;
};

CAA_MUSTCHECK enum caa_err rpc_server_create(const struct rpc_limits *limits,
                                             struct rpc_server **out);
/* service must outlive the server. bounded: its calls count against
 * max_in_flight and are refused while draining. Pre: not listening yet. */
CAA_MUSTCHECK enum caa_err rpc_server_add(struct rpc_server *server,
                                          ProtobufCService *service, unsigned roles,
                                          bool bounded);
/* false: error says which URL and why. */
CAA_MUSTCHECK bool rpc_server_listen(struct rpc_server *server,
                                     const struct rpc_listen *listen, char *error,
                                     size_t error_size);
/* Listener number index, as they were opened, reads its certificates again;
 * connections that stand keep theirs. true also where there are none; false:
 * the old ones stay in force, error says why. */
CAA_MUSTCHECK bool rpc_server_reload_tls(struct rpc_server *server, size_t index,
                                         const struct rpc_listen *listen, char *error,
                                         size_t error_size);
/* To be called once a second by the owner: ends connections that came and said
 * nothing, and those that read nothing. */
void rpc_server_tick(struct rpc_server *server);
/* Bounded calls are answered UNAVAILABLE from now on. Returns how many are
 * in flight. */
unsigned rpc_server_drain(struct rpc_server *server);
unsigned rpc_server_in_flight(struct rpc_server *server);
bool rpc_server_is_draining(struct rpc_server *server);
/* Waits until no bounded call is in flight, at most timeout_ms; true if so. */
bool rpc_server_wait_idle(struct rpc_server *server, unsigned timeout_ms);
/* No call begins any more; returns when every reply is on its way but those of
 * bounded calls in flight, after a second at most. */
void rpc_server_stop_receiving(struct rpc_server *server);
/* Pre: no call in flight. NULL is fine. */
void rpc_server_destroy(struct rpc_server *server);

/* Counters since start, and what is open now. */
struct rpc_stats {
    uint64_t calls;
    uint64_t refused; /* RESOURCE_EXHAUSTED for work in flight */
    unsigned in_flight, connections;
};
void rpc_server_stats(struct rpc_server *server, struct rpc_stats *out);

#endif
