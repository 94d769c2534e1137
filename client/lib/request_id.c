#include "request_id.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

bool caa_request_id_make(char out[CAA_REQUEST_ID_MADE])
{
    unsigned char bytes[(CAA_REQUEST_ID_MADE - 1) / 2];
    ssize_t got;
    /* Up to 256 bytes come whole once the pool is ready; before that a signal
     * may interrupt the wait. */
    do
        got = getrandom(bytes, sizeof(bytes), 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(bytes))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15u];
    }
    out[2 * sizeof(bytes)] = '\0';
    return true;
}
