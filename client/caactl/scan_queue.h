/* scan_queue.h - a scan's batches between input and output: asked for, tried
 * again, finished.
 *
 *   READY -> ASKED -> FINISHED
 *     ^        |
 *     +-- PAUSED       (again later, or the rest of a split batch)
 *
 * Threads: main only, but for the library's threads that hand in answers. */
#ifndef CAACTL_SCAN_QUEUE_H
#define CAACTL_SCAN_QUEUE_H

#include <pthread.h>

#include "scan_batch.h"
#include "scan_pace.h"
#include "scan_run.h"
#include "scan_wake.h"

enum scan_task_state { SCAN_READY, SCAN_ASKED, SCAN_PAUSED, SCAN_FINISHED };

struct scan_task {
    struct scan_batch batch;
    struct scan_queue *queue;
    struct scan_task *next;
    struct scan_task *previous;
    struct scan_task *answered_next;
    enum scan_task_state state;
    /* The request under way, the same for each try. */
    char request_id[80];
    unsigned tries;
    int64_t sent_ms;
    int64_t due_ms;
    /* When the tries that failed began; 0: none has. */
    int64_t failing_ms;
    /* Its outcome, from the library's thread. */
    struct caa_client_error error;
    struct caa_check_response *response;
};

struct scan_queue {
    const struct scan_settings *settings;
    const struct scan_parts *parts;
    struct scan_wake *wake;
    /* In the order of the input. */
    struct scan_task *first;
    struct scan_task *last;
    size_t len;
    /* ASKED or PAUSED. */
    size_t active;
    /* At most one, the last. */
    struct scan_task *ready;
    char run_id[17];
    int64_t success_ms;
    /* Since when nothing is answered; 0: all is well. */
    int64_t failing_ms;

    pthread_mutex_t lock;
    /* Guarded by lock: what the library has handed in. */
    struct scan_task *answered;
};

struct scan_task *scan_task_create(size_t limit);
void scan_task_destroy(struct scan_task *task);

void scan_queue_init(struct scan_queue *queue, const struct scan_settings *settings,
                     const struct scan_parts *parts, struct scan_wake *wake);
/* Nothing may be under way. */
void scan_queue_fini(struct scan_queue *queue);

/* Takes the task over. */
void scan_queue_append(struct scan_queue *queue, struct scan_task *task);

/* Takes answers in, sends what is due. Not 0: no use to go on; the reason has
 * been printed. */
int scan_queue_work(struct scan_queue *queue, struct scan_pace *pace, int64_t now_ms);
/* Takes answers in and tries nothing again. */
void scan_queue_collect(struct scan_queue *queue);
/* Answers have come that scan_queue_work has not seen. */
bool scan_queue_has_news(struct scan_queue *queue);

/* A finished task; with ordered only the first of the queue. NULL: none. */
struct scan_task *scan_queue_finished(const struct scan_queue *queue, bool ordered);
/* Destroys it. */
void scan_queue_remove(struct scan_queue *queue, struct scan_task *task);

/* The first line of the oldest task; 0: there is none. */
uint64_t scan_queue_first_line(const struct scan_queue *queue);
/* Milliseconds until a paused task is to be sent again; -1: none is paused. */
int64_t scan_queue_due(const struct scan_queue *queue, int64_t now_ms);

#endif
