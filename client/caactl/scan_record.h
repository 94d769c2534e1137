/* scan_record.h - a line of a scan's output: written, and read again when a scan
 * is resumed.
 * Threads: any; no state. */
#ifndef CAACTL_SCAN_RECORD_H
#define CAACTL_SCAN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "scan_line.h"
#include "scan_text.h"

/* What lines are counted by. */
enum scan_outcome {
    SCAN_PERMITTED,
    SCAN_EXEMPT,
    SCAN_DENIED,
    SCAN_INVALID_NAME,
    SCAN_LOOKUP_FAILED,
    /* A blank line or a comment. */
    SCAN_SKIPPED,
    /* A verdict this program does not know: never permission. */
    SCAN_UNKNOWN,
    SCAN_OUTCOMES
};

/* In lower case, for people: "lookup failed". */
const char *scan_outcome_name(enum scan_outcome outcome);
enum scan_outcome scan_outcome_of(const char *verdict, size_t len);

/* No pointer is NULL. */
struct scan_record {
    uint64_t line;
    const char *name;
    size_t name_len;
    const char *verdict;
    const char *reason;
    const char *message;
    const char *remedy;
    const char *found_at;
    const char *dnssec;
    int64_t retrieved_at_ms;
    int64_t valid_until_ms;
    bool retryable;
    /* Of the check's audit record; empty: no daemon was asked. */
    const char *request_id;
};

/* Appends it as JSON with its newline. */
void scan_record_write(struct scan_text *text, const struct scan_record *record);

/* Appends a line that needs no daemon: every kind but SCAN_NAME. */
void scan_record_write_local(struct scan_text *text, const struct scan_line *line);

/* What a resumed scan wants to know of a line. */
struct scan_seen {
    uint64_t line;
    /* See scan_record_mark. */
    uint32_t mark;
    enum scan_outcome outcome;
};

/* Reads a line as scan_record_write has made it, without the newline. false: it
 * was not made so. */
bool scan_record_read(const char *text, size_t len, struct scan_seen *seen);

/* Tells line number and text from others, to notice that an output belongs to
 * another input. Never 0; no protection against malice. scratch is overwritten. */
uint32_t scan_record_mark(const struct scan_line *line, struct scan_text *scratch);

#endif
