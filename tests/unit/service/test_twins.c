#include "service/twins.h"

#include "check/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct twins *twins;

static int set_up(void **state)
{
    (void)state;
    return twins_create(&twins) == CAA_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    twins_destroy(twins);
    return 0;
}

static size_t count_of(const struct twin *list)
{
    size_t count = 0;
    for (; list; list = list->next)
        count++;
    return count;
}

static void the_first_of_an_id_is_told_from_those_that_wait(void **state)
{
    (void)state;
    struct twin first = {.request_id = "a"}, second = {.request_id = "a"},
                third = {.request_id = "a"}, other = {.request_id = "b"};
    assert_true(twins_join(twins, &first));
    assert_false(twins_join(twins, &second));
    assert_true(twins_join(twins, &other));
    assert_false(twins_join(twins, &third));
    struct twin *waited = twins_leave(twins, &first);
    assert_int_equal(count_of(waited), 2);
    assert_true(waited == &second || waited == &third);
    assert_true(waited->next == &second || waited->next == &third);
    assert_null(twins_leave(twins, &other));
}

static void an_id_is_free_again_once_its_first_has_left(void **state)
{
    (void)state;
    struct twin first = {.request_id = "a"}, second = {.request_id = "a"},
                again = {.request_id = "a"};
    assert_true(twins_join(twins, &first));
    assert_false(twins_join(twins, &second));
    assert_ptr_equal(twins_leave(twins, &first), &second);
    assert_true(twins_join(twins, &again));
    assert_null(twins_leave(twins, &again));
}

/* The id of each is its own copy: octets count, not addresses. */
static void ids_compare_by_their_octets(void **state)
{
    (void)state;
    char a[] = "order-1", b[] = "order-1", c[] = "Order-1", d[] = "order-1 ", e[] = "";
    struct twin twin_a = {.request_id = a}, twin_b = {.request_id = b},
                twin_c = {.request_id = c}, twin_d = {.request_id = d},
                twin_e = {.request_id = e};
    assert_true(twins_join(twins, &twin_a));
    assert_false(twins_join(twins, &twin_b));
    assert_true(twins_join(twins, &twin_c));
    assert_true(twins_join(twins, &twin_d));
    assert_true(twins_join(twins, &twin_e));
    assert_ptr_equal(twins_leave(twins, &twin_a), &twin_b);
    assert_null(twins_leave(twins, &twin_c));
    assert_null(twins_leave(twins, &twin_d));
    assert_null(twins_leave(twins, &twin_e));
}

/* More than there are buckets: those that leave take no other with them. */
static void many_ids_at_once_are_kept_apart(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct named {
        struct twin first, second, third;
        char id[16];
    } *all = calloc(COUNT, sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < COUNT; i++) {
        struct named *named = &all[i];
        snprintf(named->id, sizeof named->id, "id-%zu", i);
        named->first.request_id = named->second.request_id = named->third.request_id =
            named->id;
        assert_true(twins_join(twins, &named->first));
        assert_false(twins_join(twins, &named->second));
    }
    for (size_t i = 0; i < COUNT; i += 2)
        assert_ptr_equal(twins_leave(twins, &all[i].first), &all[i].second);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(twins_join(twins, &all[i].third), i % 2 == 0);
    for (size_t i = 0; i < COUNT; i++) {
        struct twin *first = i % 2 ? &all[i].first : &all[i].third;
        assert_int_equal(count_of(twins_leave(twins, first)), i % 2 ? 2 : 0);
    }
    free(all);
}

/* -------------------------------------------------------------------- threads */

enum { THREADS = 4, ROUNDS = 3000 };

/* Every call of an id ends exactly once: as a first, or with its first. */
static atomic_uint ended;

static void *join_and_leave(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct twin *twin = calloc(1, sizeof *twin);
        if (!twin)
            abort();
        twin->request_id = i % 3 ? "busy" : "busier";
        if (!twins_join(twins, twin))
            continue; /* its first frees it */
        for (struct twin *waited = twins_leave(twins, twin), *next; waited;
             waited = next) {
            next = waited->next;
            free(waited);
            atomic_fetch_add(&ended, 1);
        }
        free(twin);
        atomic_fetch_add(&ended, 1);
    }
    return NULL;
}

static void threads_that_join_at_once_end_once_each(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    atomic_store(&ended, 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, join_and_leave, NULL);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&ended), THREADS * ROUNDS);
}

static void no_table_can_be_destroyed(void **state)
{
    (void)state;
    twins_destroy(NULL);
}

#define TWINS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWINS_TEST(the_first_of_an_id_is_told_from_those_that_wait),
        TWINS_TEST(an_id_is_free_again_once_its_first_has_left),
        TWINS_TEST(ids_compare_by_their_octets),
        TWINS_TEST(many_ids_at_once_are_kept_apart),
        TWINS_TEST(threads_that_join_at_once_end_once_each),
        TWINS_TEST(no_table_can_be_destroyed),
    };
    return cmocka_run_group_tests_name("twins", tests, NULL, NULL);
}
