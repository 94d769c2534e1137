/* caactl explain NAME - the climb, level by level, like a trace. */
#include <caa/v1/caa.pb-c.h>
#include <inttypes.h>
#include <stdio.h>

#include "output.h"
#include "results.h"
#include "rpc.h"
#include "verb.h"

static void print_attempt(const Caa__V1__Lookup__Attempt *attempt)
{
    char transport[RESULTS_NAME_MAX];
    char outcome[RESULTS_NAME_MAX];
    printf("      asked ");
    output_text(attempt->server);
    printf(" over %s%s: ",
           results_enum(&caa__v1__lookup__attempt__transport__descriptor,
                        (int)attempt->transport, transport),
           attempt->checking_disabled ? " without validation (CD)" : "");
    printf("%s in %" PRIu64 ".%" PRIu64 " ms\n",
           results_enum(&caa__v1__lookup__outcome__descriptor, (int)attempt->outcome,
                        outcome),
           attempt->duration_us / 1000, attempt->duration_us % 1000 / 100);
}

static void print_lookup(const Caa__V1__Lookup *lookup)
{
    char spare[RESULTS_NAME_MAX];
    for (size_t i = 0; i < lookup->n_aliases; i++) {
        fputs("      alias of ", stdout);
        output_text(lookup->aliases[i]);
        putchar('\n');
    }
    for (size_t i = 0; i < lookup->n_ede; i++) {
        printf("      EDE %u: ", lookup->ede[i]->code);
        output_text(lookup->ede[i]->text);
        putchar('\n');
    }
    for (size_t i = 0; i < lookup->n_attempts; i++)
        print_attempt(lookup->attempts[i]);
    printf("      DNSSEC %s, TTL %u s%s\n",
           results_enum(&caa__v1__result__dnssec__descriptor, (int)lookup->dnssec, spare),
           lookup->ttl_s, lookup->from_cache ? ", from the cache" : "");
}

static void print_record(const Caa__V1__Result__Record *record)
{
    printf("      CAA %u ", record->flags);
    output_text(record->tag);
    fputs(" \"", stdout);
    output_text(record->value);
    printf("\"%s\n", record->decisive ? "   <- decided" : "");
}

static void print_level(size_t number, const Caa__V1__ExplainDomainResponse__Level *level)
{
    char spare[RESULTS_NAME_MAX];
    const Caa__V1__Lookup *lookup = level->lookup;
    if (lookup == NULL)
        return;
    printf("%3zu  ", number);
    output_coloured(COLOUR_HEAD, lookup->name);
    printf("  %s\n", results_enum(&caa__v1__lookup__outcome__descriptor,
                                  (int)lookup->outcome, spare));
    print_lookup(lookup);
    for (size_t i = 0; i < level->n_records; i++)
        print_record(level->records[i]);
    if (level->meaning[0] != '\0')
        output_block(6, level->meaning);
}

static void print(const Caa__V1__ExplainDomainResponse *response)
{
    for (size_t i = 0; i < response->n_levels; i++)
        print_level(i + 1, response->levels[i]);
    putchar('\n');
    if (response->result != NULL) {
        Caa__V1__Result *results[] = {response->result};
        results_print(results, 1);
    }
}

static void fill(Caa__V1__ExplainDomainRequest *request,
                 const struct arguments *arguments)
{
    const char *product = arguments_value(arguments, OPT_PRODUCT);
    const char *method = arguments_value(arguments, OPT_METHOD);
    request->name = rpc_lend(arguments->operands[0]);
    if (product != NULL)
        request->product = rpc_lend(product);
    if (method != NULL)
        request->validation_method = rpc_lend(method);
    request->account_uris =
        (char **)(uintptr_t)arguments->options[OPT_ACCOUNT_URI].values;
    request->n_account_uris = arguments->options[OPT_ACCOUNT_URI].len;
}

int verb_explain(struct cli *cli)
{
    if (cli->arguments->operands_len != 1) {
        usage("explain takes one name, found %zu", cli->arguments->operands_len);
        return EXIT_USAGE;
    }
    Caa__V1__ExplainDomainRequest request = CAA__V1__EXPLAIN_DOMAIN_REQUEST__INIT;
    fill(&request, cli->arguments);
    int code = 0;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__caa_service__descriptor,
                                       "ExplainDomain", &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    const Caa__V1__ExplainDomainResponse *response =
        (const Caa__V1__ExplainDomainResponse *)reply;
    if (cli->json)
        rpc_print_json(reply);
    else
        print(response);
    Caa__V1__Result *results[] = {response->result};
    code = response->result == NULL ? EXIT_UNDECIDED : results_exit_code(results, 1);
    protobuf_c_message_free_unpacked(reply, NULL);
    return code;
}
