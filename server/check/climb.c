#include "check/climb.h"

size_t caa_climb_plan(struct caa_fqdn fqdn, struct caa_level *levels)
{
    size_t count = 0;
    /* RFC 8659 section 3: up to the top-level domain and no further. */
    do
        levels[count++] = (struct caa_level){.fqdn = fqdn};
    while (caa_fqdn_parent(fqdn, &fqdn));
    return count;
}

struct caa_finding caa_climb_select(const struct caa_level *levels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!levels[i].answer)
            return (struct caa_finding){CAA_FINDING_PENDING, i};
        switch (levels[i].answer->outcome) {
        case CAA_OUTCOME_NODATA:
        case CAA_OUTCOME_NXDOMAIN:
            /* RFC 8659 section 3: both mean empty. An NXDOMAIN does not end the
             * climb, the parent may well exist. */
            continue;
        case CAA_OUTCOME_RRSET:
            return (struct caa_finding){CAA_FINDING_RRSET, i};
        case CAA_OUTCOME_TIMEOUT:
        case CAA_OUTCOME_SERVFAIL:
        case CAA_OUTCOME_REFUSED:
        case CAA_OUTCOME_OTHER_RCODE:
        case CAA_OUTCOME_TRUNCATED:
        case CAA_OUTCOME_DNSSEC_BOGUS:
        case CAA_OUTCOME_MALFORMED_RESPONSE:
        case CAA_OUTCOME_RESOLVER_UNAVAILABLE:
        case CAA_OUTCOME_DEADLINE_EXCEEDED:
            break;
        }
        /* Failed, or an outcome nobody defined: there might be records here. */
        return (struct caa_finding){CAA_FINDING_FAILED, i};
    }
    return (struct caa_finding){CAA_FINDING_NONE, 0};
}
