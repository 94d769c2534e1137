/* scan_output.h - where a scan's lines go: always whole lines, and a file that
 * an interrupted scan has left can be taken up again.
 * Threads: owner only. */
#ifndef CAACTL_SCAN_OUTPUT_H
#define CAACTL_SCAN_OUTPUT_H

#include <stdbool.h>

#include "scan_done.h"
#include "scan_record.h"
#include "scan_text.h"

struct scan_output {
    int fd;
    /* For messages; borrowed. */
    const char *path;
    /* Opened here, so closed here. */
    bool owned;
    struct scan_text text;
};

/* Standard output. */
void scan_output_stdout(struct scan_output *output);
/* A new or empty file: what another scan has found is not overwritten.
 * false: the problem has been printed; nothing to close. */
bool scan_output_create(struct scan_output *output, const char *path);
/* A file of scan_output_create, or a new one. Adds its lines to done and counts
 * them by outcome, drops a half line at its end, goes on behind it. Results as
 * scan_output_create. */
bool scan_output_resume(struct scan_output *output, const char *path,
                        struct scan_done *done, uint64_t counts[SCAN_OUTCOMES]);

/* Whole lines, borrowed; kept until there are enough or scan_output_flush.
 * false: they could not be written, the problem has been printed, and a regular
 * file has been cut back to whole lines. */
bool scan_output_add(struct scan_output *output, const struct scan_text *lines);
bool scan_output_flush(struct scan_output *output);

/* false: what was kept could not be written. */
bool scan_output_close(struct scan_output *output);

#endif
