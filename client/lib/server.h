/* server.h - one server of a client: its link, how busy it is, whether it is
 * in trouble.
 * Threads: fields below "locked" are guarded by the owning client's lock. */
#ifndef CAA_CLIENT_SERVER_H
#define CAA_CLIENT_SERVER_H

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stddef.h>

#include "caa_client.h"
#include "link.h"

struct caa_call;

struct caa_server {
    char *url;
    struct caa_link *link;

    /* locked: */
    size_t outstanding;
    /* It just broke off or said UNAVAILABLE: others first until then. */
    nng_time avoid_until;
    /* Calls answered in the read that is being taken apart. */
    struct caa_call *answered;
    struct caa_call **answered_end;
};

/* Makes the link, which dials once caa_link_start is called. On failure nothing
 * is left to release. Errors as caa_client_create. */
enum caa_client_code caa_server_open(struct caa_server *server, const char *url,
                                     const struct caa_client_options *options,
                                     pthread_mutex_t *lock,
                                     const struct caa_link_events *events,
                                     struct caa_client_error *error);
/* No call may be outstanding. Not from a callback. */
void caa_server_close(struct caa_server *server);

#endif
