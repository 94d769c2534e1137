#include "base/random.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

uint64_t random_u64(void)
{
    /* getrandom gives up to 256 octets whole, whatever signal comes. */
    static _Thread_local uint64_t block[32];
    static _Thread_local size_t left;
    if (left == 0) {
        if (getrandom(block, sizeof block, 0) != (ssize_t)sizeof block)
            abort(); /* only a kernel without the call fails here */
        left = sizeof block / sizeof block[0];
    }
    uint64_t number = block[--left];
    block[left] = 0; /* used once */
    return number;
}
