/* caactl stats - counters and levels, named as in /metrics. */
#include <caa/v1/caa.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "rpc.h"
#include "verb.h"

/* name{label, label} */
static void print_name(const Caa__V1__GetStatsResponse__Stat *stat)
{
    output_text(stat->name);
    for (size_t i = 0; i < stat->n_labels; i++) {
        fputs(i == 0 ? "{" : ", ", stdout);
        output_text(stat->labels[i]);
    }
    fputs(stat->n_labels > 0 ? "} " : " ", stdout);
}

static void print(const Caa__V1__GetStatsResponse *response)
{
    for (size_t i = 0; i < response->n_stats; i++) {
        print_name(response->stats[i]);
        printf("%.15g\n", response->stats[i]->value);
    }
}

int verb_stats(struct cli *cli)
{
    if (!takes_nothing(cli, "stats"))
        return EXIT_USAGE;
    Caa__V1__GetStatsRequest request = CAA__V1__GET_STATS_REQUEST__INIT;
    int code = 0;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__admin_service__descriptor,
                                       "GetStats", &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    if (cli->json)
        rpc_print_json(reply);
    else
        print((const Caa__V1__GetStatsResponse *)reply);
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}
