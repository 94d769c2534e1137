/* answer.h - what came of one CAA question at one level: the RRset, an empty
 * answer, or a failure with all that is known of its cause. Plain data, filled
 * by dns/, immutable afterwards.
 * Threads: any; immutable after creation. */
#ifndef CAA_CHECK_ANSWER_H
#define CAA_CHECK_ANSWER_H

#include "check/property.h"
#include "check/verdict.h"

enum caa_transport {
    CAA_TRANSPORT_UDP = 1,
    CAA_TRANSPORT_TCP = 2,
};

/* One query sent. */
struct caa_attempt {
    const char *server; /* "address:port" */
    enum caa_transport transport;
    enum caa_outcome outcome;
    uint16_t rcode;
    bool checking_disabled; /* asked with CD */
    int64_t duration_us;
};

/* Extended DNS error (RFC 8914). text is the sender's octets: escape it. */
struct caa_ede {
    uint16_t code;
    struct bytes text;
};

struct caa_answer {
    const char *name; /* the level asked, lookup form */
    enum caa_outcome outcome;
    enum caa_dnssec dnssec;
    uint16_t rcode; /* with the EDNS bits; 0 when nothing came */
    uint32_t ttl_s; /* smallest of the records and aliases; of an empty answer
                     * its negative TTL (RFC 2308), 0 if unknown */
    int64_t retrieved_at_ms;
    const struct caa_property *properties; /* RRSET only */
    size_t property_count;
    const char *const *aliases; /* targets in order; presentation form */
    size_t alias_count;
    const struct caa_ede *ede;
    size_t ede_count;
    const struct caa_attempt *attempts; /* in the order sent */
    size_t attempt_count;
    struct bytes response; /* the last DNS message that came; may be empty */
};

#endif
