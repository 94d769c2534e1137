/* resolver.h - asks CAA questions: the cache, and a pool of worker threads
 * that each own c-ares channels to the CA's validating resolvers. A name
 * belongs to one worker by hash, so equal questions in flight meet there and
 * are asked once.
 * Threads: any, after resolver_create. */
#ifndef CAA_DNS_RESOLVER_H
#define CAA_DNS_RESOLVER_H

#include "base/err.h"
#include "check/fqdn.h"
#include "dns/held.h"
#include "dns/upstream.h"
#include "dns/wheel.h"

struct resolver;
struct flight;

struct resolver_options {
    const struct sockaddr_storage *servers; /* at least one */
    const char *const *server_texts;        /* "address:port" of each */
    size_t server_count;
    unsigned workers;    /* 0: one a core */
    unsigned timeout_ms; /* one attempt */
    unsigned attempts;   /* 1 to RESOLVER_ATTEMPTS_MAX */
    bool require_dnssec;
    size_t cache_max_entries;
    uint32_t cache_max_ttl_s;
    upstream_changed *changed; /* may be NULL */
    void *changed_arg;
};

enum { RESOLVER_ATTEMPTS_MAX = 10 };

/* One question by one caller, who keeps it until done. */
struct resolver_query {
    struct caa_fqdn fqdn; /* borrowed until done */
    bool fresh;       /* not from the cache, nor from a question asked before asked_us */
    int64_t asked_us; /* monotonic: when the caller was asked */
    int64_t deadline_us; /* monotonic; then DEADLINE_EXCEEDED. Others who wait for
                          * the same answer still get it. */
    /* Called once, on a worker thread, perhaps before resolver_ask returns;
     * held is the caller's reference, NULL when out of memory. */
    void (*done)(struct resolver_query *query, struct held_answer *held, bool from_cache);

    /* The resolver's own. */
    uint64_t hash;
    struct resolver_query *next, *prev;
    struct flight *flight;
    struct wheel_timer deadline;
    struct held_answer *held;
    bool from_cache;
};

/* Starts the workers and the self-tests. */
CAA_MUSTCHECK enum caa_err resolver_create(const struct resolver_options *options,
                                           struct resolver **out);
/* Questions still open are done with RESOLVER_UNAVAILABLE. No call of
 * resolver_ask may be under way or follow. NULL is fine. */
void resolver_destroy(struct resolver *resolver);

/* Sets fqdn and hash of a query. */
void resolver_query_init(struct resolver *resolver, struct resolver_query *query,
                         struct caa_fqdn fqdn);
/* What the cache holds, a reference for the caller; NULL: nothing. */
struct held_answer *resolver_cached(struct resolver *resolver,
                                    const struct resolver_query *query);
/* Asks every query of a list linked by next. */
void resolver_ask(struct resolver *resolver, struct resolver_query *list);

/* Some resolver is in rotation. */
bool resolver_is_ready(const struct resolver *resolver);
/* Every worker thread has gone round its loop within the last seconds. */
bool resolver_is_alive(const struct resolver *resolver);
/* Every resolver was tested at least once. */
bool resolver_is_tested(const struct resolver *resolver);
size_t resolver_upstream_count(const struct resolver *resolver);
const struct upstream *resolver_upstream(const struct resolver *resolver, size_t index);
bool resolver_requires_dnssec(const struct resolver *resolver);

size_t resolver_flush(struct resolver *resolver, const char *name, bool subtree);

/* Counters since start, read without stopping anyone. */
struct resolver_stats {
    uint64_t udp_queries, tcp_queries;
    uint64_t cache_hits, cache_misses;
    uint64_t shared;        /* questions answered by one already in flight */
    uint64_t lookups[13];   /* finished, by enum caa_outcome */
    uint64_t ede[32];       /* EDE codes in final answers; the last: 31 and above */
    uint64_t cache_entries; /* now */
    uint64_t in_flight;     /* lookups now */
};
void resolver_stats_read(struct resolver *resolver, struct resolver_stats *out);

#endif
