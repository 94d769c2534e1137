/* The report of prevented issuances (BR 4.2.2.1, formerly 3.2.2.8): one row a
 * refused name, with the records that refused it. CSV is RFC 4180 but for line
 * ends of one octet; JSON is an object a line with the same fields. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "output.h"

enum { COLUMNS_MAX = 24 };

/* The cells of a row; each text is escaped for the terminal when it is shown. */
struct row {
    const char *names[COLUMNS_MAX];
    char *texts[COLUMNS_MAX]; /* NULL: a list */
    json_t *lists[COLUMNS_MAX];
    size_t count;
};

static const char *const columns[] = {"checked_at",   "request_id",
                                      "order_id",     "event",
                                      "product",      "name",
                                      "ascii_name",   "verdict",
                                      "reason",       "found_at",
                                      "records",      "dnssec",
                                      "message",      "issuer_domain_names",
                                      "account_uris", "validation_method",
                                      "caller",       "instance",
                                      "stream",       "sequence"};

/* --- filling --- */

static void add_text(struct row *row, const char *text)
{
    row->names[row->count] = columns[row->count];
    row->texts[row->count] = output_escape(text);
    row->count++;
}

static void add_list(struct row *row, json_t *list)
{
    row->names[row->count] = columns[row->count];
    row->lists[row->count] = list;
    row->count++;
}

static void add_enum(struct row *row, const ProtobufCEnumDescriptor *descriptor,
                     int number)
{
    char spare[HISTORY_ENUM_MAX];
    add_text(row, number == 0 ? "" : history_enum(descriptor, number, spare));
}

static void append(json_t *list, const char *text)
{
    char *safe = output_escape(text);
    json_array_append_new(list, json_string(safe));
    free(safe);
}

static json_t *list_of(char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        append(list, texts[i]);
    return list;
}

/* As a zone file has them, without owner and TTL: 0 issue "ca.example". */
static json_t *records_of(const Caa__V1__Result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->n_records; i++) {
        const Caa__V1__Result__Record *record = result->records[i];
        if (!record->decisive)
            continue;
        size_t size = strlen(record->tag) + strlen(record->value) + 32;
        char *text = must_alloc(size);
        snprintf(text, size, "%u %s \"%s\"", record->flags, record->tag, record->value);
        append(list, text);
        free(text);
    }
    return list;
}

static void fill(struct row *row, const Caa__V1__CheckRecord *record,
                 const Caa__V1__Result *result)
{
    const Caa__V1__CheckDomainsRequest *asked = record->request;
    const Caa__V1__CheckDomainsResponse *answer = record->response;
    char time_text[HISTORY_TIME_MAX];
    char sequence[24];
    add_text(row, history_time(answer->checked_at_ms, time_text));
    add_text(row, answer->request_id);
    add_text(row, asked->order_id);
    add_enum(row, &caa__v1__check_domains_request__event__descriptor, (int)asked->event);
    add_text(row, asked->product);
    add_text(row, result->name);
    add_text(row, result->ascii_name);
    add_enum(row, &caa__v1__result__verdict__descriptor, (int)result->verdict);
    add_enum(row, &caa__v1__result__reason__descriptor, (int)result->reason);
    add_text(row, result->found_at);
    add_list(row, records_of(result));
    add_enum(row, &caa__v1__result__dnssec__descriptor, (int)result->dnssec);
    add_text(row, result->message);
    add_list(row, list_of(record->issuer_domain_names, record->n_issuer_domain_names));
    add_list(row, list_of(asked->account_uris, asked->n_account_uris));
    add_text(row, asked->validation_method);
    add_text(row, record->caller);
    add_text(row, answer->instance);
    add_text(row, record->stream);
    snprintf(sequence, sizeof(sequence), "%llu", (unsigned long long)record->sequence);
    add_text(row, sequence);
}

static void release(struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        free(row->texts[i]);
        json_decref(row->lists[i]);
    }
}

/* --- CSV --- */

static void print_quoted(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            putchar('"');
        putchar(*c);
    }
}

static void print_csv_text(const char *text)
{
    bool plain = strpbrk(text, "\",\r\n ") == NULL;
    if (plain) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    print_quoted(text);
    putchar('"');
}

/* Many values in one cell: parted by " | ". */
static void print_csv_list(const json_t *list)
{
    size_t index;
    json_t *item;
    if (json_array_size(list) == 0)
        return;
    putchar('"');
    json_array_foreach(list, index, item)
    {
        fputs(index > 0 ? " | " : "", stdout);
        print_quoted(json_string_value(item));
    }
    putchar('"');
}

static void print_csv(const struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        fputs(i > 0 ? "," : "", stdout);
        if (row->texts[i] != NULL)
            print_csv_text(row->texts[i]);
        else
            print_csv_list(row->lists[i]);
    }
    putchar('\n');
}

/* --- JSON --- */

static void print_json(const struct row *row)
{
    json_t *object = json_object();
    for (size_t i = 0; i < row->count; i++) {
        if (row->texts[i] != NULL)
            json_object_set_new(object, row->names[i], json_string(row->texts[i]));
        else
            json_object_set(object, row->names[i], row->lists[i]);
    }
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (text == NULL) {
        complain("out of memory");
        exit(EXIT_OUTPUT);
    }
    puts(text);
    free(text);
    json_decref(object);
}

/* --- rows --- */

void history_report_head(const struct history_query *query)
{
    if (query->form != HISTORY_REPORT_CSV)
        return;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        printf("%s%s", i > 0 ? "," : "", columns[i]);
    putchar('\n');
}

void history_report_add(const struct history_query *query,
                        const Caa__V1__CheckRecord *record)
{
    if (record->request == NULL || record->response == NULL) {
        history_complain(record);
        return;
    }
    for (size_t i = 0; i < record->response->n_results; i++) {
        struct row row = {.count = 0};
        const Caa__V1__Result *result = record->response->results[i];
        if (result->verdict != query->request.verdict)
            continue;
        fill(&row, record, result);
        if (query->form == HISTORY_REPORT_CSV)
            print_csv(&row);
        else
            print_json(&row);
        release(&row);
    }
}
