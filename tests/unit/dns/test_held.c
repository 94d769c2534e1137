#include "dns/held.h"

#include "check/fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One of everything, all of it on the heap, so that use after free shows. */
struct source {
    struct arena *arena;
    struct caa_answer draft;
};

static struct bytes slice(struct bytes from, size_t at, size_t len)
{
    return (struct bytes){from.data + at, len};
}

static struct source make_source(void)
{
    static const char octets[] = "....issue.ca\0test....no key";
    struct source source = {.arena = arena_create(FIXTURE_BUDGET)};
    struct bytes response = {
        (const uint8_t *)arena_strndup(source.arena, octets, sizeof octets),
        sizeof octets};
    struct caa_property *properties = arena_array(source.arena, 2, sizeof *properties);
    const char **aliases = arena_array(source.arena, 2, sizeof *aliases);
    struct caa_ede *ede = arena_array(source.arena, 1, sizeof *ede);
    struct caa_attempt *attempts = arena_array(source.arena, 3, sizeof *attempts);
    properties[0] = (struct caa_property){.flags = 128,
                                          .known = CAA_TAG_ISSUE,
                                          .tag = slice(response, 4, 5),
                                          .value = slice(response, 10, 7),
                                          .ttl_s = 60};
    properties[1] = (struct caa_property){.tag = slice(response, 4, 0),
                                          .value = slice(response, sizeof octets, 0)};
    aliases[0] = arena_strdup(source.arena, "a.test");
    aliases[1] = arena_strdup(source.arena, "b.test");
    ede[0] = (struct caa_ede){10, slice(response, 21, 6)};
    for (uint16_t i = 0; i < 3; i++)
        attempts[i] = (struct caa_attempt){.server = "127.0.0.1:53", .rcode = i};
    source.draft = (struct caa_answer){.name = arena_strdup(source.arena, "w.test"),
                                       .outcome = CAA_OUTCOME_RRSET,
                                       .ttl_s = 60,
                                       .properties = properties,
                                       .property_count = 2,
                                       .aliases = aliases,
                                       .alias_count = 2,
                                       .ede = ede,
                                       .ede_count = 1,
                                       .attempts = attempts,
                                       .attempt_count = 3,
                                       .response = response};
    return source;
}

static void a_copy_outlives_its_source(void **state)
{
    (void)state;
    struct source source = make_source();
    struct held_answer *held = held_create(&source.draft);
    arena_destroy(source.arena);
    assert_non_null(held);
    const struct caa_answer *copy = &held->answer;
    assert_string_equal(copy->name, "w.test");
    assert_int_equal(copy->property_count, 2);
    assert_true(bytes_equal(copy->properties[0].tag, OCTETS("issue")));
    assert_true(bytes_equal(copy->properties[0].value, OCTETS("ca\0test")));
    assert_int_equal(copy->properties[0].flags, 128);
    assert_int_equal(copy->properties[1].tag.len, 0);
    assert_int_equal(copy->properties[1].value.len, 0);
    assert_string_equal(copy->aliases[0], "a.test");
    assert_string_equal(copy->aliases[1], "b.test");
    assert_int_equal(copy->ede[0].code, 10);
    assert_true(bytes_equal(copy->ede[0].text, OCTETS("no key")));
    assert_int_equal(copy->attempt_count, 3);
    assert_int_equal(copy->attempts[2].rcode, 2);
    held_unref(held);
}

/* Slices of the message are slices of the copy's message, at the same place. */
static void slices_point_into_the_copy(void **state)
{
    (void)state;
    struct source source = make_source();
    struct held_answer *held = held_create(&source.draft);
    const struct caa_answer *copy = &held->answer;
    assert_ptr_not_equal(copy->response.data, source.draft.response.data);
    assert_true(bytes_equal(copy->response, source.draft.response));
    assert_ptr_equal(copy->properties[0].tag.data, copy->response.data + 4);
    assert_ptr_equal(copy->properties[0].value.data, copy->response.data + 10);
    assert_ptr_equal(copy->ede[0].text.data, copy->response.data + 21);
    arena_destroy(source.arena);
    held_unref(held);
}

static void a_copy_of_a_copy_outlives_it(void **state)
{
    (void)state;
    struct source source = make_source();
    struct held_answer *first = held_create(&source.draft);
    arena_destroy(source.arena);
    struct held_answer *second = held_create(&first->answer);
    held_unref(first);
    assert_true(bytes_equal(second->answer.properties[0].value, OCTETS("ca\0test")));
    assert_string_equal(second->answer.aliases[1], "b.test");
    held_unref(second);
}

static void a_failure_with_nothing_in_it_is_held(void **state)
{
    (void)state;
    struct caa_answer draft = {.name = "", .outcome = CAA_OUTCOME_TIMEOUT};
    struct held_answer *held = held_create(&draft);
    assert_non_null(held);
    assert_string_equal(held->answer.name, "");
    assert_int_equal(held->answer.response.len, 0);
    held_unref(held);
}

static void no_answer_can_be_let_go(void **state)
{
    (void)state;
    held_unref(NULL);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *ref_and_unref(void *arg)
{
    struct held_answer *held = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct held_answer *mine = held_ref(held);
        if (mine->answer.ttl_s != 60)
            abort();
        held_unref(mine);
    }
    held_unref(held);
    return NULL;
}

static void the_last_of_many_threads_frees_it(void **state)
{
    (void)state;
    struct source source = make_source();
    struct held_answer *held = held_create(&source.draft);
    pthread_t threads[THREADS];
    arena_destroy(source.arena);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ref_and_unref, held_ref(held));
    held_unref(held);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_outlives_its_source),
        cmocka_unit_test(slices_point_into_the_copy),
        cmocka_unit_test(a_copy_of_a_copy_outlives_it),
        cmocka_unit_test(a_failure_with_nothing_in_it_is_held),
        cmocka_unit_test(no_answer_can_be_let_go),
        cmocka_unit_test(the_last_of_many_threads_frees_it),
    };
    return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
