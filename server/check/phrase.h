/* phrase.h - the phrases that messages have in common.
 * Threads: any. */
#ifndef CAA_CHECK_PHRASE_H
#define CAA_CHECK_PHRASE_H

#include "base/text.h"
#include "check/result.h"

/* Octets of a value, an issuer or a URI shown in a message. */
enum { CAA_PHRASE_VALUE_MAX = 100 };

void caa_phrase_name(struct text *text, const char *name);

/* How many levels above the requested name the last deciding one is. */
size_t caa_phrase_levels_above(const struct caa_result *result);

/* "example.test (1 level above www.example.test)", "example.test (for
 * *.example.test)" or the name alone. answer: the last deciding. */
void caa_phrase_level(struct text *text, const struct caa_result *result,
                      const struct caa_answer *answer);

/* " a is an alias for b, which is an alias for c."; nothing if there is none. */
void caa_phrase_aliases(struct text *text, const struct caa_answer *answer);

/* As in a zone file: 0 issue "ca.test". */
void caa_phrase_record(struct text *text, const struct caa_property *property);

/* What is to be issued, in the plural. */
const char *caa_phrase_certificates(const struct caa_policy *policy,
                                    const struct caa_result *result);

/* The first record that decided; NULL: none did. Pre: result->found. */
const struct caa_property *caa_phrase_decisive(const struct caa_result *result);

#endif
