#include "audit/ids.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

/* 1 MiB: some minutes of retries at a thousand checks a second. */
enum { SLOT_COUNT = 1 << 17 };

struct ids {
    uint64_t seed;
    _Atomic uint64_t slots[SLOT_COUNT];
};

struct ids *ids_create(void)
{
    struct ids *ids = calloc(1, sizeof *ids);
    /* Callers choose the ids: without a secret seed they could also choose
     * which of them share a slot. */
    if (ids && getrandom(&ids->seed, sizeof ids->seed, 0) != (ssize_t)sizeof ids->seed) {
        free(ids);
        return NULL;
    }
    return ids;
}

void ids_destroy(struct ids *ids)
{
    free(ids);
}

uint64_t ids_hash(const struct ids *ids, const char *id)
{
    uint64_t hash = XXH3_64bits_withSeed(id, strlen(id), ids->seed);
    return hash ? hash : 1; /* 0 marks an empty slot */
}

void ids_add(struct ids *ids, uint64_t hash)
{
    atomic_store_explicit(&ids->slots[hash % SLOT_COUNT], hash, memory_order_relaxed);
}

bool ids_has(const struct ids *ids, uint64_t hash)
{
    return atomic_load_explicit(&ids->slots[hash % SLOT_COUNT], memory_order_relaxed) ==
           hash;
}
