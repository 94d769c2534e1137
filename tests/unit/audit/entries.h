/* entries.h - entries with content that follows from a number, and the
 * asynchronous calls made to wait. */
#ifndef CAA_TEST_AUDIT_ENTRIES_H
#define CAA_TEST_AUDIT_ENTRIES_H

#include "audit/store.h"

enum { ENTRY_BASE_MS = 1700000000 };

struct sample {
    struct audit_entry entry;
    struct audit_name names[3];
    char id[48], order[32], own[64], parent[32];
    uint8_t payload[700];
};

/* Entry number n: id "PREFIX-n", order "order-(n/3)", names "hN.example",
 * "common.example" and "" (not indexed), decision 1 + n % 3, checked at
 * base_ms + n; the payload holds NULs and all other octets. */
void sample_init(struct sample *sample, const char *prefix, int n, int64_t base_ms);

struct answer {
    bool got;
    enum caa_err err;
    struct audit_receipt receipt;
};

/* Appends and waits. Fails the test if the append is refused. */
struct answer append_wait(struct audit *audit, const struct audit_entry *entry);
/* n entries, all acknowledged, sequences rising from the first's. */
void append_samples(struct audit *audit, const char *prefix, int first, int count);

/* CAA_OK: the record's content equals the sample's, or the test fails. */
enum caa_err find_wait(struct audit *audit, const struct sample *sample);

struct listing {
    size_t count;
    char ids[64][48];
    uint64_t sequences[64];
    char token[AUDIT_TOKEN_LEN];
    enum caa_err err;
};

void list_wait(struct audit *audit, const struct audit_filter *filter,
               struct listing *out);

/* Until audit_health says so, at most 20 s. */
void await_health(struct audit *audit, bool serving);

#endif
