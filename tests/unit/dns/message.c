#include "dns/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_DNAME = 39, TYPE_OPT = 41 };

static void put(struct message *m, const void *octets, size_t len)
{
    if (len > sizeof m->data - m->len)
        abort();
    memcpy(m->data + m->len, octets, len);
    m->len += len;
}

static void put_u8(struct message *m, unsigned value)
{
    put(m, &(uint8_t){(uint8_t)value}, 1);
}

static void put_u16(struct message *m, unsigned value)
{
    put_u8(m, value >> 8);
    put_u8(m, value);
}

static void put_u32(struct message *m, unsigned long value)
{
    put_u16(m, (unsigned)(value >> 16));
    put_u16(m, (unsigned)value);
}

static void put_name(struct message *m, const char *name)
{
    if (*name == '@') {
        put_u16(m, 0xc000 | (unsigned)strtoul(name + 1, NULL, 10));
        return;
    }
    while (*name && *name != '.') {
        size_t len = strcspn(name, ".");
        put_u8(m, (unsigned)len);
        put(m, name, len);
        name += len + (name[len] == '.');
    }
    put_u8(m, 0);
}

static void put_hex(struct message *m, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2)
        put_u8(m, (unsigned)strtoul((char[]){hex[0], hex[1], 0}, NULL, 16));
}

static void put_escaped(struct message *m, const char *text)
{
    for (; *text; text++) {
        if (text[0] == '\\') {
            put_u8(m,
                   (unsigned)strtoul((char[]){text[1], text[2], text[3], 0}, NULL, 10));
            text += 3;
        } else {
            put_u8(m, (unsigned char)*text);
        }
    }
}

/* ------------------------------------------------------------------- a line */

/* The next word of *line, "" at its end. */
static char *word(char **line)
{
    *line += strspn(*line, " ");
    char *start = *line;
    *line += strcspn(*line, " ");
    if (**line)
        *(*line)++ = '\0';
    return start;
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

static void put_caa(struct message *m, char *line)
{
    const char *flags = word(&line), *tag = word(&line);
    put_u8(m, number(flags));
    put_u8(m, (unsigned)strlen(tag));
    put(m, tag, strlen(tag));
    put_escaped(m, line);
}

/* A type given by number has any RDATA. */
static void put_rdata(struct message *m, const char *type_text, unsigned type, char *line)
{
    switch (number(type_text) ? 0 : type) {
    case 257:
        put_caa(m, line);
        break;
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_DNAME:
        put_name(m, word(&line));
        break;
    case TYPE_SOA:
        put_name(m, "ns.test");
        put_name(m, "hostmaster.test");
        for (int i = 0; i < 4; i++)
            put_u32(m, 1);
        put_u32(m, strtoul(word(&line), NULL, 10));
        break;
    default:
        put_hex(m, word(&line));
    }
}

static unsigned type_of(const char *text)
{
    static const struct {
        const char *text;
        unsigned type;
    } types[] = {{"CAA", 257},    {"CNAME", TYPE_CNAME}, {"DNAME", TYPE_DNAME},
                 {"NS", TYPE_NS}, {"SOA", TYPE_SOA},     {"OPT", TYPE_OPT}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(text, types[i].text) == 0)
            return types[i].type;
    if (!number(text))
        abort();
    return number(text);
}

static void put_record(struct message *m, char *line)
{
    const char *ttl = word(&line), *type_text = word(&line);
    unsigned class = 1;
    if (strcmp(type_text, "CH") == 0) {
        class = 3;
        type_text = word(&line);
    }
    unsigned type = type_of(type_text);
    put_u16(m, type);
    if (type == TYPE_OPT) {
        put_u16(m, 1232);
        put_u32(m, (unsigned long)number(word(&line)) << 24);
    } else {
        put_u16(m, class);
        put_u32(m, strtoul(ttl, NULL, 10));
    }
    size_t at = m->len;
    put_u16(m, 0);
    put_rdata(m, type_text, type, line);
    size_t len = m->len - at - 2;
    m->data[at] = (uint8_t)(len >> 8);
    m->data[at + 1] = (uint8_t)len;
}

static void put_question(struct message *m, char *line)
{
    const char *type = word(&line);
    bool chaos = strcmp(type, "CH") == 0;
    put_u16(m, type_of(chaos ? word(&line) : type));
    put_u16(m, chaos ? 3 : 1);
}

static void add_line(struct message *m, char *line)
{
    static const char sections[] = "QD\0AN\0NS\0AR";
    const char *name = word(&line);
    unsigned section = 0;
    while (section < 4 && strcmp(name, sections + section * 3) != 0)
        section++;
    if (section == 4)
        abort();
    put_name(m, word(&line));
    if (section == 0)
        put_question(m, line);
    else
        put_record(m, line);
    uint8_t *count = m->data + 4 + 2 * section;
    message_lie(m, section, (unsigned)(count[0] << 8 | count[1]) + 1);
}

/* ------------------------------------------------------------------- whole */

void message_begin(struct message *message, unsigned flags)
{
    message->len = 0;
    put_u16(message, 0x1234);
    put_u16(message, flags);
    for (int i = 0; i < 4; i++)
        put_u16(message, 0);
}

void message_add(struct message *message, const char *script)
{
    while (*script) {
        char line[2048];
        size_t len = strcspn(script, "\n");
        if (len >= sizeof line)
            abort();
        memcpy(line, script, len);
        line[len] = '\0';
        add_line(message, line);
        script += len + (script[len] == '\n');
    }
}

void message_write(struct message *message, unsigned flags, const char *script)
{
    message_begin(message, flags);
    message_add(message, script);
}

void message_lie(struct message *message, unsigned section, unsigned count)
{
    message->data[4 + 2 * section] = (uint8_t)(count >> 8);
    message->data[5 + 2 * section] = (uint8_t)count;
}

void message_add_octets(struct message *message, const void *octets, size_t len)
{
    put(message, octets, len);
}

struct bytes message_bytes(const struct message *message)
{
    return (struct bytes){message->data, message->len};
}
