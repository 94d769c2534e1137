/* issue_value.h - the value of issue, issuewild, issuemail and issuevmc
 * (RFC 8659 section 4.2) with the two parameters of RFC 8657. Linear in the
 * value's length, no memory.
 * Threads: any. */
#ifndef CAA_CHECK_ISSUE_VALUE_H
#define CAA_CHECK_ISSUE_VALUE_H

#include "base/bytes.h"

/* A parameter of interest. One given twice can never be satisfied. */
struct caa_parameter {
    unsigned count; /* times given */
    struct bytes value;
};

struct caa_issue_value {
    struct bytes issuer_domain_name; /* empty: names nobody */
    struct caa_parameter accounturi;
    struct caa_parameter validationmethods;
};

/* Slices point into value. false, *out untouched: outside the grammar; such a
 * value names nobody. */
bool caa_issue_value_read(struct bytes value, struct caa_issue_value *out);

/* label "," label ...: true if list is well-formed (RFC 8657 section 4) and one
 * label equals method, or is the other spelling of the same BR method
 * (dns-01 = ca-tbr-7 and so on, BR 4.2.2.1.2). An empty list holds nothing. */
bool caa_validationmethods_include(struct bytes list, struct bytes method);

/* Letters, digits and hyphens, at least one: what a method may look like. */
bool caa_validationmethod_is_label(struct bytes method);

/* A scheme, ":" and something after it, all in URI characters (RFC 3986): what
 * an accounturi must be to name an account (RFC 8657 section 3). */
bool caa_accounturi_is_uri(struct bytes uri);

#endif
