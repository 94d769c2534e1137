/* history.h - the parts of caactl history: what was asked for, and who shows it.
 * Threads: main only. */
#ifndef CAACTL_HISTORY_H
#define CAACTL_HISTORY_H

#include <caa/v1/caa.pb-c.h>
#include <stdint.h>

#include "verb.h"

enum history_form {
    HISTORY_TABLE,
    HISTORY_JSON, /* a CheckRecord a line */
    HISTORY_REPORT_CSV,
    HISTORY_REPORT_JSON,
};

struct history_query {
    Caa__V1__ListChecksRequest request;
    enum history_form form;
    uint64_t limit; /* UINT64_MAX: none */
    bool progress;
};

/* --- history_query.c --- */

/* Reads the options. false: the mistake has been printed. */
bool history_query_read(const struct arguments *arguments, bool json,
                        struct history_query *query);

/* --- history.c --- */

/* A value's name; its number as text in spare when this program knows none. */
#define HISTORY_ENUM_MAX 16
const char *history_enum(const ProtobufCEnumDescriptor *descriptor, int number,
                         char spare[HISTORY_ENUM_MAX]);

/* "2026-01-31T08:00:00.123Z", empty for 0. Returns out. */
#define HISTORY_TIME_MAX 40
const char *history_time(int64_t ms, char out[HISTORY_TIME_MAX]);

/* Says that this record cannot be read. */
void history_complain(const Caa__V1__CheckRecord *record);

/* --- history_table.c: rows for people, so many at a time --- */

struct history_table;
struct history_table *history_table_create(void);
void history_table_add(struct history_table *table, const Caa__V1__CheckRecord *record);
/* Prints what is left. */
void history_table_destroy(struct history_table *table);

/* --- history_report.c: one row a refused name (BR 4.2.2.1, formerly 3.2.2.8) --- */

void history_report_head(const struct history_query *query);
void history_report_add(const struct history_query *query,
                        const Caa__V1__CheckRecord *record);

/* --- history_record.c, history_verify.c: each returns the exit code --- */

int history_record(struct cli *cli, const char *request_id);
int history_verify(struct cli *cli);

#endif
