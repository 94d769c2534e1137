/* load_result.h - all that a run brought, for the reports.
 * Threads: owner only. */
#ifndef CAACTL_LOAD_RESULT_H
#define CAACTL_LOAD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "load_metrics.h"
#include "load_schedule.h"
#include "load_tally.h"

struct load_result {
    /* What was asked for; strings are borrowed. */
    const char *method;
    const char *server;
    struct load_plan plan;
    unsigned connections;
    unsigned batch;

    struct load_tally *tally;
    int64_t started_at_ms;
    /* From the begin of the measured part to its last answer. */
    double seconds;
    uint64_t skipped;
    /* Due in the warm-up. */
    uint64_t warm_up;
    /* Out when the run was broken off; not among the answers. */
    uint64_t unanswered;
    bool interrupted;

    struct load_metrics metrics;
};

/* Fills metrics from the rest. */
void load_result_summarize(struct load_result *result);

/* Names of the verdicts, by their number in a tally. */
const char *load_verdict_name(unsigned number);

#endif
