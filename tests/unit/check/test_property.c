#include "check/property.h"

#include "check/fixture.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    struct bytes rdata;
    bool readable;
    uint8_t flags;
    struct bytes tag;
    struct bytes value;
    enum caa_tag known;
    bool critical;
};

static struct row rows[] = {
    {"[11] a plain record", OCTETS("\x00\x05issueca.test"), true, 0, OCTETS("issue"),
     OCTETS("ca.test"), CAA_TAG_ISSUE, false},
    {"[11] the value may be empty", OCTETS("\x00\x05issue"), true, 0, OCTETS("issue"),
     OCTETS(""), CAA_TAG_ISSUE, false},
    {"[11] the value may hold NUL and octets above 127",
     OCTETS("\x00\x05iodefa\0\xff"
            "b"),
     true, 0, OCTETS("iodef"),
     OCTETS("a\0\xff"
            "b"),
     CAA_TAG_IODEF, false},
    {"[9] 128 is critical", OCTETS("\x80\x05issue;"), true, 128, OCTETS("issue"),
     OCTETS(";"), CAA_TAG_ISSUE, true},
    {"[9] 1 is not critical", OCTETS("\x01\x05issue;"), true, 1, OCTETS("issue"),
     OCTETS(";"), CAA_TAG_ISSUE, false},
    {"[9] 127 is not critical", OCTETS("\x7f\x03tbsx"), true, 127, OCTETS("tbs"),
     OCTETS("x"), CAA_TAG_UNKNOWN, false},
    {"[9] 130 is critical", OCTETS("\x82\x03tbsx"), true, 130, OCTETS("tbs"), OCTETS("x"),
     CAA_TAG_UNKNOWN, true},
    {"[10] tags compare without case", OCTETS("\x00\x05IsSuEx"), true, 0, OCTETS("IsSuE"),
     OCTETS("x"), CAA_TAG_ISSUE, false},
    {"[10] an upper case issuewild", OCTETS("\x00\x09ISSUEWILDx"), true, 0,
     OCTETS("ISSUEWILD"), OCTETS("x"), CAA_TAG_ISSUEWILD, false},
    {"[39] issuemail is known", OCTETS("\x00\x09issuemailx"), true, 0,
     OCTETS("issuemail"), OCTETS("x"), CAA_TAG_ISSUEMAIL, false},
    {"[80] issuevmc is known", OCTETS("\x00\x08IssueVMCx"), true, 0, OCTETS("IssueVMC"),
     OCTETS("x"), CAA_TAG_ISSUEVMC, false},
    {"[57] contactemail is known",
     OCTETS("\x00\x0c"
            "contactemailx"),
     true, 0, OCTETS("contactemail"), OCTETS("x"), CAA_TAG_CONTACTEMAIL, false},
    {"[57] ContactPhone is known",
     OCTETS("\x00\x0c"
            "ContactPhonex"),
     true, 0, OCTETS("ContactPhone"), OCTETS("x"), CAA_TAG_CONTACTPHONE, false},
    {"[10] an empty tag is an unknown tag",
     OCTETS("\x80\x00"
            "issue"),
     true, 128, OCTETS(""), OCTETS("issue"), CAA_TAG_UNKNOWN, true},
    {"[10] a tag with a hyphen is an unknown tag", OCTETS("\x00\x06is-sueca"), true, 0,
     OCTETS("is-sue"), OCTETS("ca"), CAA_TAG_UNKNOWN, false},
    {"[10] a tag with NUL behind is an unknown tag", OCTETS("\x00\x06issue\0ca"), true, 0,
     OCTETS("issue\0"), OCTETS("ca"), CAA_TAG_UNKNOWN, false},
    {"[10] a beginning of a tag is an unknown tag", OCTETS("\x00\x04issue"), true, 0,
     OCTETS("issu"), OCTETS("e"), CAA_TAG_UNKNOWN, false},
    {"[10] flags and tag length alone", OCTETS("\x00\x00"), true, 0, OCTETS(""),
     OCTETS(""), CAA_TAG_UNKNOWN, false},
    {"[11] no octet", OCTETS(""), false, 0, OCTETS(""), OCTETS(""), CAA_TAG_UNKNOWN,
     false},
    {"[11] flags alone", OCTETS("\x00"), false, 0, OCTETS(""), OCTETS(""),
     CAA_TAG_UNKNOWN, false},
    {"[11] the tag overruns by one", OCTETS("\x00\x06issue"), false, 0, OCTETS(""),
     OCTETS(""), CAA_TAG_UNKNOWN, false},
    {"[11] the tag overruns by far", OCTETS("\x00\xffissue"), false, 0, OCTETS(""),
     OCTETS(""), CAA_TAG_UNKNOWN, false},
};

static void reads(void **state)
{
    const struct row *row = *state;
    struct caa_property property = {.ttl_s = 42};
    assert_int_equal(caa_property_read(row->rdata, 300, &property), row->readable);
    if (!row->readable) {
        assert_int_equal(property.ttl_s, 42); /* untouched */
        return;
    }
    assert_int_equal(property.ttl_s, 300);
    assert_int_equal(property.flags, row->flags);
    assert_true(bytes_equal(property.tag, row->tag));
    assert_true(bytes_equal(property.value, row->value));
    assert_int_equal(property.known, row->known);
    assert_int_equal(caa_property_is_critical(&property), row->critical);
}

/* [11] Longer than a character-string's 255 octets. */
static void the_longest_rdata_is_read_whole(void **state)
{
    (void)state;
    enum { RDATA_MAX = 65535 };
    struct caa_property property;
    uint8_t *rdata = malloc(RDATA_MAX);
    assert_non_null(rdata);
    memset(rdata, 'a', RDATA_MAX);
    rdata[1] = 255;
    assert_true(caa_property_read((struct bytes){rdata, RDATA_MAX}, 1, &property));
    assert_int_equal(property.tag.len, 255);
    assert_int_equal(property.value.len, RDATA_MAX - 257);
    assert_int_equal(property.known, CAA_TAG_UNKNOWN);
    free(rdata);
}

/* [10] 255 octets of tag, [9] critical: known only as unknown. */
static void a_tag_of_255_octets_is_an_unknown_tag(void **state)
{
    (void)state;
    uint8_t rdata[257];
    struct caa_property property;
    memset(rdata, 'a', sizeof rdata);
    memcpy(rdata + 2, "issue", 5);
    rdata[0] = 0x80;
    rdata[1] = 255;
    assert_true(caa_property_read((struct bytes){rdata, sizeof rdata}, 1, &property));
    assert_int_equal(property.known, CAA_TAG_UNKNOWN);
    assert_true(caa_property_is_critical(&property));
    assert_int_equal(property.value.len, 0);
}

static void a_value_is_shown_as_a_zone_file_has_it(void **state)
{
    (void)state;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    assert_string_equal(caa_property_text(arena, OCTETS("ca.test; a=b")), "ca.test; a=b");
    assert_string_equal(caa_property_text(arena, OCTETS("")), "");
    assert_string_equal(caa_property_text(arena, OCTETS("\"\\\0\n\xff")),
                        "\\\"\\\\\\000\\010\\255");
    arena_destroy(arena);
}

static void a_value_too_large_for_memory_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_create(16);
    assert_null(caa_property_text(arena, OCTETS("seventeen octets!")));
    arena_destroy(arena);
}

static void each_known_tag_has_its_text(void **state)
{
    (void)state;
    assert_string_equal(caa_tag_text(CAA_TAG_ISSUE), "issue");
    assert_string_equal(caa_tag_text(CAA_TAG_ISSUEWILD), "issuewild");
    assert_string_equal(caa_tag_text(CAA_TAG_ISSUEMAIL), "issuemail");
    assert_string_equal(caa_tag_text(CAA_TAG_ISSUEVMC), "issuevmc");
    assert_string_equal(caa_tag_text(CAA_TAG_UNKNOWN), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_rdata_is_read_whole),
        cmocka_unit_test(a_tag_of_255_octets_is_an_unknown_tag),
        cmocka_unit_test(a_value_is_shown_as_a_zone_file_has_it),
        cmocka_unit_test(a_value_too_large_for_memory_is_refused),
        cmocka_unit_test(each_known_tag_has_its_text),
    };
    return FIXTURE_RUN("property", rows, reads, tests);
}
