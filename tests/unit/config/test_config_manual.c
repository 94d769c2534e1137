/* caad.conf(5) and the example configuration, held to the table in the code. */
#include <ctype.h>

#include "config/reader.h"
#include "config/refuse.h"
#include "config/scratch.h"

enum { MANUAL_MAX = 128 * 1024 };

static char *read_text_file(const char *path)
{
    char *content = calloc(1, MANUAL_MAX);
    FILE *file = fopen(path, "r");
    assert_non_null(content);
    if (!file)
        fail_msg("%s", path);
    assert_true(fread(content, 1, MANUAL_MAX - 1, file) > 0);
    fclose(file);
    return content;
}

static const char *default_words(const struct config_key *key)
{
    return key->fallback_words ? key->fallback_words
           : key->fallback     ? key->fallback
           : key->required     ? "none; it must be given"
                               : "none";
}

/* ".B resolver.timeout_ms", then its form and its default. */
static void assert_described(const char *manual, const char *path,
                             const struct config_key *key, size_t *described)
{
    char accepted_buffer[512], expected[1024];
    struct text accepted = text_of(accepted_buffer, sizeof accepted_buffer);
    config_accepted(key, &accepted);
    snprintf(expected, sizeof expected, "\n.TP\n.B %s\nForm: %s\n.br\nDefault: %s\n",
             path, accepted_buffer, default_words(key));
    if (!strstr(manual, expected))
        fail_msg("not in caad.conf(5):%s", expected);
    ++*described;
}

static void assert_all_described(const char *manual, const char *above,
                                 const struct config_mapping *mapping, size_t *described)
{
    for (const struct config_key *key = mapping->keys; key->name; key++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s%s", above, *above ? "." : "", key->name);
        /* A mapping at the top is a section of its own, if all of it has defaults. */
        if (key->kind != CONFIG_MAPPING || *above)
            assert_described(manual, path, key, described);
        if (key->kind == CONFIG_MAPPING)
            assert_all_described(manual, path, key->mapping, described);
        if (key->kind == CONFIG_LIST && key->item->kind == CONFIG_MAPPING)
            assert_all_described(manual, path, key->item->mapping, described);
    }
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (; (text = strstr(text, part)); text++)
        found++;
    return found;
}

static void the_manual_has_every_key_its_form_and_its_default(void **state)
{
    (void)state;
    char *manual = read_text_file("docs/man/caad.conf.5");
    size_t described = 0;
    assert_all_described(manual, "", &CONFIG_SCHEMA, &described);
    assert_true(described > 30);
    /* And none that the code does not know. */
    assert_int_equal(count(manual, "\n.TP\n.B "), described);
    free(manual);
}

static void the_examples_of_the_manual_are_good(void **state)
{
    char *manual = read_text_file("docs/man/caad.conf.5");
    size_t examples = 0;
    for (char *start = manual; (start = strstr(start, "\n.EX\n")); examples++) {
        start += strlen("\n.EX\n");
        char *end = strstr(start, "\n.EE\n");
        assert_non_null(end);
        *end++ = '\0';
        caad_config_destroy(scratch_load(*state, start));
        start = end;
    }
    assert_int_equal(examples, 2);
    free(manual);
}

static void the_example_configuration_has_the_products_of_the_faq(void **state)
{
    static const char *const checked[] = {"Alpha",   "DV",      "OV",       "EV",
                                          "MSSL OV", "MSSL EV", "OneClick", "CloudSSL"};
    char *example = read_text_file("deploy/caad.yaml");
    struct caad_config *config = scratch_load(*state, example);
    for (size_t i = 0; i < sizeof checked / sizeof *checked; i++) {
        const struct caad_product *product = caad_config_product(config, checked[i]);
        assert_non_null(product);
        assert_false(product->exempt);
        assert_int_equal(product->certificate, CAA_CERTIFICATE_TLS);
    }
    assert_non_null(caad_config_product(config, "IntranetSSL"));
    assert_true(caad_config_product(config, "IntranetSSL")->exempt);
    caad_config_destroy(config);
    free(example);
}

/* Then a person may take the comment sign away and change what there is. */
static void what_the_example_has_in_comments_is_good_too(void **state)
{
    char *example = read_text_file("deploy/caad.yaml");
    char *out = example;
    for (const char *in = example; *in;) {
        /* "#key" or "#  key" is a setting, "# A word" is for the reader. */
        bool commented = in[0] == '#' && !(in[1] == ' ' && in[2] != ' ');
        size_t len = strcspn(in, "\n") + 1;
        memmove(out, in + commented, len - commented);
        out += len - commented;
        in += len;
    }
    *out = '\0';
    caad_config_destroy(scratch_load(*state, example));
    free(example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_key_its_form_and_its_default),
        cmocka_unit_test(the_examples_of_the_manual_are_good),
        cmocka_unit_test(the_example_configuration_has_the_products_of_the_faq),
        cmocka_unit_test(what_the_example_has_in_comments_is_good_too),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
