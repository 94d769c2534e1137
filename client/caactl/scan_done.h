/* scan_done.h - which lines an interrupted scan has finished, in fixed memory:
 * all before `next`, and some within a window behind it. A scan never works
 * further ahead of its oldest unfinished line than the window reaches.
 * Threads: owner only. */
#ifndef CAACTL_SCAN_DONE_H
#define CAACTL_SCAN_DONE_H

#include <stdbool.h>
#include <stdint.h>

#define SCAN_WINDOW (UINT64_C(1) << 19)

struct scan_done {
    /* The first line not done. */
    uint64_t next;
    /* The last line done. */
    uint64_t last;
    uint64_t len;
    /* Sums of the marks (scan_record_mark) of the lines before next: done, and
     * seen so far in the input. */
    uint64_t sum;
    uint64_t seen;
    /* Marks of lines behind next; 0: not done. */
    uint32_t *ring;
};

void scan_done_init(struct scan_done *done);
void scan_done_fini(struct scan_done *done);

/* A line of the output. false: it is there twice, or too far ahead to come from
 * a scan. */
bool scan_done_add(struct scan_done *done, uint64_t line, uint32_t mark);

enum scan_done_state {
    SCAN_NOT_DONE,
    SCAN_DONE,
    /* The output belongs to another input. */
    SCAN_DIFFERENT
};

/* A line of the input. Lines must come one after the other, from 1. */
enum scan_done_state scan_done_look(struct scan_done *done, uint64_t line, uint32_t mark);

#endif
