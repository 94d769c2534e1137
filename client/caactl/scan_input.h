/* scan_input.h - the lines of a file, a pipe or a terminal, in fixed memory.
 * Reading and splitting are apart, so that a caller can wait for slow input and
 * for other things at once.
 * Threads: owner only. */
#ifndef CAACTL_SCAN_INPUT_H
#define CAACTL_SCAN_INPUT_H

#include "scan_line.h"

#define SCAN_INPUT_BYTES 65536

struct scan_input {
    /* Borrowed. */
    int fd;
    size_t start;
    size_t end;
    uint64_t number;
    /* Read so far, for the progress. */
    uint64_t bytes;
    bool ended;
    /* Within a line that is too long: head has its beginning. */
    bool overlong;
    char head[SCAN_LINE_HEAD];
    char buffer[SCAN_INPUT_BYTES];
};

void scan_input_init(struct scan_input *input, int fd);

enum scan_next { SCAN_NEXT_LINE, SCAN_NEXT_FILL, SCAN_NEXT_END };

/* The next line, from what has been read; its text is good until the next call
 * of either function. FILL: call scan_input_fill first. */
enum scan_next scan_input_next(struct scan_input *input, struct scan_line *line);

/* Reads once; at the end of the file sets ended. false: errno says why; EINTR
 * and EAGAIN are no failure. */
bool scan_input_fill(struct scan_input *input);

#endif
