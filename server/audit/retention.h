/* retention.h - removes records of whole UTC days past keep_days, oldest first,
 * a few a transaction, and leaves the chain an anchor: the last removed
 * record's sequence and hash.
 * Threads: owner only. */
#ifndef CAA_AUDIT_RETENTION_H
#define CAA_AUDIT_RETENTION_H

#include "audit/record.h"
#include "audit/stream.h"

/* Midnight UTC before which records may go; INT64_MIN if none. */
int64_t retention_cutoff_ms(int64_t now_ms, unsigned keep_days);

struct retention_report {
    uint64_t removed;  /* 0: nothing left to remove now */
    uint64_t stuck_at; /* records before this one are missing: a stream of which
                          nothing more is removed until someone has looked; 0: none */
};

/* One small step over every stream of the store. False: the connection must be
 * closed. */
bool retention_step(struct db *db, struct coder *coder, int64_t cutoff_ms,
                    struct retention_report *out, struct fault *fault);

#endif
