/* One row a message: what it says, and what is read from it. */
#include "dns/response.h"

#include "check/fixture.h"
#include "dns/message.h"

#include <string.h>

#define WWW "www.example.test"
#define Q   "QD " WWW " CAA\n"
#define OPT "AR . 0 OPT 0\n"
#define CA  "AN " WWW " 300 CAA 0 issue ca.test\n"
#define SOA "NS example.test 3600 SOA 900\n"

struct row {
    const char *name;
    unsigned flags;
    const char *script;
    int outcome; /* of enum caa_outcome */
    int dnssec;  /* of enum caa_dnssec */
    uint32_t ttl_s;
    size_t properties, aliases;
    unsigned rcode;
    size_t edes;
};

enum {
    RRSET = CAA_OUTCOME_RRSET,
    NODATA = CAA_OUTCOME_NODATA,
    NXDOMAIN = CAA_OUTCOME_NXDOMAIN,
    SERVFAIL = CAA_OUTCOME_SERVFAIL,
    REFUSED = CAA_OUTCOME_REFUSED,
    OTHER = CAA_OUTCOME_OTHER_RCODE,
    TRUNCATED = CAA_OUTCOME_TRUNCATED,
    MALFORMED = CAA_OUTCOME_MALFORMED_RESPONSE,
    SECURE = CAA_DNSSEC_SECURE,
    INSECURE = CAA_DNSSEC_INSECURE,
    UNKNOWN = CAA_DNSSEC_INDETERMINATE,
};

/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static struct row rows[] = {
    {"[RFC 8659 4.1] one record", RECURSIVE, Q CA OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 8659 4.1] several records", RECURSIVE, Q CA "AN " WWW " 300 CAA 128 tbs x\n" CA OPT, RRSET, INSECURE, 300, 3},
    {"[RFC 2181 5.2] the smallest TTL counts", RECURSIVE, Q CA "AN " WWW " 60 CAA 0 issue b\n" CA OPT, RRSET, INSECURE, 60, 2 + 1},
    {"[RFC 2181 8] a TTL of 2^31-1 counts", RECURSIVE, Q "AN " WWW " 2147483647 CAA 0 issue b\n" OPT, RRSET, INSECURE, 2147483647, 1},
    {"[RFC 2181 8] a TTL of 2^31 is 0", RECURSIVE, Q CA "AN " WWW " 2147483648 CAA 0 issue b\n" OPT, RRSET, INSECURE, 0, 2},
    {"[RFC 2181 8] a TTL of 2^32-1 is 0", RECURSIVE, Q "AN " WWW " 4294967295 CAA 0 issue b\n" OPT, RRSET, INSECURE, 0, 1},
    {"[RFC 8659 4.2] an empty value", RECURSIVE, Q "AN " WWW " 300 CAA 0 issue \n" OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 8659 4.1] a tag of length 0", RECURSIVE, Q "AN " WWW " 300 257 0000\n" OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 4343 3] names compare without case", RECURSIVE, "QD WwW.eXaMpLe.TeSt CAA\nAN WWW.example.TEST 300 CAA 0 issue b\n" OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 1035 4.1.4] owner by compression pointer", RECURSIVE, Q "AN @12 300 CAA 0 issue b\n" OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 4035 3.2.3] AD is SECURE", RECURSIVE | AD, Q CA OPT, RRSET, SECURE, 300, 1},
    {"[RFC 4035 3.2.3] AD is SECURE without EDNS too", RECURSIVE | AD, Q CA, RRSET, SECURE, 300, 1},
    {"[RFC 6891 7] no EDNS, no AD: nothing is known", RECURSIVE, Q CA, RRSET, UNKNOWN, 300, 1},
    {"[RFC 4035 3.1.6] RRSIG may come along", RECURSIVE, Q CA "AN " WWW " 300 46 00\n" OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 1035 4.1.1] RA and AA unset: records are records", QR, Q CA OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 2308 5] the SOA beside records means nothing", RECURSIVE, Q CA "NS example.test 5 SOA 5\n" OPT, RRSET, INSECURE, 300, 1},
    {"[RFC 1034 4.3.1] NS beside records means nothing", RECURSIVE, Q CA "NS example.test 5 NS ns.test\n" OPT, RRSET, INSECURE, 300, 1},

    {"[RFC 8659 4.1] RDATA of no octet", RECURSIVE, Q "AN " WWW " 300 257 \n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 8659 4.1] RDATA of flags alone", RECURSIVE, Q "AN " WWW " 300 257 00\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 8659 4.1] a tag that overruns the RDATA", RECURSIVE, Q "AN " WWW " 300 257 000669737375\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 8659 4.1] one unreadable record spoils the rest", RECURSIVE, Q CA "AN " WWW " 300 257 0001\n" CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] CAA owned by another name", RECURSIVE, Q "AN other.test 300 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] CAA owned by the parent", RECURSIVE, Q CA "AN example.test 300 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] CAA of another class", RECURSIVE, Q "AN " WWW " 300 CH CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] another type in the answer", RECURSIVE, Q "AN " WWW " 300 1 7f000001\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] another type beside CAA", RECURSIVE, Q CA "AN " WWW " 300 1 7f000001\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 8020 2] NXDOMAIN with CAA records", RECURSIVE | 3, Q CA OPT, MALFORMED, UNKNOWN, .rcode = 3},

    {"[RFC 2308 5] NODATA lives as long as MINIMUM says", RECURSIVE, Q SOA OPT, NODATA, INSECURE, 900},
    {"[RFC 2308 5] or as the SOA's TTL, if less", RECURSIVE, Q "NS example.test 60 SOA 900\n" OPT, NODATA, INSECURE, 60},
    {"[RFC 2181 8] a MINIMUM above 2^31-1 is 0", RECURSIVE, Q "NS example.test 60 SOA 4294967295\n" OPT, NODATA, INSECURE, 0},
    {"[RFC 2308 2.2] NODATA without SOA is not kept", RECURSIVE, Q OPT, NODATA, INSECURE, 0},
    {"[RFC 2308 2.1] NXDOMAIN", RECURSIVE | 3, Q SOA OPT, NXDOMAIN, INSECURE, 900, .rcode = 3},
    {"[RFC 2308 2.1] NXDOMAIN without SOA", RECURSIVE | 3, Q OPT, NXDOMAIN, INSECURE, 0, .rcode = 3},
    {"[RFC 4035 3.2.3] NXDOMAIN with AD", RECURSIVE | AD | 3, Q SOA OPT, NXDOMAIN, SECURE, 900, .rcode = 3},
    {"[RFC 6891 7] NODATA without EDNS: nothing is known", RECURSIVE, Q SOA, NODATA, UNKNOWN, 900},
    {"[RFC 2308 2.2] NODATA with SOA and NS is no referral", RECURSIVE, Q SOA "NS example.test 60 NS ns.test\n" OPT, NODATA, INSECURE, 900},
    {"[RFC 1034 4.3.1] a referral is no statement", RECURSIVE, Q "NS example.test 60 NS ns.test\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1034 4.3.1] neither from an authority", QR, Q "NS example.test 60 NS ns.test\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 2308 2.2] NODATA from an authority", QR | AA, Q SOA OPT, NODATA, INSECURE, 900},
    {"[RFC 1035 4.1.1] an empty answer of neither RA nor AA", QR | RD, Q SOA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.1] NXDOMAIN of neither RA nor AA", QR | RD | 3, Q SOA OPT, MALFORMED, UNKNOWN, .rcode = 3},
    {"[RFC 1035 3.3.13] an SOA too short is none", RECURSIVE, Q "NS example.test 60 6 0000\n" OPT, NODATA, INSECURE, 0},

    {"[RFC 1034 3.6.2] an alias", RECURSIVE, Q "AN " WWW " 300 CNAME t.test\nAN t.test 60 CAA 0 issue b\n" OPT, RRSET, INSECURE, 60, 1, 1},
    {"[RFC 1034 3.6.2] the alias' TTL counts", RECURSIVE, Q "AN " WWW " 30 CNAME t.test\nAN t.test 60 CAA 0 issue b\n" OPT, RRSET, INSECURE, 30, 1, 1},
    {"[RFC 1034 3.6.2] a chain in any order", RECURSIVE, Q "AN c.test 60 CAA 0 issue b\nAN b.test 90 CNAME c.test\nAN a.test 90 CNAME b.test\nAN " WWW " 90 CNAME a.test\n" OPT, RRSET, INSECURE, 60, 1, 3},
    {"[RFC 4343 3] a chain in any case", RECURSIVE, Q "AN " WWW " 90 CNAME A.test\nAN a.TEST 60 CAA 0 issue b\n" OPT, RRSET, INSECURE, 60, 1, 1},
    {"[RFC 6672 3.1] a DNAME with its CNAME", RECURSIVE, Q "AN example.test 90 DNAME t.test\nAN " WWW " 0 CNAME www.t.test\nAN www.t.test 60 CAA 0 issue b\n" OPT, RRSET, INSECURE, 0, 1, 1},
    {"[RFC 6672 3.1] a DNAME alone is not followed", RECURSIVE, Q "AN example.test 90 DNAME t.test\nAN www.t.test 60 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 2308 2.2] an alias to NODATA", RECURSIVE, Q "AN " WWW " 300 CNAME t.test\nNS test 600 SOA 120\n" OPT, NODATA, INSECURE, 120, 0, 1},
    {"[RFC 2308 2.1] an alias to NXDOMAIN", RECURSIVE | 3, Q "AN " WWW " 30 CNAME t.test\nNS test 600 SOA 120\n" OPT, NXDOMAIN, INSECURE, 30, 0, 1, 3},
    {"[RFC 2308 2.2] a lone alias of a resolver is not kept", RECURSIVE, Q "AN " WWW " 300 CNAME t.test\n" OPT, NODATA, INSECURE, 0, 0, 1},
    {"[RFC 2308 2.2] a lone alias of an authority", QR | AA, Q "AN " WWW " 300 CNAME t.test\n" OPT, MALFORMED, UNKNOWN, .aliases = 1},
    {"[RFC 2308 2.2] an alias of an authority, with its SOA", QR | AA, Q "AN " WWW " 300 CNAME t.test\n" SOA OPT, MALFORMED, UNKNOWN, .aliases = 1},
    {"[RFC 1034 3.6.2] CAA beside the alias", RECURSIVE, Q "AN " WWW " 300 CNAME t.test\n" CA OPT, MALFORMED, UNKNOWN, .aliases = 1},
    {"[RFC 1034 3.6.2] an alias to itself", RECURSIVE, Q "AN " WWW " 300 CNAME " WWW "\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1034 3.6.2] a loop of two", RECURSIVE, Q "AN " WWW " 300 CNAME a.test\nAN a.test 300 CNAME WWW.example.test\n" OPT, MALFORMED, UNKNOWN, .aliases = 1},
    {"[RFC 1034 3.6.2] a loop behind an alias", RECURSIVE, Q "AN " WWW " 300 CNAME a.test\nAN a.test 300 CNAME b.test\nAN b.test 300 CNAME A.test\n" OPT, MALFORMED, UNKNOWN, .aliases = 2},
    {"[RFC 1034 3.6.2] two aliases of one name", RECURSIVE, Q "AN " WWW " 300 CNAME a.test\nAN " WWW " 300 CNAME b.test\nAN a.test 300 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN, .aliases = 1},
    {"[RFC 1034 3.6.2] an alias that nothing leads to", RECURSIVE, Q CA "AN a.test 300 CNAME b.test\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1034 3.6.2] no more than that, and it is no NODATA", RECURSIVE, Q "AN a.test 300 CNAME b.test\n" SOA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 3.3.1] an alias of another class", RECURSIVE, Q "AN " WWW " 300 CH CNAME a.test\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 3.3.1] an alias with octets behind its name", RECURSIVE, Q "AN " WWW " 300 5 016100ff\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.4] an alias by pointer", RECURSIVE, Q "AN @12 300 5 c010\nAN @16 60 CAA 0 issue b\n" OPT, RRSET, INSECURE, 60, 1, 1},

    {"[RFC 1035 4.1.1] no response", RD | RA, Q CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.1] another opcode", RECURSIVE | 0x2000, Q CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] no question", RECURSIVE, CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] two questions", RECURSIVE, Q Q CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] another name is asked", RECURSIVE, "QD other.test CAA\n" CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] another type is asked", RECURSIVE, "QD " WWW " 1\n" CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.2] another class is asked", RECURSIVE, "QD " WWW " CH CAA\n" CA OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.4] a pointer that points to itself", RECURSIVE, Q "AN @34 300 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.4] a pointer beyond the message", RECURSIVE, Q "AN @9999 300 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},
    {"[RFC 1035 4.1.4] a pointer into the header", RECURSIVE, Q "AN @4 300 CAA 0 issue b\n" OPT, MALFORMED, UNKNOWN},

    {"[RFC 6891 6.1.1] two OPT", RECURSIVE, Q CA OPT OPT, MALFORMED, UNKNOWN},
    {"[RFC 6891 6.1.1] OPT in the answer", RECURSIVE, Q CA "AN . 0 OPT 0\n", MALFORMED, UNKNOWN},
    {"[RFC 6891 6.1.3] BADVERS", RECURSIVE, Q "AR . 0 OPT 1\n", OTHER, UNKNOWN, .rcode = 16},
    {"[RFC 6891 6.1.3] an upper RCODE makes SERVFAIL another", RECURSIVE | 2, Q "AR . 0 OPT 1\n", OTHER, UNKNOWN, .rcode = 18},
    {"[RFC 6891 6.1.3] an upper RCODE makes an answer none", RECURSIVE, Q CA "AR . 0 OPT 255\n", OTHER, UNKNOWN, .rcode = 4080},
    {"[RFC 1035 4.1.1] FORMERR", RECURSIVE | 1, Q OPT, OTHER, UNKNOWN, .rcode = 1},
    {"[RFC 1035 4.1.1] FORMERR without question", RECURSIVE | 1, "", OTHER, UNKNOWN, .rcode = 1},
    {"[RFC 1035 4.1.1] SERVFAIL", RECURSIVE | 2, Q OPT, SERVFAIL, UNKNOWN, .rcode = 2},
    {"[RFC 1035 4.1.1] SERVFAIL with records is SERVFAIL", RECURSIVE | AD | 2, Q CA OPT, SERVFAIL, UNKNOWN, .rcode = 2},
    {"[RFC 1035 4.1.1] NOTIMP", RECURSIVE | 4, Q OPT, OTHER, UNKNOWN, .rcode = 4},
    {"[RFC 1035 4.1.1] REFUSED", RECURSIVE | 5, Q OPT, REFUSED, UNKNOWN, .rcode = 5},
    {"[RFC 2136 2.2] YXDOMAIN", RECURSIVE | 6, Q CA OPT, OTHER, UNKNOWN, .rcode = 6},
    {"[RFC 1035 4.1.1] TC with a whole record is truncated", RECURSIVE | TC, Q CA OPT, TRUNCATED, UNKNOWN},
    {"[RFC 1035 4.1.1] TC with nothing is truncated", RECURSIVE | TC, Q, TRUNCATED, UNKNOWN},

    {"[RFC 8914 2] EDE with text", RECURSIVE | 2, Q "AR . 0 OPT 0 000f00050007676f6e\n", SERVFAIL, UNKNOWN, .rcode = 2, .edes = 1},
    {"[RFC 8914 2] EDE without text", RECURSIVE | 2, Q "AR . 0 OPT 0 000f00020007\n", SERVFAIL, UNKNOWN, .rcode = 2, .edes = 1},
    {"[RFC 8914 2] EDE of one octet is none", RECURSIVE | 2, Q "AR . 0 OPT 0 000f000100\n", SERVFAIL, UNKNOWN, .rcode = 2},
    {"[RFC 8914 2] EDE of no octet is none", RECURSIVE | 2, Q "AR . 0 OPT 0 000f0000\n", SERVFAIL, UNKNOWN, .rcode = 2},
    {"[RFC 6891 6.1.2] an option that overruns ends them", RECURSIVE | 2, Q "AR . 0 OPT 0 000f00020007000f00ff0007\n", SERVFAIL, UNKNOWN, .rcode = 2, .edes = 1},
    {"[RFC 6891 6.1.2] half an option ends them", RECURSIVE | 2, Q "AR . 0 OPT 0 000f00020007000f\n", SERVFAIL, UNKNOWN, .rcode = 2, .edes = 1},
    {"[RFC 6891 6.1.2] other options are passed over", RECURSIVE | 2, Q "AR . 0 OPT 0 00030002abcd000f000200160008000000\n", SERVFAIL, UNKNOWN, .rcode = 2, .edes = 1},
    {"[RFC 8914 3] the first eight of many", RECURSIVE, Q CA "AR . 0 OPT 0 000f00020001000f00020002000f00020003000f00020004000f00020005000f00020006000f00020007000f00020008000f00020009\n", RRSET, INSECURE, 300, 1, .edes = 8},
    {"[RFC 8914 3] EDE may come with an answer", RECURSIVE | AD, Q SOA "AR . 0 OPT 0 000f00020013\n", NODATA, SECURE, 900, .edes = 1},
};
#pragma GCC diagnostic pop
/* clang-format on */

static struct caa_answer read_message(struct arena *arena, const struct message *message)
{
    struct caa_answer answer = {.name = "kept", .retrieved_at_ms = 7};
    assert_int_equal(response_read(arena, message_bytes(message), WWW, &answer), CAA_OK);
    assert_string_equal(answer.name, "kept");
    assert_int_equal(answer.retrieved_at_ms, 7);
    return answer;
}

static void is_read(void **state)
{
    const struct row *row = *state;
    static struct message message;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    message_write(&message, row->flags, row->script);
    struct caa_answer answer = read_message(arena, &message);
    assert_string_equal(caa_outcome_name(answer.outcome),
                        caa_outcome_name((enum caa_outcome)row->outcome));
    assert_string_equal(caa_dnssec_name(answer.dnssec),
                        caa_dnssec_name((enum caa_dnssec)row->dnssec));
    assert_int_equal(answer.ttl_s, row->ttl_s);
    assert_int_equal(answer.property_count, row->properties);
    assert_int_equal(answer.rcode, row->rcode);
    assert_int_equal(answer.ede_count, row->edes);
    if (row->aliases || answer.outcome != CAA_OUTCOME_MALFORMED_RESPONSE)
        assert_int_equal(answer.alias_count, row->aliases);
    assert_ptr_equal(answer.response.data, message.data);
    assert_int_equal(answer.response.len, message.len);
    arena_destroy(arena);
}

/* [RFC 8659 4.1] Octets, not C strings. */
static void values_keep_every_octet(void **state)
{
    (void)state;
    static struct message message;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    message_write(&message, RECURSIVE,
                  Q "AN " WWW " 300 CAA 0 issue ca.test\\000.evil\\255\n"
                    "AN " WWW " 7 CAA 129 IsSueWild \n" OPT);
    struct caa_answer answer = read_message(arena, &message);
    assert_int_equal(answer.property_count, 2);
    const struct caa_property *first = &answer.properties[0],
                              *second = &answer.properties[1];
    assert_true(bytes_equal(first->value, OCTETS("ca.test\0.evil\xff")));
    assert_int_equal(first->known, CAA_TAG_ISSUE);
    assert_int_equal(first->ttl_s, 300);
    assert_true(bytes_equal(second->tag, OCTETS("IsSueWild")));
    assert_int_equal(second->value.len, 0);
    assert_int_equal(second->flags, 129);
    assert_int_equal(second->ttl_s, 7);
    arena_destroy(arena);
}

/* [RFC 8659 4.1] Longest tag there can be, critical. */
static void a_tag_of_255_octets_is_read(void **state)
{
    (void)state;
    static struct message message;
    char script[700] = Q "AN " WWW " 300 CAA 128 ";
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    memset(script + strlen(script), 't', 255);
    strcat(script, " v\n" OPT);
    message_write(&message, RECURSIVE, script);
    struct caa_answer answer = read_message(arena, &message);
    assert_int_equal(answer.outcome, CAA_OUTCOME_RRSET);
    assert_int_equal(answer.properties[0].tag.len, 255);
    assert_true(bytes_equal(answer.properties[0].value, OCTETS("v")));
    arena_destroy(arena);
}

static void aliases_are_in_the_order_of_the_chain(void **state)
{
    (void)state;
    static struct message message;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    message_write(&message, RECURSIVE,
                  Q "AN b.test 90 CNAME c.test\nAN a.test 90 CNAME b.test\n"
                    "AN " WWW " 90 CNAME a.test\n" SOA OPT);
    struct caa_answer answer = read_message(arena, &message);
    assert_int_equal(answer.alias_count, 3);
    assert_string_equal(answer.aliases[0], "a.test");
    assert_string_equal(answer.aliases[1], "b.test");
    assert_string_equal(answer.aliases[2], "c.test");
    arena_destroy(arena);
}

static void ede_has_code_and_text(void **state)
{
    (void)state;
    static struct message message;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    message_write(&message, RECURSIVE | 2,
                  Q "AR . 0 OPT 0 000f00050007676f6e000f0006c000ff000a41\n");
    struct caa_answer answer = read_message(arena, &message);
    assert_int_equal(answer.ede_count, 2);
    assert_int_equal(answer.ede[0].code, 7);
    assert_true(bytes_equal(answer.ede[0].text, OCTETS("gon")));
    assert_int_equal(answer.ede[1].code, 0xc000);
    assert_true(bytes_equal(answer.ede[1].text, OCTETS("\xff\0\nA")));
    arena_destroy(arena);
}

/* For the self-test. */
static void noerror_is_told_from_the_rest(void **state)
{
    (void)state;
    static struct message message;
    static const char script[] = "QD . SOA\nAN . 60 SOA 60\n";
    bool ad = false;
    message_write(&message, RECURSIVE | AD, script);
    assert_true(response_is_noerror(message_bytes(&message), &ad));
    assert_true(ad);
    message_write(&message, RECURSIVE, script);
    assert_true(response_is_noerror(message_bytes(&message), &ad));
    assert_false(ad);
    message_write(&message, RECURSIVE | AD | 2, script);
    assert_false(response_is_noerror(message_bytes(&message), &ad));
    message_write(&message, RD | RA | AD, script);
    assert_false(response_is_noerror(message_bytes(&message), &ad));
    assert_false(response_is_noerror((struct bytes){message.data, 11}, &ad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_keep_every_octet),
        cmocka_unit_test(a_tag_of_255_octets_is_read),
        cmocka_unit_test(aliases_are_in_the_order_of_the_chain),
        cmocka_unit_test(ede_has_code_and_text),
        cmocka_unit_test(noerror_is_told_from_the_rest),
    };
    return FIXTURE_RUN("response", rows, is_read, tests);
}
