#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <caa/v1/caa.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_request.h"

#define REQUEST (&caa__v1__check_domains_request__descriptor)

static void names_of(struct load_names *names, const char *text)
{
    struct load_problem problem;
    assert_true(load_names_parse_own(names, strdup(text), strlen(text), &problem));
}

static Caa__V1__CheckDomainsRequest *made(struct load_request *request, uint64_t number)
{
    size_t len = 0;
    const uint8_t *bytes = load_request_make(request, number, &len);
    Caa__V1__CheckDomainsRequest *message =
        caa__v1__check_domains_request__unpack(NULL, len, bytes);
    assert_non_null(message);
    return message;
}

static void assert_refused(const ProtobufCMessageDescriptor *input, const char *text,
                           const struct load_names *names, unsigned batch,
                           const char *said)
{
    struct load_template template;
    struct load_problem problem;
    assert_false(load_template_init(&template, input, text, names, batch, &problem));
    if (strstr(problem.text, said) == NULL)
        fail_msg("%s: %s", text, problem.text);
}

static struct load_request *request_of(struct load_template *template, const char *text,
                                       const struct load_names *names, unsigned batch)
{
    struct load_problem problem;
    if (!load_template_init(template, REQUEST, text, names, batch, &problem))
        fail_msg("%s", problem.text);
    return load_request_create(template);
}

/* ----------------------------------------------------------------------- names */

static void blanks_and_remarks_are_no_names(void **state)
{
    (void)state;
    struct load_names names;
    names_of(&names, "\n# remark\n  a.test \r\n\nb.test\n\tc.test");
    assert_int_equal(names.len, 3);
    assert_string_equal(names.text + names.starts[0], "a.test");
    assert_string_equal(names.text + names.starts[2], "c.test");
    assert_int_equal(names.lengths[1], 6);
    load_names_free(&names);
}

static void a_file_without_names_is_refused(void **state)
{
    (void)state;
    struct load_names names;
    struct load_problem problem;
    assert_false(load_names_parse_own(&names, strdup("# none\n"), 7, &problem));
    assert_string_equal(problem.text, "it holds no name");
    load_names_free(&names);
    assert_false(load_names_parse_own(&names, calloc(5, 1), 4, &problem));
    assert_string_equal(problem.text, "it holds a NUL byte");
    load_names_free(&names);
    assert_false(load_names_read(&names, "/nonexistent/names", &problem));
    load_names_free(&names);
}

/* -------------------------------------------------------------------- requests */

static void a_constant_template_is_packed_once(void **state)
{
    (void)state;
    struct load_template template;
    struct load_request *request = request_of(
        &template, "{\"names\": [\"a.test\"], \"event\": \"RENEWAL\"}", NULL, 1);
    size_t len[2];
    const uint8_t *first = load_request_make(request, 0, &len[0]);
    assert_ptr_equal(load_request_make(request, 1, &len[1]), first);
    Caa__V1__CheckDomainsRequest *message = made(request, 2);
    assert_string_equal(message->names[0], "a.test");
    assert_int_equal(message->event, CAA__V1__CHECK_DOMAINS_REQUEST__EVENT__RENEWAL);
    caa__v1__check_domains_request__free_unpacked(message, NULL);
    load_request_destroy(request);
}

static void names_follow_the_request_s_number_round_and_round(void **state)
{
    (void)state;
    struct load_names names;
    struct load_template template;
    names_of(&names, "a.test\nb.test\nc.test\n");
    struct load_request *request = request_of(
        &template, "{\"product\": \"DV\", \"names\": [\"x.test\"]}", &names, 2);
    Caa__V1__CheckDomainsRequest *message = made(request, 4);
    assert_string_equal(message->product, "DV");
    assert_int_equal(message->n_names, 3);
    assert_string_equal(message->names[0], "x.test");
    assert_string_equal(message->names[1], "c.test");
    assert_string_equal(message->names[2], "a.test");
    caa__v1__check_domains_request__free_unpacked(message, NULL);
    load_request_destroy(request);
    load_names_free(&names);
}

static void long_batches_find_room(void **state)
{
    (void)state;
    struct load_names names;
    struct load_template template;
    names_of(&names, "a-name-that-is-a-little-longer.example.test\nb.test");
    struct load_request *request = request_of(&template, "{}", &names, 1000);
    Caa__V1__CheckDomainsRequest *message = made(request, 0);
    assert_int_equal(message->n_names, 1000);
    assert_string_equal(message->names[999], "b.test");
    caa__v1__check_domains_request__free_unpacked(message, NULL);
    load_request_destroy(request);
    load_names_free(&names);
}

static void placeholders_are_filled_for_each_request(void **state)
{
    (void)state;
    struct load_names names;
    struct load_template template;
    names_of(&names, "a.test\nb.test");
    struct load_request *request =
        request_of(&template,
                   "{\"order_id\": \"o-{{number}}\", \"common_name\": \"www.{{name}}\","
                   " \"names\": [\"{{hex}}.{{hex}}.test\", \"fixed{.test\"]}",
                   &names, 1);
    char seen[64] = "";
    for (uint64_t number = 1234567; number < 1234570; number++) {
        Caa__V1__CheckDomainsRequest *message = made(request, number);
        char order[32];
        snprintf(order, sizeof(order), "o-%d", (int)number);
        assert_string_equal(message->order_id, order);
        assert_string_equal(message->common_name,
                            number % 2 != 0 ? "www.b.test" : "www.a.test");
        assert_int_equal(strlen(message->names[0]), 16 + 1 + 16 + 5);
        assert_int_equal(strspn(message->names[0], "0123456789abcdef"), 16);
        assert_memory_not_equal(message->names[0], message->names[0] + 17, 16);
        assert_string_not_equal(message->names[0], seen);
        assert_string_equal(message->names[1], "fixed{.test");
        snprintf(seen, sizeof(seen), "%s", message->names[0]);
        caa__v1__check_domains_request__free_unpacked(message, NULL);
    }
    load_request_destroy(request);
    load_names_free(&names);
}

static void strings_inside_other_messages_are_filled(void **state)
{
    (void)state;
    struct load_template template;
    struct load_problem problem;
    assert_true(load_template_init(&template, &caa__v1__check_record__descriptor,
                                   "{\"request\": {\"names\": [\"n{{number}}.test\"]}}",
                                   NULL, 1, &problem));
    struct load_request *request = load_request_create(&template);
    size_t len = 0;
    const uint8_t *bytes = load_request_make(request, 7, &len);
    Caa__V1__CheckRecord *record = caa__v1__check_record__unpack(NULL, len, bytes);
    assert_string_equal(record->request->names[0], "n7.test");
    caa__v1__check_record__free_unpacked(record, NULL);
    load_request_destroy(request);
}

static void a_single_name_field_takes_the_names_too(void **state)
{
    (void)state;
    struct load_names names;
    struct load_template template;
    struct load_problem problem;
    names_of(&names, "a.test\nb.test");
    assert_true(load_template_init(&template,
                                   &caa__v1__explain_domain_request__descriptor,
                                   "{\"product\": \"DV\"}", &names, 1, &problem));
    struct load_request *request = load_request_create(&template);
    size_t len = 0;
    const uint8_t *bytes = load_request_make(request, 1, &len);
    Caa__V1__ExplainDomainRequest *message =
        caa__v1__explain_domain_request__unpack(NULL, len, bytes);
    assert_string_equal(message->name, "b.test");
    assert_string_equal(message->product, "DV");
    caa__v1__explain_domain_request__free_unpacked(message, NULL);
    load_request_destroy(request);
    load_names_free(&names);
}

static void templates_that_cannot_work_are_refused(void **state)
{
    (void)state;
    struct load_names names;
    names_of(&names, "a.test");
    assert_refused(REQUEST, "{\"nmaes\": []}", NULL, 1, "nmaes");
    assert_refused(REQUEST, "{", NULL, 1, "");
    assert_refused(REQUEST, "{\"order_id\": \"{{uuid}}\"}", NULL, 1,
                   "there is no placeholder {{uuid}}");
    assert_refused(REQUEST, "{\"names\": [\"{{name}}\"]}", NULL, 1, "--names FILE");
    assert_refused(REQUEST, "{\"names\": [\"{{name}}\"]}", &names, 2, "--batch");
    assert_refused(&caa__v1__health_check_request__descriptor, "{}", &names, 1,
                   "no field names or name");
    assert_refused(&caa__v1__explain_domain_request__descriptor, "{}", &names, 2,
                   "--batch");
    load_names_free(&names);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(blanks_and_remarks_are_no_names),
        T(a_file_without_names_is_refused),
        T(a_constant_template_is_packed_once),
        T(names_follow_the_request_s_number_round_and_round),
        T(long_batches_find_room),
        T(placeholders_are_filled_for_each_request),
        T(strings_inside_other_messages_are_filled),
        T(a_single_name_field_takes_the_names_too),
        T(templates_that_cannot_work_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
