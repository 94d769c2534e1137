/* failure.h - the words of a failed lookup: those customers search for, what was
 * asked, what may be behind it, what the resolver said, whose it is to mend, and
 * how to see it oneself.
 * Threads: any. */
#ifndef CAA_CHECK_FAILURE_H
#define CAA_CHECK_FAILURE_H

#include "base/text.h"
#include "check/result.h"

/* Pre for both: result is LOOKUP_FAILED. */
void caa_failure_write(const struct caa_result *result, struct text *text);
/* Two commands that show the failure to anybody. */
void caa_failure_write_dig(const struct caa_result *result, struct text *text);

#endif
