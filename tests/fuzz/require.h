/* require.h - a promise a fuzz target checks, in every build. */
#ifndef CAA_TEST_FUZZ_REQUIRE_H
#define CAA_TEST_FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool held)
{
    if (!held)
        abort();
}

/* What is shown to people is printable ASCII. */
static inline void require_printable(const char *text)
{
    for (; *text; text++)
        require(*text >= 0x20 && *text <= 0x7e);
}

#endif
