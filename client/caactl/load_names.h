/* load_names.h - the names to ask about, from a file with one a line. Blank
 * lines and those that begin with # do not count.
 * Threads: constant once read. */
#ifndef CAACTL_LOAD_NAMES_H
#define CAACTL_LOAD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_names {
    char *text;
    /* Each name ends in a NUL. */
    uint32_t *starts;
    uint32_t *lengths;
    size_t len;
};

struct load_problem {
    char text[640];
};

/* path "-" is stdin. false: *problem says why. load_names_free in any case. */
bool load_names_read(struct load_names *names, const char *path,
                     struct load_problem *problem);
/* Takes text over, which ends in a NUL at text[size]. */
bool load_names_parse_own(struct load_names *names, char *text, size_t size,
                          struct load_problem *problem);
void load_names_free(struct load_names *names);

#endif
