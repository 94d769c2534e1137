#include "region.h"

#include <stdalign.h>
#include <stdlib.h>

struct caa_region_block {
    struct caa_region_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

static struct caa_region_block *add_block(struct caa_region *region, size_t at_least)
{
    size_t size = at_least > region->block_size ? at_least : region->block_size;
    struct caa_region_block *block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->older = region->newest;
    block->size = size;
    block->used = 0;
    region->newest = block;
    return block;
}

static void *take(void *data, size_t size)
{
    struct caa_region *region = data;
    const size_t align = alignof(max_align_t);
    size = (size + align - 1) / align * align;
    struct caa_region_block *block = region->newest;
    if (block == NULL || size > block->size - block->used)
        block = add_block(region, size);
    if (block == NULL)
        return NULL;
    block->used += size;
    return block->data + block->used - size;
}

static void leave(void *data, void *piece)
{
    (void)data;
    (void)piece;
}

void caa_region_init(struct caa_region *region, size_t expected)
{
    *region = (struct caa_region){
        .allocator = {.alloc = take, .free = leave, .allocator_data = region},
        .block_size = expected};
}

void caa_region_fini(struct caa_region *region)
{
    while (region->newest != NULL) {
        struct caa_region_block *block = region->newest;
        region->newest = block->older;
        free(block);
    }
}
