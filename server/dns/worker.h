/* worker.h - one thread of the pool: its channels, timers, flights and pacing.
 * Inside dns/ only.
 * Threads: owner only, but for the inbox and the counters. */
#ifndef CAA_DNS_WORKER_H
#define CAA_DNS_WORKER_H

#include <pthread.h>

#include "base/arena.h"
#include "dns/cache.h"
#include "dns/channel.h"
#include "dns/pacing.h"
#include "dns/resolver.h"

enum {
    FLIGHT_BUCKETS = 4096,
};

struct worker_counters {
    atomic_ullong udp_queries, tcp_queries, shared, in_flight;
    atomic_ullong lookups[13], ede[32];
};

/* What the pool shares; immutable but for upstreams' state and the cache. */
struct pool {
    struct upstream *upstreams;
    size_t upstream_count;
    unsigned timeout_ms, attempts;
    unsigned window; /* a worker's share of PACING_WINDOW */
    bool require_dnssec;
    struct cache *cache;
    uint64_t seed;
    upstream_changed *changed;
    void *changed_arg;
};

struct worker {
    struct pool *pool;
    unsigned index;
    pthread_t thread;
    int epoll_fd, event_fd;

    pthread_mutex_t inbox_lock;
    struct resolver_query *inbox_head, **inbox_tail;
    bool stopping;

    struct channel **channels; /* one an upstream */
    struct self_test *self_tests;
    struct proof *proofs; /* one an upstream */
    struct wheel wheel;
    int64_t now_us;
    atomic_llong round_us; /* when the loop last went round, for the watchdog */
    struct arena *scratch; /* reset after each response */
    struct flight *flights[FLIGHT_BUCKETS];
    struct flight *spare; /* for the next ones */
    unsigned spare_count;
    struct resolver_query *answered_head, **answered_tail;
    struct pacing *pacings; /* one an upstream */
    struct worker_counters counters;
};

CAA_MUSTCHECK enum caa_err worker_start(struct worker *worker, struct pool *pool,
                                        unsigned index);
/* Waits for the thread; open questions are done first. */
void worker_stop(struct worker *worker);
/* Threads: any. Takes over a list linked by next, *tail its last link. */
void worker_post(struct worker *worker, struct resolver_query *head,
                 struct resolver_query **tail);
/* query is done with held at the end of the present round: what the callers make
 * of their answers, replies above all, comes in one go, while the resolver is busy
 * with the queries just sent. */
void worker_answer(struct worker *worker, struct resolver_query *query,
                   struct held_answer *held, bool from_cache);
/* Sets an upstream's state and reports a change. */
void worker_set_state(struct worker *worker, struct upstream *upstream,
                      enum upstream_state state);

#endif
