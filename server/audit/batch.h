/* batch.h - one transaction: find the request ids already known, chain the
 * rest, write them, commit.
 * Threads: owner only. */
#ifndef CAA_AUDIT_BATCH_H
#define CAA_AUDIT_BATCH_H

#include "audit/record.h"
#include "audit/stream.h"

struct batch_item {
    const struct audit_entry *entry;
    uint64_t id_hash; /* of entry->request_id: equal ids, equal hashes */
    struct audit_receipt receipt;
};

/* All or nothing. True: durable, each receipt filled, *stream moved on. False:
 * *stream is no longer to be trusted and the connection must be closed. */
bool batch_write(struct db *db, struct coder *coder, const char *name,
                 struct stream *stream, struct batch_item *items, size_t count,
                 struct fault *fault);

#endif
