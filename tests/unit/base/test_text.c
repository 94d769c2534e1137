#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void what_fits_is_kept_whole(void **state)
{
    (void)state;
    char buffer[8];
    struct text text = text_of(buffer, sizeof buffer);
    text_add(&text, "abc");
    text_addf(&text, "%d", 1234);
    assert_string_equal(buffer, "abc1234");
    assert_int_equal(text.len, 7);
    assert_false(text.cut);
}

static void what_does_not_fit_is_cut_and_marked(void **state)
{
    (void)state;
    char buffer[8];
    struct text text = text_of(buffer, sizeof buffer);
    text_add(&text, "abcdefgh");
    assert_string_equal(buffer, "abcd...");
    assert_true(text.cut);
    assert_int_equal(text.len, 7);
}

static void after_a_cut_nothing_is_added(void **state)
{
    (void)state;
    char buffer[8];
    struct text text = text_of(buffer, sizeof buffer);
    text_addf(&text, "%s", "0123456789");
    text_add(&text, "x");
    text_addf(&text, "%d", 5);
    text_add_escaped(&text, bytes_of("y"), 1);
    assert_string_equal(buffer, "0123...");
}

static void every_size_ends_in_nul(void **state)
{
    (void)state;
    for (size_t size = 4; size < 40; size++) {
        char buffer[41];
        memset(buffer, '#', sizeof buffer);
        struct text text = text_of(buffer, size);
        text_add(&text, "one ");
        text_addf(&text, "%s ", "two and some more");
        text_add_escaped(&text, bytes_of("\x01\x02\x03"), 3);
        assert_int_equal(strlen(buffer), text.len);
        assert_true(text.len < size);
        assert_int_equal(buffer[size], '#');
    }
}

/* RFC 1035 section 5.1. */
static void foreign_octets_are_escaped(void **state)
{
    (void)state;
    char buffer[80];
    struct text text = text_of(buffer, sizeof buffer);
    struct bytes foreign = {(const uint8_t *)"a\0\"\\\x1b[31m\xff~ \x7f", 13};
    text_add_escaped(&text, foreign, 100);
    assert_string_equal(buffer, "a\\000\\\"\\\\\\027[31m\\255~ \\127");
}

static void a_long_value_shows_its_beginning(void **state)
{
    (void)state;
    char buffer[40];
    struct text text = text_of(buffer, sizeof buffer);
    text_add_escaped(&text, bytes_of("abcdefghij"), 4);
    assert_string_equal(buffer, "abcd...");
    assert_false(text.cut);
}

static void every_octet_escapes_to_printable_ascii(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char out[4];
        size_t len = text_escape((uint8_t)c, out);
        assert_in_range(len, 1, 4);
        for (size_t i = 0; i < len; i++)
            assert_in_range(out[i], 0x20, 0x7e);
    }
}

static void a_name_keeps_its_own_escapes(void **state)
{
    (void)state;
    char buffer[40];
    struct text text = text_of(buffer, sizeof buffer);
    text_add_name(&text, "a\\.b.Example.test.", 100);
    text_add(&text, " ");
    text_add_name(&text, "x\ny\\.", 100);
    text_add(&text, " ");
    text_add_name(&text, ".", 100);
    assert_string_equal(buffer, "a\\.b.Example.test x\\010y\\. .");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_kept_whole),
        cmocka_unit_test(what_does_not_fit_is_cut_and_marked),
        cmocka_unit_test(after_a_cut_nothing_is_added),
        cmocka_unit_test(every_size_ends_in_nul),
        cmocka_unit_test(foreign_octets_are_escaped),
        cmocka_unit_test(a_long_value_shows_its_beginning),
        cmocka_unit_test(every_octet_escapes_to_printable_ascii),
        cmocka_unit_test(a_name_keeps_its_own_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
