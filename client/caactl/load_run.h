/* load_run.h - sends a schedule's requests over libcaa_client and tallies the
 * replies.
 *
 * Each of the plan's in_flight_max slots has one call out at most. In a closed
 * loop a slot's reply sends its next request, on the library's thread. In an
 * open loop the main thread sends when a request is due, with any free slot.
 * Threads: main only. */
#ifndef CAACTL_LOAD_RUN_H
#define CAACTL_LOAD_RUN_H

#include "load_request.h"
#include "load_result.h"
#include "verb.h"

struct load_run_options {
    struct caa_client **clients;
    unsigned clients_len;
    /* "package.Service/Method" */
    const char *method;
    const struct load_template *template;
    struct load_verdict_field verdict_field;
    uint32_t timeout_ms;
    /* A line on stderr now and then. */
    bool progress;
};

/* Runs result->plan to its end or to SIGINT, and fills the result, but for its
 * metrics. All calls have ended when it returns: the clients are destroyed. */
void load_run(const struct load_run_options *options, struct load_result *result);

#endif
