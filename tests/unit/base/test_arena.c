#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 20);
    assert_non_null(arena);
    for (size_t size = 1; size < 300; size += 7) {
        unsigned char *memory = arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_destroy(arena);
}

static void pieces_do_not_overlap_across_chunks(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    struct arena *arena = arena_create(1 << 20);
    unsigned char *pieces[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        pieces[i] = arena_alloc(arena, 1 + i * 11);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)i, 1 + i * 11);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < 1 + i * 11; j++)
            assert_int_equal(pieces[i][j], i);
    arena_destroy(arena);
}

static void one_piece_may_be_larger_than_a_chunk(void **state)
{
    (void)state;
    struct arena *arena = arena_create(4 << 20);
    unsigned char *large = arena_alloc(arena, 3 << 20);
    assert_non_null(large);
    memset(large, 1, 3 << 20);
    assert_non_null(arena_alloc(arena, 1));
    arena_destroy(arena);
}

static void the_budget_is_never_passed(void **state)
{
    (void)state;
    for (size_t budget = 0; budget < 200; budget++) {
        struct arena *arena = arena_create(budget);
        while (arena_alloc(arena, 24))
            assert_true(arena_used(arena) <= budget);
        assert_true(arena_used(arena) + 32 > budget);
        assert_null(arena_alloc(arena, budget + 1));
        arena_destroy(arena);
    }
}

static void a_refused_piece_leaves_the_rest_usable(void **state)
{
    (void)state;
    struct arena *arena = arena_create(64);
    assert_null(arena_alloc(arena, 65));
    assert_non_null(arena_alloc(arena, 64));
    assert_null(arena_alloc(arena, 1));
    arena_destroy(arena);
}

static void an_array_that_overflows_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 20);
    assert_null(arena_array(arena, SIZE_MAX / 2, 3));
    assert_null(arena_array(arena, SIZE_MAX, SIZE_MAX));
    assert_non_null(arena_array(arena, 10, 8));
    arena_destroy(arena);
}

static void a_reset_arena_gives_its_whole_budget_again(void **state)
{
    (void)state;
    struct arena *arena = arena_create(64 << 10);
    arena_reset(arena); /* nothing handed out yet */
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 16; i++) {
            unsigned char *memory = arena_alloc(arena, 4 << 10);
            assert_non_null(memory);
            assert_int_equal(memory[0], 0);
            assert_int_equal(memory[(4 << 10) - 1], 0);
            memset(memory, 0xff, 4 << 10);
        }
        assert_null(arena_alloc(arena, 1));
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_destroy(arena);
}

static void nothing_is_a_valid_piece(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 10);
    assert_non_null(arena_alloc(arena, 0));
    assert_non_null(arena_array(arena, 0, 8));
    arena_destroy(arena);
    arena_destroy(NULL);
}

static void texts_are_copied_and_ended(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 10);
    char source[] = "example.test";
    char *all = arena_strdup(arena, source);
    char *part = arena_strndup(arena, source, 7);
    char *made = arena_printf(arena, "%s has %d labels", source, 2);
    source[0] = 'X';
    assert_string_equal(all, "example.test");
    assert_string_equal(part, "example");
    assert_string_equal(made, "example.test has 2 labels");
    arena_destroy(arena);
}

static void texts_out_of_budget_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_create(8);
    assert_null(arena_strdup(arena, "longer than eight"));
    assert_null(arena_printf(arena, "%s", "longer than eight"));
    arena_destroy(arena);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(caa_err_text(CAA_OK), "no error");
    assert_string_equal(caa_err_text(CAA_ENOMEM), "out of memory");
    assert_string_equal(caa_err_text((enum caa_err)9999), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap_across_chunks),
        cmocka_unit_test(one_piece_may_be_larger_than_a_chunk),
        cmocka_unit_test(the_budget_is_never_passed),
        cmocka_unit_test(a_refused_piece_leaves_the_rest_usable),
        cmocka_unit_test(an_array_that_overflows_is_refused),
        cmocka_unit_test(a_reset_arena_gives_its_whole_budget_again),
        cmocka_unit_test(nothing_is_a_valid_piece),
        cmocka_unit_test(texts_are_copied_and_ended),
        cmocka_unit_test(texts_out_of_budget_are_refused),
        cmocka_unit_test(every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
