/* region.h - memory of messages that are unpacked, looked at and thrown away: taken
 * piece by piece out of a few blocks, released at once.
 * Threads: owner only. */
#ifndef CAA_CLIENT_REGION_H
#define CAA_CLIENT_REGION_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct caa_region_block;

struct caa_region {
    /* For protobuf-c. What it unpacks is not freed one by one. */
    ProtobufCAllocator allocator;
    struct caa_region_block *newest;
    size_t block_size;
};

/* expected: bytes that will probably do. Nothing is allocated yet; region must
 * not move. */
void caa_region_init(struct caa_region *region, size_t expected);
void caa_region_fini(struct caa_region *region);

#endif
