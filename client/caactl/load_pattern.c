#include "load_pattern.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

enum placeholder { NUMBER, HEX, NAME, PLACEHOLDERS };

static const char *const words[PLACEHOLDERS] = {"{{number}}", "{{hex}}", "{{name}}"};

#define NUMBER_MAX 20
#define HEX_LEN    16

/* The placeholder that stands at text, or PLACEHOLDERS. */
static enum placeholder placeholder_at(const char *text)
{
    int which = NUMBER;
    while (which < PLACEHOLDERS && strncmp(text, words[which], strlen(words[which])) != 0)
        which++;
    return (enum placeholder)which;
}

const char *load_pattern_unknown(const char *text)
{
    for (const char *at = strstr(text, "{{"); at != NULL; at = strstr(at + 2, "{{"))
        if (placeholder_at(at) == PLACEHOLDERS)
            return at;
    return NULL;
}

static size_t longest_name(const struct load_names *names)
{
    size_t longest = 0;
    for (size_t i = 0; names != NULL && i < names->len; i++)
        if (names->lengths[i] > longest)
            longest = names->lengths[i];
    return longest;
}

size_t load_pattern_size(const char *pattern, const struct load_names *names)
{
    size_t size = strlen(pattern) + 1;
    for (const char *at = strstr(pattern, "{{"); at != NULL; at = strstr(at + 2, "{{"))
        switch (placeholder_at(at)) {
        case NUMBER:
            size += NUMBER_MAX;
            break;
        case HEX:
            size += HEX_LEN;
            break;
        case NAME:
            size += longest_name(names);
            break;
        case PLACEHOLDERS:
            break;
        }
    return size;
}

static char *put_number(char *out, uint64_t number)
{
    char digits[NUMBER_MAX];
    size_t len = 0;
    do
        digits[len++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (len > 0)
        *out++ = digits[--len];
    return out;
}

/* The finalizer of splitmix64: every bit of the input moves half of the output. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static char *put_hex(char *out, struct load_pattern_values *values)
{
    uint64_t random = mix(mix(values->seed + values->number) + ++values->hex_made);
    for (int shift = 60; shift >= 0; shift -= 4)
        *out++ = "0123456789abcdef"[random >> shift & 15u];
    return out;
}

static char *put_name(char *out, const struct load_pattern_values *values)
{
    const struct load_names *names = values->names;
    size_t index = (size_t)(values->number % names->len);
    memcpy(out, names->text + names->starts[index], names->lengths[index]);
    return out + names->lengths[index];
}

void load_pattern_fill(const char *pattern, struct load_pattern_values *values, char *out)
{
    while (*pattern != '\0') {
        enum placeholder which =
            pattern[0] == '{' ? placeholder_at(pattern) : PLACEHOLDERS;
        switch (which) {
        case NUMBER:
            out = put_number(out, values->number);
            break;
        case HEX:
            out = put_hex(out, values);
            break;
        case NAME:
            out = put_name(out, values);
            break;
        case PLACEHOLDERS:
            *out++ = *pattern++;
            continue;
        }
        pattern += strlen(words[which]);
    }
    *out = '\0';
}

uint64_t load_pattern_seed(void)
{
    uint64_t seed = 0;
    /* Not a secret; the time will do where there is nothing better. */
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = (uint64_t)time(NULL);
    return seed;
}
