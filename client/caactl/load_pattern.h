/* load_pattern.h - the placeholders of load_request.h in one string.
 * Threads: any; a set of values belongs to one request. */
#ifndef CAACTL_LOAD_PATTERN_H
#define CAACTL_LOAD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#include "load_names.h"

struct load_pattern_values {
    uint64_t number;
    /* Makes the random digits, together with the number and how many came
     * before. */
    uint64_t seed;
    uint64_t hex_made;
    const struct load_names *names;
};

/* The first {{...}} that is no placeholder, or NULL. */
const char *load_pattern_unknown(const char *text);
/* Bytes for the longest result, its NUL included. */
size_t load_pattern_size(const char *pattern, const struct load_names *names);
/* Writes the result and its NUL. */
void load_pattern_fill(const char *pattern, struct load_pattern_values *values,
                       char *out);
/* A random number. */
uint64_t load_pattern_seed(void);

#endif
