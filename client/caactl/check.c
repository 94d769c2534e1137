/* caactl check - one CheckDomains for names, CSRs and certificates. */
#include <caa/v1/caa.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "output.h"
#include "results.h"
#include "rpc.h"
#include "verb.h"
#include "x509_names.h"

/* A DNS name has at most 253 characters; more can still be reported on. */
#define LINE_MAX_LEN 4096

struct names {
    char *common_name;
    char **list;
    size_t len;
};

static char *copy(const char *text)
{
    size_t len = strlen(text);
    return memcpy(must_alloc(len + 1), text, len);
}

static void add(struct names *names, char *name)
{
    if ((names->len & (names->len - 1)) == 0)
        names->list = must_grow(names->list, (names->len * 2 + 1) * sizeof(*names->list));
    names->list[names->len++] = name;
}

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->len; i++)
        free(names->list[i]);
    free(names->list);
    free(names->common_name);
}

/* The first file's common name is the request's, another's is one more name. */
static bool add_file(struct names *names, enum x509_kind kind, const char *path)
{
    struct x509_names file;
    if (!x509_names_read(kind, path, &file))
        return false;
    if (file.skipped > 0)
        complain(
            "%s: %zu subject alternative name%s of a kind CAA does not know left out",
            path, file.skipped, file.skipped == 1 ? "" : "s");
    if (file.common_name != NULL && file.common_name[0] != '\0') {
        if (names->common_name == NULL)
            names->common_name = copy(file.common_name);
        else
            add(names, copy(file.common_name));
    }
    for (size_t i = 0; i < file.len; i++)
        add(names, copy(file.names[i]));
    x509_names_free(&file);
    return true;
}

/* A name a line; empty lines are skipped. */
static bool add_stdin(struct names *names)
{
    char line[LINE_MAX_LEN];
    for (size_t number = 1; fgets(line, sizeof(line), stdin) != NULL; number++) {
        size_t len = strlen(line);
        if (len == sizeof(line) - 1 && line[len - 1] != '\n')
            return usage("stdin, line %zu: too long for a name", number);
        while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
            line[--len] = '\0';
        char *name = line + strspn(line, " \t");
        if (*name != '\0')
            add(names, copy(name));
    }
    return ferror(stdin) == 0 || usage("cannot read stdin");
}

static bool gather(const struct arguments *arguments, struct names *names)
{
    for (size_t i = 0; i < arguments->options[OPT_CSR].len; i++)
        if (!add_file(names, X509_KIND_CSR, arguments->options[OPT_CSR].values[i]))
            return false;
    for (size_t i = 0; i < arguments->options[OPT_CERT].len; i++)
        if (!add_file(names, X509_KIND_CERTIFICATE,
                      arguments->options[OPT_CERT].values[i]))
            return false;
    for (size_t i = 0; i < arguments->operands_len; i++) {
        if (strcmp(arguments->operands[i], "-") != 0)
            add(names, copy(arguments->operands[i]));
        else if (!add_stdin(names))
            return false;
    }
    if (names->len == 0 && names->common_name == NULL)
        return usage("check needs a name, --csr FILE or --cert FILE");
    return true;
}

static void lend(char **field, const struct arguments *arguments, enum option_id id)
{
    const char *value = arguments_value(arguments, id);
    if (value != NULL)
        *field = rpc_lend(value);
}

static bool fill(Caa__V1__CheckDomainsRequest *request, const struct arguments *arguments,
                 const struct names *names)
{
    const char *event = arguments_value(arguments, OPT_EVENT);
    if (event != NULL && !event_parse(event, &request->event))
        return false;
    lend(&request->request_id, arguments, OPT_REQUEST_ID);
    lend(&request->order_id, arguments, OPT_ORDER);
    lend(&request->product, arguments, OPT_PRODUCT);
    lend(&request->validation_method, arguments, OPT_METHOD);
    request->fresh = arguments_has(arguments, OPT_FRESH);
    if (names->common_name != NULL)
        request->common_name = names->common_name;
    request->names = names->list;
    request->n_names = names->len;
    request->account_uris =
        (char **)(uintptr_t)arguments->options[OPT_ACCOUNT_URI].values;
    request->n_account_uris = arguments->options[OPT_ACCOUNT_URI].len;
    return true;
}

static void print_decision(const Caa__V1__CheckDomainsResponse *response)
{
    char spare[RESULTS_NAME_MAX];
    char time[OUTPUT_TIME_MAX];
    enum output_colour colour =
        response->decision == CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED
            ? COLOUR_GOOD
        : response->decision == CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED
            ? COLOUR_BAD
            : COLOUR_DOUBTFUL;
    fputs("\nDecision: ", stdout);
    output_coloured(colour,
                    results_enum(&caa__v1__check_domains_response__decision__descriptor,
                                 (int)response->decision, spare));
    if (response->valid_until_ms != 0)
        printf(", valid until %s", output_time(response->valid_until_ms, time));
    fputs("\nRequest:  ", stdout);
    output_text(response->request_id);
    if (response->instance[0] != '\0') {
        fputs(", answered by ", stdout);
        output_text(response->instance);
    }
    putchar('\n');
}

static int ask(struct cli *cli, const Caa__V1__CheckDomainsRequest *request)
{
    int code = 0;
    ProtobufCMessage *reply =
        rpc_call(cli, &caa__v1__caa_service__descriptor, "CheckDomains", &request->base,
                 request->request_id, &code);
    if (reply == NULL)
        return code;
    const Caa__V1__CheckDomainsResponse *response =
        (const Caa__V1__CheckDomainsResponse *)reply;
    if (cli->json) {
        rpc_print_json(reply);
    } else {
        results_print(response->results, response->n_results);
        print_decision(response);
    }
    code = results_exit_code(response->results, response->n_results);
    protobuf_c_message_free_unpacked(reply, NULL);
    return code;
}

int verb_check(struct cli *cli)
{
    struct names names = {0};
    Caa__V1__CheckDomainsRequest request = CAA__V1__CHECK_DOMAINS_REQUEST__INIT;
    int code = EXIT_USAGE;
    if (gather(cli->arguments, &names) && fill(&request, cli->arguments, &names))
        code = ask(cli, &request);
    names_free(&names);
    return code;
}
