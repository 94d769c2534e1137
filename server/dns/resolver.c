#include "dns/resolver.h"

#include <ares.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/random.h"
#include "dns/cache.h"
#include "dns/worker.h"

enum { WORKERS_MAX = 64 };

struct resolver {
    struct pool pool;
    struct worker *workers;
    unsigned worker_count;
    atomic_ullong cache_hits, cache_misses;
};

static unsigned worker_count_of(const struct resolver_options *options)
{
    unsigned count = options->workers;
    if (count == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        count = cores > 0 ? (unsigned)cores : 1;
    }
    return count < WORKERS_MAX ? count : WORKERS_MAX;
}

static enum caa_err init_pool(struct pool *pool, const struct resolver_options *options)
{
    *pool = (struct pool){.upstream_count = options->server_count,
                          .timeout_ms = options->timeout_ms,
                          .attempts = options->attempts < RESOLVER_ATTEMPTS_MAX
                                          ? options->attempts
                                          : RESOLVER_ATTEMPTS_MAX,
                          .require_dnssec = options->require_dnssec,
                          .changed = options->changed,
                          .changed_arg = options->changed_arg};
    pool->seed = random_u64();
    pool->cache = cache_create(options->cache_max_entries, options->cache_max_ttl_s);
    pool->upstreams = calloc(options->server_count, sizeof *pool->upstreams);
    if (!pool->cache || !pool->upstreams)
        return CAA_ENOMEM;
    for (size_t i = 0; i < options->server_count; i++) {
        struct upstream *upstream = &pool->upstreams[i];
        snprintf(upstream->text, sizeof upstream->text, "%s", options->server_texts[i]);
        upstream->address = options->servers[i];
        atomic_init(&upstream->state, UPSTREAM_UNTESTED);
        atomic_init(&upstream->since_ms, clock_wall_ms());
    }
    return CAA_OK;
}

enum caa_err resolver_create(const struct resolver_options *options,
                             struct resolver **out)
{
    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return CAA_EIO;
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver) {
        ares_library_cleanup();
        return CAA_ENOMEM;
    }
    enum caa_err err = init_pool(&resolver->pool, options);
    unsigned count = worker_count_of(options);
    unsigned window = PACING_WINDOW / count;
    resolver->pool.window = window > PACING_WINDOW_MIN ? window : PACING_WINDOW_MIN;
    if (err == CAA_OK) {
        resolver->workers = calloc(count, sizeof *resolver->workers);
        err = resolver->workers ? CAA_OK : CAA_ENOMEM;
    }
    while (err == CAA_OK && resolver->worker_count < count) {
        err = worker_start(&resolver->workers[resolver->worker_count], &resolver->pool,
                           resolver->worker_count);
        resolver->worker_count += err == CAA_OK;
    }
    if (err != CAA_OK) {
        resolver_destroy(resolver);
        return err;
    }
    *out = resolver;
    return CAA_OK;
}

void resolver_destroy(struct resolver *resolver)
{
    if (!resolver)
        return;
    for (unsigned i = 0; i < resolver->worker_count; i++)
        worker_stop(&resolver->workers[i]);
    free(resolver->workers);
    cache_destroy(resolver->pool.cache);
    free(resolver->pool.upstreams);
    free(resolver);
    ares_library_cleanup();
}

void resolver_query_init(struct resolver *resolver, struct resolver_query *query,
                         struct caa_fqdn fqdn)
{
    query->fqdn = fqdn;
    query->hash = XXH3_64bits_withSeed(fqdn.text, fqdn.len, resolver->pool.seed);
}

struct held_answer *resolver_cached(struct resolver *resolver,
                                    const struct resolver_query *query)
{
    struct held_answer *held =
        cache_get(resolver->pool.cache, query->hash, query->fqdn.text, clock_mono_us());
    atomic_fetch_add_explicit(held ? &resolver->cache_hits : &resolver->cache_misses, 1,
                              memory_order_relaxed);
    return held;
}

/* One lock and one wake-up a worker, however many questions. */
void resolver_ask(struct resolver *resolver, struct resolver_query *list)
{
    struct resolver_query *heads[WORKERS_MAX] = {NULL}, **tails[WORKERS_MAX];
    while (list) {
        struct resolver_query *query = list;
        size_t owner = (query->hash >> 32) % resolver->worker_count;
        list = query->next;
        query->next = NULL;
        *(heads[owner] ? tails[owner] : &heads[owner]) = query;
        tails[owner] = &query->next;
    }
    for (unsigned i = 0; i < resolver->worker_count; i++)
        if (heads[i])
            worker_post(&resolver->workers[i], heads[i], tails[i]);
}

bool resolver_is_ready(const struct resolver *resolver)
{
    for (size_t i = 0; i < resolver->pool.upstream_count; i++)
        if (upstream_in_rotation(&resolver->pool.upstreams[i],
                                 resolver->pool.require_dnssec))
            return true;
    return false;
}

bool resolver_is_alive(const struct resolver *resolver)
{
    enum { STALLED_US = 5000000 };
    int64_t now_us = clock_mono_us();
    for (unsigned i = 0; i < resolver->worker_count; i++)
        if (now_us - atomic_load(&resolver->workers[i].round_us) > STALLED_US)
            return false;
    return true;
}

bool resolver_is_tested(const struct resolver *resolver)
{
    for (size_t i = 0; i < resolver->pool.upstream_count; i++)
        if (atomic_load(&resolver->pool.upstreams[i].state) == UPSTREAM_UNTESTED)
            return false;
    return true;
}

size_t resolver_upstream_count(const struct resolver *resolver)
{
    return resolver->pool.upstream_count;
}

const struct upstream *resolver_upstream(const struct resolver *resolver, size_t index)
{
    return &resolver->pool.upstreams[index];
}

bool resolver_requires_dnssec(const struct resolver *resolver)
{
    return resolver->pool.require_dnssec;
}

size_t resolver_flush(struct resolver *resolver, const char *name, bool subtree)
{
    return cache_flush(resolver->pool.cache, name, subtree, clock_mono_us());
}

static void add_counter(uint64_t *sum, atomic_ullong *counter)
{
    *sum += atomic_load_explicit(counter, memory_order_relaxed);
}

void resolver_stats_read(struct resolver *resolver, struct resolver_stats *out)
{
    *out = (struct resolver_stats){.cache_entries = cache_count(resolver->pool.cache)};
    add_counter(&out->cache_hits, &resolver->cache_hits);
    add_counter(&out->cache_misses, &resolver->cache_misses);
    for (unsigned i = 0; i < resolver->worker_count; i++) {
        struct worker_counters *counters = &resolver->workers[i].counters;
        add_counter(&out->udp_queries, &counters->udp_queries);
        add_counter(&out->tcp_queries, &counters->tcp_queries);
        add_counter(&out->shared, &counters->shared);
        add_counter(&out->in_flight, &counters->in_flight);
        for (size_t k = 0; k < sizeof out->lookups / sizeof out->lookups[0]; k++)
            add_counter(&out->lookups[k], &counters->lookups[k]);
        for (size_t k = 0; k < sizeof out->ede / sizeof out->ede[0]; k++)
            add_counter(&out->ede[k], &counters->ede[k]);
    }
}
