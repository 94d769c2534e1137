/* stream.h - the chain of one daemon: its number, where it stands, where
 * retention has left it. Also the schema, which must be there first.
 * Threads: owner only. */
#ifndef CAA_AUDIT_STREAM_H
#define CAA_AUDIT_STREAM_H

#include "audit/sql.h"

struct stream {
    int64_t number;
    uint64_t head_sequence; /* last written; 0: none */
    uint8_t head_hash[AUDIT_HASH_LEN];
    uint64_t anchor_sequence; /* last removed by retention; 0: none */
    uint8_t anchor_hash[AUDIT_HASH_LEN];
};

/* FAULT_NEVER if the store holds no schema, or one newer than this program. */
bool stream_check_schema(struct db *db, struct fault *fault);

/* Creates or migrates the schema, adds the stream if new, takes its lock and
 * proves that the store can be written. */
bool stream_claim(struct db *db, const char *name, struct stream *out,
                  struct fault *fault);

/* *found false if there is no such stream. */
bool stream_read(struct db *db, const char *name, struct stream *out, bool *found,
                 struct fault *fault);

#endif
