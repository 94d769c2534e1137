#include "scan_line.h"

#include <string.h>

size_t scan_utf8(const char *text, size_t len, uint32_t *character)
{
    /* Below its least number a character has a shorter form. */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t size = bytes[0] < 0x80   ? 1
                  : bytes[0] < 0xC2 ? 0
                  : bytes[0] < 0xE0 ? 2
                  : bytes[0] < 0xF0 ? 3
                  : bytes[0] < 0xF5 ? 4
                                    : 0;
    if (size == 0 || size > len)
        return 0;
    uint32_t value = size == 1 ? bytes[0] : bytes[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3F);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *character = value;
    return size;
}

static bool is_utf8(const char *text, size_t len)
{
    while (len > 0) {
        uint32_t character;
        size_t size = scan_utf8(text, len, &character);
        if (size == 0)
            return false;
        text += size;
        len -= size;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

void scan_line_classify(const char *text, size_t len, struct scan_line *line)
{
    while (len > 0 && is_space(text[len - 1]))
        len--;
    while (len > 0 && is_space(*text)) {
        text++;
        len--;
    }
    line->text = text;
    line->len = len;
    if (len == 0)
        line->kind = SCAN_BLANK;
    else if (memchr(text, '\0', len) != NULL)
        line->kind = SCAN_NUL;
    else if (!is_utf8(text, len))
        line->kind = SCAN_NOT_UTF8;
    else
        line->kind = *text == '#' ? SCAN_COMMENT : SCAN_NAME;
}
