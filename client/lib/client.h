/* client.h - what a client holds. Internal to lib/.
 * Threads: lock guards everything below it and each server's locked fields. */
#ifndef CAA_CLIENT_CLIENT_H
#define CAA_CLIENT_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "caa_client.h"
#include "call.h"
#include "deadlines.h"
#include "server.h"

struct caa_client {
    /* Fixed after create. */
    char *name;
    size_t max_message_bytes;
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms;
    unsigned max_attempts;
    struct caa_server *servers;
    size_t servers_len;

    pthread_mutex_t lock;
    /* Signalled when the last call has returned from its callback. */
    pthread_cond_t idle;
    bool closing;
    /* Calls outstanding, and finished ones kept for their aio. */
    struct caa_call *calls;
    size_t calls_len;
    struct caa_deadlines deadlines;
    struct caa_call *pool;
    /* Every call ever made, by its slot: a reply's id leads here. */
    struct caa_call **slots;
    size_t slots_len;
    /* Breaks ties between equally busy servers. */
    size_t turn;
};

#endif
