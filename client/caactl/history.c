/* caactl history [NAME] - what was asked and answered, newest first. */
#include <caa/v1/caa.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duration.h"
#include "output.h"
#include "results.h"
#include "rpc.h"
#include "verb.h"
#include "json/suggest.h"

#define DEFAULT_LIMIT 100
#define LIMIT_MAX     1000000
/* ListChecks gives no more in one page. */
#define PAGE_MAX 1000
/* Names shown of one check. */
#define NAMES_SHOWN 3

static bool parse_time(const struct arguments *arguments, enum option_id id, int64_t *out)
{
    const char *text = arguments_value(arguments, id);
    int64_t now = (int64_t)time(NULL) * 1000;
    return text == NULL || time_parse(text, now, out) ||
           usage("--%s: \"%.40s\" is no time; accepted are 30m, 2h, 7d (ago), 2026-01-31 "
                 "and 2026-01-31T08:00:00Z",
                 option_specs[id].name, text);
}

static bool parse_decision(const struct arguments *arguments,
                           Caa__V1__CheckDomainsResponse__Decision *out)
{
    const ProtobufCEnumDescriptor *decisions =
        &caa__v1__check_domains_response__decision__descriptor;
    const char *text = arguments_value(arguments, OPT_DECISION);
    if (text == NULL)
        return true;
    for (unsigned i = 0; i < decisions->n_values; i++) {
        if (decisions->values[i].value == 0 ||
            strcasecmp(decisions->values[i].name, text) != 0)
            continue;
        *out = (Caa__V1__CheckDomainsResponse__Decision)decisions->values[i].value;
        return true;
    }
    return usage("--decision: \"%.40s\" is none; accepted are permitted, denied and "
                 "lookup_failed",
                 text);
}

static bool parse_limit(const struct arguments *arguments, size_t *out)
{
    const char *text = arguments_value(arguments, OPT_LIMIT);
    *out = DEFAULT_LIMIT;
    if (text == NULL)
        return true;
    size_t len = strspn(text, "0123456789");
    unsigned long number = len > 0 && len < 9 ? strtoul(text, NULL, 10) : 0;
    if (text[len] != '\0' || number < 1 || number > LIMIT_MAX)
        return usage("--limit: \"%.40s\" is no number from 1 to %d", text, LIMIT_MAX);
    *out = number;
    return true;
}

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

static void add_record(struct table *table, const Caa__V1__CheckRecord *record)
{
    char time_text[OUTPUT_TIME_MAX];
    char spare[RESULTS_NAME_MAX];
    char names[512];
    const Caa__V1__CheckDomainsRequest *asked = record->request;
    const Caa__V1__CheckDomainsResponse *answer = record->response;
    if (asked == NULL || answer == NULL)
        return;
    join_names(asked, names, sizeof(names));
    enum output_colour colour =
        answer->decision == CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED
            ? COLOUR_GOOD
        : answer->decision == CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED
            ? COLOUR_BAD
            : COLOUR_DOUBTFUL;
    table_cell(table, COLOUR_NONE, output_time(answer->checked_at_ms, time_text));
    table_cell(table, colour,
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

static struct table *new_table(void)
{
    static const char *const heads[] = {"CHECKED AT", "DECISION",   "EVENT",
                                        "ORDER",      "REQUEST ID", "NAMES"};
    size_t columns = sizeof(heads) / sizeof(heads[0]);
    struct table *table = table_create(columns);
    for (size_t i = 0; i < columns; i++)
        table_cell(table, COLOUR_HEAD, heads[i]);
    return table;
}

/* Page after page, until the limit or the end. */
static int list(struct cli *cli, Caa__V1__ListChecksRequest *request, size_t limit)
{
    struct table *table = cli->json ? NULL : new_table();
    char *token = NULL;
    int code = 0;
    while (limit > 0) {
        request->page_size = (uint32_t)(limit < PAGE_MAX ? limit : PAGE_MAX);
        ProtobufCMessage *reply = rpc_call(cli, &caa__v1__caa_service__descriptor,
                                           "ListChecks", &request->base, NULL, &code);
        if (reply == NULL)
            break;
        const Caa__V1__ListChecksResponse *page =
            (const Caa__V1__ListChecksResponse *)reply;
        if (cli->json)
            rpc_print_json(reply);
        for (size_t i = 0; table != NULL && i < page->n_checks; i++)
            add_record(table, page->checks[i]);
        limit -= page->n_checks < limit ? page->n_checks : limit;
        free(token);
        token = must_alloc(strlen(page->next_page_token) + 1);
        memcpy(token, page->next_page_token, strlen(page->next_page_token));
        protobuf_c_message_free_unpacked(reply, NULL);
        request->page_token = token;
        if (token[0] == '\0')
            break;
    }
    free(token);
    if (table != NULL && code == 0)
        table_print(table);
    if (table != NULL)
        table_destroy(table);
    return code;
}

int verb_history(struct cli *cli)
{
    const struct arguments *arguments = cli->arguments;
    Caa__V1__ListChecksRequest request = CAA__V1__LIST_CHECKS_REQUEST__INIT;
    size_t limit = 0;
    if (arguments->operands_len > 1) {
        usage("history takes one name or none, found %zu", arguments->operands_len);
        return EXIT_USAGE;
    }
    if (!parse_time(arguments, OPT_SINCE, &request.since_ms) ||
        !parse_time(arguments, OPT_UNTIL, &request.until_ms) ||
        !parse_decision(arguments, &request.decision) || !parse_limit(arguments, &limit))
        return EXIT_USAGE;
    if (arguments->operands_len == 1)
        request.name = rpc_lend(arguments->operands[0]);
    if (arguments_has(arguments, OPT_ORDER))
        request.order_id = rpc_lend(arguments_value(arguments, OPT_ORDER));
    return list(cli, &request, limit);
}
