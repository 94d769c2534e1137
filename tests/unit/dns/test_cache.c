#include "dns/cache.h"

#include "check/fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SECOND = 1000000 };

static uint64_t hash_of(const char *name)
{
    return XXH3_64bits(name, strlen(name));
}

static struct held_answer *held_of(const char *name, enum caa_outcome outcome,
                                   uint32_t ttl_s)
{
    struct caa_answer draft = {.name = name, .outcome = outcome, .ttl_s = ttl_s};
    struct held_answer *held = held_create(&draft);
    if (!held)
        abort();
    return held;
}

static void put(struct cache *cache, const char *name, enum caa_outcome outcome,
                uint32_t ttl_s, int64_t now_us)
{
    struct held_answer *held = held_of(name, outcome, ttl_s);
    cache_put(cache, hash_of(name), held, now_us, now_us);
    held_unref(held);
}

/* The TTL of what the cache holds for name; -1: nothing. */
static int64_t get(struct cache *cache, const char *name, int64_t now_us)
{
    struct held_answer *held = cache_get(cache, hash_of(name), name, now_us);
    if (!held)
        return -1;
    if (strcmp(held->answer.name, name) != 0)
        abort();
    int64_t ttl_s = held->answer.ttl_s;
    held_unref(held);
    return ttl_s;
}

static struct cache *create(size_t max_entries, uint32_t max_ttl_s)
{
    struct cache *cache = cache_create(max_entries, max_ttl_s);
    assert_non_null(cache);
    return cache;
}

/* ---------------------------------------------------------------------- times */

/* [RFC 1035 3.2.1] */
static void an_answer_lives_for_its_ttl(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 10, 5 * SECOND);
    assert_int_equal(get(cache, "a.test", 5 * SECOND), 10);
    assert_int_equal(get(cache, "a.test", 15 * SECOND - 1), 10);
    assert_int_equal(get(cache, "b.test", 5 * SECOND), -1);
    assert_int_equal(cache_count(cache), 1);
    assert_int_equal(get(cache, "a.test", 15 * SECOND), -1);
    assert_int_equal(cache_count(cache), 0);
    cache_destroy(cache);
}

static void max_ttl_bounds_a_long_life(void **state)
{
    (void)state;
    struct cache *cache = create(100, 60);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 2147483647, 0);
    assert_int_equal(get(cache, "a.test", 60 * SECOND - 1), 2147483647);
    assert_int_equal(get(cache, "a.test", 60 * SECOND), -1);
    cache_destroy(cache);
}

static void a_newer_answer_replaces_an_older_one(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 900, 0);
    put(cache, "a.test", CAA_OUTCOME_NODATA, 10, 0);
    assert_int_equal(get(cache, "a.test", 0), 10);
    assert_int_equal(cache_count(cache), 1);
    assert_int_equal(get(cache, "a.test", 10 * SECOND), -1);
    cache_destroy(cache);
}

/* [RFC 1035 3.2.1] 0: for the transaction in progress only. */
static void a_ttl_of_0_is_not_kept_and_drops_the_older_answer(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 0, 0);
    assert_int_equal(get(cache, "a.test", 0), -1);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 900, 0);
    put(cache, "a.test", CAA_OUTCOME_NODATA, 0, 0);
    assert_int_equal(get(cache, "a.test", 0), -1);
    assert_int_equal(cache_count(cache), 0);
    cache_destroy(cache);
}

/* [RFC 2308 7] Neither kept nor a reason to forget what was known. */
static void failures_are_never_kept(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    for (int outcome = CAA_OUTCOME_TIMEOUT; outcome <= CAA_OUTCOME_DEADLINE_EXCEEDED;
         outcome++)
        put(cache, "a.test", (enum caa_outcome)outcome, 900, 0);
    assert_int_equal(cache_count(cache), 0);
    put(cache, "b.test", CAA_OUTCOME_NXDOMAIN, 900, 0);
    put(cache, "b.test", CAA_OUTCOME_SERVFAIL, 900, 0);
    assert_int_equal(get(cache, "b.test", 0), 900);
    cache_destroy(cache);
}

/* Two names of one hash: the name decides. */
static void equal_hashes_are_told_apart_by_name(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    struct held_answer *a = held_of("a.test", CAA_OUTCOME_RRSET, 1),
                       *b = held_of("b.test", CAA_OUTCOME_RRSET, 2);
    cache_put(cache, 7, a, 0, 0);
    cache_put(cache, 7, b, 0, 0);
    struct held_answer *found = cache_get(cache, 7, "a.test", 0);
    assert_ptr_equal(found, a);
    held_unref(found);
    assert_null(cache_get(cache, 7, "c.test", 0));
    assert_int_equal(cache_count(cache), 2);
    held_unref(a);
    held_unref(b);
    cache_destroy(cache);
}

static void an_answer_got_outlives_its_place_in_the_cache(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 10, 0);
    struct held_answer *held = cache_get(cache, hash_of("a.test"), "a.test", 0);
    cache_destroy(cache);
    assert_string_equal(held->answer.name, "a.test");
    held_unref(held);
}

/* --------------------------------------------------------------------- bounds */

static void no_entries_means_that_nothing_is_kept(void **state)
{
    (void)state;
    struct cache *cache = create(0, 1000);
    put(cache, "a.test", CAA_OUTCOME_RRSET, 10, 0);
    assert_int_equal(get(cache, "a.test", 0), -1);
    assert_int_equal(cache_count(cache), 0);
    assert_int_equal(cache_flush(cache, NULL, true, 0), 0);
    cache_destroy(cache);
}

static void the_cache_never_holds_more_than_it_may(void **state)
{
    (void)state;
    enum { MAX = 1600, SHARDS = 16 };
    struct cache *cache = create(MAX, 1000);
    for (int i = 0; i < 10 * MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%d.test", i);
        put(cache, name, CAA_OUTCOME_NODATA, 900, 0);
        assert_in_range(cache_count(cache), 1, MAX + SHARDS);
    }
    assert_in_range(cache_count(cache), MAX * 9 / 10, MAX + SHARDS);
    cache_destroy(cache);
}

/* One shard, by equal top bits of the hash, with room for two. */
static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct cache *cache = create(16, 1000);
    struct held_answer *held[3];
    for (size_t i = 0; i < 3; i++)
        held[i] = held_of((const char *[]){"a", "b", "c"}[i], CAA_OUTCOME_NODATA, 9);
    cache_put(cache, 1, held[0], 0, 0);
    cache_put(cache, 2, held[1], 0, 0);
    held_unref(cache_get(cache, 1, "a", 0)); /* now b is the older */
    cache_put(cache, 3, held[2], 0, 0);
    assert_null(cache_get(cache, 2, "b", 0));
    assert_int_equal(cache_count(cache), 2);
    for (size_t i = 0; i < 3; i += 2) {
        struct held_answer *found = cache_get(cache, i + 1, held[i]->answer.name, 0);
        assert_ptr_equal(found, held[i]);
        held_unref(found);
    }
    for (size_t i = 0; i < 3; i++)
        held_unref(held[i]);
    cache_destroy(cache);
}

/* -------------------------------------------------------------------- flushing */

static const char *const family[] = {
    "example.test", "www.example.test",  "a.b.example.test", "notexample.test",
    "test",         "example.test.other"};

static struct cache *create_family(void)
{
    struct cache *cache = create(100, 1000);
    for (size_t i = 0; i < 6; i++)
        put(cache, family[i], CAA_OUTCOME_NODATA, 900, 0);
    return cache;
}

static void a_flush_of_a_name_drops_it_alone(void **state)
{
    (void)state;
    struct cache *cache = create_family();
    assert_int_equal(cache_flush(cache, "example.test", false, 0), 1);
    assert_int_equal(get(cache, "example.test", 0), -1);
    assert_int_equal(cache_count(cache), 5);
    assert_int_equal(cache_flush(cache, "example.test", false, 0), 0);
    cache_destroy(cache);
}

static void a_flush_of_a_subtree_drops_what_is_below(void **state)
{
    (void)state;
    struct cache *cache = create_family();
    assert_int_equal(cache_flush(cache, "example.test", true, 0), 3);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(get(cache, family[i], 0), i < 3 ? -1 : 900);
    cache_destroy(cache);
}

static void a_flush_of_everything_drops_everything(void **state)
{
    (void)state;
    struct cache *cache = create_family();
    assert_int_equal(cache_flush(cache, NULL, false, 0), 6);
    assert_int_equal(cache_count(cache), 0);
    put(cache, "a.test", CAA_OUTCOME_NODATA, 900, 1);
    assert_int_equal(get(cache, "a.test", 1), 900);
    cache_destroy(cache);
}

static void put_asked(struct cache *cache, uint32_t ttl_s, int64_t asked_us)
{
    struct held_answer *held = held_of("a.test", CAA_OUTCOME_NODATA, ttl_s);
    cache_put(cache, hash_of("a.test"), held, asked_us, 10);
    held_unref(held);
}

/* Its question may have been answered before what the flush is about. */
static void an_answer_asked_for_before_a_flush_is_not_kept(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    assert_int_equal(cache_flushed_us(cache), INT64_MIN);
    assert_int_equal(cache_flush(cache, "other.test", false, 5), 0);
    assert_int_equal(cache_flushed_us(cache), 5);
    put_asked(cache, 900, 5);
    assert_int_equal(get(cache, "a.test", 10), -1);
    put_asked(cache, 900, 6);
    assert_int_equal(get(cache, "a.test", 10), 900);
    cache_destroy(cache);
}

static void the_answer_to_the_later_question_stays(void **state)
{
    (void)state;
    struct cache *cache = create(100, 1000);
    put_asked(cache, 900, 6);
    put_asked(cache, 800, 5);
    put_asked(cache, 0, 5);
    assert_int_equal(get(cache, "a.test", 10), 900);
    put_asked(cache, 700, 7);
    assert_int_equal(get(cache, "a.test", 10), 700);
    put_asked(cache, 0, 8);
    assert_int_equal(get(cache, "a.test", 10), -1);
    cache_destroy(cache);
}

/* -------------------------------------------------------------------- threads */

enum { THREADS = 4, ROUNDS = 4000, NAMES = 64 };

struct load {
    struct cache *cache;
    unsigned seed;
};

/* Puts, gets and flushes a few names at random, smaller than the cache needs. */
static void *use(void *arg)
{
    struct load *load = arg;
    for (int i = 0; i < ROUNDS; i++) {
        char name[32];
        unsigned n = (load->seed = load->seed * 1103515245 + 12345) >> 16;
        snprintf(name, sizeof name, "n%u.test", n % NAMES);
        if (n % 7 == 0)
            put(load->cache, name, CAA_OUTCOME_NODATA, n % 3, i);
        else if (n % 501 == 0)
            cache_flush(load->cache, name, n % 2, i);
        else
            get(load->cache, name, i);
    }
    return NULL;
}

static void many_threads_use_it_at_once(void **state)
{
    (void)state;
    struct cache *cache = create(NAMES / 2, 1000);
    pthread_t threads[THREADS];
    struct load loads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        loads[i] = (struct load){cache, i + 1};
        pthread_create(&threads[i], NULL, use, &loads[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    size_t count = cache_count(cache);
    assert_int_equal(cache_flush(cache, NULL, true, 0), count);
    cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_lives_for_its_ttl),
        cmocka_unit_test(max_ttl_bounds_a_long_life),
        cmocka_unit_test(a_newer_answer_replaces_an_older_one),
        cmocka_unit_test(a_ttl_of_0_is_not_kept_and_drops_the_older_answer),
        cmocka_unit_test(failures_are_never_kept),
        cmocka_unit_test(equal_hashes_are_told_apart_by_name),
        cmocka_unit_test(an_answer_got_outlives_its_place_in_the_cache),
        cmocka_unit_test(no_entries_means_that_nothing_is_kept),
        cmocka_unit_test(the_cache_never_holds_more_than_it_may),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(a_flush_of_a_name_drops_it_alone),
        cmocka_unit_test(a_flush_of_a_subtree_drops_what_is_below),
        cmocka_unit_test(a_flush_of_everything_drops_everything),
        cmocka_unit_test(an_answer_asked_for_before_a_flush_is_not_kept),
        cmocka_unit_test(the_answer_to_the_later_question_stays),
        cmocka_unit_test(many_threads_use_it_at_once),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
