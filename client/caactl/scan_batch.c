#include "scan_batch.h"

#include <stdlib.h>
#include <string.h>

#include "output.h"

void scan_batch_init(struct scan_batch *batch, size_t limit)
{
    *batch = (struct scan_batch){.limit = limit};
    batch->names = must_alloc(limit * sizeof(*batch->names));
}

void scan_batch_fini(struct scan_batch *batch)
{
    scan_text_free(&batch->text);
    scan_text_free(&batch->out);
    free(batch->lines);
    free(batch->names);
    *batch = (struct scan_batch){0};
}

void scan_batch_add(struct scan_batch *batch, const struct scan_line *line)
{
    if (batch->lines_len == batch->lines_cap) {
        batch->lines_cap = batch->lines_cap * 2 + 16;
        batch->lines = must_grow(batch->lines, batch->lines_cap * sizeof(*batch->lines));
    }
    batch->lines[batch->lines_len++] = (struct scan_batch_line){.number = line->number,
                                                                .kind = line->kind,
                                                                .offset = batch->text.len,
                                                                .len = line->len};
    batch->names_len += line->kind == SCAN_NAME;
    scan_text_add(&batch->text, line->text, line->len);
    scan_text_add(&batch->text, "", 1);
}

bool scan_batch_is_full(const struct scan_batch *batch)
{
    return batch->names_len >= batch->limit || batch->lines_len >= batch->limit * 2 ||
           batch->text.len + SCAN_LINE_MAX >= SCAN_BATCH_BYTES;
}

uint64_t scan_batch_first(const struct scan_batch *batch)
{
    return batch->lines_len > 0 ? batch->lines[0].number : 0;
}

static const char *text_of(const struct scan_batch *batch,
                           const struct scan_batch_line *line)
{
    return batch->text.data + line->offset;
}

static void write_local(struct scan_batch *batch, const struct scan_batch_line *line)
{
    struct scan_line copy = {.number = line->number,
                             .kind = line->kind,
                             .text = text_of(batch, line),
                             .len = line->len};
    bool skipped = line->kind == SCAN_BLANK || line->kind == SCAN_COMMENT;
    scan_record_write_local(&batch->out, &copy);
    batch->counts[skipped ? SCAN_SKIPPED : SCAN_INVALID_NAME]++;
}

size_t scan_batch_ask(struct scan_batch *batch, const char *const **names)
{
    for (; batch->from < batch->lines_len && batch->lines[batch->from].kind != SCAN_NAME;
         batch->from++)
        write_local(batch, &batch->lines[batch->from]);
    batch->asked_len = 0;
    for (batch->to = batch->from; batch->to < batch->lines_len; batch->to++) {
        const struct scan_batch_line *line = &batch->lines[batch->to];
        if (line->kind != SCAN_NAME)
            continue;
        if (batch->asked_len == batch->limit)
            break;
        batch->names[batch->asked_len++] = text_of(batch, line);
    }
    *names = batch->names;
    return batch->asked_len;
}

uint64_t scan_batch_asked_line(const struct scan_batch *batch)
{
    return batch->lines[batch->from].number;
}

static void write_result(struct scan_batch *batch, const struct scan_batch_line *line,
                         const struct caa_check_result *result, const char *request_id)
{
    const char *verdict = caa_check_verdict_name(result->verdict);
    bool has_dnssec = result->dnssec != CAA_CHECK_DNSSEC_UNSPECIFIED;
    struct scan_record record = {.line = line->number,
                                 .name = text_of(batch, line),
                                 .name_len = line->len,
                                 .verdict = verdict,
                                 .reason = caa_check_reason_name(result->reason),
                                 .message = result->message,
                                 .remedy = result->remedy,
                                 .found_at = result->found_at,
                                 .dnssec = has_dnssec
                                               ? caa_check_dnssec_name(result->dnssec)
                                               : "DNSSEC_UNSPECIFIED",
                                 .retrieved_at_ms = result->retrieved_at_ms,
                                 .valid_until_ms = result->valid_until_ms,
                                 .retryable = result->retryable,
                                 .request_id = request_id};
    scan_record_write(&batch->out, &record);
    batch->counts[scan_outcome_of(verdict, strlen(verdict))]++;
}

/* Results are distinct and in the order first asked: a name either is the next
 * result's or was asked for before. */
static const struct caa_check_result *
result_for(const struct caa_check_response *response, const char *name, size_t *next)
{
    const struct caa_check_result *results = response->results;
    if (*next < response->results_len && strcmp(results[*next].name, name) == 0)
        return &results[(*next)++];
    for (size_t i = *next; i-- > 0;)
        if (strcmp(results[i].name, name) == 0)
            return &results[i];
    return NULL;
}

void scan_batch_answer(struct scan_batch *batch,
                       const struct caa_check_response *response)
{
    /* Never used after a verified reply, and never permission. */
    static const struct caa_check_result missing = {
        .message = "The reply has no result for this name.",
        .remedy = "",
        .found_at = ""};
    size_t next = 0;
    for (; batch->from < batch->to; batch->from++) {
        const struct scan_batch_line *line = &batch->lines[batch->from];
        if (line->kind != SCAN_NAME) {
            write_local(batch, line);
            continue;
        }
        const struct caa_check_result *result =
            result_for(response, text_of(batch, line), &next);
        write_result(batch, line, result != NULL ? result : &missing,
                     response->request_id);
    }
}

bool scan_batch_split(struct scan_batch *batch)
{
    if (batch->asked_len <= 1)
        return false;
    batch->limit = batch->asked_len / 2;
    return true;
}

void scan_batch_give_up(struct scan_batch *batch, const struct caa_client_error *error)
{
    for (; batch->from < batch->to; batch->from++) {
        const struct scan_batch_line *line = &batch->lines[batch->from];
        if (line->kind != SCAN_NAME) {
            write_local(batch, line);
            continue;
        }
        struct scan_record record = {.line = line->number,
                                     .name = text_of(batch, line),
                                     .name_len = line->len,
                                     .verdict = "LOOKUP_FAILED",
                                     .reason = caa_client_code_name(error->code),
                                     .message = error->message,
                                     .remedy = "",
                                     .found_at = "",
                                     .dnssec = "DNSSEC_UNSPECIFIED",
                                     .retryable = true,
                                     .request_id = ""};
        scan_record_write(&batch->out, &record);
        batch->counts[SCAN_LOOKUP_FAILED]++;
    }
}
