/* load_gate.h - conditions under which a run has failed: --fail-if 'p99>5ms'.
 *
 *     condition = metric ("<" / "<=" / ">" / ">=") value
 *     value     = number ["us" / "ms" / "s" / "%" / "x"]
 *
 * A time needs its unit; "%" is a share of all requests due, or of all names;
 * "x" is the ratio to the first of two compared runs.
 * Threads: any; no state. */
#ifndef CAACTL_LOAD_GATE_H
#define CAACTL_LOAD_GATE_H

#include <stdbool.h>

#include "load_metrics.h"
#include "load_names.h"

struct load_gate {
    enum load_metric metric;
    bool above;
    bool or_equal;
    enum { LOAD_PLAIN, LOAD_PERCENT, LOAD_RATIO } kind;
    /* Microseconds for times. */
    double value;
};

/* false: *problem names the accepted form. */
bool load_gate_parse(struct load_gate *gate, const char *text,
                     struct load_problem *problem);

/* Whether the run fails. Times of a run without any answer always do. base: the
 * run compared with; NULL: none. found: the value compared. */
bool load_gate_fails(const struct load_gate *gate, const struct load_metrics *run,
                     const struct load_metrics *base, double *found);

#endif
