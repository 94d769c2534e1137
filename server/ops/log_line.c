#include "ops/log_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    /* ,"cut":true} and a newline fit behind everything else. */
    END_ROOM = 16,
    /* One value leaves room for the others. */
    VALUE_MAX = 1024,
    UNREADABLE = 0xfffd,
};

static bool put(struct log_line *line, const char *text, size_t len)
{
    if (len > sizeof line->data - END_ROOM - line->len)
        return false;
    memcpy(line->data + line->len, text, len);
    line->len += len;
    return true;
}

__attribute__((format(printf, 2, 3))) static bool putf(struct log_line *line,
                                                       const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return len >= 0 && (size_t)len < sizeof text && put(line, text, (size_t)len);
}

/* The code point at the start of text and its length. What is no UTF-8 (overlong
 * forms and surrogates are none either) counts one octet at a time. */
static uint32_t decode(struct bytes text, size_t *len)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = text.data[0];
    size_t more = first < 0x80             ? 0
                  : (first & 0xe0) == 0xc0 ? 1
                  : (first & 0xf0) == 0xe0 ? 2
                  : (first & 0xf8) == 0xf0 ? 3
                                           : 4;
    *len = 1;
    if (more == 0)
        return first;
    if (more == 4 || more >= text.len)
        return UNREADABLE;
    uint32_t point = first & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return UNREADABLE;
        point = point << 6 | (text.data[i] & 0x3fU);
    }
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return UNREADABLE;
    *len = more + 1;
    return point;
}

/* Controls, separators of lines, and what turns the direction of writing or is
 * not seen at all: in a terminal these could hide or forge text. */
static bool is_unsafe(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0xad ||
           point == 0x61c || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x2069) ||
           point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
           (point >= 0xe0000 && point <= 0xe007f);
}

static bool put_escaped(struct log_line *line, uint32_t point)
{
    if (point == '\n')
        return put(line, "\\n", 2);
    if (point == '\t')
        return put(line, "\\t", 2);
    if (point < 0x10000)
        return putf(line, "\\u%04" PRIx32, point);
    /* JSON writes the rest as a surrogate pair (RFC 8259 section 7). */
    point -= 0x10000;
    return putf(line, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (point >> 10),
                0xdc00 + (point & 0x3ff));
}

static bool put_character(struct log_line *line, struct bytes text, size_t *len)
{
    uint32_t point = decode(text, len);
    if (point == UNREADABLE || is_unsafe(point))
        return put_escaped(line, point);
    if (point == '"' || point == '\\')
        return put(line, "\\", 1) && put(line, (const char *)text.data, 1);
    return put(line, (const char *)text.data, *len);
}

static bool put_quoted(struct log_line *line, struct bytes text)
{
    size_t limit = line->len + VALUE_MAX;
    bool fits = put(line, "\"", 1);
    for (size_t at = 0, len; fits && at < text.len; at += len) {
        if (line->len >= limit) {
            fits = put(line, "...", 3);
            break;
        }
        fits = put_character(line, (struct bytes){text.data + at, text.len - at}, &len);
    }
    return fits && put(line, "\"", 1);
}

/* Words need no quotes in text; what might be taken for something else does. */
static bool is_bare(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!ascii_is_alnum(c) && (c == 0 || !strchr("-_.:/*@+%[],;", c)))
            return false;
    }
    return text.len > 0 && text.len <= VALUE_MAX;
}

static bool put_text(struct log_line *line, struct bytes text)
{
    if (!text.data)
        return put(line, "null", 4);
    if (line->format == LOG_FORMAT_TEXT && is_bare(text))
        return put(line, (const char *)text.data, text.len);
    return put_quoted(line, text);
}

static bool put_value(struct log_line *line, const struct log_field *field)
{
    switch (field->kind) {
    case LOG_KIND_TEXT:
        return put_text(line, field->value.text);
    case LOG_KIND_INT:
        return putf(line, "%" PRId64, field->value.integer);
    case LOG_KIND_UINT:
        return putf(line, "%" PRIu64, field->value.natural);
    case LOG_KIND_BOOL:
        return field->value.truth ? put(line, "true", 4) : put(line, "false", 5);
    case LOG_KIND_END:
        break;
    }
    return false;
}

/* RFC 3339 in UTC. */
static bool put_time(struct log_line *line, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char text[32];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    return putf(line, "%s.%03dZ", text, (int)(wall_ms % 1000));
}

void log_line_start(struct log_line *line, enum log_format format, int64_t wall_ms,
                    enum log_level level, const char *message)
{
    line->format = format;
    line->len = 0;
    line->cut = false;
    if (format == LOG_FORMAT_TEXT) {
        put_time(line, wall_ms);
        putf(line, " %-7s ", log_level_name(level));
        /* Of its own: a message is a sentence and stands without quotes. */
        struct bytes text = bytes_of(message);
        for (size_t at = 0, len; at < text.len && at < VALUE_MAX; at += len)
            if (!put_character(line, (struct bytes){text.data + at, text.len - at}, &len))
                break;
        return;
    }
    put(line, "{\"time\":\"", 9);
    put_time(line, wall_ms);
    putf(line, "\",\"level\":\"%s\",\"msg\":", log_level_name(level));
    put_quoted(line, bytes_of(message));
}

void log_line_add(struct log_line *line, const struct log_field *field)
{
    size_t before = line->len;
    struct bytes key = bytes_of(field->key);
    bool fits;
    if (line->format == LOG_FORMAT_TEXT)
        fits = put(line, " ", 1) && put(line, field->key, key.len) && put(line, "=", 1);
    else
        fits = put(line, ",", 1) && put_quoted(line, key) && put(line, ":", 1);
    if (fits && put_value(line, field))
        return;
    line->len = before;
    line->cut = true;
}

void log_line_end(struct log_line *line)
{
    char end[END_ROOM + 1];
    int len = snprintf(end, sizeof end, "%s%s\n",
                       !line->cut                        ? ""
                       : line->format == LOG_FORMAT_TEXT ? " cut=true"
                                                         : ",\"cut\":true",
                       line->format == LOG_FORMAT_TEXT ? "" : "}");
    memcpy(line->data + line->len, end, (size_t)len);
    line->len += (size_t)len;
}
