#include "base/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct wire wire_over(const void *octets, size_t len)
{
    return wire_of((struct bytes){octets, len});
}

static void numbers_come_in_network_order(void **state)
{
    (void)state;
    struct wire wire = wire_over("\x01\xff\xfe", 3);
    assert_int_equal(wire_u8(&wire), 1);
    assert_int_equal(wire_u16(&wire), 0xfffe);
    assert_false(wire.failed);
    assert_int_equal(wire.rest.len, 0);
}

static void reading_past_the_end_fails_and_yields_zero(void **state)
{
    (void)state;
    struct wire wire = wire_over("\x07", 1);
    assert_int_equal(wire_u16(&wire), 0);
    assert_true(wire.failed);
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    struct wire wire = wire_over("abc", 3);
    assert_int_equal(wire_take(&wire, 4).len, 0);
    assert_int_equal(wire_u8(&wire), 0);
    assert_int_equal(wire_take(&wire, 0).len, 0);
    assert_true(wire.failed);
}

static void a_length_near_the_top_does_not_wrap(void **state)
{
    (void)state;
    struct wire wire = wire_over("abc", 3);
    wire_u8(&wire);
    assert_int_equal(wire_take(&wire, SIZE_MAX).len, 0);
    assert_true(wire.failed);
}

static void slices_follow_each_other(void **state)
{
    (void)state;
    struct wire wire = wire_over("abcdef", 6);
    assert_true(bytes_equal(wire_take(&wire, 2), bytes_of("ab")));
    assert_true(bytes_equal(wire_take(&wire, 0), bytes_of("")));
    assert_true(bytes_equal(wire_take(&wire, 4), bytes_of("cdef")));
    assert_false(wire.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_in_network_order),
        cmocka_unit_test(reading_past_the_end_fails_and_yields_zero),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(a_length_near_the_top_does_not_wrap),
        cmocka_unit_test(slices_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
