/* request_id.h - random names for calls that were given none.
 * Threads: any. */
#ifndef CAA_CLIENT_REQUEST_ID_H
#define CAA_CLIENT_REQUEST_ID_H

#include <stdbool.h>

/* Longest id the daemon takes. */
#define CAA_REQUEST_ID_MAX 128
/* 128 random bits in hex, and the NUL. */
#define CAA_REQUEST_ID_MADE 33

/* false: the kernel gave no random bytes. */
bool caa_request_id_make(char out[CAA_REQUEST_ID_MADE]);

#endif
