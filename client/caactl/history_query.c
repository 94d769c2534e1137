#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "duration.h"
#include "history.h"
#include "output.h"
#include "rpc.h"

#define LIMIT_MAX 1000000000

/* --- times --- */

/* count digits at *text as a number from low to high; then moves on. */
static bool digits(const char **text, int count, int low, int high, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        value = value * 10 + (**text - '0');
    }
    *out = value;
    return value >= low && value <= high;
}

static bool letter(const char **text, const char *accepted)
{
    return **text != '\0' && strchr(accepted, **text) != NULL && (*text)++ != NULL;
}

/* RFC 3339 section 5.6: Z or an offset from UTC in minutes. */
static bool zone(const char **text, int *minutes)
{
    int hours, rest;
    int sign = **text == '-' ? -1 : 1;
    *minutes = 0;
    if (letter(text, "Zz"))
        return true;
    if (!letter(text, "+-") || !digits(text, 2, 0, 23, &hours) || !letter(text, ":") ||
        !digits(text, 2, 0, 59, &rest))
        return false;
    *minutes = sign * (hours * 60 + rest);
    return true;
}

static bool fraction(const char **text, int *ms)
{
    int scale = 100;
    *ms = 0;
    if (!letter(text, "."))
        return true;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); (*text)++, scale /= 10)
        *ms += (**text - '0') * scale;
    return true;
}

/* RFC 3339's date-time; a leap second counts as the one after it. */
static bool date_time(const char *text, int64_t *out)
{
    struct tm parts = {0};
    int ms, minutes;
    if (!digits(&text, 4, 1970, 9999, &parts.tm_year) || !letter(&text, "-") ||
        !digits(&text, 2, 1, 12, &parts.tm_mon) || !letter(&text, "-") ||
        !digits(&text, 2, 1, 31, &parts.tm_mday) || !letter(&text, "Tt ") ||
        !digits(&text, 2, 0, 23, &parts.tm_hour) || !letter(&text, ":") ||
        !digits(&text, 2, 0, 59, &parts.tm_min) || !letter(&text, ":") ||
        !digits(&text, 2, 0, 60, &parts.tm_sec) || !fraction(&text, &ms) ||
        !zone(&text, &minutes) || *text != '\0')
        return false;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    int day = parts.tm_mday;
    int month = parts.tm_mon;
    bool leaps = parts.tm_sec == 60;
    parts.tm_sec -= leaps;
    int64_t seconds = (int64_t)timegm(&parts) - (int64_t)minutes * 60 + leaps;
    *out = seconds * 1000 + ms;
    /* timegm turns 30 February into 2 March; that was not meant. */
    return parts.tm_mday == day && parts.tm_mon == month;
}

static bool read_time(const struct arguments *arguments, enum option_id id, int64_t *out)
{
    const char *text = arguments_value(arguments, id);
    int64_t now = (int64_t)time(NULL) * 1000;
    return text == NULL || date_time(text, out) || time_parse(text, now, out) ||
           usage("--%s: \"%.40s\" is no time; accepted are 30m, 12h, 30d (ago), "
                 "2026-01-31, 2026-01-31T08:00:00Z and 2026-01-31T08:00:00+01:00",
                 option_specs[id].name, text);
}

static bool read_times(const struct arguments *arguments,
                       Caa__V1__ListChecksRequest *request)
{
    if (!read_time(arguments, OPT_SINCE, &request->since_ms) ||
        !read_time(arguments, OPT_UNTIL, &request->until_ms))
        return false;
    return request->since_ms == 0 || request->until_ms == 0 ||
           request->since_ms < request->until_ms ||
           usage("--until: \"%.40s\" is not after --since \"%.40s\"",
                 arguments_value(arguments, OPT_UNTIL),
                 arguments_value(arguments, OPT_SINCE));
}

/* --- enums --- */

/* "permitted, denied and lookup_failed" */
static void accepted(const ProtobufCEnumDescriptor *descriptor, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < descriptor->n_values && used + 40 < size; i++) {
        if (descriptor->values[i].value == 0)
            continue;
        const char *comma = used == 0                       ? ""
                            : i + 1 == descriptor->n_values ? " and "
                                                            : ", ";
        for (const char *c = comma; *c != '\0'; c++)
            out[used++] = *c;
        for (const char *c = descriptor->values[i].name; *c != '\0' && used + 1 < size;
             c++)
            out[used++] = (char)tolower((unsigned char)*c);
        out[used] = '\0';
    }
}

static bool read_enum(const struct arguments *arguments, enum option_id id,
                      const ProtobufCEnumDescriptor *descriptor, int *out)
{
    char names[256];
    const char *text = arguments_value(arguments, id);
    if (text == NULL)
        return true;
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (descriptor->values[i].value == 0 ||
            strcasecmp(descriptor->values[i].name, text) != 0)
            continue;
        *out = descriptor->values[i].value;
        return true;
    }
    accepted(descriptor, names, sizeof(names));
    return usage("--%s: \"%.40s\" is none; accepted are %s", option_specs[id].name, text,
                 names);
}

static bool read_verdict(const struct arguments *arguments,
                         Caa__V1__ListChecksRequest *request)
{
    int verdict = 0;
    int decision = 0;
    if (arguments_has(arguments, OPT_DENIED) && arguments_has(arguments, OPT_VERDICT))
        return usage("--denied is --verdict denied; give one of them");
    if (!read_enum(arguments, OPT_VERDICT, &caa__v1__result__verdict__descriptor,
                   &verdict) ||
        !read_enum(arguments, OPT_DECISION,
                   &caa__v1__check_domains_response__decision__descriptor, &decision))
        return false;
    if (arguments_has(arguments, OPT_DENIED))
        verdict = CAA__V1__RESULT__VERDICT__DENIED;
    request->verdict = (Caa__V1__Result__Verdict)verdict;
    request->decision = (Caa__V1__CheckDomainsResponse__Decision)decision;
    return true;
}

/* --- the rest --- */

static bool read_limit(const struct arguments *arguments, uint64_t *out)
{
    const char *text = arguments_value(arguments, OPT_LIMIT);
    *out = UINT64_MAX;
    if (text == NULL)
        return true;
    size_t len = strspn(text, "0123456789");
    unsigned long number = len > 0 && len < 11 ? strtoul(text, NULL, 10) : 0;
    if (text[len] != '\0' || number < 1 || number > LIMIT_MAX)
        return usage("--limit: \"%.40s\" is no number from 1 to %d", text, LIMIT_MAX);
    *out = number;
    return true;
}

/* A report of something else than verdicts of names would be none. */
static bool read_form(const struct arguments *arguments, bool json,
                      struct history_query *query)
{
    const char *report = arguments_value(arguments, OPT_REPORT);
    bool export = arguments_has(arguments, OPT_EXPORT);
    query->form = json || export ? HISTORY_JSON : HISTORY_TABLE;
    query->progress = export && isatty(STDERR_FILENO);
    if (report == NULL)
        return true;
    if (export)
        return usage("--report and --export exclude each other");
    query->form = HISTORY_REPORT_CSV;
    if (strcasecmp(report, "json") == 0)
        query->form = HISTORY_REPORT_JSON;
    else if (strcasecmp(report, "csv") != 0)
        return usage("--report: \"%.40s\" is none; accepted are csv and json", report);
    if (query->request.verdict == 0)
        query->request.verdict = CAA__V1__RESULT__VERDICT__DENIED;
    return true;
}

/* --id and --verify are about a record and a stream: no filter has a meaning. */
static bool alone(const struct arguments *arguments)
{
    static const enum option_id filters[] = {OPT_ORDER,   OPT_SINCE,  OPT_UNTIL,
                                             OPT_VERDICT, OPT_DENIED, OPT_DECISION,
                                             OPT_LIMIT,   OPT_EXPORT, OPT_REPORT};
    bool id = arguments_has(arguments, OPT_ID);
    bool verify = arguments_has(arguments, OPT_VERIFY);
    if (id && verify)
        return usage("--id and --verify exclude each other");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if ((id || verify) && arguments_has(arguments, filters[i]))
            return usage("--%s and --%s exclude each other", id ? "id" : "verify",
                         option_specs[filters[i]].name);
    if (id && arguments->operands_len > 0)
        return usage("--id takes no name beside it, found \"%.60s\"",
                     arguments->operands[0]);
    return !id || arguments_value(arguments, OPT_ID)[0] != '\0' ||
           usage("--id: the request id is empty");
}

bool history_query_read(const struct arguments *arguments, bool json,
                        struct history_query *query)
{
    *query = (struct history_query){.request = CAA__V1__LIST_CHECKS_REQUEST__INIT};
    Caa__V1__ListChecksRequest *request = &query->request;
    if (arguments->operands_len > 1)
        return usage("history takes one name or none, found %zu",
                     arguments->operands_len);
    if (!alone(arguments) || !read_times(arguments, request) ||
        !read_verdict(arguments, request) || !read_limit(arguments, &query->limit) ||
        !read_form(arguments, json, query))
        return false;
    if (arguments->operands_len == 1)
        request->name = rpc_lend(arguments->operands[0]);
    if (arguments_has(arguments, OPT_ORDER))
        request->order_id = rpc_lend(arguments_value(arguments, OPT_ORDER));
    return true;
}
