#include "base64.h"

#include <stdlib.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *data, size_t len)
{
    char *text = malloc((len + 2) / 3 * 4 + 1);
    if (text == NULL)
        return NULL;
    char *at = text;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)data[i] << 16;
        if (i + 1 < len)
            group |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < len)
            group |= data[i + 2];
        *at++ = alphabet[group >> 18];
        *at++ = alphabet[(group >> 12) & 63u];
        *at++ = i + 1 < len ? alphabet[(group >> 6) & 63u] : '=';
        *at++ = i + 2 < len ? alphabet[group & 63u] : '=';
    }
    *at = '\0';
    return text;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(const char *text, size_t len, uint8_t **out, size_t *out_len)
{
    size_t padded = len;
    while (len > 0 && padded - len < 2 && text[len - 1] == '=')
        len--;
    if (len % 4 == 1 || (padded != len && padded % 4 != 0))
        return false;
    uint8_t *data = malloc(len / 4 * 3 + 3);
    if (data == NULL)
        return false;
    size_t used = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            free(data);
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        /* After the 2nd, 3rd and 4th character of a group a byte is whole. */
        if (i % 4 != 0)
            data[used++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    *out = data;
    *out_len = used;
    return true;
}
