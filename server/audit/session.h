/* session.h - the writer's own state and its connection: opened, claimed for the
 * stream, given up when the store fails, opened again later.
 * Threads: the writer's; before it runs, audit_open's. */
#ifndef CAA_AUDIT_SESSION_H
#define CAA_AUDIT_SESSION_H

#include "audit/batch.h"
#include "audit/state.h"

enum { SESSION_BACKOFF_US = 100 * 1000 }; /* before the first new try */

struct group {
    struct append_job **jobs;
    struct batch_item *items;
    size_t count;
};

struct session {
    struct audit *audit;
    struct writer *writer;
    struct db *db; /* NULL: not connected */
    struct stream stream;
    struct coder *coder;
    struct group group;
    int64_t backoff_us;
    int64_t connect_at_us;
    int64_t prune_at_us;
    uint64_t stuck_at;
    bool recalled;
};

/* Opens the store, takes the stream, reads where its chain stands. */
bool session_connect(struct session *self, struct fault *fault);

/* The store is healthy from now on; or it is not, says why, and will be tried
 * again later. */
void session_serve(struct session *self);
void session_give_up(struct session *self, const struct fault *fault);

/* Connects, then one of the two. */
void session_try(struct session *self);

#endif
