#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void equality_counts_every_octet(void **state)
{
    (void)state;
    struct bytes with_nul = {(const uint8_t *)"a\0b", 3};
    struct bytes other = {(const uint8_t *)"a\0c", 3};
    assert_true(bytes_equal(with_nul, with_nul));
    assert_false(bytes_equal(with_nul, other));
    assert_false(bytes_equal(with_nul, bytes_of("a")));
    assert_true(bytes_equal((struct bytes){NULL, 0}, bytes_of("")));
    assert_true(bytes_equal_nocase((struct bytes){NULL, 0}, bytes_of("")));
}

static void only_ascii_letters_compare_without_case(void **state)
{
    (void)state;
    assert_true(
        bytes_equal_nocase(bytes_of("GlobalSign.COM"), bytes_of("globalsign.com")));
    assert_false(bytes_equal(bytes_of("A"), bytes_of("a")));
    assert_false(bytes_equal_nocase(bytes_of("@"), bytes_of("`")));
    assert_false(bytes_equal_nocase(bytes_of("["), bytes_of("{")));
    assert_false(bytes_equal_nocase(bytes_of("\xc4"), bytes_of("\xe4")));
    assert_false(bytes_equal_nocase(bytes_of("a"), bytes_of("ab")));
}

static void letters_and_digits_are_ascii_ones(void **state)
{
    (void)state;
    size_t count = 0;
    for (unsigned c = 0; c < 256; c++)
        count += ascii_is_alnum((uint8_t)c);
    assert_int_equal(count, 62);
    assert_int_equal(ascii_lower('Z'), 'z');
    assert_int_equal(ascii_lower('['), '[');
    assert_int_equal(ascii_lower(0xc4), 0xc4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_counts_every_octet),
        cmocka_unit_test(only_ascii_letters_compare_without_case),
        cmocka_unit_test(letters_and_digits_are_ascii_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
