/* verdict.h - the words of an answer: certificate kinds, lookup outcomes,
 * DNSSEC states, verdicts, reasons, decisions. Their numbers are those of
 * caa.v1 in proto/ (service/ asserts it), so no table translates them.
 * Threads: any. */
#ifndef CAA_CHECK_VERDICT_H
#define CAA_CHECK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

/* What is to be issued decides which property tags restrict it. */
enum caa_certificate {
    CAA_CERTIFICATE_TLS = 1,   /* issue, issuewild (RFC 8659 4.2, 4.3) */
    CAA_CERTIFICATE_SMIME = 2, /* issuemail (RFC 9495) */
    CAA_CERTIFICATE_VMC = 3,   /* issuevmc */
};

/* What came of one CAA question. The first three are answers, the rest are
 * failures and never permission (BR 4.2.2.1). */
enum caa_outcome {
    CAA_OUTCOME_RRSET = 1,
    CAA_OUTCOME_NODATA = 2,
    CAA_OUTCOME_NXDOMAIN = 3,
    CAA_OUTCOME_TIMEOUT = 4,
    CAA_OUTCOME_SERVFAIL = 5,
    CAA_OUTCOME_REFUSED = 6,
    CAA_OUTCOME_OTHER_RCODE = 7,
    CAA_OUTCOME_TRUNCATED = 8,
    CAA_OUTCOME_DNSSEC_BOGUS = 9,
    CAA_OUTCOME_MALFORMED_RESPONSE = 10,
    CAA_OUTCOME_RESOLVER_UNAVAILABLE = 11,
    CAA_OUTCOME_DEADLINE_EXCEEDED = 12,
};

/* RFC 4035 section 4.3. */
enum caa_dnssec {
    CAA_DNSSEC_UNSPECIFIED = 0,
    CAA_DNSSEC_SECURE = 1,
    CAA_DNSSEC_INSECURE = 2,
    CAA_DNSSEC_BOGUS = 3,
    CAA_DNSSEC_INDETERMINATE = 4,
};

enum caa_verdict {
    CAA_VERDICT_UNSPECIFIED = 0,
    CAA_VERDICT_PERMITTED = 1,
    CAA_VERDICT_DENIED = 2,
    CAA_VERDICT_LOOKUP_FAILED = 3,
    CAA_VERDICT_EXEMPT = 4,
    CAA_VERDICT_INVALID_NAME = 5,
};

/* One reason belongs to one verdict: X(name, number, verdict). */
#define CAA_REASON_TABLE(X)                                                              \
    X(NO_CAA_RECORDS, 1, PERMITTED)                                                      \
    X(ISSUER_AUTHORIZED, 2, PERMITTED)                                                   \
    X(NO_RESTRICTING_PROPERTY, 3, PERMITTED)                                             \
    X(ISSUER_NOT_AUTHORIZED, 10, DENIED)                                                 \
    X(ISSUANCE_FORBIDDEN, 11, DENIED)                                                    \
    X(CRITICAL_UNKNOWN_PROPERTY, 12, DENIED)                                             \
    X(ACCOUNT_NOT_AUTHORIZED, 13, DENIED)                                                \
    X(METHOD_NOT_AUTHORIZED, 14, DENIED)                                                 \
    X(MALFORMED_PROPERTY, 15, DENIED)                                                    \
    X(TIMEOUT, 20, LOOKUP_FAILED)                                                        \
    X(SERVFAIL, 21, LOOKUP_FAILED)                                                       \
    X(REFUSED, 22, LOOKUP_FAILED)                                                        \
    X(OTHER_RCODE, 23, LOOKUP_FAILED)                                                    \
    X(TRUNCATED, 24, LOOKUP_FAILED)                                                      \
    X(DNSSEC_BOGUS, 25, LOOKUP_FAILED)                                                   \
    X(MALFORMED_RESPONSE, 26, LOOKUP_FAILED)                                             \
    X(RESOLVER_UNAVAILABLE, 27, LOOKUP_FAILED)                                           \
    X(DEADLINE_EXCEEDED, 28, LOOKUP_FAILED)                                              \
    X(PRODUCT_EXEMPT, 40, EXEMPT)                                                        \
    X(IP_ADDRESS, 41, EXEMPT)                                                            \
    X(ONION_NAME, 42, EXEMPT)                                                            \
    X(SYNTAX, 50, INVALID_NAME)                                                          \
    X(IDNA, 51, INVALID_NAME)                                                            \
    X(REVERSE_NAME, 52, INVALID_NAME)

enum caa_reason {
    CAA_REASON_UNSPECIFIED = 0,
#define CAA_REASON_ENUM(name, number, verdict) CAA_REASON_##name = (number),
    CAA_REASON_TABLE(CAA_REASON_ENUM)
#undef CAA_REASON_ENUM
};

enum caa_decision {
    CAA_DECISION_UNSPECIFIED = 0,
    CAA_DECISION_PERMITTED = 1,
    CAA_DECISION_DENIED = 2,
    CAA_DECISION_LOOKUP_FAILED = 3,
};

static inline bool caa_outcome_is_failure(enum caa_outcome outcome)
{
    return outcome > CAA_OUTCOME_NXDOMAIN;
}

/* The failure's reason has the outcome's name. Pre: a failure. */
enum caa_reason caa_outcome_reason(enum caa_outcome outcome);
enum caa_verdict caa_reason_verdict(enum caa_reason reason);

/* Names as in caa.v1: "PERMITTED", "NXDOMAIN"; static, "UNSPECIFIED" for none. */
const char *caa_outcome_name(enum caa_outcome outcome);
const char *caa_dnssec_name(enum caa_dnssec dnssec);
const char *caa_verdict_name(enum caa_verdict verdict);
const char *caa_reason_name(enum caa_reason reason);
const char *caa_decision_name(enum caa_decision decision);

/* The weaker of two: BOGUS, INDETERMINATE, INSECURE, SECURE; UNSPECIFIED
 * counts as no statement. */
enum caa_dnssec caa_dnssec_weaker(enum caa_dnssec a, enum caa_dnssec b);

/* What a list of verdicts means for the whole request (caa.v1 Decision):
 * start with UNSPECIFIED and add each name's verdict. */
enum caa_decision caa_decision_add(enum caa_decision so_far, enum caa_verdict verdict);

#endif
