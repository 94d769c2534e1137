/* caactl drain - take no new checks, finish those in flight, then exit. */
#include <caa/v1/caa.pb-c.h>
#include <stdio.h>

#include "output.h"
#include "rpc.h"
#include "verb.h"

int verb_drain(struct cli *cli)
{
    if (!takes_nothing(cli, "drain"))
        return EXIT_USAGE;
    Caa__V1__DrainRequest request = CAA__V1__DRAIN_REQUEST__INIT;
    int code = 0;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__admin_service__descriptor, "Drain",
                                       &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    unsigned in_flight = ((const Caa__V1__DrainResponse *)reply)->in_flight;
    if (cli->json)
        rpc_print_json(reply);
    else
        printf("draining: %u check%s in flight\n", in_flight, in_flight == 1 ? "" : "s");
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}
