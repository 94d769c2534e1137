/* caactl info - what the daemon is and stands on. */
#include <caa/v1/caa.pb-c.h>
#include <stdio.h>

#include "output.h"
#include "results.h"
#include "rpc.h"
#include "verb.h"

static void line(const char *label, const char *text)
{
    printf("%-18s", label);
    output_text(text[0] != '\0' ? text : "-");
    putchar('\n');
}

static void list(const char *label, char *const *texts, size_t len)
{
    printf("%-18s%s", label, len == 0 ? "-" : "");
    for (size_t i = 0; i < len; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        output_text(texts[i]);
    }
    putchar('\n');
}

static void print_products(const Caa__V1__GetServerInfoResponse *info)
{
    struct table *table = table_create(4);
    static const char *const heads[] = {"PRODUCT", "CERTIFICATE", "CAA", "ISSUER NAMES"};
    for (size_t i = 0; i < 4; i++)
        table_cell(table, COLOUR_HEAD, heads[i]);
    for (size_t i = 0; i < info->n_products; i++) {
        const Caa__V1__GetServerInfoResponse__Product *product = info->products[i];
        char spare[RESULTS_NAME_MAX];
        char names[256] = "";
        size_t used = 0;
        for (size_t k = 0; k < product->n_issuer_domain_names && used < sizeof(names);
             k++)
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
                                     k > 0 ? ", " : "", product->issuer_domain_names[k]);
        table_cell(table, COLOUR_NONE, product->name);
        table_cell(
            table, COLOUR_NONE,
            results_enum(
                &caa__v1__get_server_info_response__product__certificate__descriptor,
                (int)product->certificate, spare));
        table_cell(table, COLOUR_NONE, product->exempt ? "exempt" : "checked");
        table_cell(table, COLOUR_NONE, names);
    }
    table_print(table);
    table_destroy(table);
}

static void print_resolvers(const Caa__V1__GetServerInfoResponse *info)
{
    struct table *table = table_create(4);
    static const char *const heads[] = {"RESOLVER", "STATE", "IN USE", "SINCE"};
    for (size_t i = 0; i < 4; i++)
        table_cell(table, COLOUR_HEAD, heads[i]);
    for (size_t i = 0; i < info->n_resolvers; i++) {
        const Caa__V1__GetServerInfoResponse__Resolver *resolver = info->resolvers[i];
        char spare[RESULTS_NAME_MAX];
        char time[OUTPUT_TIME_MAX];
        bool good = resolver->in_rotation;
        table_cell(table, COLOUR_NONE, resolver->address);
        table_cell(
            table, good ? COLOUR_GOOD : COLOUR_BAD,
            results_enum(&caa__v1__get_server_info_response__resolver__state__descriptor,
                         (int)resolver->state, spare));
        table_cell(table, COLOUR_NONE, good ? "yes" : "no");
        table_cell(table, COLOUR_NONE, output_time(resolver->since_ms, time));
    }
    table_print(table);
    table_destroy(table);
}

static void print(const Caa__V1__GetServerInfoResponse *info)
{
    char time[OUTPUT_TIME_MAX];
    line("version", info->version);
    line("instance", info->instance);
    line("perspective", info->perspective);
    line("started", output_time(info->started_at_ms, time));
    list("issuer names", info->issuer_domain_names, info->n_issuer_domain_names);
    list("source addresses", info->source_addresses, info->n_source_addresses);
    line("DNSSEC", info->require_dnssec ? "required" : "not required");
    line("audit store", info->audit_store);
    for (size_t i = 0; i < info->n_libraries; i++) {
        printf("%-18s", i == 0 ? "libraries" : "");
        output_text(info->libraries[i]->name);
        putchar(' ');
        output_text(info->libraries[i]->version);
        putchar('\n');
    }
    if (info->n_products > 0) {
        putchar('\n');
        print_products(info);
    }
    if (info->n_resolvers > 0) {
        putchar('\n');
        print_resolvers(info);
    }
}

int verb_info(struct cli *cli)
{
    if (!takes_nothing(cli, "info"))
        return EXIT_USAGE;
    Caa__V1__GetServerInfoRequest request = CAA__V1__GET_SERVER_INFO_REQUEST__INIT;
    int code = 0;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__admin_service__descriptor,
                                       "GetServerInfo", &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    if (cli->json)
        rpc_print_json(reply);
    else
        print((const Caa__V1__GetServerInfoResponse *)reply);
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}
