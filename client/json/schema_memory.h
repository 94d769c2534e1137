/* schema_memory.h - a schema's memory: handed out in pieces, freed at once.
 * Threads: owner only. */
#ifndef CAA_JSON_SCHEMA_MEMORY_H
#define CAA_JSON_SCHEMA_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct schema_memory {
    struct schema_block *blocks;
    /* Sticks: an allocation failed since the beginning. */
    bool failed;
};

/* Zeroed. NULL when out of memory; count * size must not overflow, which the
 * limit on the schema's own size sees to. */
void *schema_alloc(struct schema_memory *memory, size_t count, size_t size);
char *schema_copy(struct schema_memory *memory, const char *text);
/* "a.b", or b when a is empty; separator stands between. */
char *schema_join(struct schema_memory *memory, const char *a, char separator,
                  const char *b);
void schema_memory_free(struct schema_memory *memory);

#endif
