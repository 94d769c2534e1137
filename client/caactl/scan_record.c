#include "scan_record.h"

#include <string.h>

static const struct {
    const char *verdict;
    const char *people;
} outcomes[SCAN_OUTCOMES] = {[SCAN_PERMITTED] = {"PERMITTED", "permitted"},
                             [SCAN_EXEMPT] = {"EXEMPT", "exempt"},
                             [SCAN_DENIED] = {"DENIED", "denied"},
                             [SCAN_INVALID_NAME] = {"INVALID_NAME", "invalid name"},
                             [SCAN_LOOKUP_FAILED] = {"LOOKUP_FAILED", "lookup failed"},
                             [SCAN_SKIPPED] = {"SKIPPED", "skipped"},
                             [SCAN_UNKNOWN] = {"UNSPECIFIED", "unknown"}};

const char *scan_outcome_name(enum scan_outcome outcome)
{
    return outcomes[outcome].people;
}

enum scan_outcome scan_outcome_of(const char *verdict, size_t len)
{
    for (int i = 0; i < SCAN_UNKNOWN; i++)
        if (strlen(outcomes[i].verdict) == len &&
            memcmp(outcomes[i].verdict, verdict, len) == 0)
            return (enum scan_outcome)i;
    return SCAN_UNKNOWN;
}

static void add_field(struct scan_text *text, const char *key, const char *value)
{
    scan_text_string(text, key);
    scan_text_quote(text, value, strlen(value));
}

/* scan_record_read knows this order. */
void scan_record_write(struct scan_text *text, const struct scan_record *record)
{
    scan_text_string(text, "{\"line\":");
    scan_text_number(text, (int64_t)record->line);
    scan_text_string(text, ",\"name\":");
    scan_text_quote(text, record->name, record->name_len);
    add_field(text, ",\"verdict\":", record->verdict);
    add_field(text, ",\"reason\":", record->reason);
    add_field(text, ",\"message\":", record->message);
    add_field(text, ",\"remedy\":", record->remedy);
    add_field(text, ",\"found_at\":", record->found_at);
    add_field(text, ",\"dnssec\":", record->dnssec);
    scan_text_string(text, ",\"retrieved_at_ms\":");
    scan_text_number(text, record->retrieved_at_ms);
    scan_text_string(text, ",\"valid_until_ms\":");
    scan_text_number(text, record->valid_until_ms);
    scan_text_string(text, ",\"retryable\":");
    scan_text_string(text, record->retryable ? "true" : "false");
    add_field(text, ",\"request_id\":", record->request_id);
    scan_text_string(text, "}\n");
}

void scan_record_write_local(struct scan_text *text, const struct scan_line *line)
{
    struct scan_record record = {.line = line->number,
                                 .name = line->text,
                                 .name_len = line->len,
                                 .verdict = "INVALID_NAME",
                                 .reason = "SYNTAX",
                                 .message = "",
                                 .remedy = "",
                                 .found_at = "",
                                 .dnssec = "DNSSEC_UNSPECIFIED",
                                 .request_id = ""};
    switch (line->kind) {
    case SCAN_NAME:
        break;
    case SCAN_BLANK:
        record.verdict = "SKIPPED";
        record.reason = "BLANK_LINE";
        break;
    case SCAN_COMMENT:
        record.verdict = "SKIPPED";
        record.reason = "COMMENT";
        break;
    case SCAN_TOO_LONG:
        record.message = "The line is over 4096 bytes long; only its beginning is shown.";
        break;
    case SCAN_NUL:
        record.message = "The line contains a NUL byte, which no name does.";
        break;
    case SCAN_NOT_UTF8:
        record.message = "The line is not UTF-8; bytes that are not are shown as U+FFFD.";
        break;
    }
    scan_record_write(text, &record);
}

/* FNV-1a. */
static uint32_t mark_of(uint64_t line, const char *quoted, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u ^ line;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)quoted[i]) * 0x100000001b3u;
    uint32_t folded = (uint32_t)(hash ^ hash >> 32);
    return folded != 0 ? folded : 1;
}

uint32_t scan_record_mark(const struct scan_line *line, struct scan_text *scratch)
{
    scratch->len = 0;
    scan_text_quote(scratch, line->text, line->len);
    return mark_of(line->number, scratch->data, scratch->len);
}

struct reader {
    const char *at;
    size_t left;
};

static bool expect(struct reader *reader, const char *text)
{
    size_t len = strlen(text);
    if (reader->left < len || memcmp(reader->at, text, len) != 0)
        return false;
    reader->at += len;
    reader->left -= len;
    return true;
}

static bool read_number(struct reader *reader, uint64_t *number)
{
    uint64_t value = 0;
    size_t len = 0;
    for (; len < reader->left && reader->at[len] >= '0' && reader->at[len] <= '9'; len++)
        value = value * 10 + (uint64_t)(reader->at[len] - '0');
    reader->at += len;
    reader->left -= len;
    *number = value;
    return len > 0 && len < 19 && value > 0;
}

/* Quotes included. */
static bool read_string(struct reader *reader, const char **quoted, size_t *quoted_len)
{
    size_t len = 1;
    if (reader->left < 2 || *reader->at != '"')
        return false;
    while (len < reader->left && reader->at[len] != '"')
        len += reader->at[len] == '\\' ? 2 : 1;
    if (len >= reader->left)
        return false;
    *quoted = reader->at;
    *quoted_len = len + 1;
    reader->at += len + 1;
    reader->left -= len + 1;
    return true;
}

bool scan_record_read(const char *text, size_t len, struct scan_seen *seen)
{
    struct reader reader = {.at = text, .left = len};
    const char *name;
    const char *verdict;
    size_t name_len;
    size_t verdict_len;
    uint64_t line;
    if (!expect(&reader, "{\"line\":") || !read_number(&reader, &line) ||
        !expect(&reader, ",\"name\":") || !read_string(&reader, &name, &name_len) ||
        !expect(&reader, ",\"verdict\":") ||
        !read_string(&reader, &verdict, &verdict_len) ||
        !expect(&reader, ",\"reason\":") || text[len - 1] != '}')
        return false;
    *seen = (struct scan_seen){.line = line,
                               .mark = mark_of(line, name, name_len),
                               .outcome = scan_outcome_of(verdict + 1, verdict_len - 2)};
    return true;
}
