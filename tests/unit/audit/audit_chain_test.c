/* What an intruder with SQL might do to the records, and retention. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/entries.h"
#include "audit/record.h"
#include "base/clock.h"

struct report {
    struct audit_verification seen;
    enum audit_fault_kind kinds[16];
    uint64_t sequences[16];
    char texts[16][200];
    size_t count;
};

static void note(void *arg, const struct audit_finding *finding)
{
    struct report *report = arg;
    if (report->count == 16)
        return;
    report->kinds[report->count] = finding->kind;
    report->sequences[report->count] = finding->sequence;
    snprintf(report->texts[report->count], sizeof report->texts[0], "%s", finding->text);
    report->count++;
}

static void verify(struct audit *audit, struct report *report)
{
    char why[AUDIT_TEXT_LEN];
    const struct audit_verify_watch watch = {.finding = note, .arg = report};
    *report = (struct report){0};
    if (audit_verify(audit, NULL, NULL, &watch, &report->seen, why) != CAA_OK)
        fail_msg("audit_verify: %s", why);
    assert_int_equal(report->seen.findings, report->count);
}

static void expect_one(struct audit *audit, enum audit_fault_kind kind, uint64_t sequence)
{
    struct report report;
    verify(audit, &report);
    if (report.count != 1 || report.kinds[0] != kind || report.sequences[0] != sequence)
        fail_msg("%zu findings, the first: %s", report.count, report.texts[0]);
    char number[24];
    snprintf(number, sizeof number, "record %llu", (unsigned long long)sequence);
    assert_non_null(strstr(report.texts[0], number));
}

#define RECORD(sequence)                                                                 \
    "(SELECT stream_no * 1099511627776 FROM audit_stream) + " #sequence

static struct audit *open_with_ten(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 10);
    struct report report;
    verify(audit, &report);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.seen.checked, 10);
    assert_int_equal(report.seen.last, 10);
    return audit;
}

static void a_changed_column_is_found(void **state)
{
    static const char *const changes[] = {"decision = 3",        "order_id = 'other'",
                                          "request_id = 'x'",    "caller = 'someone'",
                                          "product = 'OV'",      "event = 9",
                                          "previous_hash = hash"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct audit *audit = i == 0 ? open_with_ten(state) : store_open(*state, "one");
        store_sql(
            *state,
            "CREATE TABLE kept AS SELECT * FROM audit_record WHERE record_id = " RECORD(
                4));
        store_sql(*state, "UPDATE audit_record SET %s WHERE record_id = " RECORD(4),
                  changes[i]);
        expect_one(audit, AUDIT_CHANGED, 4);
        store_sql(*state, "DELETE FROM audit_record WHERE record_id = " RECORD(4));
        store_sql(*state, "INSERT INTO audit_record SELECT * FROM kept");
        store_sql(*state, "DROP TABLE kept");
        audit_close(audit);
    }
}

static void a_tampered_byte_of_the_body_is_found(void **state)
{
    struct store *store = *state;
    struct audit *audit = open_with_ten(state);
    for (int at = 1; at < 40; at += 13) {
        if (store->kind == STORE_SQLITE)
            store_sql(
                store,
                "UPDATE audit_record SET body = CAST(substr(body, 1, %d) || x'5a' || "
                "substr(body, %d) AS BLOB) WHERE record_id = " RECORD(6),
                at, at + 2);
        else
            store_sql(store,
                      "UPDATE audit_record SET body = set_byte(body, %d, 90)"
                      " WHERE record_id = " RECORD(6),
                      at);
        expect_one(audit, AUDIT_CHANGED, 6);
    }
    audit_close(audit);
}

static void a_deleted_row_is_found_wherever_it_stood(void **state)
{
    struct audit *audit = open_with_ten(state);
    store_sql(*state, "DELETE FROM audit_record WHERE record_id = " RECORD(5));
    expect_one(audit, AUDIT_MISSING, 5);
    audit_close(audit);
}

static void the_first_and_the_last_row_are_missed_too(void **state)
{
    struct audit *audit = open_with_ten(state);
    store_sql(*state, "DELETE FROM audit_record WHERE record_id = " RECORD(10));
    expect_one(audit, AUDIT_MISSING, 10);
    store_sql(*state, "DELETE FROM audit_record WHERE record_id = " RECORD(1));
    struct report report;
    verify(audit, &report);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.sequences[0], 1);
    audit_close(audit);

    /* The chain goes on behind the gap and does not close it. */
    audit = store_open(*state, "one");
    append_samples(audit, "b", 0, 2);
    verify(audit, &report);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.sequences[1], 10);
    assert_int_equal(report.seen.last, 12);
    audit_close(audit);
}

static void two_swapped_rows_are_both_named(void **state)
{
    struct audit *audit = open_with_ten(state);
    store_sql(*state,
              "UPDATE audit_record SET record_id = 1 WHERE record_id = " RECORD(3));
    store_sql(*state, "UPDATE audit_record SET record_id = " RECORD(
                          3) " WHERE record_id = " RECORD(4));
    store_sql(*state,
              "UPDATE audit_record SET record_id = " RECORD(4) " WHERE record_id = 1");
    struct report report;
    verify(audit, &report);
    assert_int_equal(report.count, 2);
    assert_int_equal(report.kinds[0], AUDIT_REORDERED);
    assert_int_equal(report.kinds[1], AUDIT_REORDERED);
    assert_int_equal(report.sequences[0], 3);
    assert_int_equal(report.sequences[1], 4);
    audit_close(audit);
}

static void read_hex(const char *hex, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned octet;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &octet), 1);
        out[i] = (uint8_t)octet;
    }
}

/* A record made anew, with a right hash of its own: the next one still holds
 * the hash of the old. */
static void a_forged_record_is_betrayed_by_the_next(void **state)
{
    struct store *store = *state;
    bool sqlite = store->kind == STORE_SQLITE;
    struct audit *audit = open_with_ten(state);
    char *hex =
        store_query(store, "SELECT %s FROM audit_record WHERE record_id = " RECORD(6),
                    sqlite ? "hex(hash)" : "encode(hash, 'hex')");
    uint8_t previous[AUDIT_HASH_LEN], hash[AUDIT_HASH_LEN];
    read_hex(hex, previous, sizeof previous);
    free(hex);
    struct sample sample;
    sample_init(&sample, "a", 6, ENTRY_BASE_MS);
    sample.entry.caller = "forger";
    struct coder *coder = coder_create();
    struct bytes body;
    assert_true(record_seal(coder, "one", 7, previous, &sample.entry, hash, &body));
    coder_destroy(coder);
    char text[AUDIT_HASH_LEN * 2 + 1];
    for (size_t i = 0; i < sizeof hash; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    store_sql(
        store,
        sqlite ? "UPDATE audit_record SET caller = 'forger', hash = x'%s'"
                 " WHERE record_id = " RECORD(7)
               : "UPDATE audit_record SET caller = 'forger', hash = decode('%s', 'hex')"
                 " WHERE record_id = " RECORD(7),
        text);
    expect_one(audit, AUDIT_CHANGED, 7);
    audit_close(audit);
}

static void a_record_hidden_from_the_name_index_is_found(void **state)
{
    struct audit *audit = open_with_ten(state);
    store_sql(*state, "DELETE FROM audit_name WHERE name = 'h8.example'");
    expect_one(audit, AUDIT_UNINDEXED, 9);
    audit_close(audit);
}

static bool stop_early(void *arg, uint64_t checked, uint64_t last)
{
    (void)arg;
    (void)last;
    return checked < 256;
}

static void reading_can_be_stopped(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 300);
    const struct audit_verify_watch watch = {.progress = stop_early};
    struct audit_verification seen;
    char why[AUDIT_TEXT_LEN];
    assert_int_equal(audit_verify(audit, NULL, NULL, &watch, &seen, why), CAA_ECLOSED);
    assert_int_equal(seen.checked, 256);
    assert_int_equal(audit_verify(audit, "nobody", NULL, NULL, &seen, why),
                     CAA_ENOTFOUND);
    audit_close(audit);
}

static void a_chain_goes_on_after_restarts(void **state)
{
    struct report report;
    for (int run = 0; run < 4; run++) {
        struct audit *audit = store_open(*state, "one");
        append_samples(audit, "a", run * 5, 5);
        verify(audit, &report);
        assert_int_equal(report.count, 0);
        assert_int_equal(report.seen.last, (run + 1) * 5);
        audit_close(audit);
    }
    /* Read beside a daemon that holds the stream. */
    struct audit *writer = store_open(*state, "one");
    struct audit *reader = store_open_with(
        *state, (struct audit_options){.stream = "one", .read_only = true});
    verify(reader, &report);
    assert_int_equal(report.seen.checked, 20);
    struct sample sample;
    sample_init(&sample, "z", 1, 0);
    assert_int_equal(audit_append(reader, &sample.entry, NULL, NULL), CAA_EINVAL);
    audit_close(reader);
    audit_close(writer);
}

/* --- retention --- */

static void append_at(struct audit *audit, const char *prefix, int count, int64_t base_ms)
{
    for (int i = 0; i < count; i++) {
        struct sample sample;
        sample_init(&sample, prefix, i, base_ms);
        assert_int_equal(append_wait(audit, &sample.entry).err, CAA_OK);
    }
}

static struct audit *open_keeping(void **state, const char *stream, unsigned days)
{
    return store_open_with(*state,
                           (struct audit_options){.stream = stream, .keep_days = days});
}

static void await_records(void **state, int64_t count)
{
    for (int i = 0; i < 1000; i++) {
        if (store_number(*state, "SELECT count(*) FROM audit_record") == count)
            return;
        usleep(10 * 1000);
    }
    fail_msg("retention did not come to %lld records", (long long)count);
}

static void old_days_go_and_the_chain_still_verifies(void **state)
{
    const int64_t day = 86400000;
    int64_t midnight = clock_wall_ms() / day * day;
    struct audit *audit = store_open(*state, "one");
    append_at(audit, "old", 200, midnight - 40 * day);
    append_at(audit, "edge", 5, midnight - 30 * day - 6); /* the last of day 31 */
    append_at(audit, "kept", 10, midnight - 30 * day);    /* the first of day 30 */
    audit_close(audit);
    audit = store_open(*state, "retired");
    append_at(audit, "retired", 3, midnight - 40 * day);
    append_at(audit, "retired-kept", 1, midnight);
    audit_close(audit);

    audit = open_keeping(state, "one", 30);
    await_records(state, 11);
    assert_int_equal(store_number(*state, "SELECT count(*) FROM audit_name"), 22);
    struct report report;
    verify(audit, &report);
    assert_int_equal(report.count, 0);
    assert_int_equal(report.seen.first, 206);
    assert_int_equal(report.seen.checked, 10);
    append_at(audit, "new", 3, midnight);
    struct audit_stats stats;
    audit_stats(audit, &stats);
    assert_int_equal(stats.pruned, 208);
    audit_close(audit);

    audit = store_open(*state, "one");
    store_sql(*state, "DELETE FROM audit_record WHERE request_id = 'kept-0'");
    expect_one(audit, AUDIT_MISSING, 206);
    audit_close(audit);
}

static void retention_keeps_the_evidence_of_a_gap(void **state)
{
    struct audit *audit = store_open(*state, "one");
    append_samples(audit, "a", 0, 10);
    store_sql(*state, "DELETE FROM audit_record WHERE record_id = " RECORD(4));
    audit_close(audit);
    audit = open_keeping(state, "one", 30);
    await_records(state, 6);
    expect_one(audit, AUDIT_MISSING, 4);
    audit_close(audit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_changed_column_is_found),
        ON_BOTH(a_tampered_byte_of_the_body_is_found),
        ON_BOTH(a_deleted_row_is_found_wherever_it_stood),
        ON_BOTH(the_first_and_the_last_row_are_missed_too),
        ON_BOTH(two_swapped_rows_are_both_named),
        ON_BOTH(a_forged_record_is_betrayed_by_the_next),
        ON_BOTH(a_record_hidden_from_the_name_index_is_found),
        ON_BOTH(reading_can_be_stopped),
        ON_BOTH(a_chain_goes_on_after_restarts),
        ON_BOTH(old_days_go_and_the_chain_still_verifies),
        ON_BOTH(retention_keeps_the_evidence_of_a_gap),
    };
    return cmocka_run_group_tests(tests, stores_setup, stores_teardown);
}
