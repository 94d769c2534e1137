/* scan_batch.h - some lines of the input on their way to lines of the output.
 * The names are asked for in one request, or in several when one is refused:
 *
 *     while ((len = scan_batch_ask(batch, &names)) > 0)
 *         ... scan_batch_answer(batch, response), scan_batch_split(batch) or
 *             scan_batch_give_up(batch, error)
 *     ... batch->out has a line for each
 *
 * Threads: owner only. */
#ifndef CAACTL_SCAN_BATCH_H
#define CAACTL_SCAN_BATCH_H

#include "caa_client.h"
#include "scan_line.h"
#include "scan_record.h"
#include "scan_text.h"

/* Half of what a daemon takes at least in one message. */
#define SCAN_BATCH_BYTES (256u * 1024)

struct scan_batch_line {
    uint64_t number;
    enum scan_kind kind;
    /* In text; names are ended by a NUL. */
    size_t offset;
    size_t len;
};

struct scan_batch {
    struct scan_batch_line *lines;
    size_t lines_len;
    size_t lines_cap;
    size_t names_len;
    struct scan_text text;
    /* The lines asked for at present, [from, to), and their names. */
    size_t from;
    size_t to;
    const char **names;
    size_t asked_len;
    /* Names a request has at most. */
    size_t limit;
    struct scan_text out;
    uint64_t counts[SCAN_OUTCOMES];
};

/* Zeroed memory is no batch yet. */
void scan_batch_init(struct scan_batch *batch, size_t limit);
void scan_batch_fini(struct scan_batch *batch);

/* Copies a line behind the others. */
void scan_batch_add(struct scan_batch *batch, const struct scan_line *line);
/* Another line has to wait for the next batch. */
bool scan_batch_is_full(const struct scan_batch *batch);
/* 0 when there is no line. */
uint64_t scan_batch_first(const struct scan_batch *batch);

/* The names of the next request, borrowed, good until the batch is told of its
 * outcome. 0: every line has its output. */
size_t scan_batch_ask(struct scan_batch *batch, const char *const **names);
/* Number of the line the request begins with. */
uint64_t scan_batch_asked_line(const struct scan_batch *batch);

/* The answer, as libcaa_client has verified it. */
void scan_batch_answer(struct scan_batch *batch,
                       const struct caa_check_response *response);
/* Ask for half as many next time. false: it was a single name. */
bool scan_batch_split(struct scan_batch *batch);
/* No answer can be had: the names asked for are LOOKUP_FAILED. */
void scan_batch_give_up(struct scan_batch *batch, const struct caa_client_error *error);

#endif
