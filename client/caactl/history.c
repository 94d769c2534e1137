/* caactl history - what was asked and answered, newest first: a table, JSON
 * lines, or the report of prevented issuances; page after page, so that memory
 * does not grow with the history. */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "rpc.h"

/* ListChecks gives no more in one page. */
#define PAGE_MAX 1000

/* A page that must be sought through many records takes longer than a call. */
#define PAGE_TIMEOUT_MS 60000

const char *history_enum(const ProtobufCEnumDescriptor *descriptor, int number,
                         char spare[HISTORY_ENUM_MAX])
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (value != NULL)
        return value->name;
    snprintf(spare, HISTORY_ENUM_MAX, "%d", number);
    return spare;
}

const char *history_time(int64_t ms, char out[HISTORY_TIME_MAX])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    size_t len = 0;
    out[0] = '\0';
    if (ms > 0 && gmtime_r(&seconds, &parts) != NULL)
        len = strftime(out, HISTORY_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
    if (len > 0)
        snprintf(out + len, HISTORY_TIME_MAX - len, ".%03dZ", (int)(ms % 1000));
    return out;
}

void history_complain(const Caa__V1__CheckRecord *record)
{
    complain("record %" PRIu64 " of stream %.128s cannot be read; see caactl history "
             "--verify",
             record->sequence, record->stream);
}

struct listing {
    struct history_query *query;
    struct history_table *table; /* HISTORY_TABLE only */
    uint64_t shown;
};

static void show(struct listing *listing, const Caa__V1__CheckRecord *record)
{
    switch (listing->query->form) {
    case HISTORY_TABLE:
        history_table_add(listing->table, record);
        break;
    case HISTORY_JSON:
        rpc_print_json(&record->base);
        break;
    case HISTORY_REPORT_CSV:
    case HISTORY_REPORT_JSON:
        history_report_add(listing->query, record);
        break;
    }
    listing->shown++;
}

/* Overwrites itself; only where a person looks on. */
static void show_progress(const struct listing *listing,
                          const Caa__V1__ListChecksResponse *page)
{
    char at[HISTORY_TIME_MAX] = "";
    if (page->n_checks > 0 && page->checks[page->n_checks - 1]->response != NULL)
        history_time(page->checks[page->n_checks - 1]->response->checked_at_ms, at);
    fprintf(stderr, "\r\033[K%" PRIu64 " records%s%s", listing->shown,
            at[0] != '\0' ? ", back to " : "", at);
}

static void show_page(struct listing *listing, const Caa__V1__ListChecksResponse *page)
{
    const struct history_query *query = listing->query;
    for (size_t i = 0; i < page->n_checks && listing->shown < query->limit; i++)
        show(listing, page->checks[i]);
    if (query->progress)
        show_progress(listing, page);
}

/* Keeps a copy of the token, which goes with the page. */
static bool turn_page(struct listing *listing, const Caa__V1__ListChecksResponse *page,
                      char **token)
{
    size_t len = strlen(page->next_page_token);
    bool again = *token != NULL && strcmp(*token, page->next_page_token) == 0;
    if (len > 0 && again)
        complain("the server gave the same page twice");
    free(*token);
    *token = must_alloc(len + 1);
    memcpy(*token, page->next_page_token, len);
    listing->query->request.page_token = *token;
    /* A reader that went away, as head does, wants no more. */
    bool written = !ferror(stdout) && fflush(stdout) == 0;
    return len > 0 && !again && written && listing->shown < listing->query->limit;
}

static uint32_t page_size(const struct listing *listing)
{
    uint64_t left = listing->query->limit - listing->shown;
    bool sought = listing->query->request.verdict != 0;
    return left < PAGE_MAX && !sought ? (uint32_t)left : PAGE_MAX;
}

static int list_pages(struct cli *cli, struct listing *listing)
{
    char *token = NULL;
    int code = 0;
    for (bool more = true; more;) {
        listing->query->request.page_size = page_size(listing);
        ProtobufCMessage *reply =
            rpc_call(cli, &caa__v1__caa_service__descriptor, "ListChecks",
                     &listing->query->request.base, NULL, &code);
        if (reply == NULL)
            break;
        const Caa__V1__ListChecksResponse *page =
            (const Caa__V1__ListChecksResponse *)reply;
        show_page(listing, page);
        more = turn_page(listing, page, &token);
        protobuf_c_message_free_unpacked(reply, NULL);
    }
    free(token);
    return code;
}

static int list(struct cli *cli, struct history_query *query)
{
    struct listing listing = {.query = query};
    if (!arguments_has(cli->arguments, OPT_TIMEOUT))
        cli->timeout_ms = PAGE_TIMEOUT_MS;
    if (query->form == HISTORY_TABLE)
        listing.table = history_table_create();
    history_report_head(query);
    int code = list_pages(cli, &listing);
    if (query->progress)
        fputc('\n', stderr);
    if (listing.table != NULL)
        history_table_destroy(listing.table);
    if (code != 0 && listing.shown > 0)
        complain("the history above is not whole");
    return code;
}

int verb_history(struct cli *cli)
{
    const struct arguments *arguments = cli->arguments;
    struct history_query query;
    if (!history_query_read(arguments, cli->json, &query))
        return EXIT_USAGE;
    if (arguments_has(arguments, OPT_VERIFY))
        return history_verify(cli);
    if (arguments_has(arguments, OPT_ID))
        return history_record(cli, arguments_value(arguments, OPT_ID));
    return list(cli, &query);
}
