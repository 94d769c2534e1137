#include "dns/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check/fqdn.h"

enum { SHARDS = 16 }; /* a power of two; well above the number of threads */

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct held_answer **buckets;
    size_t bucket_mask, count, max;
    struct held_answer *newest, *oldest;
};

struct cache {
    uint32_t max_ttl_s;
    bool enabled;
    atomic_llong flushed_us;
    struct shard shards[SHARDS];
};

static struct shard *shard_of(struct cache *cache, uint64_t hash)
{
    return &cache->shards[hash >> 60 & (SHARDS - 1)];
}

static struct held_answer **bucket_of(struct shard *shard, uint64_t hash)
{
    return &shard->buckets[hash & shard->bucket_mask];
}

struct cache *cache_create(size_t max_entries, uint32_t max_ttl_s)
{
    struct cache *cache = aligned_alloc(64, sizeof *cache);
    if (!cache)
        return NULL;
    memset(cache, 0, sizeof *cache);
    cache->max_ttl_s = max_ttl_s;
    cache->enabled = max_entries > 0;
    atomic_init(&cache->flushed_us, INT64_MIN);
    size_t per_shard = max_entries / SHARDS + 1, buckets = 16;
    while (buckets < per_shard)
        buckets *= 2;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->max = per_shard;
        shard->bucket_mask = buckets - 1;
        shard->buckets = calloc(buckets, sizeof *shard->buckets);
        if (!shard->buckets) {
            cache_destroy(cache);
            return NULL;
        }
    }
    return cache;
}

static void lru_unlink(struct shard *shard, struct held_answer *held)
{
    struct held_answer *newer = held->place.newer, *older = held->place.older;
    *(newer ? &newer->place.older : &shard->newest) = older;
    *(older ? &older->place.newer : &shard->oldest) = newer;
}

static void lru_push(struct shard *shard, struct held_answer *held)
{
    held->place.newer = NULL;
    held->place.older = shard->newest;
    *(shard->newest ? &shard->newest->place.newer : &shard->oldest) = held;
    shard->newest = held;
}

static struct held_answer **find_locked(struct shard *shard, uint64_t hash,
                                        const char *name)
{
    struct held_answer **link = bucket_of(shard, hash);
    while (*link &&
           ((*link)->place.hash != hash || strcmp((*link)->answer.name, name) != 0))
        link = &(*link)->place.next_in_bucket;
    return link;
}

static void drop_locked(struct shard *shard, struct held_answer **link)
{
    struct held_answer *held = *link;
    *link = held->place.next_in_bucket;
    lru_unlink(shard, held);
    held_unref(held);
    shard->count--;
}

static void evict_oldest_locked(struct shard *shard)
{
    struct held_answer *oldest = shard->oldest;
    drop_locked(shard, find_locked(shard, oldest->place.hash, oldest->answer.name));
}

struct held_answer *cache_get(struct cache *cache, uint64_t hash, const char *name,
                              int64_t now_us)
{
    if (!cache->enabled)
        return NULL;
    struct held_answer *found = NULL;
    struct shard *shard = shard_of(cache, hash);
    pthread_mutex_lock(&shard->lock);
    struct held_answer **link = find_locked(shard, hash, name);
    if (*link && (*link)->place.expires_us <= now_us) {
        drop_locked(shard, link);
    } else if (*link) {
        found = held_ref(*link);
        if (shard->newest != found) {
            lru_unlink(shard, found);
            lru_push(shard, found);
        }
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

/* A flush says that the records were changed: what was asked before may be old. */
static bool may_keep_locked(struct cache *cache, const struct held_answer *present,
                            int64_t asked_us)
{
    return asked_us > cache_flushed_us(cache) &&
           (!present || present->place.asked_us <= asked_us);
}

void cache_put(struct cache *cache, uint64_t hash, struct held_answer *held,
               int64_t asked_us, int64_t now_us)
{
    if (!cache->enabled || caa_outcome_is_failure(held->answer.outcome))
        return;
    uint32_t ttl_s = held->answer.ttl_s;
    if (ttl_s > cache->max_ttl_s)
        ttl_s = cache->max_ttl_s;
    struct shard *shard = shard_of(cache, hash);
    pthread_mutex_lock(&shard->lock);
    struct held_answer **link = find_locked(shard, hash, held->answer.name);
    bool keep = may_keep_locked(cache, *link, asked_us);
    if (keep && *link)
        drop_locked(shard, link);
    if (keep && ttl_s > 0) {
        if (shard->count == shard->max)
            evict_oldest_locked(shard);
        struct held_answer **bucket = bucket_of(shard, hash);
        held->place.next_in_bucket = *bucket;
        held->place.hash = hash;
        held->place.asked_us = asked_us;
        held->place.expires_us = now_us + (int64_t)ttl_s * 1000000;
        *bucket = held_ref(held);
        lru_push(shard, held);
        shard->count++;
    }
    pthread_mutex_unlock(&shard->lock);
}

static bool flush_wants(const struct held_answer *held, const char *name, bool subtree)
{
    const char *held_name = held->answer.name;
    if (!name)
        return true;
    if (!subtree)
        return strcmp(held_name, name) == 0;
    return caa_fqdn_is_within((struct caa_fqdn){held_name, strlen(held_name)}, name);
}

static size_t flush_shard(struct shard *shard, const char *name, bool subtree)
{
    size_t dropped = 0;
    pthread_mutex_lock(&shard->lock);
    for (size_t i = 0; shard->count > 0 && i <= shard->bucket_mask; i++) {
        for (struct held_answer **link = &shard->buckets[i]; *link;) {
            if (flush_wants(*link, name, subtree)) {
                drop_locked(shard, link);
                dropped++;
            } else {
                link = &(*link)->place.next_in_bucket;
            }
        }
    }
    pthread_mutex_unlock(&shard->lock);
    return dropped;
}

size_t cache_flush(struct cache *cache, const char *name, bool subtree, int64_t now_us)
{
    size_t dropped = 0;
    atomic_store(&cache->flushed_us, now_us);
    for (size_t i = 0; i < SHARDS; i++)
        dropped += flush_shard(&cache->shards[i], name, subtree);
    return dropped;
}

int64_t cache_flushed_us(struct cache *cache)
{
    return atomic_load(&cache->flushed_us);
}

size_t cache_count(struct cache *cache)
{
    size_t count = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&cache->shards[i].lock);
        count += cache->shards[i].count;
        pthread_mutex_unlock(&cache->shards[i].lock);
    }
    return count;
}

void cache_destroy(struct cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        if (cache->shards[i].buckets)
            flush_shard(&cache->shards[i], NULL, true);
        free(cache->shards[i].buckets);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    free(cache);
}
