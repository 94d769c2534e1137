#include "check/issue_value.h"

#include "check/fixture.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    struct bytes value;
    bool readable;
    struct bytes issuer;
    unsigned accounturi_count;
    struct bytes accounturi;
    unsigned validationmethods_count;
    struct bytes validationmethods;
};

#define NAMES(issuer) true, OCTETS(issuer), 0, OCTETS(""), 0, OCTETS("")
#define REFUSED       false, OCTETS(""), 0, OCTETS(""), 0, OCTETS("")

static struct row rows[] = {
    /* RFC 8659 section 4.2, what the grammar allows. */
    {"[12] an issuer alone", OCTETS("ca.test"), NAMES("ca.test")},
    {"[12] one label", OCTETS("ca"), NAMES("ca")},
    {"[12] one octet", OCTETS("c"), NAMES("c")},
    {"[12] an issuer in capitals stays as it is", OCTETS("CA.Test"), NAMES("CA.Test")},
    {"[12] hyphens inside a label", OCTETS("a--b.c-d"), NAMES("a--b.c-d")},
    {"[12] digits first", OCTETS("1ca.2test"), NAMES("1ca.2test")},
    {"[12] blanks around the issuer", OCTETS("  ca.test  "), NAMES("ca.test")},
    {"[12] tabs around the issuer", OCTETS("\tca.test\t"), NAMES("ca.test")},
    {"[12] issuer and semicolon", OCTETS("ca.test;"), NAMES("ca.test")},
    {"[12] issuer, semicolon and blanks", OCTETS("ca.test ;  "), NAMES("ca.test")},
    {"[12] a semicolon alone", OCTETS(";"), NAMES("")},
    {"[12] blanks and a semicolon", OCTETS(" \t; "), NAMES("")},
    {"[12] nothing at all", OCTETS(""), NAMES("")},
    {"[12] blanks alone", OCTETS(" \t "), NAMES("")},
    {"[12] parameters without an issuer", OCTETS("; policy=ev"), NAMES("")},
    {"[15] an unknown parameter is let be", OCTETS("ca.test; a=b"), NAMES("ca.test")},
    {"[12] several parameters", OCTETS("ca.test;a=b;c=d ; e=f"), NAMES("ca.test")},
    {"[12] blanks everywhere they may be", OCTETS(" ca.test \t; a \t= \tb ;\tc=d\t"),
     NAMES("ca.test")},
    {"[12] an empty parameter value", OCTETS("ca.test; a="), NAMES("ca.test")},
    {"[12] an empty parameter value before another", OCTETS("ca.test; a= ;b="),
     NAMES("ca.test")},
    {"[12] every visible octet but the semicolon in a value",
     OCTETS("ca.test; a=!\"#$%&'()*+,-./0:<=>?@A[\\]^_`a{|}~"), NAMES("ca.test")},
    {"[12] an equals sign inside a value", OCTETS("ca.test; a==b=c"), NAMES("ca.test")},
    {"[12] a hyphen inside a parameter's tag", OCTETS("ca.test; a--b=c"),
     NAMES("ca.test")},

    /* ... and what it does not, which names nobody [13]. */
    {"[12] a semicolon after the last parameter", OCTETS("ca.test; a=b;"), REFUSED},
    {"[12] the same with blanks", OCTETS("ca.test; a=b ; "), REFUSED},
    {"[12] two semicolons", OCTETS("ca.test;;"), REFUSED},
    {"[12] two semicolons alone", OCTETS("; ;"), REFUSED},
    {"[12] an empty parameter", OCTETS("ca.test; ; a=b"), REFUSED},
    {"[12] a parameter without value", OCTETS("ca.test; a"), REFUSED},
    {"[12] a parameter without tag", OCTETS("ca.test; =b"), REFUSED},
    {"[12] a blank inside a parameter value", OCTETS("ca.test; a=b c"), REFUSED},
    {"[12] parameters without a semicolon", OCTETS("ca.test a=b"), REFUSED},
    {"[12] a comma instead", OCTETS("ca.test, a=b"), REFUSED},
    {"[12] two issuers", OCTETS("ca.test other.test"), REFUSED},
    {"[12] two issuers with a comma", OCTETS("ca.test,other.test"), REFUSED},
    {"[12] a trailing dot", OCTETS("ca.test."), REFUSED},
    {"[12] a leading dot", OCTETS(".ca.test"), REFUSED},
    {"[12] two dots", OCTETS("ca..test"), REFUSED},
    {"[12] a dot alone", OCTETS("."), REFUSED},
    {"[12] a hyphen first", OCTETS("-ca.test"), REFUSED},
    {"[12] a hyphen last", OCTETS("ca.test-"), REFUSED},
    {"[12] a hyphen last in a label", OCTETS("ca-.test"), REFUSED},
    {"[12] a hyphen first in a label", OCTETS("ca.-test"), REFUSED},
    {"[12] an underscore", OCTETS("_ca.test"), REFUSED},
    {"[12] an underscore inside", OCTETS("c_a.test"), REFUSED},
    {"[12] a parameter tag with an underscore", OCTETS("ca.test; account_uri=a:b"),
     REFUSED},
    {"[12] a parameter tag that ends in a hyphen", OCTETS("ca.test; a-=b"), REFUSED},
    {"[12] a parameter tag that starts with a hyphen", OCTETS("ca.test; -a=b"), REFUSED},
    {"[12] a wildcard", OCTETS("*.ca.test"), REFUSED},
    {"[12] a URL", OCTETS("https://ca.test"), REFUSED},
    {"[12] quotation marks", OCTETS("\"ca.test\""), REFUSED},
    {"[12] a percent sign, as in caatestsuite", OCTETS("%%%%%"), REFUSED},

    /* Section 9: trimming with the language's strip(). */
    {"[12] a newline after the issuer", OCTETS("ca.test\n"), REFUSED},
    {"[12] a newline before the issuer", OCTETS("\nca.test"), REFUSED},
    {"[12] a carriage return after the issuer", OCTETS("ca.test\r"), REFUSED},
    {"[12] a vertical tab after the issuer", OCTETS("ca.test\x0b"), REFUSED},
    {"[12] a form feed before the issuer",
     OCTETS("\x0c"
            "ca.test"),
     REFUSED},
    {"[12] U+00A0 in UTF-8 after the issuer", OCTETS("ca.test\xc2\xa0"), REFUSED},
    {"[12] octet 160 before the issuer",
     OCTETS("\xa0"
            "ca.test"),
     REFUSED},
    {"[12] U+0085 after the issuer", OCTETS("ca.test\xc2\x85"), REFUSED},
    {"[12] U+FEFF before the issuer",
     OCTETS("\xef\xbb\xbf"
            "ca.test"),
     REFUSED},
    {"[12] a newline between issuer and semicolon", OCTETS("ca.test\n;"), REFUSED},
    {"[12] a newline after the semicolon", OCTETS("ca.test;\n"), REFUSED},
    /* Section 9: bytes, not C strings, and not UTF-8. */
    {"[11] NUL after the issuer", OCTETS("ca.test\0"), REFUSED},
    {"[11] NUL and more after the issuer", OCTETS("ca.test\0.evil"), REFUSED},
    {"[11] NUL inside a parameter value", OCTETS("ca.test; a=b\0"), REFUSED},
    {"[11] NUL alone", OCTETS("\0"), REFUSED},
    {"[11] octet 255 in the issuer", OCTETS("ca\xff.test"), REFUSED},
    {"[11] UTF-8 in the issuer", OCTETS("c\xc3\xa4.test"), REFUSED},
    {"[11] UTF-8 in a parameter value", OCTETS("ca.test; a=\xc3\xa4"), REFUSED},
    {"[11] octet 127 in a parameter value", OCTETS("ca.test; a=\x7f"), REFUSED},
    {"[11] Cyrillic a in the issuer", OCTETS("c\xd0\xb0.test"), REFUSED},

    /* RFC 8657. */
    {"[24] accounturi", OCTETS("ca.test; accounturi=acct:1@ca.test"), true,
     OCTETS("ca.test"), 1, OCTETS("acct:1@ca.test"), 0, OCTETS("")},
    {"[25] accounturi twice", OCTETS("ca.test; accounturi=a:1; accounturi=a:2"), true,
     OCTETS("ca.test"), 2, OCTETS("a:1"), 0, OCTETS("")},
    {"[25] accounturi without case, twice",
     OCTETS("ca.test; AccountURI=a:1; accounturi=a:1"), true, OCTETS("ca.test"), 2,
     OCTETS("a:1"), 0, OCTETS("")},
    {"[25] an empty accounturi", OCTETS("ca.test; accounturi="), true, OCTETS("ca.test"),
     1, OCTETS(""), 0, OCTETS("")},
    {"[28] validationmethods", OCTETS("ca.test; validationmethods=dns-01,http-01"), true,
     OCTETS("ca.test"), 0, OCTETS(""), 1, OCTETS("dns-01,http-01")},
    {"[28] validationmethods without case", OCTETS("ca.test; VALIDATIONMETHODS=dns-01"),
     true, OCTETS("ca.test"), 0, OCTETS(""), 1, OCTETS("dns-01")},
    {"[28] a blank in the list breaks the grammar",
     OCTETS("ca.test; validationmethods=dns-01, http-01"), REFUSED},
    {"[24] both, others between",
     OCTETS("ca.test;x=1;accounturi=a:1;y=2;validationmethods=m;z=3"), true,
     OCTETS("ca.test"), 1, OCTETS("a:1"), 1, OCTETS("m")},
    {"[24] a longer tag is another", OCTETS("ca.test; accounturis=a:1"),
     NAMES("ca.test")},
};

static void assert_bytes(struct bytes actual, struct bytes expected)
{
    assert_int_equal(actual.len, expected.len);
    assert_true(bytes_equal(actual, expected));
}

static void reads(void **state)
{
    const struct row *row = *state;
    struct caa_issue_value value = {.issuer_domain_name = OCTETS("untouched")};
    assert_int_equal(caa_issue_value_read(row->value, &value), row->readable);
    if (!row->readable) {
        assert_bytes(value.issuer_domain_name, OCTETS("untouched"));
        return;
    }
    assert_bytes(value.issuer_domain_name, row->issuer);
    assert_int_equal(value.accounturi.count, row->accounturi_count);
    assert_bytes(value.accounturi.value, row->accounturi);
    assert_int_equal(value.validationmethods.count, row->validationmethods_count);
    assert_bytes(value.validationmethods.value, row->validationmethods);
}

static void no_pointer_is_an_empty_value(void **state)
{
    (void)state;
    struct caa_issue_value value;
    assert_true(caa_issue_value_read((struct bytes){NULL, 0}, &value));
    assert_int_equal(value.issuer_domain_name.len, 0);
}

/* ------------------------------- the grammar once more, as an expression */

#define L "[A-Za-z0-9](-*[A-Za-z0-9])*"
#define W "[ \t]*"
#define P L W "=" W "[!-:<-~]*"
static const char GRAMMAR[] = "^" W "(" L "(\\." L ")*" W ")?"
                              "(;" W "(" P "(" W ";" W P ")*" W ")?)?$";

static void compare_with_grammar(const regex_t *grammar, const char *text)
{
    struct caa_issue_value value;
    bool expected = regexec(grammar, text, 0, NULL, 0) == 0;
    if (caa_issue_value_read(bytes_of(text), &value) != expected)
        fail_msg("\"%s\" should be %s", text, expected ? "readable" : "refused");
}

/* Every text of up to len octets of the alphabet behind prefix. */
static void compare_all(const regex_t *grammar, const char *prefix, size_t max)
{
    static const char alphabet[] = "a-.;= \t\n";
    enum { LETTERS = sizeof alphabet - 1 };
    char text[32];
    size_t prefix_len = strlen(prefix);
    memcpy(text, prefix, prefix_len);
    size_t count = 1;
    for (size_t len = 0; len <= max; len++, count *= LETTERS)
        for (size_t n = 0; n < count; n++) {
            size_t rest = n;
            for (size_t i = 0; i < len; i++, rest /= LETTERS)
                text[prefix_len + i] = alphabet[rest % LETTERS];
            text[prefix_len + len] = '\0';
            compare_with_grammar(grammar, text);
        }
}

/* [12] */
static void every_short_value_agrees_with_the_grammar(void **state)
{
    (void)state;
    regex_t grammar;
    assert_int_equal(regcomp(&grammar, GRAMMAR, REG_EXTENDED | REG_NOSUB), 0);
    compare_all(&grammar, "", 5);
    compare_all(&grammar, "a;", 5);
    compare_all(&grammar, ";a=", 5);
    compare_all(&grammar, "a.a ; a=a;a", 4);
    regfree(&grammar);
}

/* [12] Section 9, backtracking label pattern: these must simply come to an end. */
static void the_longest_values_are_read_at_once(void **state)
{
    (void)state;
    enum { LEN = 65535 };
    static const char fills[] = {'a', '-', '.', ' ', ';', '=', 'x', '\0'};
    struct caa_issue_value value;
    char *text = malloc(LEN);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(text, fills[i], LEN);
        caa_issue_value_read((struct bytes){(uint8_t *)text, LEN}, &value);
        text[0] = 'a';
        text[LEN - 1] = '_';
        assert_false(caa_issue_value_read((struct bytes){(uint8_t *)text, LEN}, &value));
    }
    for (size_t i = 0; i < LEN; i++)
        text[i] = "a-"[i % 2];
    text[LEN - 1] = '_';
    assert_false(caa_issue_value_read((struct bytes){(uint8_t *)text, LEN}, &value));
    for (size_t i = 0; i < LEN; i++)
        text[i] = ";a="[i % 3];
    assert_true(caa_issue_value_read((struct bytes){(uint8_t *)text, LEN}, &value));
    memset(text, 'a', LEN);
    assert_true(caa_issue_value_read((struct bytes){(uint8_t *)text, LEN}, &value));
    assert_int_equal(value.issuer_domain_name.len, LEN);
    free(text);
}

static void thousands_of_accounturis_are_counted(void **state)
{
    (void)state;
    enum { TIMES = 5000 };
    static const char one[] = ";accounturi=a:b";
    char *text = malloc(TIMES * (sizeof one - 1));
    struct caa_issue_value value;
    assert_non_null(text);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(text + i * (sizeof one - 1), one, sizeof one - 1);
    assert_true(caa_issue_value_read(
        (struct bytes){(uint8_t *)text, TIMES * (sizeof one - 1)}, &value));
    assert_int_equal(value.accounturi.count, TIMES);
    free(text);
}

/* ------------------------------------------------- RFC 8657 section 4, BR 4.2.2.1.2 */

static bool included(const char *list, const char *method)
{
    return caa_validationmethods_include(bytes_of(list), bytes_of(method));
}

/* [29] */
static void a_listed_method_is_included(void **state)
{
    (void)state;
    assert_true(included("dns-01", "dns-01"));
    assert_true(included("http-01,dns-01", "dns-01"));
    assert_true(included("dns-01,http-01,x", "http-01"));
    assert_true(included("ca-custom", "ca-custom"));
    assert_false(included("http-01,tls-alpn-01", "dns-01"));
    assert_false(included("dns-01", "dns-0"));
    assert_false(included("dns-01", "dns-012"));
}

/* [56] case-insensitive matching only if documented: it is not. */
static void methods_compare_with_case(void **state)
{
    (void)state;
    assert_false(included("DNS-01", "dns-01"));
    assert_false(included("dns-01", "DNS-01"));
    assert_false(included("CA-TBR-7", "dns-01"));
}

/* [28] */
static void an_ill_formed_list_includes_nothing(void **state)
{
    (void)state;
    assert_false(included("", "dns-01"));
    assert_false(included("", ""));
    assert_false(included(",", "dns-01"));
    assert_false(included("dns-01,", "dns-01"));
    assert_false(included(",dns-01", "dns-01"));
    assert_false(included("dns-01,,http-01", "dns-01"));
    assert_false(included("dns-01, http-01", "dns-01"));
    assert_false(included("dns-01;http-01", "dns-01"));
    assert_false(included("dns_01,dns-01", "dns-01"));
    assert_false(included("dns-01,\xff", "dns-01"));
    assert_false(caa_validationmethods_include(OCTETS("dns-01\0"), OCTETS("dns-01")));
    assert_false(
        caa_validationmethods_include((struct bytes){NULL, 0}, OCTETS("dns-01")));
}

/* [30] [56] */
static void both_spellings_of_a_br_method_are_equal(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"ca-tbr-7", "dns-01"},          {"ca-tbr-19", "http-01"},
        {"ca-tbr-20", "tls-alpn-01"},    {"ca-tbr-21", "dns-account-01"},
        {"ca-tbr-22", "dns-persist-01"},
    };
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            for (size_t k = 0; k < 4; k++)
                assert_int_equal(included(pairs[i][k & 1], pairs[j][k >> 1]), i == j);
}

/* [56] */
static void other_br_methods_equal_only_themselves(void **state)
{
    (void)state;
    assert_true(included("ca-tbr-4", "ca-tbr-4"));
    assert_false(included("ca-tbr-4", "dns-01"));
    assert_false(included("ca-tbr-07", "dns-01"));
    assert_false(included("ca-tbr-7x", "dns-01"));
    assert_false(included("ca-tbr-18", "http-01"));
}

static void a_method_is_letters_digits_and_hyphens(void **state)
{
    (void)state;
    assert_true(caa_validationmethod_is_label(bytes_of("dns-01")));
    assert_true(caa_validationmethod_is_label(bytes_of("-")));
    assert_false(caa_validationmethod_is_label(bytes_of("")));
    assert_false(caa_validationmethod_is_label(bytes_of("dns 01")));
    assert_false(caa_validationmethod_is_label(bytes_of("dns,01")));
    assert_false(caa_validationmethod_is_label(bytes_of("dns_01")));
    assert_false(caa_validationmethod_is_label(OCTETS("dns\0")));
}

static void the_longest_list_is_read_at_once(void **state)
{
    (void)state;
    enum { LEN = 65535 };
    char *list = malloc(LEN);
    assert_non_null(list);
    for (size_t i = 0; i < LEN; i++)
        list[i] = "a,"[i % 2];
    assert_true(caa_validationmethods_include((struct bytes){(uint8_t *)list, LEN},
                                              bytes_of("a")));
    assert_false(caa_validationmethods_include((struct bytes){(uint8_t *)list, LEN},
                                               bytes_of("b")));
    free(list);
}

/* [23] */
static void an_account_is_named_by_a_uri(void **state)
{
    (void)state;
    static const char *const uris[] = {
        "acct:1@ca.test",
        "https://acme.ca.test/acct/1?a=b#c",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        "a+b-c.d:x%20y",
        "x:y",
    };
    static const char *const others[] = {
        "",      "1234",  "acct",  "acct:",       ":x",          "1a:x",    "-a:b",
        "a_b:c", "a:b c", "a:b<c", "a:b\xc3\xa4", "a:%2",        "a:%zz",   "a:%",
        "a:\\",  "a:\"b", "a:^",   "a:{}",        "//ca.test/1", "/acct/1", "a b:c",
    };
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++)
        assert_true(caa_accounturi_is_uri(bytes_of(uris[i])));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (caa_accounturi_is_uri(bytes_of(others[i])))
            fail_msg("\"%s\" is no URI", others[i]);
    assert_false(caa_accounturi_is_uri(OCTETS("a:b\0")));
    assert_false(caa_accounturi_is_uri(OCTETS("a\0:b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pointer_is_an_empty_value),
        cmocka_unit_test(every_short_value_agrees_with_the_grammar),
        cmocka_unit_test(the_longest_values_are_read_at_once),
        cmocka_unit_test(thousands_of_accounturis_are_counted),
        cmocka_unit_test(a_listed_method_is_included),
        cmocka_unit_test(methods_compare_with_case),
        cmocka_unit_test(an_ill_formed_list_includes_nothing),
        cmocka_unit_test(both_spellings_of_a_br_method_are_equal),
        cmocka_unit_test(other_br_methods_equal_only_themselves),
        cmocka_unit_test(a_method_is_letters_digits_and_hyphens),
        cmocka_unit_test(the_longest_list_is_read_at_once),
        cmocka_unit_test(an_account_is_named_by_a_uri),
    };
    return FIXTURE_RUN("issue_value", rows, reads, tests);
}
