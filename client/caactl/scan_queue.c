#include "scan_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "output.h"
#include "verb.h"

struct scan_task *scan_task_create(size_t limit)
{
    struct scan_task *task = must_alloc(sizeof(*task));
    scan_batch_init(&task->batch, limit);
    return task;
}

void scan_task_destroy(struct scan_task *task)
{
    caa_check_response_free(task->response);
    scan_batch_fini(&task->batch);
    free(task);
}

void scan_queue_init(struct scan_queue *queue, const struct scan_settings *settings,
                     const struct scan_parts *parts, struct scan_wake *wake)
{
    uint64_t number = 0;
    *queue = (struct scan_queue){
        .settings = settings, .parts = parts, .wake = wake, .success_ms = scan_now_ms()};
    pthread_mutex_init(&queue->lock, NULL);
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number = (uint64_t)scan_now_ms();
    snprintf(queue->run_id, sizeof(queue->run_id), "%016llx", (unsigned long long)number);
}

void scan_queue_fini(struct scan_queue *queue)
{
    while (queue->first != NULL)
        scan_queue_remove(queue, queue->first);
    pthread_mutex_destroy(&queue->lock);
}

void scan_queue_append(struct scan_queue *queue, struct scan_task *task)
{
    task->queue = queue;
    task->state = SCAN_READY;
    task->previous = queue->last;
    if (queue->last != NULL)
        queue->last->next = task;
    else
        queue->first = task;
    queue->last = task;
    queue->ready = task;
    queue->len++;
}

void scan_queue_remove(struct scan_queue *queue, struct scan_task *task)
{
    if (task->previous != NULL)
        task->previous->next = task->next;
    else
        queue->first = task->next;
    if (task->next != NULL)
        task->next->previous = task->previous;
    else
        queue->last = task->previous;
    if (queue->ready == task)
        queue->ready = NULL;
    queue->len--;
    scan_task_destroy(task);
}

/* --------------------------------------------------------------------- asking */

/* On the library's thread. */
static void on_answer(void *arg, const struct caa_client_error *error,
                      struct caa_check_response *response)
{
    struct scan_task *task = arg;
    struct scan_queue *queue = task->queue;
    task->error = *error;
    task->response = response;
    pthread_mutex_lock(&queue->lock);
    bool first = queue->answered == NULL;
    task->answered_next = queue->answered;
    queue->answered = task;
    /* With the lock held: main may end once it has seen the list. */
    if (first)
        scan_wake_up(queue->wake);
    pthread_mutex_unlock(&queue->lock);
}

static void pause_task(struct scan_task *task, int64_t until_ms)
{
    task->state = SCAN_PAUSED;
    task->due_ms = until_ms;
}

static void send_names(struct scan_queue *queue, struct scan_task *task,
                       const char *const *names, size_t len)
{
    struct caa_check_request request = queue->settings->request;
    struct caa_client_error error;
    request.request_id = task->request_id;
    request.names = names;
    request.names_len = len;
    task->state = SCAN_ASKED;
    queue->parts->tally->requests++;
    queue->parts->tally->retries += task->tries > 0;
    if (caa_client_check_async(*queue->parts->client, &request,
                               queue->settings->timeout_ms, on_answer, task,
                               &error) != CAA_CLIENT_OK)
        on_answer(task, &error, NULL);
}

/* The next names of a batch; none: it is finished. Returns how many. */
static size_t send_task(struct scan_queue *queue, struct scan_task *task, int64_t now)
{
    const char *const *names;
    size_t len = scan_batch_ask(&task->batch, &names);
    if (len == 0) {
        task->state = SCAN_FINISHED;
        queue->active--;
        return 0;
    }
    /* Line and length tell which names they are: a split batch's first half is
     * another request. */
    snprintf(task->request_id, sizeof(task->request_id), "scan-%s-%llu-%zu",
             queue->run_id, (unsigned long long)scan_batch_asked_line(&task->batch), len);
    task->sent_ms = now;
    send_names(queue, task, names, len);
    return len;
}

/* -------------------------------------------------------------------- answers */

static void succeeded(struct scan_queue *queue, struct scan_task *task, int64_t now)
{
    scan_batch_answer(&task->batch, task->response);
    caa_check_response_free(task->response);
    task->response = NULL;
    task->tries = 0;
    task->failing_ms = 0;
    queue->success_ms = now;
    if (queue->failing_ms != 0) {
        scan_progress_clear(queue->parts->progress);
        complain("answered again after %.1f s", (double)(now - queue->failing_ms) / 1000);
    }
    queue->failing_ms = 0;
    pause_task(task, now);
}

/* Fewer names next time; a single one gets its line without an answer. */
static void split(struct scan_task *task, int64_t now)
{
    if (!scan_batch_split(&task->batch))
        scan_batch_give_up(&task->batch, &task->error);
    task->tries = 0;
    task->failing_ms = 0;
    pause_task(task, now);
}

static void note_outage(struct scan_queue *queue, const struct scan_task *task)
{
    if (queue->failing_ms != 0)
        return;
    /* Counted from when the request was sent that nothing came back for. */
    queue->failing_ms =
        task->sent_ms > queue->success_ms ? task->sent_ms : queue->success_ms;
    scan_progress_clear(queue->parts->progress);
    complain("%s: %s; trying again for up to %.0f s",
             caa_client_code_name(task->error.code), task->error.message,
             (double)queue->settings->give_up_ms / 1000);
}

static int retry(struct scan_queue *queue, struct scan_task *task, int64_t now)
{
    uint32_t random = 0;
    int64_t limit = (int64_t)queue->settings->give_up_ms;
    if (task->failing_ms == 0)
        task->failing_ms = task->sent_ms;
    /* Others are answered: it is these names. */
    bool alone = queue->success_ms > task->failing_ms;
    if (alone && now - task->failing_ms >= limit) {
        split(task, now);
        return 0;
    }
    if (!alone) {
        note_outage(queue, task);
        if (now - queue->failing_ms >= limit) {
            scan_progress_clear(queue->parts->progress);
            complain("nothing was answered for %.0f s: %s",
                     (double)(now - queue->failing_ms) / 1000, task->error.message);
            return EXIT_STATUS + (int)task->error.code;
        }
    }
    if (getrandom(&random, sizeof(random), 0) < 0)
        random = (uint32_t)now;
    task->tries++;
    pause_task(task,
               now + task->error.retry_after_ms + scan_backoff_ms(task->tries, random));
    return 0;
}

static int take_answer(struct scan_queue *queue, struct scan_task *task, int64_t now)
{
    if (task->response != NULL) {
        succeeded(queue, task, now);
        return 0;
    }
    switch (scan_judge(&task->error)) {
    case SCAN_RETRY:
        return retry(queue, task, now);
    case SCAN_SPLIT:
        split(task, now);
        return 0;
    case SCAN_STOP:
        break;
    }
    scan_progress_clear(queue->parts->progress);
    pause_task(task, now);
    return EXIT_STATUS + (int)task->error.code;
}

static struct scan_task *grab_answered(struct scan_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    struct scan_task *task = queue->answered;
    queue->answered = NULL;
    pthread_mutex_unlock(&queue->lock);
    return task;
}

bool scan_queue_has_news(struct scan_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool news = queue->answered != NULL;
    pthread_mutex_unlock(&queue->lock);
    return news;
}

static int take_answers(struct scan_queue *queue, int64_t now)
{
    int code = 0;
    for (struct scan_task *task = grab_answered(queue), *next; task != NULL;
         task = next) {
        next = task->answered_next;
        int result = take_answer(queue, task, now);
        if (result != 0 && code == 0) {
            code = result;
            if (scan_judge(&task->error) == SCAN_STOP)
                complain("%s: %s%s%s", caa_client_code_name(task->error.code),
                         task->error.field, *task->error.field != '\0' ? ": " : "",
                         task->error.message);
        }
    }
    return code;
}

/* ----------------------------------------------------------------------- work */

static void send_due(struct scan_queue *queue, struct scan_pace *pace, int64_t now)
{
    for (struct scan_task *task = queue->first; task != NULL; task = task->next) {
        if (task->state != SCAN_PAUSED || task->due_ms > now)
            continue;
        size_t len = send_task(queue, task, now);
        scan_pace_sent(pace, now, len);
    }
}

static void send_ready(struct scan_queue *queue, struct scan_pace *pace, int64_t now)
{
    struct scan_task *task = queue->ready;
    if (task == NULL || queue->active >= queue->settings->concurrency ||
        (task->batch.names_len > 0 && scan_pace_wait(pace, now) > 0))
        return;
    queue->ready = NULL;
    queue->active++;
    scan_pace_sent(pace, now, send_task(queue, task, now));
}

int scan_queue_work(struct scan_queue *queue, struct scan_pace *pace, int64_t now_ms)
{
    int code = take_answers(queue, now_ms);
    if (code != 0)
        return code;
    send_due(queue, pace, now_ms);
    send_ready(queue, pace, now_ms);
    return 0;
}

void scan_queue_collect(struct scan_queue *queue)
{
    const char *const *names;
    for (struct scan_task *task = grab_answered(queue); task != NULL;
         task = task->answered_next)
        if (task->response != NULL)
            scan_batch_answer(&task->batch, task->response);
    for (struct scan_task *task = queue->first; task != NULL; task = task->next)
        if (scan_batch_ask(&task->batch, &names) == 0)
            task->state = SCAN_FINISHED;
}

struct scan_task *scan_queue_finished(const struct scan_queue *queue, bool ordered)
{
    for (struct scan_task *task = queue->first; task != NULL; task = task->next) {
        if (task->state == SCAN_FINISHED)
            return task;
        if (ordered)
            break;
    }
    return NULL;
}

uint64_t scan_queue_first_line(const struct scan_queue *queue)
{
    return queue->first != NULL ? scan_batch_first(&queue->first->batch) : 0;
}

int64_t scan_queue_due(const struct scan_queue *queue, int64_t now_ms)
{
    int64_t due = -1;
    for (const struct scan_task *task = queue->first; task != NULL; task = task->next) {
        if (task->state != SCAN_PAUSED)
            continue;
        int64_t left = task->due_ms > now_ms ? task->due_ms - now_ms : 0;
        if (due < 0 || left < due)
            due = left;
    }
    return due;
}
