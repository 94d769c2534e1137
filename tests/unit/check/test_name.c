#include "check/name.h"

#include "check/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    const char *asked;
    enum caa_name_kind kind;
    const char *text; /* ascii_name, or words the detail must hold */
    enum caa_reason fault;
    enum caa_certificate certificate; /* 0: TLS */
};

#define DOMAIN(text)  CAA_NAME_DOMAIN, text, CAA_REASON_UNSPECIFIED, 0
#define MAILBOX(text) CAA_NAME_DOMAIN, text, CAA_REASON_UNSPECIFIED, CAA_CERTIFICATE_SMIME
#define ADDRESS(text) CAA_NAME_IP_ADDRESS, text, CAA_REASON_UNSPECIFIED, 0
#define ONION(text)   CAA_NAME_ONION, text, CAA_REASON_UNSPECIFIED, 0
#define SYNTAX(words) CAA_NAME_INVALID, words, CAA_REASON_SYNTAX, 0
#define BAD_MAILBOX(words)                                                               \
    CAA_NAME_INVALID, words, CAA_REASON_SYNTAX, CAA_CERTIFICATE_SMIME
#define BAD_IDNA(words) CAA_NAME_INVALID, words, CAA_REASON_IDNA, 0
#define REVERSE         CAA_NAME_INVALID, "reverse zone", CAA_REASON_REVERSE_NAME, 0

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define L61 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg"
#define L59 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff"

static struct row rows[] = {
    {"[4] a domain name", "www.example.test", DOMAIN("www.example.test")},
    {"[4] capitals become small", "WWW.Example.TEST", DOMAIN("www.example.test")},
    {"[4] a final dot is dropped", "example.test.", DOMAIN("example.test")},
    {"[5] a top-level domain", "test", DOMAIN("test")},
    {"[4] hyphens and digits inside", "a--b.1-2.x1", DOMAIN("a--b.1-2.x1")},
    {"[4] a number anywhere but last", "1.2.3.test", DOMAIN("1.2.3.test")},
    {"[4] a label of 63 octets", L63 ".test", DOMAIN(L63 ".test")},
    {"[4] a name of 253 octets", L63 "." L63 "." L63 "." L61,
     DOMAIN(L63 "." L63 "." L63 "." L61)},
    {"[4] the same with a final dot", L63 "." L63 "." L63 "." L61 ".",
     DOMAIN(L63 "." L63 "." L63 "." L61)},

    /* RFC 8659 section 3. */
    {"[6] a wildcard", "*.example.test", DOMAIN("*.example.test")},
    {"[6] a wildcard of a top-level domain", "*.test", DOMAIN("*.test")},
    {"[6] a wildcard with capitals and final dot", "*.Example.TEST.",
     DOMAIN("*.example.test")},
    {"[6] a wildcard of 253 octets", "*." L63 "." L63 "." L63 "." L59,
     DOMAIN("*." L63 "." L63 "." L63 "." L59)},
    {"[6] a wildcard of 255 octets", "*." L63 "." L63 "." L63 "." L61,
     SYNTAX("253 octets")},
    {"[6] a lone asterisk", "*", SYNTAX("follows the asterisk")},
    {"[6] an asterisk and a dot", "*.", SYNTAX("follows the asterisk")},
    {"[6] an asterisk and two dots", "*..", SYNTAX("label 2 is empty")},
    {"[6] two wildcards", "*.*.test", SYNTAX("label 2 (\"*\") holds an asterisk")},
    {"[6] an asterisk further in", "a.*.test",
     SYNTAX("label 2 (\"*\") holds an asterisk")},
    {"[6] an asterisk in a label", "w*.example.test",
     SYNTAX("label 1 (\"w*\") holds an asterisk")},
    {"[6] an asterisk before a label", "*w.example.test", SYNTAX("holds an asterisk")},
    {"[6] two asterisks", "**.example.test", SYNTAX("holds an asterisk")},
    {"[6] a fullwidth asterisk", "\xef\xbc\x8a.example.test", BAD_IDNA("label 1")},

    /* IDNA2008 with UTS 46 mapping. */
    {"[37] a U-label becomes an A-label", "m\xc3\xbcnchen.test",
     DOMAIN("xn--mnchen-3ya.test")},
    {"[37] a capital U-label is mapped", "M\xc3\x9cNCHEN.test",
     DOMAIN("xn--mnchen-3ya.test")},
    {"[37] a decomposed U-label is composed", "mu\xcc\x88nchen.test",
     DOMAIN("xn--mnchen-3ya.test")},
    {"[37] sharp s stays (non-transitional)", "fa\xc3\x9f.test",
     DOMAIN("xn--fa-hia.test")},
    {"[37] Han", "\xe4\xbe\x8b\xe5\xad\x90.test", DOMAIN("xn--fsqu00a.test")},
    {"[37] Hebrew", "\xd7\x90\xd7\x91.test", DOMAIN("xn--4dbc.test")},
    {"[37] fullwidth letters are mapped", "\xef\xbd\x85\xef\xbd\x98.test",
     DOMAIN("ex.test")},
    {"[37] a wildcard with a U-label", "*.m\xc3\xbcnchen.test",
     DOMAIN("*.xn--mnchen-3ya.test")},
    {"[37] an A-label is taken as given", "XN--MNCHEN-3YA.test",
     DOMAIN("xn--mnchen-3ya.test")},
    {"[37] an A-label that does not decode is taken as given", "xn--a.test",
     DOMAIN("xn--a.test")},
    {"[37] two hyphens in third place are taken as given", "ab--c.test",
     DOMAIN("ab--c.test")},
    {"[37] U+3002 parts labels", "example\xe3\x80\x82test", DOMAIN("example.test")},
    {"[37] U+FF0E parts labels", "example\xef\xbc\x8etest", DOMAIN("example.test")},
    {"[37] U+FF61 parts labels", "example\xef\xbd\xa1test\xef\xbd\xa1",
     DOMAIN("example.test")},
    {"[37] a symbol", "\xe2\x98\x83.test", BAD_IDNA("label 1 (\"\\226\\152\\131\")")},
    {"[37] an emoji", "i\xe2\x9d\xa4.test", BAD_IDNA("internationalized")},
    {"[37] a no-break space",
     "a\xc2\xa0"
     "b.test",
     BAD_IDNA("label 1")},
    {"[37] a C1 control", "a\xc2\x85.test", BAD_IDNA("label 1")},
    {"[37] octets that are no UTF-8", "a\xff.test", BAD_IDNA("label 1")},
    {"[37] a cut UTF-8 sequence", "a\xc3", BAD_IDNA("label 1")},
    {"[37] a soft hyphen alone maps to nothing", "\xc2\xad.test", BAD_IDNA("label 1")},
    {"[37] right-to-left override",
     "a\xe2\x80\xae"
     "b.test",
     BAD_IDNA("label 1")},
    {"[37] an underscore beside a U-label", "\xc3\xbc_.test", BAD_IDNA("label 1")},
    {"[37] a not-equal sign, which STD3 forbids", "\xc3\xbc\xe2\x89\xa0.test",
     BAD_IDNA("label 1")},
    {"[37] an asterisk beside a U-label", "*\xc3\xbc.test", BAD_IDNA("label 1")},
    {"[37] an at sign beside a U-label", "\xc3\xbc@x.test", BAD_IDNA("label 1")},
    {"[37] a Greek question mark, which is a semicolon",
     "a\xcd\xbe"
     "b.test",
     BAD_IDNA("label 1")},
    {"[37] a leading combining mark", "\xcc\x88.test", BAD_IDNA("label 1")},
    {"[37] a U-label with a hyphen in front", "-\xc3\xbc.test", BAD_IDNA("label 1")},
    {"[37] a one dot leader is no separator", "a\xe2\x80\xa4test", BAD_IDNA("label 1")},
    {"[37] a small full stop is no separator", "a\xef\xb9\x92test", BAD_IDNA("label 1")},

    {"[68] an IPv4 address", "192.0.2.1", ADDRESS("192.0.2.1")},
    {"[68] an IPv6 address in canonical text", "2001:DB8:0:0::1", ADDRESS("2001:db8::1")},
    {"[41] a mapped IPv4 address", "::ffff:192.0.2.1", ADDRESS("::ffff:192.0.2.1")},
    {"[41] an address in brackets", "[2001:db8::1]", SYNTAX("label 1")},
    {"[41] an address with a prefix", "192.0.2.0/24", SYNTAX("label 4")},
    {"[41] an address with a port", "192.0.2.1:443", SYNTAX("label 4")},
    {"[41] an address with a zone", "fe80::1%eth0", SYNTAX("label 1")},
    {"[41] a wildcard of an address", "*.192.0.2.1", SYNTAX("is a number")},
    {"[41] an address with a final dot", "192.0.2.1.", SYNTAX("is a number")},
    {"[41] a short address", "127.1", SYNTAX("is a number")},
    {"[41] an address out of range", "192.0.2.256", SYNTAX("is a number")},
    {"[41] a name that ends in a number", "example.1", SYNTAX("is a number")},
    {"[41] a number", "3232235777", SYNTAX("is a number")},
    {"[41] fullwidth digits", "\xef\xbc\x91\xef\xbc\x92.\xef\xbc\x90.0.1",
     SYNTAX("is a number")},
    {"[41] an address with leading zeros", "192.0.02.1", SYNTAX("is a number")},

    {"[79] an onion name", "abcdefghijklmnop.onion", ONION("abcdefghijklmnop.onion")},
    {"[79] below an onion name", "WWW.abc.ONION.", ONION("www.abc.onion")},
    {"[79] a wildcard onion name", "*.abc.onion", ONION("*.abc.onion")},
    {"[79] onion in fullwidth letters",
     "abc.\xef\xbd\x8f\xef\xbd\x8e\xef\xbd\x89\xef\xbd\x8f\xef\xbd\x8e",
     ONION("abc.onion")},
    {"[79] onion elsewhere", "onion.test", DOMAIN("onion.test")},
    {"[79] an ending that is not .onion", "abc.notonion", DOMAIN("abc.notonion")},
    {"[79] onion alone", "onion", SYNTAX("onion service")},
    {"[79] onion alone, with a dot", "onion.", SYNTAX("onion service")},

    {"[68] in-addr.arpa", "in-addr.arpa", REVERSE},
    {"[68] below in-addr.arpa", "1.2.0.192.IN-ADDR.arpa.", REVERSE},
    {"[68] a wildcard below in-addr.arpa", "*.192.in-addr.arpa", REVERSE},
    {"[68] the wildcard of in-addr.arpa", "*.in-addr.arpa", REVERSE},
    {"[68] ip6.arpa", "ip6.arpa", REVERSE},
    {"[68] below ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", REVERSE},
    {"[68] elsewhere in arpa", "home.arpa", DOMAIN("home.arpa")},
    {"[68] not quite in-addr.arpa", "xin-addr.arpa", DOMAIN("xin-addr.arpa")},

    {"[4] nothing", "", SYNTAX("empty")},
    {"[4] a dot", ".", SYNTAX("the root")},
    {"[4] a fullwidth dot", "\xef\xbc\x8e", SYNTAX("the root")},
    {"[4] two dots", "..", SYNTAX("label 1 is empty")},
    {"[4] two dots inside", "a..test", SYNTAX("label 2 is empty")},
    {"[4] two dots at the end", "a.test..", SYNTAX("label 3 is empty")},
    {"[4] a leading dot", ".example.test", SYNTAX("label 1 is empty")},
    {"[4] a blank", "example test", SYNTAX("holds a blank")},
    {"[4] a blank in front", " example.test", SYNTAX("holds a blank")},
    {"[4] a newline at the end", "example.test\n", SYNTAX("control character")},
    {"[4] a tab", "example\t.test", SYNTAX("control character")},
    {"[4] an escape sequence", "\x1b[31mexample.test", SYNTAX("control character")},
    {"[4] DEL", "example\x7f.test", SYNTAX("control character")},
    {"[4] an underscore", "_dmarc.example.test",
     SYNTAX("label 1 (\"_dmarc\") holds an underscore")},
    {"[4] a hyphen first", "www.-a.test",
     SYNTAX("label 2 (\"-a\") starts or ends with a hyphen")},
    {"[4] a hyphen last", "a-.test",
     SYNTAX("label 1 (\"a-\") starts or ends with a hyphen")},
    {"[4] a hyphen alone", "-.test",
     SYNTAX("label 1 (\"-\") starts or ends with a hyphen")},
    {"[4] a hyphen at the end of the name", "test-", SYNTAX("hyphen")},
    {"[4] a URL", "https://example.test/", SYNTAX("without scheme")},
    {"[4] a port", "example.test:443", SYNTAX("without scheme")},
    {"[4] markup", "<script>.test", SYNTAX("label 1 (\"<script>\")")},
    {"[4] quotation marks", "\"example\".test", SYNTAX("label 1 (\"\\\"example\\\"\")")},
    {"[4] a backslash", "a\\.b.test", SYNTAX("label 1 (\"a\\\\\")")},
    {"[4] a comma between two names", "a.test,b.test", SYNTAX("label 2")},
    {"[4] a label of 64 octets", L63 "x.test", SYNTAX("longer than 63")},
    {"[4] a name of 254 octets", L63 "." L63 "." L63 "." L61 "x", SYNTAX("253 octets")},
    {"[36] a mailbox for TLS", "user@example.test", SYNTAX("S/MIME")},

    {"[36] a mailbox stands for its domain", "user@Example.TEST",
     MAILBOX("example.test")},
    {"[37] a mailbox in an internationalized domain", "u@m\xc3\xbcnchen.test",
     MAILBOX("xn--mnchen-3ya.test")},
    {"[36] the last @ parts", "\"a@b\"@example.test", MAILBOX("example.test")},
    {"[36] an internationalized local part", "\xc3\xbc@example.test",
     MAILBOX("example.test")},
    {"[36] a domain alone for S/MIME", "example.test", MAILBOX("example.test")},
    {"[36] an empty local part", "@example.test", BAD_MAILBOX("before \"@\" is empty")},
    {"[36] an empty domain", "user@", BAD_MAILBOX("empty")},
    {"[36] a mailbox in a wildcard", "user@*.example.test", BAD_MAILBOX("wildcard")},
    {"[36] a mailbox at an address", "user@192.0.2.1", BAD_MAILBOX("is a number")},
    {"[36] a mailbox at an address literal", "user@[192.0.2.1]", BAD_MAILBOX("label 1")},
    {"[36] a newline in the local part", "us\ner@example.test", BAD_MAILBOX("control")},
    {"[36] an angle bracket", "User <user@example.test>",
     BAD_MAILBOX("label 2 (\"test>\")")},
    {"[36] a mailbox in a reverse zone", "user@2.0.192.in-addr.arpa", CAA_NAME_INVALID,
     "reverse zone", CAA_REASON_REVERSE_NAME, CAA_CERTIFICATE_SMIME},
    {"[79] a mailbox at an onion name", "user@abc.onion", CAA_NAME_ONION, "abc.onion",
     CAA_REASON_UNSPECIFIED, CAA_CERTIFICATE_SMIME},
};

static void check_invalid(const struct row *row, const struct caa_name *name)
{
    assert_int_equal(name->fault, row->fault);
    assert_string_equal(name->ascii_name, "");
    assert_false(name->wildcard);
    if (!strstr(name->detail, row->text))
        fail_msg("\"%s\" lacks \"%s\"", name->detail, row->text);
    for (const char *c = name->detail; *c; c++)
        assert_in_range(*c, 0x20, 0x7e);
    assert_true(strlen(name->detail) < 400);
}

static void reads(void **state)
{
    const struct row *row = *state;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct caa_name name;
    assert_int_equal(
        caa_name_read(arena, row->asked,
                      row->certificate ? row->certificate : CAA_CERTIFICATE_TLS, &name),
        CAA_OK);
    assert_ptr_equal(name.asked, row->asked);
    if (name.kind != row->kind)
        fail_msg("kind %d, %s", name.kind, name.detail ? name.detail : name.ascii_name);
    if (row->kind == CAA_NAME_INVALID) {
        check_invalid(row, &name);
    } else {
        assert_string_equal(name.ascii_name, row->text);
        assert_int_equal(name.wildcard, row->text[0] == '*');
    }
    if (row->kind == CAA_NAME_DOMAIN) {
        assert_string_equal(name.fqdn.text, row->text + (name.wildcard ? 2 : 0));
        assert_int_equal(name.fqdn.len, strlen(name.fqdn.text));
    }
    arena_destroy(arena);
}

/* Every valid name, read again in lookup form, is itself. */
static void lookup_form_is_stable(void **state)
{
    (void)state;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kind == CAA_NAME_INVALID)
            continue;
        struct caa_name name = fixture_name(arena, rows[i].text);
        assert_string_equal(name.ascii_name, rows[i].text);
        assert_int_equal(name.kind, rows[i].kind);
    }
    arena_destroy(arena);
}

/* [6] */
static void a_wildcard_is_looked_up_without_its_asterisk(void **state)
{
    (void)state;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct caa_name name = fixture_name(arena, "*.a.example.test");
    assert_string_equal(name.fqdn.text, "a.example.test");
    arena_destroy(arena);
}

/* What UTS 46 ignores, in any version so far. */
static bool is_ignored(unsigned c)
{
    static const unsigned ranges[][2] = {
        {0xad, 0xad},     {0x34f, 0x34f},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
        {0x180b, 0x180f}, {0x200b, 0x200b}, {0x2060, 0x206f}, {0x3164, 0x3164},
        {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* [37] A character that vanishes would have another name looked up. */
static void no_character_vanishes_unless_uts_46_ignores_it(void **state)
{
    (void)state;
    for (unsigned c = 0x80; c < 0x10000; c++) {
        char asked[16];
        if (c >= 0xd800 && c < 0xe000)
            continue;
        struct arena *arena = arena_create(4096);
        if (c < 0x800)
            snprintf(asked, sizeof asked, "a%c%cb.test", 0xc0 | c >> 6,
                     0x80 | (c & 0x3f));
        else
            snprintf(asked, sizeof asked, "a%c%c%cb.test", 0xe0 | c >> 12,
                     0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
        struct caa_name name = fixture_name(arena, asked);
        if (strcmp(name.ascii_name, "ab.test") == 0 && !is_ignored(c))
            fail_msg("U+%04X vanished", c);
        arena_destroy(arena);
    }
}

/* Every size of hostile input must come to an end. */
static void huge_names_are_refused_in_bounded_time(void **state)
{
    (void)state;
    enum { LEN = 1 << 20 };
    static const char *const units[] = {
        "a",
        "a.",
        ".",
        "*",
        "*.",
        "-",
        "xn--",
        "\xc3\xbc",
        "\xc3\xbc.",
        "\xcc\x88",
        "\xe3\x80\x82",
        "\xf0\x9d\x94\xb8",
        "\xc2\xad",
        "a\xc2\xad.",
        "\xff",
        "1.",
        "@",
        "a@",
        "\xe0\xbd\xb1\xe0\xbd\xb4",
        "\xea\xb0\x80",
    };
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    char *asked = malloc(LEN + 8);
    assert_non_null(asked);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i]);
        struct caa_name name;
        for (size_t len = 0; len + unit <= LEN; len += unit)
            memcpy(asked + len, units[i], unit + 1);
        assert_int_equal(caa_name_read(arena, asked, CAA_CERTIFICATE_TLS, &name), CAA_OK);
        assert_int_equal(name.kind, CAA_NAME_INVALID);
        assert_true(strlen(name.detail) < 400);
        assert_int_equal(caa_name_read(arena, asked, CAA_CERTIFICATE_SMIME, &name),
                         CAA_OK);
        assert_int_equal(name.kind, CAA_NAME_INVALID);
    }
    free(asked);
    arena_destroy(arena);
}

static void many_labels_of_the_longest_kind_are_bounded_too(void **state)
{
    (void)state;
    enum { LABELS = 126, UNITS = 500 };
    char *asked = malloc(LABELS * (UNITS * 2 + 2) + 1), *end = asked;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    assert_non_null(asked);
    for (size_t i = 0; i < LABELS; i++) {
        for (size_t j = 0; j < UNITS; j++, end += 2)
            memcpy(end, "\xc2\xad", 2); /* mapped to nothing */
        memcpy(end, "a.", 3);
        end += 2;
    }
    struct caa_name name = fixture_name(arena, asked);
    assert_int_equal(name.kind, CAA_NAME_DOMAIN);
    assert_int_equal(name.fqdn.len, LABELS * 2 - 1);
    arena_destroy(arena);
    free(asked);
}

static void without_memory_nothing_is_touched(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum caa_err err = CAA_ENOMEM;
        for (size_t budget = 0; err == CAA_ENOMEM; budget++) {
            struct arena *arena = arena_create(budget);
            struct caa_name name = {.asked = "untouched"};
            err = caa_name_read(arena, rows[i].asked, CAA_CERTIFICATE_TLS, &name);
            if (err == CAA_ENOMEM)
                assert_string_equal(name.asked, "untouched");
            else
                assert_int_equal(err, CAA_OK);
            arena_destroy(arena);
            assert_true(budget < 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_form_is_stable),
        cmocka_unit_test(a_wildcard_is_looked_up_without_its_asterisk),
        cmocka_unit_test(no_character_vanishes_unless_uts_46_ignores_it),
        cmocka_unit_test(huge_names_are_refused_in_bounded_time),
        cmocka_unit_test(many_labels_of_the_longest_kind_are_bounded_too),
        cmocka_unit_test(without_memory_nothing_is_touched),
    };
    return FIXTURE_RUN("name", rows, reads, tests);
}
