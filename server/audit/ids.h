/* ids.h - request ids seen lately, as 64-bit keyed hashes in a fixed table. A
 * newer id may push an older one out, so "no" is no promise; "yes" is wrong
 * once in 2^47 or so, which costs one query.
 * Threads: any; no lock. */
#ifndef CAA_AUDIT_IDS_H
#define CAA_AUDIT_IDS_H

#include <stdbool.h>
#include <stdint.h>

struct ids;

/* NULL: out of memory. */
struct ids *ids_create(void);
/* NULL is fine. */
void ids_destroy(struct ids *ids);

uint64_t ids_hash(const struct ids *ids, const char *id);
void ids_add(struct ids *ids, uint64_t hash);
bool ids_has(const struct ids *ids, uint64_t hash);

#endif
