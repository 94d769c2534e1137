/* base64.h - RFC 4648 section 4 out; section 4 or 5, padded or not, in.
 * Threads: any; no state. */
#ifndef CAA_JSON_BASE64_H
#define CAA_JSON_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends in NUL, to be freed by the caller. NULL: out of memory. */
char *base64_encode(const uint8_t *data, size_t len);

/* *out holds at least one byte, to be freed by the caller. false: not base64, or
 * out of memory; nothing to free. */
bool base64_decode(const char *text, size_t len, uint8_t **out, size_t *out_len);

#endif
