#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "verb.h"
#include "json/suggest.h"

const struct option_spec option_specs[OPT_COUNT] = {
    [OPT_SERVER] = {"server", 's', "URL",
                    "where caad listens: ipc:///PATH, tcp://HOST:PORT or "
                    "tls+tcp://HOST:PORT; several may be given",
                    true, true},
    [OPT_TIMEOUT] = {"timeout", 't', "TIME",
                     "give up after this long: 500ms, 10s (default), 2m", true, false},
    [OPT_JSON] = {"json", 'j', NULL, "print each response as one line of JSON", true,
                  false},
    [OPT_TLS_CA] = {"tls-ca", 0, "FILE", "PEM certificates that sign the servers'", true,
                    false},
    [OPT_TLS_CERT] = {"tls-cert", 0, "FILE", "PEM certificate of this client", true,
                      false},
    [OPT_TLS_KEY] = {"tls-key", 0, "FILE", "PEM key of this client", true, false},
    [OPT_TLS_NAME] = {"tls-name", 0, "NAME", "name expected in the servers' certificates",
                      true, false},
    [OPT_HELP] = {"help", 'h', NULL, "show this help", true, true},
    [OPT_VERSION] = {"version", 'V', NULL, "show the version", true, true},
    [OPT_PRODUCT] = {"product", 'p', "PRODUCT",
                     "product to be issued (default: the daemon's first)", false, false},
    [OPT_EVENT] = {"event", 'e', "EVENT", "order, reissue, renewal or add_san", false,
                   false},
    [OPT_ORDER] = {"order", 'o', "ID", "the CA's order", false, false},
    [OPT_ACCOUNT_URI] = {"account-uri", 'a', "URI",
                         "a URI that names the applicant's account (RFC 8657)", false,
                         true},
    [OPT_METHOD] = {"method", 'm', "METHOD",
                    "domain validation method used, such as dns-01 (RFC 8657)", false,
                    false},
    [OPT_FRESH] = {"fresh", 'f', NULL, "ask the DNS, not the daemon's cache", false,
                   false},
    [OPT_REQUEST_ID] = {"request-id", 0, "ID",
                        "name this check; the same again is the same check", false,
                        false},
    [OPT_CSR] = {"csr", 0, "FILE", "take the names of this CSR (PEM or DER, - for stdin)",
                 false, true},
    [OPT_CERT] = {"cert", 0, "FILE",
                  "take the names of this certificate (PEM or DER, - for stdin)", false,
                  true},
    [OPT_DATA] = {"data", 'd', "JSON", "the request: JSON, @FILE, or @- for stdin", false,
                  false},
    [OPT_SUBTREE] = {"subtree", 0, NULL, "everything below the names too", false, false},
    [OPT_SINCE] = {"since", 0, "TIME",
                   "12h, 30d (ago), 2026-01-31 or 2026-01-31T08:00:00Z", false, false},
    [OPT_UNTIL] = {"until", 0, "TIME", "as --since", false, false},
    [OPT_DECISION] = {"decision", 0, "DECISION", "permitted, denied or lookup_failed",
                      false, false},
    [OPT_VERDICT] = {"verdict", 0, "VERDICT",
                     "checks where some name (or NAME) got this verdict: permitted, "
                     "denied, lookup_failed, exempt or invalid_name",
                     false, false},
    [OPT_DENIED] = {"denied", 0, NULL, "the same as --verdict denied", false, false},
    [OPT_EXPORT] = {"export", 0, NULL,
                    "one record a line in JSON, with progress on a terminal", false,
                    false},
    [OPT_REPORT] = {"report", 0, "FORMAT",
                    "csv or json: one row a refused name, for the record of prevented "
                    "issuances (BR 4.2.2.1)",
                    false, false},
    [OPT_VERIFY] = {"verify", 0, NULL,
                    "find records changed, removed or moved; NAME is then a stream",
                    false, false},
    [OPT_ID] = {"id", 0, "REQUEST_ID", "one record, whole", false, false},
    [OPT_LIMIT] = {"limit", 'n', "NUMBER", "at most so many (default: all)", false,
                   false},
    [OPT_RPC_METHOD] = {"method", 'm', "METHOD", "the method to call (CheckDomains)",
                        false, false},
    [OPT_NAMES] = {"names", 0, "FILE", "names to ask about, one a line (- for stdin)",
                   false, false},
    [OPT_BATCH] = {"batch", 0, "NUMBER", "names a request (1)", false, false},
    [OPT_CONCURRENCY] = {"concurrency", 'c', "NUMBER", "requests in flight (50)", false,
                         false},
    [OPT_REQUESTS] = {"requests", 'n', "NUMBER", "stop after so many", false, false},
    [OPT_DURATION] = {"duration", 'z', "TIME", "stop after so long (10s without -n)",
                      false, false},
    [OPT_RATE] = {"rate", 'r', "NUMBER",
                  "send so many a second, whatever the answers do; what is due with "
                  "--concurrency in flight is skipped and counted",
                  false, false},
    [OPT_CONNECTIONS] = {"connections", 0, "NUMBER", "connections to share them (1)",
                         false, false},
    [OPT_WARM_UP] = {"warm-up", 0, "TIME", "send for so long before measuring", false,
                     false},
    [OPT_FORMAT] = {"format", 'O', "FORMAT", "summary (default), json, csv or html",
                    false, false},
    [OPT_OUTPUT] = {"output", 'o', "FILE", "write the report there", false, false},
    [OPT_FAIL_IF] = {"fail-if", 0, "CONDITION",
                     "exit 1 if it holds: p99>5ms, rate<1000, errors>0.1%", false, true},
    [OPT_COMPARE] = {"compare", 0, "A.json", "no test: compare this report with B.json",
                     false, false},
    [OPT_SCAN_BATCH] = {"batch", 0, "NUMBER", "names a request (100)", false, false},
    [OPT_SCAN_CONCURRENCY] = {"concurrency", 'c', "NUMBER", "requests in flight (16)",
                              false, false},
    [OPT_SCAN_RATE] = {"rate", 'r', "NUMBER", "at most so many names a second", false,
                       false},
    [OPT_ORDERED] = {"ordered", 0, NULL,
                     "keep the input's order, not the order of the answers", false,
                     false},
    [OPT_SCAN_OUTPUT] = {"output", 0, "FILE", "write there (default: standard output)",
                         false, false},
    [OPT_RESUME] = {"resume", 0, "FILE",
                    "go on with the output of an interrupted scan: what it has is not "
                    "asked again",
                    false, false},
    [OPT_PROGRESS] = {"progress", 0, "FORM",
                      "none, text or json, on standard error (text on a terminal)", false,
                      false},
    [OPT_GIVE_UP] = {"give-up", 0, "TIME",
                     "end when nothing was answered for so long (60s)", false, false},
};

struct parser {
    struct arguments *arguments;
    const struct verb *verbs;
    const struct verb *verb;
    int argc;
    char **argv;
    int next;
};

static bool allowed(const struct parser *parser, enum option_id id)
{
    return option_specs[id].global ||
           (parser->verb != NULL && verb_takes(parser->verb, id));
}

/* "--x belongs to check and scan" helps more than "unknown". */
static bool elsewhere(const struct parser *parser, const char *name, size_t len)
{
    for (int id = 0; id < OPT_COUNT; id++) {
        if (strlen(option_specs[id].name) != len ||
            strncmp(option_specs[id].name, name, len) != 0)
            continue;
        if (parser->verb == NULL)
            return usage("--%s must stand after the verb it belongs to",
                         option_specs[id].name);
        return usage("%s takes no --%s; see caactl %s --help", parser->verb->name,
                     option_specs[id].name, parser->verb->name);
    }
    return false;
}

static bool unknown(const struct parser *parser, const char *name, size_t len)
{
    char word[64];
    snprintf(word, sizeof(word), "%.*s", (int)len, name);
    struct suggest suggest = suggest_for(word);
    for (int id = 0; id < OPT_COUNT; id++)
        if (allowed(parser, (enum option_id)id))
            suggest_offer(&suggest, option_specs[id].name);
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        return usage("unknown option --%s; did you mean --%s?", word, best);
    return usage("unknown option --%s; see caactl %s%s--help", word,
                 parser->verb != NULL ? parser->verb->name : "",
                 parser->verb != NULL ? " " : "");
}

static bool add(struct parser *parser, enum option_id id, const char *value)
{
    const struct option_spec *spec = &option_specs[id];
    size_t *len = &parser->arguments->options[id].len;
    const char ***values = &parser->arguments->options[id].values;
    if (*len > 0 && !spec->repeat)
        return usage("--%s is given twice", spec->name);
    const char **grown = realloc(*values, (*len + 1) * sizeof(*grown));
    if (grown == NULL)
        return usage("out of memory");
    *values = grown;
    grown[(*len)++] = value;
    return true;
}

/* The value is what follows the =, or the next argument. */
static bool take(struct parser *parser, enum option_id id, const char *attached)
{
    const struct option_spec *spec = &option_specs[id];
    if (spec->value == NULL)
        return attached == NULL ? add(parser, id, "")
                                : usage("--%s takes no value", spec->name);
    if (attached == NULL) {
        if (parser->next >= parser->argc)
            return usage("--%s needs a value: %s (%s)", spec->name, spec->value,
                         spec->help);
        attached = parser->argv[parser->next++];
    }
    return add(parser, id, attached);
}

static bool parse_long(struct parser *parser, const char *text)
{
    size_t len = strcspn(text, "=");
    const char *attached = text[len] == '=' ? text + len + 1 : NULL;
    for (int id = 0; id < OPT_COUNT; id++) {
        const char *name = option_specs[id].name;
        if (strlen(name) == len && strncmp(name, text, len) == 0 &&
            allowed(parser, (enum option_id)id))
            return take(parser, (enum option_id)id, attached);
    }
    for (int id = 0; id < OPT_COUNT; id++)
        if (strlen(option_specs[id].name) == len &&
            strncmp(option_specs[id].name, text, len) == 0)
            return elsewhere(parser, text, len);
    return unknown(parser, text, len);
}

/* -j, -t10s, -t 10s, and flags together: -jf. */
static bool parse_short(struct parser *parser, const char *text)
{
    for (; *text != '\0'; text++) {
        int id = 0;
        while (id < OPT_COUNT &&
               (option_specs[id].letter != *text || !allowed(parser, (enum option_id)id)))
            id++;
        if (id == OPT_COUNT)
            return usage("unknown option -%c; see caactl %s%s--help", *text,
                         parser->verb != NULL ? parser->verb->name : "",
                         parser->verb != NULL ? " " : "");
        if (option_specs[id].value != NULL)
            return take(parser, (enum option_id)id, text[1] != '\0' ? text + 1 : NULL);
        if (!take(parser, (enum option_id)id, NULL))
            return false;
    }
    return true;
}

static bool parse_verb(struct parser *parser, const char *word)
{
    struct suggest suggest = suggest_for(word);
    for (const struct verb *verb = parser->verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, word) == 0) {
            parser->verb = verb;
            return true;
        }
        suggest_offer(&suggest, verb->name);
    }
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        return usage("there is no verb \"%.40s\"; did you mean %s?", word, best);
    return usage("there is no verb \"%.40s\"; see caactl --help", word);
}

static void add_operand(struct parser *parser, const char *text)
{
    struct arguments *arguments = parser->arguments;
    arguments->operands[arguments->operands_len++] = text;
}

bool arguments_parse(struct arguments *arguments, int argc, char **argv,
                     const struct verb *verbs, const struct verb **verb)
{
    struct parser parser = {
        .arguments = arguments, .verbs = verbs, .argc = argc, .argv = argv, .next = 1};
    bool options_over = false;
    *arguments = (struct arguments){0};
    *verb = NULL;
    arguments->operands = calloc((size_t)argc + 1, sizeof(*arguments->operands));
    if (arguments->operands == NULL)
        return usage("out of memory");
    while (parser.next < argc) {
        const char *text = argv[parser.next++];
        bool ok = true;
        if (!options_over && strcmp(text, "--") == 0)
            options_over = true;
        else if (!options_over && strncmp(text, "--", 2) == 0)
            ok = parse_long(&parser, text + 2);
        else if (!options_over && text[0] == '-' && text[1] != '\0')
            ok = parse_short(&parser, text + 1);
        else if (parser.verb == NULL)
            ok = parse_verb(&parser, text);
        else
            add_operand(&parser, text);
        if (!ok)
            return false;
    }
    *verb = parser.verb;
    return true;
}

void arguments_free(struct arguments *arguments)
{
    for (int id = 0; id < OPT_COUNT; id++)
        free(arguments->options[id].values);
    free(arguments->operands);
}

bool arguments_has(const struct arguments *arguments, enum option_id id)
{
    return arguments->options[id].len > 0;
}

const char *arguments_value(const struct arguments *arguments, enum option_id id)
{
    return arguments_has(arguments, id) ? arguments->options[id].values[0] : NULL;
}
