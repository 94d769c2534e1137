/* A table a thousand checks: columns line up, memory stays. */
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "output.h"
#include "results.h"

#define ROWS_MAX 1000
/* Names shown of one check. */
#define NAMES_SHOWN 3

struct history_table {
    struct table *table; /* NULL: no row yet */
    size_t rows;
};

static void join_names(const Caa__V1__CheckDomainsRequest *request, char *out,
                       size_t size)
{
    size_t total = request->n_names + (request->common_name[0] != '\0');
    size_t used = 0;
    size_t shown = 0;
    out[0] = '\0';
    if (request->common_name[0] != '\0') {
        used += (size_t)snprintf(out, size, "%.100s", request->common_name);
        shown++;
    }
    for (size_t i = 0; i < request->n_names && shown < NAMES_SHOWN; i++, shown++)
        used += (size_t)snprintf(out + used, size - used, "%s%.100s",
                                 shown > 0 ? " " : "", request->names[i]);
    if (total > shown)
        snprintf(out + used, size - used, " and %zu more", total - shown);
}

static void note_refusals(struct table *table,
                          const Caa__V1__CheckDomainsResponse *answer)
{
    for (size_t i = 0; i < answer->n_results; i++) {
        const Caa__V1__Result *result = answer->results[i];
        char verdict[RESULTS_NAME_MAX];
        char reason[RESULTS_NAME_MAX];
        char text[1024];
        if (result->verdict == CAA__V1__RESULT__VERDICT__PERMITTED ||
            result->verdict == CAA__V1__RESULT__VERDICT__EXEMPT)
            continue;
        snprintf(text, sizeof(text), "%.300s: %s, %s%s%.300s", result->name,
                 results_enum(&caa__v1__result__verdict__descriptor, (int)result->verdict,
                              verdict),
                 results_enum(&caa__v1__result__reason__descriptor, (int)result->reason,
                              reason),
                 result->found_at[0] != '\0' ? " at " : "", result->found_at);
        table_note(table, "", text);
    }
}

static enum output_colour colour_of(Caa__V1__CheckDomainsResponse__Decision decision)
{
    return decision == CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED ? COLOUR_GOOD
           : decision == CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED
               ? COLOUR_BAD
               : COLOUR_DOUBTFUL;
}

static void add_record(struct table *table, const Caa__V1__CheckRecord *record)
{
    char time_text[OUTPUT_TIME_MAX];
    char spare[RESULTS_NAME_MAX];
    char names[512];
    const Caa__V1__CheckDomainsRequest *asked = record->request;
    const Caa__V1__CheckDomainsResponse *answer = record->response;
    join_names(asked, names, sizeof(names));
    table_cell(table, COLOUR_NONE, output_time(answer->checked_at_ms, time_text));
    table_cell(table, colour_of(answer->decision),
               results_enum(&caa__v1__check_domains_response__decision__descriptor,
                            (int)answer->decision, spare));
    table_cell(table, COLOUR_NONE,
               results_enum(&caa__v1__check_domains_request__event__descriptor,
                            (int)asked->event, spare));
    table_cell(table, COLOUR_NONE, asked->order_id);
    table_cell(table, COLOUR_NONE, answer->request_id);
    table_cell(table, COLOUR_NONE, names);
    note_refusals(table, answer);
}

static void start_table(struct history_table *self)
{
    static const char *const heads[] = {"CHECKED AT", "DECISION",   "EVENT",
                                        "ORDER",      "REQUEST ID", "NAMES"};
    size_t columns = sizeof(heads) / sizeof(heads[0]);
    self->table = table_create(columns);
    for (size_t i = 0; i < columns; i++)
        table_cell(self->table, COLOUR_HEAD, heads[i]);
}

static void end_table(struct history_table *self)
{
    table_print(self->table);
    table_destroy(self->table);
    self->table = NULL;
    self->rows = 0;
}

struct history_table *history_table_create(void)
{
    struct history_table *self = must_alloc(sizeof(*self));
    start_table(self);
    return self;
}

void history_table_add(struct history_table *self, const Caa__V1__CheckRecord *record)
{
    if (record->request == NULL || record->response == NULL) {
        history_complain(record);
        return;
    }
    if (self->table == NULL)
        start_table(self);
    add_record(self->table, record);
    if (++self->rows == ROWS_MAX)
        end_table(self);
}

void history_table_destroy(struct history_table *self)
{
    if (self->table != NULL)
        end_table(self);
    free(self);
}
