/* climb.h - find the Relevant RRset for one name (RFC 8659 section 3): from
 * the name up to its top-level domain, never the root. The first level with
 * CAA records has it. A failure met before that might hide records, so it is
 * the result. Says what to ask, then chooses; dns/ asks. Aliases are the
 * resolver's work: an alias target's parents are never climbed.
 * Threads: any. */
#ifndef CAA_CHECK_CLIMB_H
#define CAA_CHECK_CLIMB_H

#include "check/answer.h"
#include "check/fqdn.h"

/* What is known of one level. */
struct caa_level {
    struct caa_fqdn fqdn;
    const struct caa_answer *answer; /* NULL while asked; borrowed */
    bool from_cache;
};

enum caa_finding_kind {
    CAA_FINDING_PENDING, /* a nearer level is still being asked */
    CAA_FINDING_RRSET,   /* level has the Relevant RRset */
    CAA_FINDING_NONE,    /* every level is empty */
    CAA_FINDING_FAILED,  /* level failed, every nearer one is empty */
};

struct caa_finding {
    enum caa_finding_kind kind;
    size_t level; /* RRSET and FAILED: index of the deciding level */
};

/* Fills levels[0..] nearest first, answers NULL. Pre: levels has room for
 * caa_fqdn_label_count(fqdn). Returns that count. */
size_t caa_climb_plan(struct caa_fqdn fqdn, struct caa_level *levels);

struct caa_finding caa_climb_select(const struct caa_level *levels, size_t count);

#endif
