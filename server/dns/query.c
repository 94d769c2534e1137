#include "dns/query.h"

#include <string.h>

static uint8_t *put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_name(uint8_t *at, const uint8_t *end, const char *name)
{
    while (*name) {
        const char *dot = strchrnul(name, '.');
        size_t len = (size_t)(dot - name);
        if (len == 0 || len > 63 || len + 2 > (size_t)(end - at))
            return NULL;
        *at++ = (uint8_t)len;
        memcpy(at, name, len);
        at += len;
        name = *dot ? dot + 1 : dot;
    }
    *at++ = 0;
    return at;
}

size_t query_write(uint8_t out[QUERY_MAX], const char *name, uint16_t type, uint16_t id,
                   bool cd)
{
    enum { RD = 0x0100, AD = 0x0020, CD = 0x0010, CLASS_IN = 1, TYPE_OPT = 41 };
    uint8_t *at = put_u16(out, id);
    at = put_u16(at, RD | AD | (cd ? CD : 0));
    at = put_u16(at, 1); /* one question, one additional record */
    at = put_u16(at, 0);
    at = put_u16(at, 0);
    at = put_u16(at, 1);
    at = put_name(at, out + 12 + 255, name);
    if (!at)
        return 0;
    at = put_u16(at, type);
    at = put_u16(at, CLASS_IN);
    *at++ = 0; /* OPT: root owner, payload size, no flags, no options */
    at = put_u16(at, TYPE_OPT);
    at = put_u16(at, QUERY_UDP_PAYLOAD);
    memset(at, 0, 6);
    return (size_t)(at + 6 - out);
}
