/* scan_text.h - text that grows, with what a line of JSON needs.
 * Threads: owner only. */
#ifndef CAACTL_SCAN_TEXT_H
#define CAACTL_SCAN_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* All 0 is empty. data is not ended by a NUL. */
struct scan_text {
    char *data;
    size_t len;
    size_t cap;
};

void scan_text_free(struct scan_text *text);

void scan_text_add(struct scan_text *text, const char *bytes, size_t len);
void scan_text_string(struct scan_text *text, const char *string);
void scan_text_number(struct scan_text *text, int64_t number);

/* As a JSON string, quotes included. Beyond what JSON demands, each control and
 * direction-changing character is escaped; a byte that is no UTF-8 and a NUL
 * become U+FFFD. Equal bytes always give equal text. */
void scan_text_quote(struct scan_text *text, const char *bytes, size_t len);

#endif
