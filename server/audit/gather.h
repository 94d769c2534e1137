/* gather.h - how long a commit waits for company. A disk takes its milliseconds
 * for one record as for a hundred, and callers that wait for their verdict before
 * they ask again would settle into two halves, each waiting out the other's
 * commit. So those just answered get a moment to come back: while they keep
 * coming, until as many are there as were before, half a commit at most.
 * Threads: the writer's. */
#ifndef CAA_AUDIT_GATHER_H
#define CAA_AUDIT_GATHER_H

#include "audit/state.h"

struct gather {
    size_t expected;     /* were waiting when the commit before ended */
    int64_t commit_us;   /* what a commit takes, smoothed */
    int64_t answered_us; /* when the group before had its answers */
};

/* After a commit: what it took; who waited, the group's own included; then, with
 * all callbacks returned, that the group is answered. */
void gather_commit(struct gather *gather, int64_t took_us);
void gather_note(struct gather *gather, size_t waiting);
void gather_answered(struct gather *gather);

/* Something is queued; returns when it should be written. */
void gather_wait_locked(const struct gather *gather, struct writer *writer,
                        size_t group_max);

#endif
