/* wire.h - a cursor over octets that keeps its first error: reading past the
 * end yields zeros and marks it failed, so a parser reads straight down and
 * checks once.
 * Threads: owner only. */
#ifndef CAA_BASE_WIRE_H
#define CAA_BASE_WIRE_H

#include "base/bytes.h"

struct wire {
    struct bytes rest;
    bool failed;
};

static inline struct wire wire_of(struct bytes bytes)
{
    return (struct wire){.rest = bytes};
}

/* The next len octets; on failure an empty slice. */
static inline struct bytes wire_take(struct wire *wire, size_t len)
{
    if (wire->failed || len > wire->rest.len) {
        wire->failed = true;
        return (struct bytes){NULL, 0};
    }
    struct bytes taken = {wire->rest.data, len};
    wire->rest = (struct bytes){wire->rest.data + len, wire->rest.len - len};
    return taken;
}

static inline uint8_t wire_u8(struct wire *wire)
{
    struct bytes b = wire_take(wire, 1);
    return b.len ? b.data[0] : 0;
}

static inline uint16_t wire_u16(struct wire *wire)
{
    struct bytes b = wire_take(wire, 2);
    if (!b.len)
        return 0;
    return (uint16_t)(b.data[0] << 8 | b.data[1]);
}

#endif
