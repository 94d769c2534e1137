/* text.h - a bounded text under construction: what does not fit is cut and the
 * end marked "...", so a sentence with foreign data in it has a known size.
 * Foreign octets go in escaped, as a zone file writes them.
 * Threads: owner only. */
#ifndef CAA_BASE_TEXT_H
#define CAA_BASE_TEXT_H

#include "base/bytes.h"

struct text {
    char *data; /* always ends in NUL */
    size_t size, len;
    bool cut;
};

/* Writes into buffer. Pre: size >= 4. */
struct text text_of(char *buffer, size_t size);

void text_add(struct text *text, const char *addition);
void text_addf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Escaped; of more than max octets the first max and "...". */
void text_add_escaped(struct text *text, struct bytes octets, size_t max);

/* A domain name in presentation form: its escapes stay, a final dot goes, what
 * is not printable is escaped, and more than max characters are cut. */
void text_add_name(struct text *text, const char *name, size_t max);

/* One octet in zone-file form (RFC 1035 section 5.1) inside quotes: printable
 * ASCII as it is, '"' and '\' after a backslash, the rest as \DDD. Returns how
 * many characters of out were written, no NUL. */
size_t text_escape(uint8_t octet, char out[4]);

#endif
