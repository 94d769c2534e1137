#include "load_gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse_metric(struct load_problem *problem, const char *text, size_t len)
{
    int at = snprintf(problem->text, sizeof(problem->text),
                      "\"%.*s\" is no figure of a run; there are", (int)len, text);
    for (int i = 0; i < LOAD_METRIC_COUNT; i++)
        at += snprintf(problem->text + at, sizeof(problem->text) - (size_t)at, " %s",
                       load_metric_specs[i].name);
    return false;
}

static bool refuse(struct load_problem *problem, const char *text)
{
    snprintf(problem->text, sizeof(problem->text),
             "\"%.60s\" is no condition; accepted are p99>5ms, rate<1000, errors>0.1%%, "
             "and p99>1.1x with --compare",
             text);
    return false;
}

/* A plain decimal number: neither "nan" nor "0x10". */
static const char *number(const char *text, double *value)
{
    size_t len = strspn(text, "0123456789.");
    char *end = NULL;
    char digits[32];
    if (len == 0 || len >= sizeof(digits))
        return NULL;
    memcpy(digits, text, len);
    digits[len] = '\0';
    *value = strtod(digits, &end);
    return *end == '\0' ? text + len : NULL;
}

static bool set_unit(struct load_gate *gate, const char *unit)
{
    static const struct {
        const char *name;
        double us;
    } times[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}};
    bool is_time = load_metric_specs[gate->metric].unit == LOAD_TIME;
    bool is_share = !is_time && load_metric_specs[gate->metric].unit != LOAD_PER_SECOND;
    gate->kind = LOAD_PLAIN;
    if (strcmp(unit, "x") == 0) {
        gate->kind = LOAD_RATIO;
        return true;
    }
    if (strcmp(unit, "%") == 0) {
        gate->kind = LOAD_PERCENT;
        return is_share;
    }
    for (size_t i = 0; is_time && i < sizeof(times) / sizeof(times[0]); i++)
        if (strcmp(unit, times[i].name) == 0) {
            gate->value *= times[i].us;
            return true;
        }
    return !is_time && *unit == '\0';
}

bool load_gate_parse(struct load_gate *gate, const char *text,
                     struct load_problem *problem)
{
    const char *start = text + strspn(text, " ");
    size_t len = strcspn(start, " <>=");
    gate->metric = load_metric_find(start, len);
    if (gate->metric == LOAD_METRIC_COUNT && len > 0 && len < 40)
        return refuse_metric(problem, start, len);
    const char *at = start + len + strspn(start + len, " ");
    if (gate->metric == LOAD_METRIC_COUNT || (*at != '<' && *at != '>'))
        return refuse(problem, text);
    gate->above = *at++ == '>';
    gate->or_equal = *at == '=';
    at += gate->or_equal;
    at = number(at + strspn(at, " "), &gate->value);
    char unit[4] = "";
    if (at == NULL || sscanf(at, " %3s", unit) > 1 || !set_unit(gate, unit))
        return refuse(problem, text);
    at += strspn(at, " ") + strlen(unit);
    return at[strspn(at, " ")] == '\0' || refuse(problem, text);
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* From nothing to something is beyond every bound. */
static double ratio(double value, double base)
{
    if (base > 0)
        return value / base;
    return value > 0 ? INFINITY : 1;
}

bool load_gate_fails(const struct load_gate *gate, const struct load_metrics *run,
                     const struct load_metrics *base, double *found)
{
    bool is_time = load_metric_specs[gate->metric].unit == LOAD_TIME;
    *found = run->values[gate->metric];
    /* Nothing was timed; nothing was fast either. */
    if (is_time && run->values[LOAD_METRIC_MAX] <= 0)
        return true;
    if (gate->kind == LOAD_PERCENT)
        *found = 100 * share(*found, load_metric_whole(run, gate->metric));
    if (gate->kind == LOAD_RATIO) {
        if (base == NULL)
            return true;
        *found = ratio(*found, base->values[gate->metric]);
    }
    if (gate->or_equal)
        return gate->above ? *found >= gate->value : *found <= gate->value;
    return gate->above ? *found > gate->value : *found < gate->value;
}
