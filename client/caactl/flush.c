/* caactl flush [NAME...] - forget cached DNS answers. */
#include <caa/v1/caa.pb-c.h>
#include <inttypes.h>
#include <stdio.h>

#include "output.h"
#include "rpc.h"
#include "verb.h"

static void print(const Caa__V1__FlushCacheResponse *response)
{
    printf("%" PRIu64 " cached answer%s forgotten\n", response->flushed,
           response->flushed == 1 ? "" : "s");
    if (response->note[0] != '\0')
        output_block(0, response->note);
}

int verb_flush(struct cli *cli)
{
    const struct arguments *arguments = cli->arguments;
    Caa__V1__FlushCacheRequest request = CAA__V1__FLUSH_CACHE_REQUEST__INIT;
    request.names = (char **)(uintptr_t)arguments->operands;
    request.n_names = arguments->operands_len;
    request.subtree = arguments_has(arguments, OPT_SUBTREE);
    if (request.subtree && request.n_names == 0) {
        usage("flush --subtree needs a name; without any the whole cache goes");
        return EXIT_USAGE;
    }
    int code = 0;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__admin_service__descriptor,
                                       "FlushCache", &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    if (cli->json)
        rpc_print_json(reply);
    else
        print((const Caa__V1__FlushCacheResponse *)reply);
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}
