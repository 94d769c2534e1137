#include "config/config.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "config/refusals.h"
#include "config/scratch.h"

/* What an out-parameter points to before, and after a failure still. */
static struct caad_config nobody;
static struct caad_config *const UNTOUCHED = &nobody;

static void every_wrong_file_is_refused_with_line_and_accepted_form(void **state)
{
    const struct scratch *scratch = *state;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
        const struct refusal *row = &REFUSALS[i];
        struct caad_config *config = UNTOUCHED;
        struct config_error error;
        char expected[CAAD_CONFIG_ERROR_LEN + PATH_MAX];
        scratch_write(scratch, "caad.yaml", row->file, row->file_len);
        snprintf(expected, sizeof expected, "%s%s", scratch->file, row->message);
        if (caad_config_load(scratch->file, &config, &error) != CAA_EINVAL)
            fail_msg("not refused: %s", row->file);
        assert_string_equal(error.text, expected);
        assert_int_equal(error.line, strtoul(row->message + 1, NULL, 10));
        assert_non_null(strstr(error.text, "; expected "));
        assert_ptr_equal(config, UNTOUCHED);
    }
}

static void assert_unreadable(const char *path, const char *why)
{
    struct caad_config *config = UNTOUCHED;
    struct config_error error;
    char expected[PATH_MAX + 256];
    assert_int_equal(caad_config_load(path, &config, &error), CAA_EIO);
    snprintf(expected, sizeof expected,
             "%s:1: %s; expected a readable YAML file of at most 1 MiB", path, why);
    assert_string_equal(error.text, expected);
    assert_ptr_equal(config, UNTOUCHED);
}

static void what_cannot_be_read_is_an_error_of_its_own(void **state)
{
    const struct scratch *scratch = *state;
    assert_unreadable("/nowhere/caad.yaml", "No such file or directory");
    assert_unreadable("", "No such file or directory");
    assert_unreadable(scratch->directory, "not a regular file");
    assert_unreadable("/dev/null", "not a regular file");
}

/* Opening one as usual would wait for a writer. */
static void a_fifo_does_not_hang_the_loader(void **state)
{
    const struct scratch *scratch = *state;
    unlink(scratch->file);
    assert_int_equal(mkfifo(scratch->file, 0600), 0);
    assert_unreadable(scratch->file, "not a regular file");
    unlink(scratch->file);
}

static void a_file_without_permission_is_refused(void **state)
{
    const struct scratch *scratch = *state;
    if (geteuid() == 0)
        skip();
    scratch_write(scratch, "caad.yaml", "", 0);
    assert_int_equal(chmod(scratch->file, 0), 0);
    assert_unreadable(scratch->file, "Permission denied");
    unlink(scratch->file);
}

static void a_huge_file_is_refused(void **state)
{
    const struct scratch *scratch = *state;
    enum { HUGE_LEN = 1024 * 1024 + 1 };
    struct caad_config *config = UNTOUCHED;
    struct config_error error;
    char *content = malloc(HUGE_LEN);
    assert_non_null(content);
    memset(content, '\n', HUGE_LEN);
    scratch_write(scratch, "caad.yaml", content, HUGE_LEN);
    free(content);
    assert_int_equal(caad_config_load(scratch->file, &config, &error), CAA_EINVAL);
    assert_non_null(strstr(error.text, ":1: the file is too large; expected "));
}

/* Lists within lists, aliases to aliases: refused, not followed. */
static void deep_and_recursive_yaml_is_refused(void **state)
{
    const struct scratch *scratch = *state;
    enum { DEPTH = 20000 };
    static const char head[] = "issuer_domain_names: ";
    struct caad_config *config = UNTOUCHED;
    struct config_error error;
    char *content = malloc(sizeof head + DEPTH);
    assert_non_null(content);
    memcpy(content, head, sizeof head);
    memset(content + sizeof head - 1, '[', DEPTH);
    scratch_write(scratch, "caad.yaml", content, sizeof head - 1 + DEPTH);
    free(content);
    assert_int_equal(caad_config_load(scratch->file, &config, &error), CAA_EINVAL);

    static const char loop[] = "issuer_domain_names: &a [*a]\n";
    scratch_write(scratch, "caad.yaml", loop, sizeof loop - 1);
    assert_int_equal(caad_config_load(scratch->file, &config, &error), CAA_EINVAL);
    assert_non_null(strstr(error.text, "a list is not a single value"));
}

static void the_password_of_a_store_is_never_shown(void **state)
{
    const struct scratch *scratch = *state;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
        if (!strstr(REFUSALS[i].file, "hid"))
            continue;
        struct caad_config *config = UNTOUCHED;
        struct config_error error;
        scratch_write(scratch, "caad.yaml", REFUSALS[i].file, REFUSALS[i].file_len);
        assert_int_equal(caad_config_load(scratch->file, &config, &error), CAA_EINVAL);
        assert_null(strstr(error.text, "hid"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_file_is_refused_with_line_and_accepted_form),
        cmocka_unit_test(what_cannot_be_read_is_an_error_of_its_own),
        cmocka_unit_test(a_fifo_does_not_hang_the_loader),
        cmocka_unit_test(a_file_without_permission_is_refused),
        cmocka_unit_test(a_huge_file_is_refused),
        cmocka_unit_test(deep_and_recursive_yaml_is_refused),
        cmocka_unit_test(the_password_of_a_store_is_never_shown),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
