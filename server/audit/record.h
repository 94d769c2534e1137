/* record.h - a record as bytes: the canonical encoding that is hashed, and the
 * compressed body that is stored.
 *
 * hash = SHA-256(previous hash | head | tail). The head is made of the row's
 * columns and the stream's name, the tail (sequence, names, payload) is what
 * the body holds. docs/audit.md gives the encoding octet by octet.
 * Threads: owner only; a coder for each thread. */
#ifndef CAA_AUDIT_RECORD_H
#define CAA_AUDIT_RECORD_H

#include "audit/audit.h"

struct coder;

/* NULL: out of memory. */
struct coder *coder_create(void);
/* NULL is fine. */
void coder_destroy(struct coder *coder);

/* Hashes and packs an entry. *body is borrowed until the coder's next call.
 * False: out of memory. */
CAA_MUSTCHECK bool record_seal(struct coder *coder, const char *stream, uint64_t sequence,
                               const uint8_t *previous_hash,
                               const struct audit_entry *entry, uint8_t *hash,
                               struct bytes *body);

struct record_tail {
    uint64_t sequence;
    struct bytes names; /* for record_next_name */
    size_t name_count;
    struct bytes payload;
    struct bytes whole;
};

/* Unpacks a body. *tail is borrowed until the coder's next call. False: it is
 * not a body of ours. */
CAA_MUSTCHECK bool record_open(struct coder *coder, struct bytes body,
                               struct record_tail *tail);

/* The hash that a record with these columns (payload aside) and this tail has. */
CAA_MUSTCHECK bool record_hash(struct coder *coder, const struct audit_record *columns,
                               const struct record_tail *tail, uint8_t *hash);

/* Columns (payload aside) and tail are what the record's hash was made of. */
CAA_MUSTCHECK bool record_is_intact(struct coder *coder,
                                    const struct audit_record *columns,
                                    const struct record_tail *tail);

/* What the name index holds of a name, cut at AUDIT_NAME_MAX octets and there
 * at a character's end. Empty: not indexed. */
struct bytes record_index_key(struct bytes name);

/* The next name; false at the end. */
bool record_next_name(struct record_tail *tail, struct bytes *name);

#endif
