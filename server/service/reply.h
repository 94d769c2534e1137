/* reply.h - results as messages of the schema. The messages live in an arena
 * and borrow strings from the check, which must outlive them.
 * Threads: any; the arena's owner. */
#ifndef CAA_SERVICE_REPLY_H
#define CAA_SERVICE_REPLY_H

#include "base/arena.h"
#include "caa/v1/caa.pb-c.h"
#include "check/result.h"

/* protobuf-c's fields are not const, though packing only reads them. */
static inline char *reply_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* NULL: out of memory, for each. */
CAA_MUSTCHECK Caa__V1__Result *reply_result(struct arena *arena,
                                            const struct caa_result *result);
CAA_MUSTCHECK Caa__V1__Lookup *reply_lookup(struct arena *arena,
                                            const struct caa_level *level);
/* decisive: one for each property, or NULL. */
CAA_MUSTCHECK Caa__V1__Result__Record **
reply_records(struct arena *arena, const struct caa_answer *answer, const bool *decisive);
/* The raw responses of the deciding levels. */
CAA_MUSTCHECK Caa__V1__RawResponse **reply_raw_responses(struct arena *arena,
                                                         const struct caa_result *results,
                                                         size_t result_count,
                                                         size_t *count);

#endif
