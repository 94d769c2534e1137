#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const char ELLIPSIS[] = "...";

struct text text_of(char *buffer, size_t size)
{
    assert(size >= sizeof ELLIPSIS);
    buffer[0] = '\0';
    return (struct text){.data = buffer, .size = size};
}

static void text_cut(struct text *text)
{
    text->cut = true;
    text->len = text->size - 1;
    memcpy(text->data + text->size - sizeof ELLIPSIS, ELLIPSIS, sizeof ELLIPSIS);
}

static void text_put(struct text *text, const char *characters, size_t count)
{
    if (text->cut)
        return;
    size_t room = text->size - 1 - text->len;
    size_t fits = count < room ? count : room;
    memcpy(text->data + text->len, characters, fits);
    text->len += fits;
    text->data[text->len] = '\0';
    if (fits < count)
        text_cut(text);
}

void text_add(struct text *text, const char *addition)
{
    text_put(text, addition, strlen(addition));
}

void text_addf(struct text *text, const char *format, ...)
{
    if (text->cut)
        return;
    size_t room = text->size - text->len;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text->data + text->len, room, format, args);
    va_end(args);
    if (len < 0)
        text->data[text->len] = '\0';
    else if ((size_t)len >= room)
        text_cut(text);
    else
        text->len += (size_t)len;
}

/* What a name has escaped already stays as it is. */
static bool is_plain(uint8_t octet, bool in_name)
{
    return octet >= 0x20 && octet <= 0x7e && octet != '"' && (in_name || octet != '\\');
}

/* Runs that need no escape, which are nearly all, go in whole. */
static void text_put_escaped(struct text *text, const char *octets, size_t len,
                             bool in_name)
{
    size_t done = 0;
    for (size_t i = 0; i < len && !text->cut; i++) {
        char escaped[4];
        if (is_plain((uint8_t)octets[i], in_name))
            continue;
        text_put(text, octets + done, i - done);
        text_put(text, escaped, text_escape((uint8_t)octets[i], escaped));
        done = i + 1;
    }
    text_put(text, octets + done, len - done);
}

void text_add_escaped(struct text *text, struct bytes octets, size_t max)
{
    size_t shown = octets.len < max ? octets.len : max;
    text_put_escaped(text, (const char *)octets.data, shown, false);
    if (shown < octets.len)
        text_add(text, ELLIPSIS);
}

void text_add_name(struct text *text, const char *name, size_t max)
{
    size_t len = strlen(name);
    if (len > 1 && name[len - 1] == '.' && name[len - 2] != '\\')
        len--;
    size_t shown = len < max ? len : max;
    text_put_escaped(text, name, shown, true);
    if (shown < len)
        text_add(text, ELLIPSIS);
}

size_t text_escape(uint8_t octet, char out[4])
{
    if (octet >= 0x20 && octet <= 0x7e) {
        size_t len = 0;
        if (octet == '"' || octet == '\\')
            out[len++] = '\\';
        out[len++] = (char)octet;
        return len;
    }
    out[0] = '\\';
    out[1] = (char)('0' + octet / 100);
    out[2] = (char)('0' + octet / 10 % 10);
    out[3] = (char)('0' + octet % 10);
    return 4;
}
