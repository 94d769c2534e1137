/* caactl history --verify [STREAM] - is the chain of records whole? */
#include <inttypes.h>
#include <stdio.h>

#include "history.h"
#include "output.h"
#include "results.h"
#include "rpc.h"

/* The server reads for ten minutes at most; it must be the one to stop. */
#define VERIFY_TIMEOUT_MS 630000

static void print_hash(ProtobufCBinaryData hash)
{
    for (size_t i = 0; i < hash.len; i++)
        printf("%02x", hash.data[i]);
}

static void print_finding(const Caa__V1__VerifyAuditResponse__Finding *finding)
{
    char spare[RESULTS_NAME_MAX];
    output_coloured(
        COLOUR_BAD,
        results_enum(&caa__v1__verify_audit_response__finding__kind__descriptor,
                     (int)finding->kind, spare));
    printf("  sequence %" PRIu64 "  request id ", finding->sequence);
    output_text(finding->request_id[0] != '\0' ? finding->request_id : "-");
    printf("  ");
    output_text(finding->text);
    putchar('\n');
}

static void print(const Caa__V1__VerifyAuditResponse *response)
{
    for (size_t i = 0; i < response->n_findings; i++)
        print_finding(response->findings[i]);
    if (response->finding_count > response->n_findings)
        printf("and %" PRIu64 " more\n",
               response->finding_count - (uint64_t)response->n_findings);
    printf("%" PRIu64 " records read", response->checked);
    if (response->checked > 0)
        printf(", %" PRIu64 " to %" PRIu64, response->first, response->last);
    printf(": ");
    if (response->finding_count > 0)
        printf("%" PRIu64 " findings\n", response->finding_count);
    else
        printf("%s\n", response->complete ? "the chain is intact" : "no findings so far");
    if (response->complete && response->last_hash.len > 0 && response->last > 0) {
        printf("hash of record %" PRIu64 ": ", response->last);
        print_hash(response->last_hash);
        putchar('\n');
    }
}

int history_verify(struct cli *cli)
{
    Caa__V1__VerifyAuditRequest request = CAA__V1__VERIFY_AUDIT_REQUEST__INIT;
    int code = 0;
    if (cli->arguments->operands_len == 1)
        request.stream = rpc_lend(cli->arguments->operands[0]);
    if (!arguments_has(cli->arguments, OPT_TIMEOUT))
        cli->timeout_ms = VERIFY_TIMEOUT_MS;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__admin_service__descriptor,
                                       "VerifyAudit", &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    const Caa__V1__VerifyAuditResponse *response =
        (const Caa__V1__VerifyAuditResponse *)reply;
    if (cli->json)
        rpc_print_json(reply);
    else
        print(response);
    if (!response->complete)
        complain("the time ran out before the end of the stream");
    code = response->finding_count > 0 ? EXIT_DENIED
           : response->complete        ? EXIT_ALL_PERMITTED
                                       : EXIT_UNDECIDED;
    protobuf_c_message_free_unpacked(reply, NULL);
    return code;
}
