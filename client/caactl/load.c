/* caactl load - a load test with requests from the server's schema. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load_options.h"
#include "load_report.h"
#include "load_run.h"
#include "output.h"
#include "remote_schema.h"
#include "rpc.h"
#include "verb.h"

#define TEMPLATE_MAX    (16u << 20)
#define CONNECT_POLL_US 2000
#define CONNECT_POLLS   1000

/* ---------------------------------------------------------------------- output */

static FILE *open_output(const struct load_options *options)
{
    if (options->output_path == NULL || strcmp(options->output_path, "-") == 0)
        return stdout;
    FILE *file = fopen(options->output_path, "we");
    if (file == NULL)
        usage("--output: cannot write %s: %s", options->output_path, strerror(errno));
    return file;
}

/* 0, or the exit code for output that could not be written. */
static int close_output(const struct load_options *options, FILE *out)
{
    if (out == stdout)
        return 0;
    bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed)
        return 0;
    complain("cannot write %s: %s", options->output_path, strerror(errno));
    return EXIT_OUTPUT;
}

static void report(const struct load_options *options, FILE *out,
                   const struct load_result *result)
{
    switch (options->format) {
    case LOAD_SUMMARY:
        load_report_summary(out, result);
        break;
    case LOAD_JSON:
        load_report_json(out, result);
        break;
    case LOAD_CSV:
        load_report_csv(out, result);
        break;
    case LOAD_HTML:
        load_report_html(out, result);
        break;
    }
}

/* 1 if a condition of --fail-if holds, each of which is said on stderr. */
static int judge(const struct load_options *options, const struct load_metrics *run,
                 const struct load_metrics *base)
{
    int code = 0;
    for (size_t i = 0; i < options->gates_len; i++) {
        const struct load_gate *gate = &options->gates[i];
        double found = 0;
        char text[LOAD_VALUE_SIZE];
        if (!load_gate_fails(gate, run, base, &found))
            continue;
        if (gate->kind == LOAD_PLAIN)
            load_metric_text(load_metric_specs[gate->metric].unit, found, text);
        else
            snprintf(text, sizeof(text), gate->kind == LOAD_RATIO ? "%.3fx" : "%.3f %%",
                     found);
        complain("failed: %s: it is %s", options->gate_texts[i], text);
        code = 1;
    }
    return code;
}

/* ------------------------------------------------------------------ comparison */

static int compare(const struct load_options *options, const struct cli *cli)
{
    struct load_problem problem;
    struct load_metrics a;
    struct load_metrics b;
    const char *first = arguments_value(cli->arguments, OPT_COMPARE);
    if (cli->arguments->operands_len != 1) {
        usage("--compare takes two files: --compare A.json B.json");
        return EXIT_USAGE;
    }
    if (!load_report_read(first, &a, &problem) ||
        !load_report_read(cli->arguments->operands[0], &b, &problem)) {
        usage("--compare: %s", problem.text);
        return EXIT_USAGE;
    }
    FILE *out = open_output(options);
    if (out == NULL)
        return EXIT_USAGE;
    if (options->format == LOAD_JSON)
        load_report_comparison_json(out, &a, &b);
    else
        load_report_comparison(out, &a, &b);
    int code = close_output(options, out);
    return code != 0 ? code : judge(options, &b, &a);
}

/* ------------------------------------------------------------------------- run */

/* The text behind -d; the caller frees it. */
static char *read_template(const char *value)
{
    if (value == NULL)
        return strdup("{}");
    if (value[0] != '@')
        return strdup(value);
    bool is_stdin = strcmp(value, "@-") == 0;
    FILE *file = is_stdin ? stdin : fopen(value + 1, "re");
    char *text = must_alloc(TEMPLATE_MAX + 2);
    size_t len = file == NULL ? 0 : fread(text, 1, TEMPLATE_MAX + 1, file);
    const char *problem = file == NULL || ferror(file) != 0 ? strerror(errno)
                          : len > TEMPLATE_MAX              ? "it is over 16 MiB long"
                          : memchr(text, '\0', len) != NULL ? "it holds a NUL byte"
                                                            : NULL;
    if (file != NULL && !is_stdin)
        fclose(file);
    if (problem == NULL)
        return text;
    usage("--data: cannot read %s: %s", value + 1, problem);
    free(text);
    return NULL;
}

/* The first requests should not be timed with the connecting. */
static void wait_connected(struct caa_client *client)
{
    struct caa_client_server_state state;
    for (int left = CONNECT_POLLS; left > 0; left--) {
        for (size_t i = 0; caa_client_server_state(client, i, &state); i++)
            if (state.connected)
                return;
        usleep(CONNECT_POLL_US);
    }
}

/* A client a connection, which sends each call once: what is refused shall be
 * seen. 0 or an exit code. */
static int connect_all(const struct cli *cli, struct caa_client **clients, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        struct cli one = *cli;
        one.max_attempts = 1;
        int code = rpc_connect(&one);
        if (code != 0)
            return code;
        clients[i] = one.client;
    }
    for (unsigned i = 0; i < len; i++)
        wait_connected(clients[i]);
    return 0;
}

/* When nothing at all was answered, the status most calls ended with. */
static int exit_of(const struct load_tally *tally)
{
    unsigned most = CAA_CLIENT_OK;
    if (tally->statuses[CAA_CLIENT_OK] > 0 || load_tally_calls(tally) == 0)
        return 0;
    for (unsigned i = CAA_CLIENT_OK; i < LOAD_STATUSES; i++)
        if (tally->statuses[i] > tally->statuses[most])
            most = i;
    return EXIT_STATUS + (int)most;
}

static int run(struct cli *cli, const struct load_options *options,
               const struct load_template *template, const struct schema_method *method,
               FILE *out)
{
    struct caa_client_server_state state = {.url = ""};
    caa_client_server_state(cli->client, 0, &state);
    char *server = strdup(state.url);
    struct caa_client **clients =
        must_alloc(options->connections * sizeof(struct caa_client *));
    struct load_result result = {.method = method->name,
                                 .server = server != NULL ? server : "",
                                 .plan = options->plan,
                                 .connections = options->connections,
                                 .batch = options->batch,
                                 .tally = must_alloc(sizeof(*result.tally))};
    struct load_run_options run_options = {.clients = clients,
                                           .clients_len = options->connections,
                                           .method = method->name,
                                           .template = template,
                                           .verdict_field =
                                               load_verdict_field_find(method->output),
                                           .timeout_ms = cli->timeout_ms,
                                           .progress = isatty(STDERR_FILENO) == 1};
    int code = connect_all(cli, clients, options->connections);
    if (code == 0) {
        load_run(&run_options, &result);
        load_result_summarize(&result);
        report(options, out, &result);
        code = exit_of(result.tally);
        int judged = judge(options, &result.metrics, NULL);
        code = code != 0 ? code : judged;
    }
    for (unsigned i = 0; i < options->connections; i++)
        caa_client_destroy(clients[i]);
    free(result.tally);
    free(clients);
    free(server);
    return code;
}

static int prepare(struct cli *cli, const struct load_options *options,
                   const struct schema *schema, const char *text,
                   const struct load_names *names)
{
    struct load_template template;
    struct load_problem problem;
    const struct schema_method *method = remote_schema_method(schema, options->method);
    if (method == NULL)
        return EXIT_USAGE;
    if (!load_template_init(&template, method->input, text, names, options->batch,
                            &problem)) {
        usage("--data: %s", problem.text);
        return EXIT_USAGE;
    }
    FILE *out = open_output(options);
    if (out == NULL)
        return EXIT_USAGE;
    int code = run(cli, options, &template, method, out);
    int closed = close_output(options, out);
    return code != 0 ? code : closed;
}

static int load(struct cli *cli, const struct load_options *options)
{
    struct load_names names = {0};
    struct load_problem problem;
    int code = EXIT_USAGE;
    if (!takes_nothing(cli, "load"))
        return EXIT_USAGE;
    char *text = read_template(options->data);
    bool named = options->names_path != NULL;
    if (text != NULL && named &&
        !load_names_read(&names, options->names_path, &problem)) {
        usage("--names: %s: %s", options->names_path, problem.text);
        free(text);
        text = NULL;
    }
    struct schema *schema = text == NULL ? NULL : remote_schema_get(cli, &code);
    if (schema != NULL)
        code = prepare(cli, options, schema, text, named ? &names : NULL);
    schema_free(schema);
    load_names_free(&names);
    free(text);
    return code;
}

int verb_load(struct cli *cli)
{
    struct load_options options;
    int code = EXIT_USAGE;
    if (load_options_read(&options, cli))
        code = arguments_has(cli->arguments, OPT_COMPARE) ? compare(&options, cli)
                                                          : load(cli, &options);
    load_options_free(&options);
    return code;
}
