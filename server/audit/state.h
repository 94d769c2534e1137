/* state.h - what audit.c, writer.c, reader.c and verify.c share.
 * Threads: the options are immutable; what stands under a lock says so. */
#ifndef CAA_AUDIT_STATE_H
#define CAA_AUDIT_STATE_H

#include <pthread.h>

#include "audit/answer.h"
#include "audit/db.h"
#include "audit/ids.h"

struct writer {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* over the rest of this struct */
    pthread_cond_t wake;
    struct append_job *first, *last;
    size_t in_flight; /* queued or being written */
    bool closing;
    int64_t close_until_us;
    bool serving;
    char why[AUDIT_TEXT_LEN];
    struct audit_stats stats;
};

struct read_job;

struct reader {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* over the rest of this struct */
    pthread_cond_t wake;
    struct read_job *first, *last;
    size_t queued;
    bool closing;
};

struct audit {
    struct audit_options options; /* defaults filled in; strings owned */
    struct db_target target;
    struct ids *ids;
    struct writer writer;
    struct answerer answerer;
    struct reader reader;
};

__attribute__((format(printf, 3, 4))) void
audit_log(const struct audit *audit, enum audit_level level, const char *format, ...);

/* A condition that waits on the clock that never jumps. */
bool audit_cond_init(pthread_cond_t *cond);
void audit_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

/* Claims the stream and starts the thread. A fault that waiting may cure is
 * not one here: the writer starts unhealthy. */
CAA_MUSTCHECK enum caa_err writer_start(struct audit *audit, char *why);
void writer_stop(struct audit *audit);

/* Opens on first use. */
CAA_MUSTCHECK enum caa_err reader_start(struct audit *audit, char *why);
void reader_stop(struct audit *audit);

#endif
