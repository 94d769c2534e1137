#include "audit/entries.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void sample_init(struct sample *sample, const char *prefix, int n, int64_t base_ms)
{
    snprintf(sample->id, sizeof sample->id, "%s-%d", prefix, n);
    snprintf(sample->order, sizeof sample->order, "order-%d", n / 3);
    snprintf(sample->own, sizeof sample->own, "h%d.example", n);
    snprintf(sample->parent, sizeof sample->parent, "common.example");
    sample->names[0] = (struct audit_name){sample->own, 1, 2};
    sample->names[1] = (struct audit_name){sample->parent, 2, 10};
    sample->names[2] = (struct audit_name){"", 5, 50};
    for (size_t i = 0; i < sizeof sample->payload; i++)
        sample->payload[i] = (uint8_t)(i * (size_t)(n + 1) + (i >> 3));
    sample->entry = (struct audit_entry){
        .request_id = sample->id,
        .order_id = sample->order,
        .product = "DV",
        .caller = "orders",
        .event = 1 + n % 4,
        .decision = 1 + n % 3,
        .checked_at_ms = base_ms + n,
        .names = sample->names,
        .name_count = 3,
        .payload = {sample->payload, sizeof sample->payload},
    };
}

/* --- waiting --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;

static void await(const bool *got)
{
    pthread_mutex_lock(&lock);
    while (!*got)
        pthread_cond_wait(&wake, &lock);
    pthread_mutex_unlock(&lock);
}

static void announce(bool *got)
{
    pthread_mutex_lock(&lock);
    *got = true;
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
}

static void answered(void *arg, enum caa_err err, const struct audit_receipt *receipt)
{
    struct answer *answer = arg;
    answer->err = err;
    answer->receipt = *receipt;
    announce(&answer->got);
}

struct answer append_wait(struct audit *audit, const struct audit_entry *entry)
{
    struct answer answer = {0};
    assert_int_equal(audit_append(audit, entry, answered, &answer), CAA_OK);
    await(&answer.got);
    return answer;
}

void append_samples(struct audit *audit, const char *prefix, int first, int count)
{
    for (int i = 0; i < count; i++) {
        struct sample sample;
        sample_init(&sample, prefix, first + i, ENTRY_BASE_MS);
        struct answer answer = append_wait(audit, &sample.entry);
        assert_int_equal(answer.err, CAA_OK);
        assert_false(answer.receipt.known);
    }
}

/* --- find --- */

struct find {
    bool got;
    enum caa_err err;
    const struct sample *sample;
    bool equal;
};

static bool equal(const struct audit_record *record, const struct audit_entry *entry)
{
    return strcmp(record->request_id, entry->request_id) == 0 &&
           strcmp(record->order_id, entry->order_id) == 0 &&
           strcmp(record->product, entry->product) == 0 &&
           strcmp(record->caller, entry->caller) == 0 && record->event == entry->event &&
           record->decision == entry->decision &&
           record->checked_at_ms == entry->checked_at_ms &&
           bytes_equal(record->payload, entry->payload);
}

static void found(void *arg, enum caa_err err, const struct audit_record *record)
{
    struct find *find = arg;
    find->err = err;
    find->equal = err != CAA_OK || equal(record, &find->sample->entry);
    announce(&find->got);
}

enum caa_err find_wait(struct audit *audit, const struct sample *sample)
{
    struct find find = {.sample = sample};
    assert_int_equal(audit_find(audit, sample->id, found, &find), CAA_OK);
    await(&find.got);
    assert_true(find.equal);
    return find.err;
}

/* --- list --- */

struct list {
    bool got;
    struct listing *out;
};

static void listed(void *arg, enum caa_err err, const struct audit_page *page)
{
    struct list *list = arg;
    struct listing *out = list->out;
    *out = (struct listing){.err = err};
    for (size_t i = 0; err == CAA_OK && i < page->count && i < 64; i++) {
        snprintf(out->ids[i], sizeof out->ids[i], "%s", page->records[i].request_id);
        out->sequences[i] = page->records[i].sequence;
        out->count++;
    }
    if (err == CAA_OK)
        strcpy(out->token, page->next_token);
    announce(&list->got);
}

void list_wait(struct audit *audit, const struct audit_filter *filter,
               struct listing *out)
{
    struct list list = {.out = out};
    assert_int_equal(audit_list(audit, filter, listed, &list), CAA_OK);
    await(&list.got);
    assert_int_equal(out->err, CAA_OK);
}

void await_health(struct audit *audit, bool serving)
{
    char text[AUDIT_TEXT_LEN];
    for (int i = 0; i < 2000; i++) {
        if (audit_health(audit, text) == serving)
            return;
        usleep(10 * 1000);
    }
    fail_msg("audit did not become %s: %s", serving ? "healthy" : "unhealthy", text);
}
