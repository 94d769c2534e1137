/* message.h - what a customer reads: a sentence for each reason that says what
 * happened, where and what to do next, and the exact record that would help.
 * Everything that came from the DNS is escaped and cut to length.
 * Threads: any. */
#ifndef CAA_CHECK_MESSAGE_H
#define CAA_CHECK_MESSAGE_H

#include "check/result.h"

/* No message is longer, whatever a zone holds. */
enum { CAA_MESSAGE_MAX = 1200 };

/* Fills result->message and result->remedy from its other fields.
 * CAA_ENOMEM: both untouched. */
CAA_MUSTCHECK enum caa_err caa_message_write(struct arena *arena,
                                             const struct caa_policy *policy,
                                             struct caa_result *result);

#endif
