/* Linked with --wrap=malloc: what config/ and base/ ask for can be refused. */
#include "config/config.h"

#include "config/scratch.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static int until_failure = -1; /* negative: never */

void *__wrap_malloc(size_t size)
{
    if (until_failure >= 0 && until_failure-- == 0)
        return NULL;
    return __real_malloc(size);
}

static void every_allocation_may_fail(void **state)
{
    const struct scratch *scratch = *state;
    caad_config_destroy(scratch_load(scratch,
                                     "issuer_domain_names: [ca.example]\n"
                                     "listen: [{}, {url: \"tcp://127.0.0.1:1\"}]\n"));
    int failures = 0;
    for (;; failures++) {
        struct caad_config *config = NULL;
        struct config_error error;
        until_failure = failures;
        enum caa_err err = caad_config_load(scratch->file, &config, &error);
        until_failure = -1;
        if (!err) {
            caad_config_destroy(config);
            break;
        }
        assert_int_equal(err, CAA_ENOMEM);
        assert_non_null(strstr(error.text, "out of memory"));
        assert_null(config);
    }
    assert_true(failures >= 3);
}

/* More text than a first chunk of the arena holds. */
static void so_may_those_for_a_long_file(void **state)
{
    const struct scratch *scratch = *state;
    enum { PRODUCTS = 900 };
    static char file[PRODUCTS * 48];
    size_t len = 0;
    len += (size_t)snprintf(file, sizeof file,
                            "issuer_domain_names: [ca.example]\nproducts:\n");
    for (int i = 0; i < PRODUCTS; i++)
        len += (size_t)snprintf(file + len, sizeof file - len, "  - {name: product-%d}\n",
                                i);
    caad_config_destroy(scratch_load(scratch, file));
    for (int n = 0; n < 100; n++) {
        struct caad_config *config = NULL;
        struct config_error error;
        until_failure = n;
        enum caa_err err = caad_config_load(scratch->file, &config, &error);
        until_failure = -1;
        if (!err) {
            assert_int_equal(config->product_count, PRODUCTS);
            caad_config_destroy(config);
            return;
        }
        assert_int_equal(err, CAA_ENOMEM);
    }
    fail_msg("never loaded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(so_may_those_for_a_long_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
