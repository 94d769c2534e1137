#include "check/verdict.h"

#include <assert.h>

enum caa_reason caa_outcome_reason(enum caa_outcome outcome)
{
    assert(caa_outcome_is_failure(outcome));
    switch (outcome) {
    case CAA_OUTCOME_TIMEOUT:
        return CAA_REASON_TIMEOUT;
    case CAA_OUTCOME_SERVFAIL:
        return CAA_REASON_SERVFAIL;
    case CAA_OUTCOME_REFUSED:
        return CAA_REASON_REFUSED;
    case CAA_OUTCOME_OTHER_RCODE:
        return CAA_REASON_OTHER_RCODE;
    case CAA_OUTCOME_TRUNCATED:
        return CAA_REASON_TRUNCATED;
    case CAA_OUTCOME_DNSSEC_BOGUS:
        return CAA_REASON_DNSSEC_BOGUS;
    case CAA_OUTCOME_MALFORMED_RESPONSE:
        return CAA_REASON_MALFORMED_RESPONSE;
    case CAA_OUTCOME_RESOLVER_UNAVAILABLE:
        return CAA_REASON_RESOLVER_UNAVAILABLE;
    case CAA_OUTCOME_DEADLINE_EXCEEDED:
        return CAA_REASON_DEADLINE_EXCEEDED;
    case CAA_OUTCOME_RRSET:
    case CAA_OUTCOME_NODATA:
    case CAA_OUTCOME_NXDOMAIN:
        break;
    }
    return CAA_REASON_UNSPECIFIED;
}

enum caa_verdict caa_reason_verdict(enum caa_reason reason)
{
    switch (reason) {
#define REASON_CASE(name, number, verdict)                                               \
    case CAA_REASON_##name:                                                              \
        return CAA_VERDICT_##verdict;
        CAA_REASON_TABLE(REASON_CASE)
#undef REASON_CASE
    case CAA_REASON_UNSPECIFIED:
        break;
    }
    return CAA_VERDICT_UNSPECIFIED;
}

const char *caa_outcome_name(enum caa_outcome outcome)
{
    switch (outcome) {
    case CAA_OUTCOME_RRSET:
        return "RRSET";
    case CAA_OUTCOME_NODATA:
        return "NODATA";
    case CAA_OUTCOME_NXDOMAIN:
        return "NXDOMAIN";
    case CAA_OUTCOME_TIMEOUT:
    case CAA_OUTCOME_SERVFAIL:
    case CAA_OUTCOME_REFUSED:
    case CAA_OUTCOME_OTHER_RCODE:
    case CAA_OUTCOME_TRUNCATED:
    case CAA_OUTCOME_DNSSEC_BOGUS:
    case CAA_OUTCOME_MALFORMED_RESPONSE:
    case CAA_OUTCOME_RESOLVER_UNAVAILABLE:
    case CAA_OUTCOME_DEADLINE_EXCEEDED:
        return caa_reason_name(caa_outcome_reason(outcome));
    }
    return "UNSPECIFIED";
}

const char *caa_dnssec_name(enum caa_dnssec dnssec)
{
    switch (dnssec) {
    case CAA_DNSSEC_SECURE:
        return "SECURE";
    case CAA_DNSSEC_INSECURE:
        return "INSECURE";
    case CAA_DNSSEC_BOGUS:
        return "BOGUS";
    case CAA_DNSSEC_INDETERMINATE:
        return "INDETERMINATE";
    case CAA_DNSSEC_UNSPECIFIED:
        break;
    }
    return "UNSPECIFIED";
}

const char *caa_verdict_name(enum caa_verdict verdict)
{
    switch (verdict) {
    case CAA_VERDICT_PERMITTED:
        return "PERMITTED";
    case CAA_VERDICT_DENIED:
        return "DENIED";
    case CAA_VERDICT_LOOKUP_FAILED:
        return "LOOKUP_FAILED";
    case CAA_VERDICT_EXEMPT:
        return "EXEMPT";
    case CAA_VERDICT_INVALID_NAME:
        return "INVALID_NAME";
    case CAA_VERDICT_UNSPECIFIED:
        break;
    }
    return "UNSPECIFIED";
}

const char *caa_reason_name(enum caa_reason reason)
{
    switch (reason) {
#define REASON_CASE(name, number, verdict)                                               \
    case CAA_REASON_##name:                                                              \
        return #name;
        CAA_REASON_TABLE(REASON_CASE)
#undef REASON_CASE
    case CAA_REASON_UNSPECIFIED:
        break;
    }
    return "UNSPECIFIED";
}

const char *caa_decision_name(enum caa_decision decision)
{
    switch (decision) {
    case CAA_DECISION_PERMITTED:
        return "PERMITTED";
    case CAA_DECISION_DENIED:
        return "DENIED";
    case CAA_DECISION_LOOKUP_FAILED:
        return "LOOKUP_FAILED";
    case CAA_DECISION_UNSPECIFIED:
        break;
    }
    return "UNSPECIFIED";
}

static int weakness(enum caa_dnssec dnssec)
{
    switch (dnssec) {
    case CAA_DNSSEC_UNSPECIFIED:
        return 0;
    case CAA_DNSSEC_SECURE:
        return 1;
    case CAA_DNSSEC_INSECURE:
        return 2;
    case CAA_DNSSEC_INDETERMINATE:
        /* Not known is not Insecure: nothing may rest on it (BR 4.2.2.1). */
        return 3;
    case CAA_DNSSEC_BOGUS:
        return 4;
    }
    return 4;
}

enum caa_dnssec caa_dnssec_weaker(enum caa_dnssec a, enum caa_dnssec b)
{
    return weakness(a) >= weakness(b) ? a : b;
}

enum caa_decision caa_decision_add(enum caa_decision so_far, enum caa_verdict verdict)
{
    switch (verdict) {
    case CAA_VERDICT_DENIED:
    case CAA_VERDICT_INVALID_NAME:
        return CAA_DECISION_DENIED;
    case CAA_VERDICT_PERMITTED:
    case CAA_VERDICT_EXEMPT:
        return so_far == CAA_DECISION_UNSPECIFIED ? CAA_DECISION_PERMITTED : so_far;
    case CAA_VERDICT_LOOKUP_FAILED:
    case CAA_VERDICT_UNSPECIFIED:
        /* A name without a verdict is never permission. */
        break;
    }
    return so_far == CAA_DECISION_DENIED ? so_far : CAA_DECISION_LOOKUP_FAILED;
}
