/* answer.h - calls back for what a commit settled, on a thread of its own, so
 * that the next commit need not wait until every reply is packed and sent.
 * Threads: answer_give is the writer's; start and stop the owner's. */
#ifndef CAA_AUDIT_ANSWER_H
#define CAA_AUDIT_ANSWER_H

#include <pthread.h>

#include "audit/audit.h"

/* One audit_append on its way. */
struct append_job {
    struct append_job *next;
    const struct audit_entry *entry;
    uint64_t id_hash;
    audit_done *done;
    void *arg;
    enum caa_err err; /* what to answer */
    struct audit_receipt receipt;
};

struct answerer {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* over the rest of this struct */
    pthread_cond_t wake;
    struct append_job *first, **end;
    bool closing;
};

CAA_MUSTCHECK enum caa_err answer_start(struct answerer *answerer);
/* Answers all it was given. */
void answer_stop(struct answerer *answerer);

/* Takes the jobs over, a list of count ended by NULL, and frees each once it
 * has its answer. A few are answered here and now, since a thread's waking
 * takes longer. */
void answer_give(struct answerer *answerer, struct append_job *first, size_t count);

#endif
