#include "scan_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "scan_line.h"

void scan_text_free(struct scan_text *text)
{
    free(text->data);
    *text = (struct scan_text){0};
}

void scan_text_add(struct scan_text *text, const char *bytes, size_t len)
{
    if (text->cap - text->len < len) {
        text->cap =
            text->cap * 2 > text->len + len ? text->cap * 2 : text->len + len + 64;
        text->data = must_grow(text->data, text->cap);
    }
    if (len > 0)
        memcpy(text->data + text->len, bytes, len);
    text->len += len;
}

void scan_text_string(struct scan_text *text, const char *string)
{
    scan_text_add(text, string, strlen(string));
}

void scan_text_number(struct scan_text *text, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)number);
    scan_text_add(text, digits, (size_t)len);
}

/* Safe to show as it is, and no part of JSON's own syntax. */
static bool is_plain(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    bool turns = c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
                 (c >= 0x2066 && c <= 0x2069) || c == 0x061C;
    return !control && !turns && c != '"' && c != '\\';
}

static void add_escape(struct scan_text *text, uint32_t c)
{
    char escape[8];
    if (c == '"' || c == '\\') {
        escape[0] = '\\';
        escape[1] = (char)c;
        scan_text_add(text, escape, 2);
        return;
    }
    /* None of those that need it lies beyond U+FFFF. */
    snprintf(escape, sizeof(escape), "\\u%04x", c == 0 ? 0xFFFD : c & 0xFFFF);
    scan_text_add(text, escape, 6);
}

void scan_text_quote(struct scan_text *text, const char *bytes, size_t len)
{
    scan_text_add(text, "\"", 1);
    size_t plain = 0;
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        size_t size = scan_utf8(bytes + at, len - at, &c);
        if (size > 0 && is_plain(c)) {
            at += size;
            continue;
        }
        scan_text_add(text, bytes + plain, at - plain);
        add_escape(text, c);
        at += size > 0 ? size : 1;
        plain = at;
    }
    scan_text_add(text, bytes + plain, len - plain);
    scan_text_add(text, "\"", 1);
}
