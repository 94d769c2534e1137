/* denial.h - the words of a denial: what the records say, where they are, what
 * to do, how long caches may keep them.
 * Threads: any. */
#ifndef CAA_CHECK_DENIAL_H
#define CAA_CHECK_DENIAL_H

#include "base/text.h"
#include "check/result.h"

/* Pre: result is DENIED. */
void caa_denial_write(const struct caa_policy *policy, const struct caa_result *result,
                      struct text *text);

#endif
