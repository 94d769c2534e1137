#include "service/twins.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/random.h"

enum { BUCKETS = 4096 };

struct twins {
    pthread_mutex_t lock;
    uint64_t seed;
    struct twin *buckets[BUCKETS];
};

enum caa_err twins_create(struct twins **out)
{
    struct twins *twins = calloc(1, sizeof *twins);
    if (!twins)
        return CAA_ENOMEM;
    twins->seed = random_u64();
    pthread_mutex_init(&twins->lock, NULL);
    *out = twins;
    return CAA_OK;
}

void twins_destroy(struct twins *twins)
{
    if (!twins)
        return;
    pthread_mutex_destroy(&twins->lock);
    free(twins);
}

static struct twin **find_locked(struct twins *twins, const char *request_id)
{
    uint64_t hash = XXH3_64bits_withSeed(request_id, strlen(request_id), twins->seed);
    struct twin **link = &twins->buckets[hash % BUCKETS];
    while (*link && strcmp((*link)->request_id, request_id) != 0)
        link = &(*link)->next;
    return link;
}

bool twins_join(struct twins *twins, struct twin *twin)
{
    pthread_mutex_lock(&twins->lock);
    struct twin **link = find_locked(twins, twin->request_id);
    struct twin *first = *link;
    twin->waiting = NULL;
    if (first) {
        twin->next = first->waiting;
        first->waiting = twin;
    } else {
        twin->next = NULL;
        *link = twin;
    }
    pthread_mutex_unlock(&twins->lock);
    return !first;
}

struct twin *twins_leave(struct twins *twins, struct twin *twin)
{
    pthread_mutex_lock(&twins->lock);
    struct twin **link = find_locked(twins, twin->request_id);
    *link = twin->next;
    pthread_mutex_unlock(&twins->lock);
    return twin->waiting;
}
