#include "audit/answer.h"

#include <stdlib.h>

enum { FEW = 4 };

static void answer_all(struct append_job *job)
{
    while (job) {
        struct append_job *next = job->next;
        job->done(job->arg, job->err, &job->receipt);
        free(job);
        job = next;
    }
}

static struct append_job *take_locked(struct answerer *answerer)
{
    struct append_job *first = answerer->first;
    answerer->first = NULL;
    answerer->end = &answerer->first;
    return first;
}

static void *answer_jobs(void *arg)
{
    struct answerer *answerer = arg;
    bool more = true;
    while (more) {
        pthread_mutex_lock(&answerer->lock);
        while (!answerer->first && !answerer->closing)
            pthread_cond_wait(&answerer->wake, &answerer->lock);
        struct append_job *jobs = take_locked(answerer);
        more = jobs || !answerer->closing;
        pthread_mutex_unlock(&answerer->lock);
        answer_all(jobs);
    }
    return NULL;
}

void answer_give(struct answerer *answerer, struct append_job *first, size_t count)
{
    if (count <= FEW || !answerer->started) {
        answer_all(first);
        return;
    }
    struct append_job *last = first;
    while (last->next)
        last = last->next;
    pthread_mutex_lock(&answerer->lock);
    *answerer->end = first;
    answerer->end = &last->next;
    pthread_cond_signal(&answerer->wake);
    pthread_mutex_unlock(&answerer->lock);
}

enum caa_err answer_start(struct answerer *answerer)
{
    answerer->end = &answerer->first;
    answerer->started =
        pthread_create(&answerer->thread, NULL, answer_jobs, answerer) == 0;
    return answerer->started ? CAA_OK : CAA_ENOMEM;
}

void answer_stop(struct answerer *answerer)
{
    if (!answerer->started)
        return;
    pthread_mutex_lock(&answerer->lock);
    answerer->closing = true;
    pthread_cond_signal(&answerer->wake);
    pthread_mutex_unlock(&answerer->lock);
    pthread_join(answerer->thread, NULL);
    answerer->started = false;
}
