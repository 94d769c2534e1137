#include "scan_run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "scan_queue.h"
#include "scan_wake.h"
#include "verb.h"

/* Lines that come slowly are not kept waiting for a full batch. */
#define LINGER_MS 100
/* Batches that may wait for an older one when the order is kept. */
#define HELD_FACTOR 8

struct scan {
    const struct scan_settings *settings;
    const struct scan_parts *parts;
    struct scan_wake *wake;
    struct scan_queue queue;
    struct scan_pace pace;
    struct scan_text scratch;
    /* Being filled. */
    struct scan_task *filling;
    int64_t filling_since_ms;
    bool input_over;
    bool started;
    /* 0: go on. */
    int exit_code;
};

static bool scan_stop(struct scan *scan, int code)
{
    if (scan->exit_code == 0)
        scan->exit_code = code;
    return false;
}

/* -------------------------------------------------------------------- reading */

static bool has_room(const struct scan *scan)
{
    const struct scan_queue *queue = &scan->queue;
    size_t most = scan->settings->concurrency;
    /* The line to be read must stay within the window of a resumed scan. */
    uint64_t oldest = scan_queue_first_line(queue);
    uint64_t ahead = oldest != 0 ? scan->parts->input->number + 1 - oldest : 0;
    return queue->ready == NULL && queue->active < most &&
           queue->len < most * HELD_FACTOR &&
           ahead + 4 * scan->settings->batch < SCAN_WINDOW;
}

static void submit(struct scan *scan)
{
    if (scan->filling == NULL)
        return;
    scan_queue_append(&scan->queue, scan->filling);
    scan->filling = NULL;
}

/* false: it is in the output already, or belongs to another input. */
static bool is_wanted(struct scan *scan, const struct scan_line *line)
{
    struct scan_done *done = scan->parts->done;
    if (done == NULL)
        return true;
    switch (scan_done_look(done, line->number, scan_record_mark(line, &scan->scratch))) {
    case SCAN_NOT_DONE:
        return true;
    case SCAN_DONE:
        return false;
    case SCAN_DIFFERENT:
        break;
    }
    usage("%s is not the input %s was made from: they differ at line %llu or before",
          scan->settings->input_path, scan->parts->output->path,
          (unsigned long long)line->number);
    return scan_stop(scan, EXIT_USAGE);
}

static void take_line(struct scan *scan, const struct scan_line *line, int64_t now)
{
    if (!is_wanted(scan, line))
        return;
    if (!scan->started) {
        scan->started = true;
        scan->parts->progress->skipped = scan->parts->input->bytes;
        scan->parts->progress->started_ms = now;
    }
    if (scan->filling == NULL) {
        scan->filling =
            scan_task_create(scan_pace_batch(&scan->pace, scan->settings->batch));
        scan->filling_since_ms = now;
    }
    scan_batch_add(&scan->filling->batch, line);
    if (scan_batch_is_full(&scan->filling->batch))
        submit(scan);
}

static void end_input(struct scan *scan)
{
    const struct scan_done *done = scan->parts->done;
    uint64_t lines = scan->parts->input->number;
    scan->input_over = true;
    submit(scan);
    if (done == NULL || done->last <= lines)
        return;
    usage("%s has %llu lines, but %s has line %llu already: another input?",
          scan->settings->input_path, (unsigned long long)lines,
          scan->parts->output->path, (unsigned long long)done->last);
    scan_stop(scan, EXIT_USAGE);
}

/* What has been read, as far as there is room. true: more could be taken now. */
static bool read_lines(struct scan *scan, int64_t now)
{
    struct scan_line line;
    while (!scan->input_over && scan->exit_code == 0 && has_room(scan)) {
        switch (scan_input_next(scan->parts->input, &line)) {
        case SCAN_NEXT_LINE:
            take_line(scan, &line, now);
            break;
        case SCAN_NEXT_FILL:
            return true;
        case SCAN_NEXT_END:
            end_input(scan);
            break;
        }
    }
    return false;
}

static void fill_input(struct scan *scan)
{
    if (scan_input_fill(scan->parts->input))
        return;
    complain("cannot read %s: %s", scan->settings->input_path, strerror(errno));
    scan_stop(scan, EXIT_USAGE);
}

/* -------------------------------------------------------------------- writing */

static bool write_task(struct scan *scan, struct scan_task *task)
{
    struct scan_tally *tally = scan->parts->tally;
    for (int i = 0; i < SCAN_OUTCOMES; i++)
        tally->counts[i] += task->batch.counts[i];
    tally->lines += task->batch.lines_len;
    bool ok = scan_output_add(scan->parts->output, &task->batch.out);
    scan_queue_remove(&scan->queue, task);
    return ok || scan_stop(scan, EXIT_OUTPUT);
}

static bool write_finished(struct scan *scan)
{
    struct scan_task *task;
    while ((task = scan_queue_finished(&scan->queue, scan->settings->ordered)) != NULL)
        if (!write_task(scan, task))
            return false;
    return true;
}

/* -------------------------------------------------------------------- waiting */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

/* Milliseconds until something is to be done without being woken; -1: never. */
static int64_t time_left(const struct scan *scan, int64_t now)
{
    int64_t left = scan_progress_due(scan->parts->progress, now);
    left = sooner(left, scan_queue_due(&scan->queue, now));
    if (scan->queue.ready != NULL && scan->queue.active < scan->settings->concurrency)
        left = sooner(left, scan_pace_wait(&scan->pace, now));
    if (scan->filling != NULL && scan->queue.ready == NULL) {
        int64_t linger = scan->filling_since_ms + LINGER_MS - now;
        left = sooner(left, linger > 0 ? linger : 0);
    }
    return left;
}

static void wait_for_events(struct scan *scan, bool want_input)
{
    struct pollfd fds[2] = {
        {.fd = scan_wake_fd(scan->wake), .events = POLLIN},
        {.fd = want_input ? scan->parts->input->fd : -1, .events = POLLIN}};
    int64_t left = time_left(scan, scan_now_ms());
    if (poll(fds, 2, left > 60000 ? 60000 : (int)left) < 0)
        return;
    if (fds[0].revents != 0)
        scan_wake_clear(scan->wake);
    if (fds[1].revents != 0)
        fill_input(scan);
}

static bool is_over(const struct scan *scan)
{
    return scan->exit_code != 0 || (scan->input_over && scan->queue.len == 0);
}

static void interrupted(struct scan *scan, int signal)
{
    complain("stopped by %s", strsignal(signal));
    scan_stop(scan, EXIT_STATUS + CAA_CLIENT_CANCELLED);
}

static void turn(struct scan *scan)
{
    const struct scan_parts *parts = scan->parts;
    int64_t now = scan_now_ms();
    int signal = scan_wake_signal(scan->wake);
    if (signal != 0) {
        interrupted(scan, signal);
        return;
    }
    bool want_input = read_lines(scan, now);
    if (scan->filling != NULL && scan->queue.ready == NULL &&
        now - scan->filling_since_ms >= LINGER_MS)
        submit(scan);
    int code = scan_queue_work(&scan->queue, &scan->pace, now);
    if (code != 0)
        scan_stop(scan, code);
    if (!write_finished(scan) || is_over(scan))
        return;
    if (scan_progress_due(parts->progress, now) == 0)
        scan_progress_show(parts->progress, parts->tally, parts->input->bytes, now);
    if (!want_input && has_room(scan) && !scan->input_over)
        return;
    /* Before a wait, what is known is shown. */
    if (!scan_queue_has_news(&scan->queue) && !scan_output_flush(parts->output)) {
        scan_stop(scan, EXIT_OUTPUT);
        return;
    }
    wait_for_events(scan, want_input);
}

/* What has been answered is not thrown away, unless it cannot be written or may
 * not belong to this output. */
static void wind_up(struct scan *scan)
{
    caa_client_destroy(*scan->parts->client);
    *scan->parts->client = NULL;
    if (scan->exit_code == EXIT_OUTPUT || scan->exit_code == EXIT_USAGE)
        return;
    scan_queue_collect(&scan->queue);
    write_finished(scan);
}

int scan_run(const struct scan_settings *settings, const struct scan_parts *parts)
{
    struct scan scan = {.settings = settings,
                        .parts = parts,
                        .pace = {.rate = settings->rate},
                        .wake = scan_wake_create()};
    parts->progress->started_ms = scan_now_ms();
    scan_queue_init(&scan.queue, settings, parts, scan.wake);
    while (!is_over(&scan))
        turn(&scan);
    if (scan.exit_code != 0)
        wind_up(&scan);
    if (scan.filling != NULL)
        scan_task_destroy(scan.filling);
    scan_queue_fini(&scan.queue);
    scan_text_free(&scan.scratch);
    scan_wake_destroy(scan.wake);
    return scan.exit_code;
}
