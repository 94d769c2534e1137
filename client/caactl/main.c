/* caactl - the command line for caad: a table of verbs, a file each. */
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "rpc.h"
#include "verb.h"

static const enum option_id check_options[] = {
    OPT_PRODUCT, OPT_EVENT,      OPT_ORDER, OPT_ACCOUNT_URI, OPT_METHOD,
    OPT_FRESH,   OPT_REQUEST_ID, OPT_CSR,   OPT_CERT,        OPT_END};
static const enum option_id explain_options[] = {OPT_PRODUCT, OPT_ACCOUNT_URI, OPT_METHOD,
                                                 OPT_END};
static const enum option_id history_options[] = {
    OPT_ORDER, OPT_VERDICT, OPT_DENIED, OPT_DECISION, OPT_SINCE,  OPT_UNTIL,
    OPT_LIMIT, OPT_EXPORT,  OPT_REPORT, OPT_ID,       OPT_VERIFY, OPT_END};
static const enum option_id call_options[] = {OPT_DATA, OPT_END};
static const enum option_id flush_options[] = {OPT_SUBTREE, OPT_END};
static const enum option_id load_options[] = {
    OPT_RPC_METHOD, OPT_DATA,     OPT_NAMES,   OPT_BATCH,       OPT_CONCURRENCY,
    OPT_REQUESTS,   OPT_DURATION, OPT_RATE,    OPT_CONNECTIONS, OPT_WARM_UP,
    OPT_FORMAT,     OPT_OUTPUT,   OPT_FAIL_IF, OPT_COMPARE,     OPT_END};
static const enum option_id scan_options[] = {
    OPT_SCAN_BATCH, OPT_SCAN_CONCURRENCY, OPT_SCAN_RATE, OPT_ORDERED, OPT_SCAN_OUTPUT,
    OPT_RESUME,     OPT_PROGRESS,         OPT_GIVE_UP,   OPT_PRODUCT, OPT_EVENT,
    OPT_ORDER,      OPT_ACCOUNT_URI,      OPT_METHOD,    OPT_FRESH,   OPT_END};
static const enum option_id no_options[] = {OPT_END};

static const struct verb verbs[] = {
    {"check", verb_check, "[NAME...]", "may we issue for these names?",
     "caactl check www.example.com '*.example.com'\n"
     "caactl check --event order --product DV --csr request.pem\n"
     "caactl --json check --fresh example.com\n"
     "caactl check - < names.txt\n",
     check_options},
    {"explain", verb_explain, "NAME", "why? the climb, level by level",
     "caactl explain www.example.com\n", explain_options},
    {"scan", verb_scan, "FILE", "bulk preflight: a name a line in, JSON lines out",
     "caactl scan names.txt --output results.jsonl\n"
     "caactl scan names.txt --resume results.jsonl\n"
     "caactl scan - --rate 500 --ordered < names.txt > results.jsonl\n",
     scan_options},
    {"history", verb_history, "[NAME]", "what was asked and answered, newest first",
     "caactl history www.example.com\n"
     "caactl history --order 12345\n"
     "caactl history --denied --since 30d --report csv > prevented.csv\n"
     "caactl history --id 7f3a91 --json\n"
     "caactl history --verify\n",
     history_options},
    {"health", verb_health, "[PART]", "is the daemon worth sending work to?",
     "caactl health\n"
     "caactl health resolver\n",
     no_options},
    {"info", verb_info, "", "versions, products, resolvers, source addresses",
     "caactl info\n"
     "caactl --server tcp://127.0.0.1:8553 --json info\n",
     no_options},
    {"stats", verb_stats, "", "counters since the start and present levels",
     "caactl stats\n", no_options},
    {"flush", verb_flush, "[NAME...]", "forget cached DNS answers, of names or all",
     "caactl flush\n"
     "caactl flush --subtree example.com\n",
     flush_options},
    {"drain", verb_drain, "", "take no new checks, finish those in flight, exit",
     "caactl drain\n", no_options},
    {"call", verb_call, "METHOD", "call any method of the server's schema",
     "caactl call CheckDomains -d '{\"names\": [\"example.com\"]}'\n"
     "caactl template CheckDomains > r.json; caactl call CheckDomains -d @r.json\n"
     "caactl --json call caa.v1.HealthService/Check\n",
     call_options},
    {"describe", verb_describe, "[SYMBOL]", "show the server's schema",
     "caactl describe\n"
     "caactl describe CheckDomains\n"
     "caactl describe caa.v1.Result.Verdict\n",
     no_options},
    {"template", verb_template, "SYMBOL", "a request to fill in, as JSON",
     "caactl template CheckDomains\n", no_options},
    {"load", verb_load, "[B.json]", "load test with requests from the schema",
     "caactl load --names names.txt -c 64 -z 30s --warm-up 2s\n"
     "caactl load -d '{\"names\": [\"{{hex}}.example.com\"]}' -r 2000 -z 1m "
     "--fail-if 'p99>5ms'\n"
     "caactl load --names names.txt --batch 100 -O html -o report.html\n"
     "caactl load --compare before.json after.json --fail-if 'p99>1.1x'\n",
     load_options},
    {"completion", verb_completion, "SHELL", "what bash, zsh or fish completes by",
     "caactl completion bash > ~/.local/share/bash-completion/completions/caactl\n",
     no_options},
    {.name = NULL}};

bool verb_takes(const struct verb *verb, enum option_id id)
{
    for (const enum option_id *at = verb->options; *at != OPT_END; at++)
        if (*at == id)
            return true;
    return false;
}

bool takes_nothing(const struct cli *cli, const char *verb)
{
    return cli->arguments->operands_len == 0 ||
           usage("%s takes no argument, found \"%.60s\"", verb,
                 cli->arguments->operands[0]);
}

static void print_option(const struct option_spec *spec)
{
    char left[64];
    char letter[8] = "    ";
    if (spec->letter != 0)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, spec->name,
             spec->value != NULL ? " " : "", spec->value != NULL ? spec->value : "");
    printf("  %-24s %s%s\n", left, spec->help,
           spec->repeat && spec->value ? " (repeatable)" : "");
}

static void print_globals(void)
{
    printf("\nOptions, before or after the verb:\n");
    for (int id = 0; id < OPT_COUNT; id++)
        if (option_specs[id].global)
            print_option(&option_specs[id]);
}

static void print_examples(const char *examples)
{
    printf("Examples:\n");
    output_block(2, examples);
}

static void help(void)
{
    print_examples("caactl check www.example.com '*.example.com'\n"
                   "caactl check --event order --csr request.pem\n"
                   "caactl --json health\n");
    printf("\nUsage: caactl [OPTION]... VERB [ARGUMENT]...\n\nVerbs:\n");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
        printf("  %-10s %s\n", verb->name, verb->help);
    print_globals();
    printf("\nThe server is --server, else $CAAD_SERVER, else "
           "ipc:///run/caad/caad.sock.\n"
           "Exit status: 0 all permitted or exempt; 1 something denied; 2 something "
           "undecided;\n64+N for RPC status N (67: usage). More: caactl VERB --help, "
           "caactl(1).\n");
}

static void help_verb(const struct verb *verb)
{
    print_examples(verb->examples);
    bool options = verb->options[0] != OPT_END;
    printf("\nUsage: caactl [OPTION]... %s%s%s%s\n       %s\n", verb->name,
           options ? " [OPTION]..." : "", verb->synopsis[0] != '\0' ? " " : "",
           verb->synopsis, verb->help);
    if (options)
        printf("\nOptions of %s:\n", verb->name);
    for (const enum option_id *id = verb->options; *id != OPT_END; id++)
        print_option(&option_specs[*id]);
    print_globals();
}

static int run(const struct verb *verb, const struct arguments *arguments)
{
    if (arguments_has(arguments, OPT_VERSION)) {
        printf("caactl %s\n", caa_client_version());
        return 0;
    }
    if (arguments_has(arguments, OPT_HELP)) {
        if (verb != NULL)
            help_verb(verb);
        else
            help();
        return 0;
    }
    if (verb == NULL) {
        usage("a verb is missing, such as check or health; see caactl --help");
        return EXIT_USAGE;
    }
    struct cli cli = {.arguments = arguments,
                      .json = arguments_has(arguments, OPT_JSON),
                      .verbs = verbs};
    /* It is about this program and may run where there is no daemon. */
    int code = verb->run == verb_completion ? 0 : rpc_connect(&cli);
    if (code == 0)
        code = verb->run(&cli);
    caa_client_destroy(cli.client);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    const struct verb *verb = NULL;
    int code = EXIT_USAGE;
    output_start();
    if (arguments_parse(&arguments, argc, argv, verbs, &verb))
        code = run(verb, &arguments);
    arguments_free(&arguments);
    if (!output_finish())
        code = EXIT_OUTPUT;
    return code;
}
