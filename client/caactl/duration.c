#include "duration.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define DAY_MS (24.0 * 3600 * 1000)

/* Digits with at most one point between or after them; returns what follows. */
static const char *number(const char *text, double *out)
{
    double value = 0;
    double scale = 1;
    size_t whole = strspn(text, "0123456789");
    if (whole == 0 || whole > 12)
        return NULL;
    for (size_t i = 0; i < whole; i++)
        value = value * 10 + (text[i] - '0');
    text += whole;
    if (*text == '.') {
        text++;
        size_t part = strspn(text, "0123456789");
        if (part == 0 || part > 9)
            return NULL;
        for (; part > 0; part--, text++)
            value += (*text - '0') * (scale /= 10);
    }
    *out = value;
    return text;
}

static bool span(const char *text, double *ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1},      {"s", 1000},    {"sec", 1000}, {"m", 60000},
                 {"min", 60000}, {"h", 3600000}, {"d", DAY_MS}};
    double value;
    const char *unit = number(text, &value);
    if (unit == NULL)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) == 0) {
            *ms = value * units[i].ms;
            return true;
        }
    }
    return false;
}

bool duration_parse(const char *text, uint32_t *ms)
{
    double value;
    if (!span(text, &value) || value < 1 || value > DAY_MS)
        return false;
    *ms = (uint32_t)value;
    return true;
}

static bool calendar(const char *text, int64_t *ms)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ",
                                        "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%MZ"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm parts = {0};
        const char *end = strptime(text, forms[i], &parts);
        if (end == NULL || *end != '\0')
            continue;
        struct tm given = parts;
        time_t seconds = timegm(&parts);
        /* timegm turns 30 February into 2 March; that was not meant. */
        if (parts.tm_mday != given.tm_mday || parts.tm_mon != given.tm_mon)
            return false;
        *ms = (int64_t)seconds * 1000;
        return true;
    }
    return false;
}

bool time_parse(const char *text, int64_t now_ms, int64_t *ms)
{
    double ago;
    if (span(text, &ago) && ago <= (double)now_ms) {
        *ms = now_ms - (int64_t)ago;
        return true;
    }
    return calendar(text, ms);
}
