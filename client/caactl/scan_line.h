/* scan_line.h - what a line of a scan's input is.
 * Threads: any; no state. */
#ifndef CAACTL_SCAN_LINE_H
#define CAACTL_SCAN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Without its newline. No name comes near; a longer line is no list of names. */
#define SCAN_LINE_MAX 4096
/* What is kept of a longer one, to show. */
#define SCAN_LINE_HEAD 64

enum scan_kind {
    SCAN_NAME,
    SCAN_BLANK,
    SCAN_COMMENT,
    /* No name, and nothing a daemon could be asked. */
    SCAN_TOO_LONG,
    SCAN_NUL,
    SCAN_NOT_UTF8
};

struct scan_line {
    /* The first line is 1. */
    uint64_t number;
    enum scan_kind kind;
    /* Without white space around it; not ended by a NUL. */
    const char *text;
    size_t len;
};

/* Sorts out text of len bytes: sets kind, text and len, which point into it. A
 * carriage return at the end belongs to the newline. */
void scan_line_classify(const char *text, size_t len, struct scan_line *line);

/* Length of the UTF-8 character at text (1 to 4), and its number; 0 when the
 * bytes are none (RFC 3629: no surrogates, nothing beyond U+10FFFF, no longer
 * form than needed). len is not 0. */
size_t scan_utf8(const char *text, size_t len, uint32_t *character);

#endif
