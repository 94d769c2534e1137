/* fqdn.h - a fully-qualified domain name in lookup form: A-labels, lower case,
 * no trailing dot, no wildcard label, 1 to 253 octets. A parent is a suffix of
 * the same text, so the levels of a climb cost no memory.
 * Threads: any. */
#ifndef CAA_CHECK_FQDN_H
#define CAA_CHECK_FQDN_H

#include <stdbool.h>
#include <stddef.h>

enum { CAA_FQDN_MAX = 253, CAA_LABEL_MAX = 63 };

struct caa_fqdn {
    const char *text; /* NUL-terminated, borrowed */
    size_t len;
};

/* Labels, so 1 for a top-level domain. */
size_t caa_fqdn_label_count(struct caa_fqdn fqdn);

/* One label less. false, *parent untouched: fqdn is a top-level domain, whose
 * parent, the root, is never asked (RFC 8659 section 3). */
bool caa_fqdn_parent(struct caa_fqdn fqdn, struct caa_fqdn *parent);

/* fqdn is zone itself or below it; zone in lookup form. */
bool caa_fqdn_is_within(struct caa_fqdn fqdn, const char *zone);

#endif
