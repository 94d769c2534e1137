/* cache.h - RRsets and empty answers (RFC 2308), kept for their TTL. Failures
 * are never stored. Bounded in entries; the least recently used goes first.
 * Sharded, so that many threads read it at once.
 * Threads: any. */
#ifndef CAA_DNS_CACHE_H
#define CAA_DNS_CACHE_H

#include "base/err.h"
#include "dns/held.h"

struct cache;

/* max_entries 0: nothing is ever kept. NULL: out of memory. */
struct cache *cache_create(size_t max_entries, uint32_t max_ttl_s);
void cache_destroy(struct cache *cache);

/* hash: of name, seeded, the same at every call. A reference for the caller,
 * or NULL. now_us: monotonic. */
struct held_answer *cache_get(struct cache *cache, uint64_t hash, const char *name,
                              int64_t now_us);
/* Takes a reference of its own; the answer to an earlier question for the name is
 * replaced, that to a later one stays. asked_us: when the question began; before
 * the last flush, whatever it flushed, nothing is kept. A TTL of 0 is not kept, but
 * drops the earlier answer. An answer is put into one cache, once. */
void cache_put(struct cache *cache, uint64_t hash, struct held_answer *held,
               int64_t asked_us, int64_t now_us);
/* Forgets name (lookup form), with all below it if subtree; NULL: everything.
 * Returns how many answers it dropped. */
size_t cache_flush(struct cache *cache, const char *name, bool subtree, int64_t now_us);
/* When the last flush began; INT64_MIN: there was none. */
int64_t cache_flushed_us(struct cache *cache);
size_t cache_count(struct cache *cache);

#endif
