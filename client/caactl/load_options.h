/* load_options.h - the command line of `load`, read and checked.
 * Threads: main only. */
#ifndef CAACTL_LOAD_OPTIONS_H
#define CAACTL_LOAD_OPTIONS_H

#include <stdbool.h>

#include "load_gate.h"
#include "load_schedule.h"
#include "verb.h"

enum load_format { LOAD_SUMMARY, LOAD_JSON, LOAD_CSV, LOAD_HTML };

struct load_options {
    struct load_plan plan;
    unsigned connections;
    unsigned batch;
    enum load_format format;
    /* Borrowed from the command line; NULL: not given. */
    const char *method;
    const char *data;
    const char *names_path;
    const char *output_path;
    struct load_gate *gates;
    size_t gates_len;
    /* As written, in the order of the gates. */
    const char *const *gate_texts;
};

/* false: the problem has been printed. load_options_free in any case. */
bool load_options_read(struct load_options *options, const struct cli *cli);
void load_options_free(struct load_options *options);

#endif
