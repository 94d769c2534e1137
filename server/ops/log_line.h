/* log_line.h - one line of the log under construction, in a fixed buffer that
 * always has room to end it properly.
 * Threads: owner only. */
#ifndef CAA_OPS_LOG_LINE_H
#define CAA_OPS_LOG_LINE_H

#include "ops/log.h"

struct log_line {
    enum log_format format;
    char data[LOG_LINE_MAX];
    size_t len;
    bool cut;
};

void log_line_start(struct log_line *line, enum log_format format, int64_t wall_ms,
                    enum log_level level, const char *message);

/* Added whole, or not at all. */
void log_line_add(struct log_line *line, const struct log_field *field);

/* Afterwards data holds len octets, the last a newline. */
void log_line_end(struct log_line *line);

#endif
