/* scanned.h - what the two RPC targets promise of any octets. */
#ifndef CAA_TEST_FUZZ_SCANNED_H
#define CAA_TEST_FUZZ_SCANNED_H

#include "require.h"
#include "rpc/scan.h"

enum { SCANNED_BUDGET = 64 << 20 };

static inline void *scanned_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static inline void scanned_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

/* What the scan lets through protobuf-c takes, and packs into octets that the
 * scan lets through again; NULL: refused, in words. */
static inline ProtobufCMessage *scanned_unpack(struct arena *arena,
                                               const ProtobufCMessageDescriptor *type,
                                               struct bytes octets)
{
    ProtobufCAllocator allocator = {scanned_alloc, scanned_free, arena};
    struct scan_fault fault = {0};
    if (!scan_message(arena, type, octets, &fault)) {
        require_printable(fault.field);
        require_printable(fault.reason);
        require(*fault.reason != '\0');
        return NULL;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, octets.len, octets.data);
    require(message != NULL);
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *again = arena_alloc(arena, len);
    require(again != NULL && protobuf_c_message_pack(message, again) == len);
    require(scan_message(arena, type, (struct bytes){again, len}, &fault));
    return message;
}

#endif
