#include "schema_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct schema_block {
    struct schema_block *next;
    max_align_t data[];
};

void *schema_alloc(struct schema_memory *memory, size_t count, size_t size)
{
    struct schema_block *block = calloc(1, sizeof(*block) + count * size + 1);
    if (block == NULL) {
        memory->failed = true;
        return NULL;
    }
    block->next = memory->blocks;
    memory->blocks = block;
    return block->data;
}

char *schema_copy(struct schema_memory *memory, const char *text)
{
    char *copy = schema_alloc(memory, strlen(text) + 1, 1);
    if (copy != NULL)
        memcpy(copy, text, strlen(text));
    return copy;
}

char *schema_join(struct schema_memory *memory, const char *a, char separator,
                  const char *b)
{
    size_t len = strlen(a) + strlen(b) + 2;
    char *joined = schema_alloc(memory, len, 1);
    if (joined != NULL && *a != '\0')
        snprintf(joined, len, "%s%c%s", a, separator, b);
    else if (joined != NULL)
        memcpy(joined, b, strlen(b));
    return joined;
}

void schema_memory_free(struct schema_memory *memory)
{
    while (memory->blocks != NULL) {
        struct schema_block *block = memory->blocks;
        memory->blocks = block->next;
        free(block);
    }
}
