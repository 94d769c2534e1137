/* remedy.h - the exact record that would turn a denial round, and the zone it
 * goes into. Nothing for a lookup failure: no CAA record mends a server.
 * Threads: any. */
#ifndef CAA_CHECK_REMEDY_H
#define CAA_CHECK_REMEDY_H

#include "base/text.h"
#include "check/result.h"

enum { CAA_REMEDY_MAX = 4095 };

/* Writes into remedy, which stays empty where no record would help or the whole
 * of it does not fit. Pre: result is DENIED; remedy is empty. */
void caa_remedy_write(const struct caa_policy *policy, const struct caa_result *result,
                      struct text *remedy);

/* The name whose record restricts, as an alias' target if found->name is an
 * alias: a CAA record cannot stand beside a CNAME (RFC 1034 section 3.6.2). */
const char *caa_remedy_owner(const struct caa_answer *found);

/* The Relevant RRset lies at a top-level domain above the name asked for, so it
 * is answered by records at the name itself. */
bool caa_remedy_is_above(const struct caa_result *result, const struct caa_answer *level);

#endif
