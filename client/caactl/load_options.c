#include "load_options.h"

#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "output.h"

#define DEFAULT_CONCURRENCY 50
#define DEFAULT_DURATION_NS (INT64_C(10) * 1000 * 1000 * 1000)
#define DEFAULT_METHOD      "CheckDomains"
#define CONCURRENCY_MAX     10000
#define CONNECTIONS_MAX     1000
#define BATCH_MAX           100000
#define REQUESTS_MAX        1000000000000.0
#define RATE_MAX            10000000.0
#define NS_PER_MS           1000000

/* A number from least to most; what is not given keeps its value. */
static bool read_number(const struct cli *cli, enum option_id id, double least,
                        double most, bool whole, double *value)
{
    const char *text = arguments_value(cli->arguments, id);
    char *end = NULL;
    if (text == NULL)
        return true;
    double read = strtod(text, &end);
    bool digits = text[strspn(text, whole ? "0123456789" : "0123456789.")] == '\0';
    if (*text != '\0' && digits && *end == '\0' && read >= least && read <= most) {
        *value = read;
        return true;
    }
    return usage("--%s: \"%.40s\" is no %snumber from %.15g to %.15g",
                 option_specs[id].name, text, whole ? "whole " : "", least, most);
}

static bool read_count(const struct cli *cli, enum option_id id, double most,
                       unsigned *value)
{
    double number = *value;
    if (!read_number(cli, id, 1, most, true, &number))
        return false;
    *value = (unsigned)number;
    return true;
}

static bool read_time(const struct cli *cli, enum option_id id, int64_t *ns)
{
    const char *text = arguments_value(cli->arguments, id);
    uint32_t ms = 0;
    if (text == NULL)
        return true;
    if (!duration_parse(text, &ms))
        return usage("--%s: \"%.40s\" is no time; accepted are 500ms, 10s, 2m, from 1ms "
                     "to 24h",
                     option_specs[id].name, text);
    *ns = (int64_t)ms * NS_PER_MS;
    return true;
}

static bool read_plan(struct load_options *options, const struct cli *cli)
{
    struct load_plan *plan = &options->plan;
    double requests = 0;
    plan->in_flight_max = DEFAULT_CONCURRENCY;
    if (!read_count(cli, OPT_CONCURRENCY, CONCURRENCY_MAX, &plan->in_flight_max) ||
        !read_number(cli, OPT_REQUESTS, 1, REQUESTS_MAX, true, &requests) ||
        !read_number(cli, OPT_RATE, 0.001, RATE_MAX, false, &plan->rate) ||
        !read_time(cli, OPT_DURATION, &plan->duration_ns) ||
        !read_time(cli, OPT_WARM_UP, &plan->warm_up_ns))
        return false;
    plan->requests = (uint64_t)requests;
    if (plan->requests == 0 && plan->duration_ns == 0)
        plan->duration_ns = DEFAULT_DURATION_NS;
    options->connections = 1;
    options->batch = 1;
    if (!read_count(cli, OPT_CONNECTIONS, CONNECTIONS_MAX, &options->connections) ||
        !read_count(cli, OPT_BATCH, BATCH_MAX, &options->batch))
        return false;
    if (options->connections > plan->in_flight_max)
        return usage("--connections: %u connections for %u requests at once; raise "
                     "--concurrency",
                     options->connections, plan->in_flight_max);
    if (options->batch > 1 && !arguments_has(cli->arguments, OPT_NAMES))
        return usage("--batch needs a names file: --names FILE");
    return true;
}

static bool read_format(struct load_options *options, const struct cli *cli)
{
    static const char *const names[] = {"summary", "json", "csv", "html"};
    const char *text = arguments_value(cli->arguments, OPT_FORMAT);
    options->format = cli->json ? LOAD_JSON : LOAD_SUMMARY;
    if (text == NULL)
        return true;
    for (int i = LOAD_SUMMARY; i <= LOAD_HTML; i++)
        if (strcmp(text, names[i]) == 0) {
            options->format = (enum load_format)i;
            return true;
        }
    return usage("--format: \"%.40s\" is none of summary, json, csv, html", text);
}

static bool read_gates(struct load_options *options, const struct cli *cli)
{
    bool comparing = arguments_has(cli->arguments, OPT_COMPARE);
    options->gates_len = cli->arguments->options[OPT_FAIL_IF].len;
    options->gate_texts = cli->arguments->options[OPT_FAIL_IF].values;
    options->gates = must_alloc((options->gates_len + 1) * sizeof(*options->gates));
    for (size_t i = 0; i < options->gates_len; i++) {
        struct load_problem problem;
        if (!load_gate_parse(&options->gates[i], options->gate_texts[i], &problem))
            return usage("--fail-if: %s", problem.text);
        if (options->gates[i].kind == LOAD_RATIO && !comparing)
            return usage("--fail-if: \"%.60s\": a ratio needs two runs: --compare",
                         options->gate_texts[i]);
    }
    return true;
}

bool load_options_read(struct load_options *options, const struct cli *cli)
{
    const char *method = arguments_value(cli->arguments, OPT_RPC_METHOD);
    *options =
        (struct load_options){.method = method != NULL ? method : DEFAULT_METHOD,
                              .data = arguments_value(cli->arguments, OPT_DATA),
                              .names_path = arguments_value(cli->arguments, OPT_NAMES),
                              .output_path = arguments_value(cli->arguments, OPT_OUTPUT)};
    return read_plan(options, cli) && read_format(options, cli) &&
           read_gates(options, cli);
}

void load_options_free(struct load_options *options)
{
    free(options->gates);
}
