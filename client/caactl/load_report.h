/* load_report.h - a run, or two side by side, as text, JSON, CSV or a page.
 * Threads: main only. */
#ifndef CAACTL_LOAD_REPORT_H
#define CAACTL_LOAD_REPORT_H

#include <stdio.h>

#include "load_names.h"
#include "load_result.h"

void load_report_summary(FILE *out, const struct load_result *result);
/* section,key,value: one table for a spreadsheet. */
void load_report_csv(FILE *out, const struct load_result *result);
/* All of it, on one line; --compare reads it. */
void load_report_json(FILE *out, const struct load_result *result);
/* One page without anything from elsewhere. */
void load_report_html(FILE *out, const struct load_result *result);

/* The metrics of a JSON report. false: *problem says why. */
bool load_report_read(const char *path, struct load_metrics *metrics,
                      struct load_problem *problem);

/* Two runs, and the second as a share of the first. */
void load_report_comparison(FILE *out, const struct load_metrics *a,
                            const struct load_metrics *b);
/* The same as one object on a line. */
void load_report_comparison_json(FILE *out, const struct load_metrics *a,
                                 const struct load_metrics *b);

#endif
