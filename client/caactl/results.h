/* results.h - verdicts for people and for the exit code.
 * Threads: main only. */
#ifndef CAACTL_RESULTS_H
#define CAACTL_RESULTS_H

#include <caa/v1/caa.pb-c.h>
#include <stddef.h>

#include "output.h"

/* A table of results, with message and remedy under each that stands in the
 * way. */
void results_print(Caa__V1__Result *const *results, size_t len);

/* 0: all permitted or exempt; 1: some denied or invalid; 2: none denied, but some
 * undecided. A verdict this program does not know counts as undecided. */
int results_exit_code(Caa__V1__Result *const *results, size_t len);

/* A value's name, or its number as text in spare. */
#define RESULTS_NAME_MAX 24
const char *results_enum(const ProtobufCEnumDescriptor *descriptor, int number,
                         char spare[RESULTS_NAME_MAX]);

enum output_colour results_colour(Caa__V1__Result__Verdict verdict);

#endif
