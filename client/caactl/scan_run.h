/* scan_run.h - a scan under way: reads, asks, waits, writes.
 *
 * Batches stand in a queue in the order of the input. At most `concurrency` of
 * them are asked for, and the queue is bounded, so memory is too. Answers come on
 * the library's threads, which only put the batch on a list and wake the main
 * thread; everything else happens there.
 * Threads: main only. */
#ifndef CAACTL_SCAN_RUN_H
#define CAACTL_SCAN_RUN_H

#include "caa_client.h"
#include "scan_done.h"
#include "scan_input.h"
#include "scan_output.h"
#include "scan_pace.h"
#include "scan_progress.h"

struct scan_settings {
    /* Names, and a request_id, are put into a copy of it. */
    struct caa_check_request request;
    uint32_t timeout_ms;
    uint32_t give_up_ms;
    size_t batch;
    size_t concurrency;
    uint32_t rate;
    bool ordered;
    /* For messages. */
    const char *input_path;
};

/* Borrowed for the run. */
struct scan_parts {
    struct caa_client **client;
    struct scan_input *input;
    struct scan_output *output;
    struct scan_progress *progress;
    struct scan_tally *tally;
    /* NULL: there is no earlier output. */
    struct scan_done *done;
};

/* Returns 0 when the whole input is in the output, else an exit code whose
 * reason has been printed. When it ends early, the client is destroyed, so that
 * nothing is under way any more, and *parts->client is NULL. */
int scan_run(const struct scan_settings *settings, const struct scan_parts *parts);

#endif
