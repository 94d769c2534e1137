/* caactl health [PART] - 0: SERVING, 1: not. */
#include <caa/v1/caa.pb-c.h>

#include "output.h"
#include "results.h"
#include "rpc.h"
#include "verb.h"

static void add_row(struct table *table, const char *part, int status,
                    const char *message)
{
    char spare[RESULTS_NAME_MAX];
    bool good = status == CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__SERVING;
    table_cell(table, COLOUR_NONE, part);
    table_cell(
        table, good ? COLOUR_GOOD : COLOUR_BAD,
        results_enum(&caa__v1__health_check_response__status__descriptor, status, spare));
    table_cell(table, COLOUR_NONE, message);
}

static void print(const Caa__V1__HealthCheckResponse *response, const char *part)
{
    struct table *table = table_create(3);
    table_cell(table, COLOUR_HEAD, "PART");
    table_cell(table, COLOUR_HEAD, "STATUS");
    table_cell(table, COLOUR_HEAD, "MESSAGE");
    bool listed = false;
    for (size_t i = 0; i < response->n_parts; i++) {
        const Caa__V1__HealthCheckResponse__Part *at = response->parts[i];
        add_row(table, at->part[0] != '\0' ? at->part : "whole", (int)at->status,
                at->message);
        listed = listed || at->part[0] == '\0';
    }
    if (part == NULL && !listed)
        add_row(table, "whole", (int)response->status, "");
    table_print(table);
    table_destroy(table);
}

int verb_health(struct cli *cli)
{
    if (cli->arguments->operands_len > 1) {
        usage("health takes one part, such as resolver or audit, or none");
        return EXIT_USAGE;
    }
    const char *part = cli->arguments->operands[0];
    Caa__V1__HealthCheckRequest request = CAA__V1__HEALTH_CHECK_REQUEST__INIT;
    if (part != NULL)
        request.part = rpc_lend(part);
    int code = 0;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__health_service__descriptor, "Check",
                                       &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    const Caa__V1__HealthCheckResponse *response =
        (const Caa__V1__HealthCheckResponse *)reply;
    if (cli->json)
        rpc_print_json(reply);
    else
        print(response, part);
    code = response->status == CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__SERVING ? 0 : 1;
    protobuf_c_message_free_unpacked(reply, NULL);
    return code;
}
