/* fault.h - why the store could not do something: a sentence for people and
 * what the writer may do about it.
 * Threads: owner only. */
#ifndef CAA_AUDIT_FAULT_H
#define CAA_AUDIT_FAULT_H

#include <stdarg.h>
#include <stdio.h>

#include "audit/audit.h"

enum fault_cure {
    FAULT_WAIT,  /* try again later: down, full, read-only */
    FAULT_RETRY, /* lost a race with another daemon: try again at once */
    FAULT_TAKEN, /* another daemon has the stream */
    FAULT_NEVER, /* waiting will not help: no database, schema too new */
};

struct fault {
    enum fault_cure cure;
    char text[AUDIT_TEXT_LEN];
};

/* Fills *fault; false, so that a failing function can return it. */
__attribute__((format(printf, 3, 4))) static inline bool
fault_set(struct fault *fault, enum fault_cure cure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->cure = cure;
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return false;
}

#endif
