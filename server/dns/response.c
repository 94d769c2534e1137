#include "dns/response.h"

#include <arpa/nameser.h>
#include <string.h>
#include <strings.h>

#include "base/wire.h"
#include "dns/query.h"

enum {
    OPTION_EDE = 15, /* RFC 8914 */
    EDE_MAX = 8,     /* more in one response carry nothing new */
    RCODE_NOERROR = 0,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_REFUSED = 5,
    TTL_LIMIT = 0x7fffffff, /* RFC 2181 section 8: above it counts as 0 */
};

/* What one pass over the records gathers. */
struct reading {
    struct arena *arena;
    ns_msg msg;
    const char *name;
    char current[NS_MAXDNAME]; /* end of the alias chain so far */
    uint32_t ttl_s;
    bool have_ttl;
    struct caa_property *properties;
    size_t property_count;
    const char **aliases;
    size_t alias_count;
    struct caa_ede *ede;
    size_t ede_count;
    unsigned rcode;
    bool edns, soa, ns;
    bool no_memory;
};

static uint32_t sane_ttl(uint32_t ttl_s)
{
    return ttl_s > TTL_LIMIT ? 0 : ttl_s;
}

static void note_ttl(struct reading *r, uint32_t ttl_s)
{
    ttl_s = sane_ttl(ttl_s);
    if (!r->have_ttl || ttl_s < r->ttl_s)
        r->ttl_s = ttl_s;
    r->have_ttl = true;
}

/* Presentation form without the final dot; the root is "". */
static bool same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

/* ns_parserr keeps "." for the root and no final dot elsewhere. */
static bool expand_target(const struct reading *r, const ns_rr *rr, char out[NS_MAXDNAME])
{
    int used = ns_name_uncompress(ns_msg_base(r->msg), ns_msg_end(r->msg),
                                  ns_rr_rdata(*rr), out, NS_MAXDNAME);
    return used == ns_rr_rdlen(*rr);
}

static bool push_alias(struct reading *r, const char *target)
{
    for (size_t i = 0; i < r->alias_count; i++)
        if (same_name(r->aliases[i], target))
            return false; /* a loop */
    char *copy = arena_strdup(r->arena, target);
    if (!copy) {
        r->no_memory = true;
        return false;
    }
    r->aliases[r->alias_count++] = copy;
    return true;
}

/* Finds the CNAME owned by r->current, if any. false: unreadable or a loop.
 * The order of records in an answer means nothing, so each step looks at all
 * of them; a resolver bounds the chain, and ALIAS_MAX bounds us. */
static bool follow_alias(struct reading *r, bool *followed)
{
    *followed = false;
    for (int i = 0; i < ns_msg_count(r->msg, ns_s_an); i++) {
        ns_rr rr;
        if (ns_parserr(&r->msg, ns_s_an, i, &rr) < 0)
            return false;
        if (ns_rr_type(rr) != ns_t_cname || ns_rr_class(rr) != ns_c_in ||
            !same_name(ns_rr_name(rr), r->current))
            continue;
        char target[NS_MAXDNAME];
        if (!expand_target(r, &rr, target) || same_name(target, r->name) ||
            !push_alias(r, target))
            return false;
        note_ttl(r, ns_rr_ttl(rr));
        strcpy(r->current, target);
        *followed = true;
        return true;
    }
    return true;
}

static bool follow_aliases(struct reading *r)
{
    enum { ALIAS_MAX = 64 };
    int aliases = 0;
    r->aliases = arena_array(r->arena, ALIAS_MAX, sizeof *r->aliases);
    if (!r->aliases) {
        r->no_memory = true;
        return false;
    }
    for (bool followed = true; followed;) {
        if (aliases++ == ALIAS_MAX || !follow_alias(r, &followed))
            return false;
    }
    return true;
}

/* An answer to a CAA question is CAA records, the aliases that lead to them,
 * and signatures; with anything else it answers another question. */
static bool belongs_in_answer(const ns_rr *rr)
{
    switch ((int)ns_rr_type(*rr)) {
    case QUERY_TYPE_CAA:
    case ns_t_cname:
    case ns_t_dname:
    case 46: /* RRSIG */
        return ns_rr_class(*rr) == ns_c_in;
    default:
        return false;
    }
}

/* CAA records of the chain's end. One owned by any other name does not belong
 * to this question, nor does an alias off the chain or a second one of the same
 * name (RFC 1034 section 3.6.2): the response cannot be trusted. */
static bool read_properties(struct reading *r)
{
    int count = ns_msg_count(r->msg, ns_s_an);
    size_t cname_count = 0;
    r->properties = arena_array(r->arena, (size_t)count, sizeof *r->properties);
    if (!r->properties) {
        r->no_memory = true;
        return false;
    }
    for (int i = 0; i < count; i++) {
        ns_rr rr;
        if (ns_parserr(&r->msg, ns_s_an, i, &rr) < 0 || !belongs_in_answer(&rr))
            return false;
        cname_count += ns_rr_type(rr) == ns_t_cname;
        if ((int)ns_rr_type(rr) != QUERY_TYPE_CAA)
            continue;
        struct bytes rdata = {ns_rr_rdata(rr), ns_rr_rdlen(rr)};
        if (!same_name(ns_rr_name(rr), r->current) ||
            !caa_property_read(rdata, sane_ttl(ns_rr_ttl(rr)),
                               &r->properties[r->property_count]))
            return false;
        r->property_count++;
        note_ttl(r, ns_rr_ttl(rr));
    }
    return cname_count == r->alias_count;
}

/* RFC 2308 section 5: an empty answer lives for the smaller of the SOA's TTL
 * and its MINIMUM field, the last four octets. */
static bool read_authority(struct reading *r)
{
    for (int i = 0; i < ns_msg_count(r->msg, ns_s_ns); i++) {
        ns_rr rr;
        if (ns_parserr(&r->msg, ns_s_ns, i, &rr) < 0)
            return false;
        if (ns_rr_type(rr) == ns_t_ns)
            r->ns = true;
        if (ns_rr_type(rr) != ns_t_soa || ns_rr_rdlen(rr) < 22)
            continue;
        r->soa = true;
        if (r->property_count == 0) {
            note_ttl(r, ns_rr_ttl(rr));
            note_ttl(r, (uint32_t)ns_get32(ns_rr_rdata(rr) + ns_rr_rdlen(rr) - 4));
        }
    }
    return true;
}

static void read_ede(struct reading *r, struct bytes options)
{
    struct wire wire = wire_of(options);
    while (wire.rest.len > 0) {
        unsigned code = wire_u16(&wire);
        struct wire option = wire_of(wire_take(&wire, wire_u16(&wire)));
        if (wire.failed)
            return;
        if (code != OPTION_EDE || r->ede_count == EDE_MAX || option.rest.len < 2)
            continue;
        struct caa_ede *ede = &r->ede[r->ede_count++];
        ede->code = wire_u16(&option);
        ede->text = option.rest;
    }
}

static bool read_additional(struct reading *r)
{
    r->ede = arena_array(r->arena, EDE_MAX, sizeof *r->ede);
    if (!r->ede) {
        r->no_memory = true;
        return false;
    }
    for (int i = 0; i < ns_msg_count(r->msg, ns_s_ar); i++) {
        ns_rr rr;
        if (ns_parserr(&r->msg, ns_s_ar, i, &rr) < 0)
            return false;
        if (ns_rr_type(rr) != ns_t_opt)
            continue;
        if (r->edns)
            return false; /* RFC 6891 section 6.1.1: one OPT */
        r->edns = true;
        r->rcode |= (ns_rr_ttl(rr) >> 24) << 4;
        read_ede(r, (struct bytes){ns_rr_rdata(rr), ns_rr_rdlen(rr)});
    }
    return true;
}

static bool question_matches(struct reading *r)
{
    ns_rr rr;
    return ns_msg_count(r->msg, ns_s_qd) == 1 &&
           ns_parserr(&r->msg, ns_s_qd, 0, &rr) == 0 &&
           (int)ns_rr_type(rr) == QUERY_TYPE_CAA && ns_rr_class(rr) == ns_c_in &&
           same_name(ns_rr_name(rr), r->name);
}

/* An empty answer counts only from a server that says it looked for the whole
 * answer. A referral, or an alias whose target an authoritative server left
 * to us, is no statement about CAA (RFC 2308 section 2.2). */
static bool empty_is_final(struct reading *r)
{
    bool recursive = ns_msg_getflag(r->msg, ns_f_ra);
    bool authoritative = ns_msg_getflag(r->msg, ns_f_aa);
    if (r->ns && !r->soa)
        return false;
    return recursive || (authoritative && r->alias_count == 0);
}

static enum caa_outcome positive_outcome(struct reading *r)
{
    if (!follow_aliases(r) || !read_properties(r) || !read_authority(r))
        return CAA_OUTCOME_MALFORMED_RESPONSE;
    bool nxdomain = r->rcode == RCODE_NXDOMAIN;
    if (r->property_count > 0)
        return nxdomain ? CAA_OUTCOME_MALFORMED_RESPONSE : CAA_OUTCOME_RRSET;
    if (!empty_is_final(r))
        return CAA_OUTCOME_MALFORMED_RESPONSE;
    if (!r->soa)
        r->ttl_s = 0; /* without SOA nothing says how long it holds */
    return nxdomain ? CAA_OUTCOME_NXDOMAIN : CAA_OUTCOME_NODATA;
}

static enum caa_outcome read_outcome(struct reading *r)
{
    bool is_query_response = ns_msg_getflag(r->msg, ns_f_qr) &&
                             ns_msg_getflag(r->msg, ns_f_opcode) == ns_o_query;
    r->rcode = (unsigned)ns_msg_getflag(r->msg, ns_f_rcode);
    if (!is_query_response || !read_additional(r))
        return CAA_OUTCOME_MALFORMED_RESPONSE;
    switch (r->rcode) {
    case RCODE_NOERROR:
    case RCODE_NXDOMAIN:
        return question_matches(r) ? positive_outcome(r) : CAA_OUTCOME_MALFORMED_RESPONSE;
    case RCODE_SERVFAIL:
        return CAA_OUTCOME_SERVFAIL;
    case RCODE_REFUSED:
        return CAA_OUTCOME_REFUSED;
    default:
        return CAA_OUTCOME_OTHER_RCODE;
    }
}

static bool is_truncated(struct bytes message)
{
    return message.len >= 12 && (message.data[2] & 0x02) != 0;
}

enum caa_err response_read(struct arena *arena, struct bytes message, const char *name,
                           struct caa_answer *out)
{
    struct reading r = {.arena = arena, .name = name};
    enum caa_outcome outcome = CAA_OUTCOME_MALFORMED_RESPONSE;
    if (strlen(name) < sizeof r.current)
        strcpy(r.current, name);
    if (is_truncated(message))
        outcome = CAA_OUTCOME_TRUNCATED;
    else if (message.len <= UINT16_MAX &&
             ns_initparse(message.data, (int)message.len, &r.msg) == 0)
        outcome = read_outcome(&r);
    if (r.no_memory)
        return CAA_ENOMEM;

    out->outcome = outcome;
    out->rcode = (uint16_t)r.rcode;
    out->response = message;
    out->ede = r.ede;
    out->ede_count = r.ede_count;
    out->dnssec = CAA_DNSSEC_INDETERMINATE;
    out->ttl_s = 0;
    out->properties = NULL;
    out->property_count = 0;
    out->aliases = r.aliases;
    out->alias_count = r.alias_count;
    if (caa_outcome_is_failure(outcome))
        return CAA_OK;
    if (ns_msg_getflag(r.msg, ns_f_ad))
        out->dnssec = CAA_DNSSEC_SECURE;
    else if (r.edns)
        out->dnssec = CAA_DNSSEC_INSECURE;
    out->ttl_s = r.ttl_s;
    out->properties = r.properties;
    out->property_count = r.property_count;
    return CAA_OK;
}

bool response_is_noerror(struct bytes message, bool *ad)
{
    ns_msg msg;
    if (message.len > UINT16_MAX ||
        ns_initparse(message.data, (int)message.len, &msg) < 0 ||
        !ns_msg_getflag(msg, ns_f_qr) || ns_msg_getflag(msg, ns_f_rcode) != RCODE_NOERROR)
        return false;
    *ad = ns_msg_getflag(msg, ns_f_ad) != 0;
    return true;
}
