/* scan_progress.h - how far a scan is, for people and for programs, on standard
 * error.
 * Threads: owner only; no clock of its own. */
#ifndef CAACTL_SCAN_PROGRESS_H
#define CAACTL_SCAN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "scan_record.h"

enum scan_progress_form { SCAN_PROGRESS_NONE, SCAN_PROGRESS_TEXT, SCAN_PROGRESS_JSON };

/* What has been found. */
struct scan_tally {
    uint64_t counts[SCAN_OUTCOMES];
    /* Written now, and found in the output that was resumed. */
    uint64_t lines;
    uint64_t earlier;
    uint64_t requests;
    uint64_t retries;
};

struct scan_progress {
    enum scan_progress_form form;
    int64_t started_ms;
    int64_t shown_ms;
    /* A text line stands on the terminal. */
    bool standing;
    /* Bytes of the input; 0: not known. */
    uint64_t size;
    /* Bytes behind us when the first name was asked for. */
    uint64_t skipped;
};

/* Milliseconds left until it should be shown again; -1: never. */
int64_t scan_progress_due(const struct scan_progress *progress, int64_t now_ms);
/* read: bytes of the input so far. */
void scan_progress_show(struct scan_progress *progress, const struct scan_tally *tally,
                        uint64_t read, int64_t now_ms);
/* Takes a standing line away, before something else is printed. */
void scan_progress_clear(struct scan_progress *progress);
/* One line, in text or in JSON. complete: the input was scanned to its end. */
void scan_progress_summary(struct scan_progress *progress, const struct scan_tally *tally,
                           int64_t now_ms, bool complete);

/* Seconds left, or -1 when nobody can tell. Pure. */
int64_t scan_progress_left_s(const struct scan_progress *progress, uint64_t read,
                             int64_t now_ms);

/* 0: all permitted, exempt or skipped; 1: something denied or no name; 2: none
 * denied, but something undecided. */
int scan_tally_exit_code(const struct scan_tally *tally);

#endif
