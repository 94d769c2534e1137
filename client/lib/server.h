/* server.h - one server of a client: its nng REQ socket, whether it is
 * connected, how busy it is.
 * Threads: fields below "locked" are guarded by the owning client's lock; the
 * notify callback is called on nng's threads without it. */
#ifndef CAA_CLIENT_SERVER_H
#define CAA_CLIENT_SERVER_H

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <stdbool.h>
#include <stddef.h>

#include "caa_client.h"
#include "probe.h"
#include "url.h"

/* pipe: the connection that came up or went down. */
typedef void (*caa_server_notify_fn)(void *arg, size_t index, bool up, int pipe);

struct caa_server {
    char *url;
    size_t index;
    nng_socket socket;
    bool socket_open;
    struct caa_probe *probe;
    caa_server_notify_fn notify;
    void *notify_arg;

    /* locked: */
    /* The connection's id; 0: not connected. */
    int pipe;
    size_t outstanding;
    /* It just broke off or said UNAVAILABLE: others first until then. */
    nng_time avoid_until;
    /* Idle contexts, kept because opening one takes the socket's lock twice. */
    nng_ctx *spare;
    size_t spare_len;
    size_t spare_cap;
};

/* Opens the socket and starts dialling in the background. On failure nothing
 * is left to release. Errors as caa_client_create. */
enum caa_client_code caa_server_open(struct caa_server *server, const char *url,
                                     const struct caa_client_options *options,
                                     struct caa_client_error *error);
/* No call may be outstanding. Waits for notify callbacks. */
void caa_server_close(struct caa_server *server);

/* A context to send one call on, kept idle or new. 0 or an nng error. */
int caa_server_take_ctx_locked(struct caa_server *server, nng_ctx *out);
void caa_server_give_ctx_locked(struct caa_server *server, nng_ctx ctx);

#endif
