/* The encoding under the chain: what goes in comes out, and every octet counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "audit/record.h"

static const uint8_t zero[AUDIT_HASH_LEN];

static struct audit_entry entry_with(struct audit_name *names, size_t count,
                                     struct bytes payload)
{
    return (struct audit_entry){.request_id = "r1",
                                .order_id = "o1",
                                .product = "DV",
                                .caller = "c",
                                .event = 1,
                                .decision = 2,
                                .checked_at_ms = 1234567890123,
                                .names = names,
                                .name_count = count,
                                .payload = payload};
}

static struct audit_record columns_of(const struct audit_entry *entry)
{
    return (struct audit_record){.stream = "s",
                                 .request_id = entry->request_id,
                                 .order_id = entry->order_id,
                                 .product = entry->product,
                                 .caller = entry->caller,
                                 .event = entry->event,
                                 .decision = entry->decision,
                                 .checked_at_ms = entry->checked_at_ms};
}

static void a_body_opens_to_what_was_sealed(void **state)
{
    (void)state;
    struct coder *coder = coder_create();
    struct audit_name names[] = {
        {"a.example", 1, 2}, {"", 5, 50}, {"*.b.example", 2, 11}};
    struct audit_entry entry =
        entry_with(names, 3, (struct bytes){(const uint8_t *)"a\0b", 3});
    uint8_t hash[AUDIT_HASH_LEN], again[AUDIT_HASH_LEN];
    struct bytes body;
    assert_true(record_seal(coder, "s", 77, zero, &entry, hash, &body));

    struct record_tail tail;
    assert_true(record_open(coder, body, &tail));
    assert_int_equal(tail.sequence, 77);
    assert_true(bytes_equal(tail.payload, entry.payload));
    struct audit_record columns = columns_of(&entry);
    assert_true(record_hash(coder, &columns, &tail, again));
    assert_memory_equal(hash, again, sizeof hash);
    for (size_t i = 0; i < 3; i++) {
        struct bytes name;
        assert_true(record_next_name(&tail, &name));
        assert_true(bytes_equal(name, bytes_of(names[i].ascii_name)));
    }
    struct bytes name;
    assert_false(record_next_name(&tail, &name));
    coder_destroy(coder);
}

static void every_column_and_the_previous_hash_change_the_hash(void **state)
{
    (void)state;
    struct coder *coder = coder_create();
    struct audit_name names[] = {{"a.example", 1, 2}};
    struct audit_entry base = entry_with(names, 1, bytes_of("payload"));
    struct audit_name verdict[] = {{"a.example", 2, 2}}, reason[] = {{"a.example", 1, 3}};
    uint8_t one[AUDIT_HASH_LEN] = {1}, hashes[13][AUDIT_HASH_LEN];
    struct audit_entry e[13];
    for (size_t i = 0; i < 13; i++)
        e[i] = base;
    e[1].request_id = "r2";
    e[2].order_id = "o2";
    e[3].product = "OV";
    e[4].caller = "d";
    e[5].event = 2;
    e[6].decision = 1;
    e[7].checked_at_ms++;
    e[8].payload = bytes_of("Payload");
    e[9].names = verdict;
    e[10].names = reason;
    for (size_t i = 0; i < 13; i++) {
        struct bytes body;
        assert_true(record_seal(coder, i == 11 ? "t" : "s", 1, i == 12 ? one : zero,
                                &e[i], hashes[i], &body));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(hashes[i], hashes[j], AUDIT_HASH_LEN);
    }
    coder_destroy(coder);
}

/* Whatever stands in a damaged body is refused or opens to something else, and
 * never reads out of bounds (the sanitizers watch). */
static void no_damaged_body_passes(void **state)
{
    (void)state;
    struct coder *coder = coder_create();
    struct audit_name names[] = {{"a.example", 1, 2}};
    struct audit_entry entry = entry_with(names, 1,
                                          bytes_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    struct audit_record columns = columns_of(&entry);
    uint8_t hash[AUDIT_HASH_LEN], again[AUDIT_HASH_LEN], copy[512];
    struct bytes body;
    assert_true(record_seal(coder, "s", 1, zero, &entry, hash, &body));
    struct bytes sealed = {copy, body.len};
    memcpy(copy, body.data, body.len);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        uint8_t *damaged = malloc(sealed.len);
        memcpy(damaged, copy, sealed.len);
        damaged[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct record_tail tail;
        bool same = record_open(coder, (struct bytes){damaged, sealed.len}, &tail) &&
                    record_hash(coder, &columns, &tail, again) &&
                    memcmp(hash, again, sizeof hash) == 0;
        /* A bit of the zstd frame's header may mean nothing: the content holds. */
        if (same)
            assert_true(bytes_equal(tail.payload, entry.payload));
        free(damaged);
    }
    for (size_t len = 0; len < sealed.len; len++) {
        struct record_tail tail;
        assert_false(record_open(coder, (struct bytes){copy, len}, &tail));
    }
    coder_destroy(coder);
}

static void a_long_name_is_cut_at_a_characters_end(void **state)
{
    (void)state;
    char name[400];
    memset(name, 'a', sizeof name);
    assert_int_equal(record_index_key((struct bytes){(uint8_t *)name, 320}).len, 320);
    assert_int_equal(record_index_key((struct bytes){(uint8_t *)name, 400}).len, 320);
    memcpy(name + 319, "\xc3\xa9", 2);
    assert_int_equal(record_index_key((struct bytes){(uint8_t *)name, 400}).len, 319);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_opens_to_what_was_sealed),
        cmocka_unit_test(every_column_and_the_previous_hash_change_the_hash),
        cmocka_unit_test(no_damaged_body_passes),
        cmocka_unit_test(a_long_name_is_cut_at_a_characters_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
