#include "check/fqdn.h"

#include "check/fixture.h"

#include <string.h>

static struct caa_fqdn fqdn_of(const char *text)
{
    return (struct caa_fqdn){text, strlen(text)};
}

static void labels_are_counted(void **state)
{
    (void)state;
    assert_int_equal(caa_fqdn_label_count(fqdn_of("test")), 1);
    assert_int_equal(caa_fqdn_label_count(fqdn_of("example.test")), 2);
    assert_int_equal(caa_fqdn_label_count(fqdn_of("a.b.c.d.e")), 5);
}

static void the_parent_has_one_label_less(void **state)
{
    (void)state;
    struct caa_fqdn parent;
    const char *text = "a.example.test";
    assert_true(caa_fqdn_parent(fqdn_of(text), &parent));
    assert_string_equal(parent.text, "example.test");
    assert_int_equal(parent.len, strlen("example.test"));
    assert_ptr_equal(parent.text, text + 2);
}

/* RFC 8659 section 3: up to but not including the root. */
static void a_top_level_domain_has_no_parent(void **state)
{
    (void)state;
    struct caa_fqdn parent = fqdn_of("untouched");
    assert_false(caa_fqdn_parent(fqdn_of("test"), &parent));
    assert_string_equal(parent.text, "untouched");
}

static void a_zone_holds_itself_and_what_is_below(void **state)
{
    (void)state;
    assert_true(caa_fqdn_is_within(fqdn_of("example.test"), "example.test"));
    assert_true(caa_fqdn_is_within(fqdn_of("a.example.test"), "example.test"));
    assert_true(caa_fqdn_is_within(fqdn_of("a.b.example.test"), "test"));
    assert_false(caa_fqdn_is_within(fqdn_of("badexample.test"), "example.test"));
    assert_false(caa_fqdn_is_within(fqdn_of("test"), "example.test"));
    assert_false(caa_fqdn_is_within(fqdn_of("example.test.evil"), "example.test"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_counted),
        cmocka_unit_test(the_parent_has_one_label_less),
        cmocka_unit_test(a_top_level_domain_has_no_parent),
        cmocka_unit_test(a_zone_holds_itself_and_what_is_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
