/* Append, find, list: one table, both stores. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/entries.h"

static void an_appended_record_is_found_with_equal_content(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 10);
    for (int i = 0; i < 10; i++) {
        struct sample sample;
        sample_init(&sample, "a", i, ENTRY_BASE_MS);
        assert_int_equal(find_wait(audit, &sample), CAA_OK);
    }
    struct sample other;
    sample_init(&other, "b", 1, ENTRY_BASE_MS);
    assert_int_equal(find_wait(audit, &other), CAA_ENOTFOUND);
    audit_close(audit);
}

static void large_and_odd_entries_are_kept(void **state)
{
    struct audit *audit = store_open(*state, "one");
    struct sample sample;
    sample_init(&sample, "odd", 1, -5);
    char *long_name = calloc(1, 100001);
    memset(long_name, 'x', 100000);
    struct audit_name names[1000];
    for (size_t i = 0; i < 1000; i++)
        names[i] = (struct audit_name){"same.example", 1, 2};
    names[7].ascii_name = long_name;
    names[8].ascii_name = NULL;
    names[9].ascii_name = "caf\xc3\xa9'); DROP TABLE audit_name; --";
    sample.entry.names = names;
    sample.entry.name_count = 1000;
    sample.entry.order_id = NULL;
    sample.entry.caller = "";
    uint8_t *payload = calloc(1, 5 << 20);
    for (uint32_t i = 0, x = 1; i < 5 << 20; i++, x = x * 1664525 + 1013904223)
        payload[i] = (uint8_t)(x >> 24);
    sample.entry.payload = (struct bytes){payload, 5 << 20};
    assert_int_equal(append_wait(audit, &sample.entry).err, CAA_OK);
    sample.entry.order_id = "";
    assert_int_equal(find_wait(audit, &sample), CAA_OK);

    struct listing page;
    list_wait(audit, &(struct audit_filter){.name = long_name}, &page);
    assert_int_equal(page.count, 1);
    list_wait(audit, &(struct audit_filter){.name = names[9].ascii_name}, &page);
    assert_int_equal(page.count, 1);
    free(long_name);
    free(payload);
    audit_close(audit);
}

static void what_is_no_text_is_refused_at_once(void **state)
{
    struct audit *audit = store_open(*state, "one");
    static const char *const bad[] = {
        "", "\xff", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "cut\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sample sample;
        sample_init(&sample, "x", 1, 0);
        sample.entry.request_id = bad[i];
        assert_int_equal(audit_append(audit, &sample.entry, NULL, NULL), CAA_EINVAL);
        sample.entry.request_id = "fine";
        sample.names[1].ascii_name = bad[i];
        if (*bad[i])
            assert_int_equal(audit_append(audit, &sample.entry, NULL, NULL), CAA_EINVAL);
    }
    audit_close(audit);
}

static void lists_are_newest_first_and_filters_hold_together(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 30);
    struct listing page;
    list_wait(audit, &(struct audit_filter){.page_size = 60}, &page);
    assert_int_equal(page.count, 30);
    assert_string_equal(page.token, "");
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(page.sequences[i], 30 - i);

    list_wait(audit, &(struct audit_filter){.name = "h7.example"}, &page);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.ids[0], "a-7");
    list_wait(audit, &(struct audit_filter){.order_id = "order-2"}, &page);
    assert_int_equal(page.count, 3);
    assert_string_equal(page.ids[0], "a-8");
    list_wait(audit, &(struct audit_filter){.decision = 2}, &page);
    assert_int_equal(page.count, 10);
    list_wait(audit,
              &(struct audit_filter){.since_ms = ENTRY_BASE_MS + 5,
                                     .until_ms = ENTRY_BASE_MS + 9},
              &page);
    assert_int_equal(page.count, 4);
    assert_string_equal(page.ids[0], "a-8");
    list_wait(audit,
              &(struct audit_filter){.name = "common.example",
                                     .decision = 1,
                                     .order_id = "order-4",
                                     .since_ms = ENTRY_BASE_MS},
              &page);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.ids[0], "a-12");
    list_wait(audit, &(struct audit_filter){.name = "nobody.example"}, &page);
    assert_int_equal(page.count, 0);
    audit_close(audit);
}

static void check_pages(struct audit *audit, struct audit_filter filter, size_t expected)
{
    char token[AUDIT_TOKEN_LEN] = "";
    static int newer = 1000;
    size_t seen = 0;
    uint64_t last = UINT64_MAX;
    filter.page_size = 7;
    filter.page_token = token;
    for (int page = 0; page < 20; page++) {
        struct listing listing;
        list_wait(audit, &filter, &listing);
        for (size_t i = 0; i < listing.count; i++) {
            assert_true(listing.sequences[i] < last);
            last = listing.sequences[i];
        }
        seen += listing.count;
        strcpy(token, listing.token);
        if (!*token)
            break;
        append_samples(audit, "later", newer++, 1);
    }
    assert_int_equal(seen, expected);
}

static void pages_hold_while_newer_records_come(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 40);
    check_pages(audit, (struct audit_filter){.until_ms = ENTRY_BASE_MS + 500}, 40);
    check_pages(
        audit,
        (struct audit_filter){.until_ms = ENTRY_BASE_MS + 500, .name = "common.example"},
        40);
    check_pages(
        audit, (struct audit_filter){.until_ms = ENTRY_BASE_MS + 500, .decision = 1}, 14);
    audit_close(audit);
}

static void records_of_one_millisecond_are_each_listed_once(void **state)
{
    struct audit *audit = store_open(*state, "one");
    for (int i = 0; i < 20; i++) {
        struct sample sample;
        sample_init(&sample, "same", i, 0);
        sample.entry.checked_at_ms = ENTRY_BASE_MS;
        assert_int_equal(append_wait(audit, &sample.entry).err, CAA_OK);
    }
    check_pages(audit, (struct audit_filter){.until_ms = ENTRY_BASE_MS + 1}, 20);
    audit_close(audit);
}

static void a_page_ends_at_its_byte_limit(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 10);
    struct listing page;
    list_wait(audit, &(struct audit_filter){.max_bytes = 1500}, &page);
    assert_in_range(page.count, 1, 2);
    assert_string_not_equal(page.token, "");
    list_wait(audit, &(struct audit_filter){.max_bytes = 1}, &page);
    assert_int_equal(page.count, 1);
    audit_close(audit);
}

static void a_false_page_token_is_refused(void **state)
{
    struct audit *audit = store_open(*state, "one");
    static const char *const bad[] = {"x",      "1.",    "1.5",   "1.5.",
                                      "1.5.6x", "2.5.6", "1.5.6 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct audit_filter filter = {.page_token = bad[i]};
        assert_int_equal(audit_list(audit, &filter, NULL, NULL), CAA_EINVAL);
    }
    struct audit_filter filter = {.page_size = 1001};
    assert_int_equal(audit_list(audit, &filter, NULL, NULL), CAA_EINVAL);
    audit_close(audit);
}

static void a_request_id_has_one_record_across_restarts(void **state)
{
    struct audit *audit = store_open(*state, "one");
    struct sample sample;
    sample_init(&sample, "a", 1, ENTRY_BASE_MS);
    assert_false(audit_maybe_known(audit, sample.id));
    append_samples(audit, "a", 0, 3);
    assert_true(audit_maybe_known(audit, sample.id));
    for (int run = 0; run < 3; run++) {
        sample.entry.decision = 3; /* the first answer stands */
        struct answer answer = append_wait(audit, &sample.entry);
        assert_int_equal(answer.err, CAA_OK);
        assert_true(answer.receipt.known);
        assert_int_equal(answer.receipt.sequence, 2);
        audit_close(audit);
        audit = store_open(*state, "one");
        assert_true(audit_maybe_known(audit, sample.id));
    }
    assert_int_equal(store_number(*state, "SELECT count(*) FROM audit_record"), 3);
    append_samples(audit, "a", 3, 1);
    assert_int_equal(store_number(*state, "SELECT max(head_sequence) FROM audit_stream"),
                     4);
    audit_close(audit);
}

/* --- many at once --- */

struct crowd {
    struct audit *audit;
    const char *prefix;
    int first, count;
    atomic_int ok, known, failed, refused;
    _Atomic uint64_t sequences;
};

static void crowd_done(void *arg, enum caa_err err, const struct audit_receipt *receipt)
{
    struct crowd *crowd = arg;
    crowd->sequences += receipt->sequence;
    if (err != CAA_OK)
        crowd->failed++;
    else if (receipt->known)
        crowd->known++;
    else
        crowd->ok++;
}

static int crowd_total(struct crowd *crowd)
{
    return crowd->ok + crowd->known + crowd->failed + crowd->refused;
}

static void *crowd_run(void *arg)
{
    struct crowd *crowd = arg;
    struct sample *samples = calloc((size_t)crowd->count, sizeof *samples);
    for (int i = 0; i < crowd->count; i++) {
        sample_init(&samples[i], crowd->prefix, crowd->first + i, ENTRY_BASE_MS);
        if (audit_append(crowd->audit, &samples[i].entry, crowd_done, crowd) != CAA_OK)
            crowd->refused++;
    }
    while (crowd_total(crowd) < crowd->count)
        usleep(1000);
    free(samples);
    return NULL;
}

static void eight_threads_append_at_once(void **state)
{
    enum { THREADS = 8, EACH = 250 };
    struct audit *audit = store_open(*state, "one");
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){
            .audit = audit, .prefix = "t", .first = i * EACH, .count = EACH};
        pthread_create(&threads[i], NULL, crowd_run, &crowds[i]);
    }
    uint64_t sequences = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowds[i].ok, EACH);
        sequences += crowds[i].sequences;
    }
    assert_int_equal(sequences, (uint64_t)THREADS * EACH * (THREADS * EACH + 1) / 2);
    struct audit_stats stats;
    audit_stats(audit, &stats);
    assert_int_equal(stats.appended, THREADS * EACH);
    assert_true(stats.commits < stats.appended / 2);
    for (int i = 0; i < THREADS * EACH; i += 97) {
        struct sample sample;
        sample_init(&sample, "t", i, ENTRY_BASE_MS);
        assert_int_equal(find_wait(audit, &sample), CAA_OK);
    }
    audit_close(audit);
}

/* Two daemons, two streams, one store, the same ids in the same moment. */
static void two_daemons_given_one_id_make_one_record(void **state)
{
    enum { IDS = 300 };
    struct crowd crowds[4] = {{.first = 0}};
    struct audit *audits[] = {store_open(*state, "left"), store_open(*state, "right")};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        crowds[i].audit = audits[i % 2];
        crowds[i].prefix = "same";
        crowds[i].count = IDS;
        pthread_create(&threads[i], NULL, crowd_run, &crowds[i]);
    }
    int ok = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ok += crowds[i].ok;
        assert_int_equal(crowds[i].failed + crowds[i].refused, 0);
    }
    assert_int_equal(ok, IDS);
    assert_int_equal(store_number(*state, "SELECT count(*) FROM audit_record"), IDS);
    for (int i = 0; i < 2; i++) {
        struct audit_verification seen;
        char why[AUDIT_TEXT_LEN];
        assert_int_equal(audit_verify(audits[i], NULL, NULL, NULL, &seen, why), CAA_OK);
        assert_int_equal(seen.findings, 0);
        audit_close(audits[i]);
    }
}

static void a_full_queue_refuses_at_once(void **state)
{
    struct audit *audit = store_open_with(
        *state, (struct audit_options){.stream = "one", .queue_limit = 10});
    struct crowd crowd = {.audit = audit, .prefix = "q", .count = 2000};
    crowd_run(&crowd);
    assert_true(crowd.refused > 0);
    assert_int_equal(crowd.ok + crowd.refused, 2000);
    assert_int_equal(store_number(*state, "SELECT count(*) FROM audit_record"), crowd.ok);
    audit_close(audit);
}

static void closing_writes_what_is_queued(void **state)
{
    enum { COUNT = 2000 };
    struct audit *audit = store_open(*state, "one");
    struct crowd crowd = {.audit = audit};
    struct sample *samples = calloc(COUNT, sizeof *samples);
    for (int i = 0; i < COUNT; i++) {
        sample_init(&samples[i], "c", i, ENTRY_BASE_MS);
        assert_int_equal(audit_append(audit, &samples[i].entry, crowd_done, &crowd),
                         CAA_OK);
    }
    audit_close(audit);
    assert_int_equal(crowd.ok, COUNT);
    assert_int_equal(store_number(*state, "SELECT count(*) FROM audit_record"), COUNT);
    free(samples);
}

static void none_answers_without_keeping(void **state)
{
    (void)state;
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    const struct audit_options options = {.store = "none", .stream = "one"};
    assert_int_equal(audit_open(&options, &audit, why), CAA_OK);
    assert_true(audit_health(audit, why));
    append_samples(audit, "a", 0, 5);
    struct sample sample;
    sample_init(&sample, "a", 1, ENTRY_BASE_MS);
    assert_int_equal(find_wait(audit, &sample), CAA_ENOTFOUND);
    struct listing page;
    list_wait(audit, &(struct audit_filter){0}, &page);
    assert_int_equal(page.count, 0);
    struct audit_verification seen;
    assert_int_equal(audit_verify(audit, NULL, NULL, NULL, &seen, why), CAA_EINVAL);
    audit_close(audit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(an_appended_record_is_found_with_equal_content),
        ON_BOTH(large_and_odd_entries_are_kept),
        ON_BOTH(what_is_no_text_is_refused_at_once),
        ON_BOTH(lists_are_newest_first_and_filters_hold_together),
        ON_BOTH(pages_hold_while_newer_records_come),
        ON_BOTH(records_of_one_millisecond_are_each_listed_once),
        ON_BOTH(a_page_ends_at_its_byte_limit),
        ON_BOTH(a_false_page_token_is_refused),
        ON_BOTH(a_request_id_has_one_record_across_restarts),
        ON_BOTH(eight_threads_append_at_once),
        ON_BOTH(two_daemons_given_one_id_make_one_record),
        ON_BOTH(a_full_queue_refuses_at_once),
        ON_BOTH(closing_writes_what_is_queued),
        cmocka_unit_test(none_answers_without_keeping),
    };
    return cmocka_run_group_tests(tests, stores_setup, stores_teardown);
}
