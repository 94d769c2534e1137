/* caactl history --verify [STREAM] - is the chain of records whole? */
#include <inttypes.h>
#include <stdio.h>

#include "history.h"
#include "output.h"
#include "results.h"
#include "rpc.h"

/* The server reads for ten minutes at most; it must be the one to stop, and is then
 * asked to go on. */
#define VERIFY_TIMEOUT_MS 630000

/* Of all calls together. */
struct reading {
    uint64_t first;
    uint64_t checked;
    uint64_t findings;
};

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

static void print_end(const Caa__V1__VerifyAuditResponse *response,
                      const struct reading *reading)
{
    printf("%" PRIu64 " records read", reading->checked);
    if (reading->checked > 0)
        printf(", %" PRIu64 " to %" PRIu64, reading->first, response->read_to);
    printf(": ");
    if (reading->findings > 0)
        printf("%" PRIu64 " findings\n", reading->findings);
    else
        printf("%s\n", response->complete ? "the chain is intact" : "no findings so far");
    if (response->complete && response->last_hash.len > 0 && response->last > 0) {
        printf("hash of record %" PRIu64 ": ", response->last);
        print_hash(response->last_hash);
        putchar('\n');
    }
}

static void take(struct reading *reading, const Caa__V1__VerifyAuditResponse *response)
{
    if (reading->checked == 0)
        reading->first = response->first;
    reading->checked += response->checked;
    reading->findings += response->finding_count;
}

static void print_findings(const Caa__V1__VerifyAuditResponse *response)
{
    for (size_t i = 0; i < response->n_findings; i++)
        print_finding(response->findings[i]);
    if (response->finding_count > response->n_findings)
        printf("and %" PRIu64 " more\n",
               response->finding_count - (uint64_t)response->n_findings);
}

/* One call. NULL: it failed, *code says how. */
static Caa__V1__VerifyAuditResponse *read_on(struct cli *cli,
                                             Caa__V1__VerifyAuditRequest *request,
                                             struct reading *reading, int *code)
{
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__admin_service__descriptor,
                                       "VerifyAudit", &request->base, NULL, code);
    if (reply == NULL)
        return NULL;
    Caa__V1__VerifyAuditResponse *response = (Caa__V1__VerifyAuditResponse *)reply;
    take(reading, response);
    if (cli->json)
        rpc_print_json(reply);
    else
        print_findings(response);
    request->after = response->read_to;
    request->after_hash = response->read_to_hash;
    return response;
}

int history_verify(struct cli *cli)
{
    Caa__V1__VerifyAuditRequest request = CAA__V1__VERIFY_AUDIT_REQUEST__INIT;
    Caa__V1__VerifyAuditResponse *response = NULL;
    struct reading reading = {.checked = 0};
    bool patient = !arguments_has(cli->arguments, OPT_TIMEOUT);
    int code = 0;
    if (cli->arguments->operands_len == 1)
        request.stream = rpc_lend(cli->arguments->operands[0]);
    if (patient)
        cli->timeout_ms = VERIFY_TIMEOUT_MS;
    bool more = true;
    while (more) {
        Caa__V1__VerifyAuditResponse *before = response; /* has the hash we send */
        response = read_on(cli, &request, &reading, &code);
        if (before != NULL)
            caa__v1__verify_audit_response__free_unpacked(before, NULL);
        if (response == NULL)
            return code;
        more = patient && !response->complete && response->checked > 0;
    }
    if (!cli->json)
        print_end(response, &reading);
    if (!response->complete)
        complain("the time ran out before the end of the stream");
    code = reading.findings > 0 ? EXIT_DENIED
           : response->complete ? EXIT_ALL_PERMITTED
                                : EXIT_UNDECIDED;
    caa__v1__verify_audit_response__free_unpacked(response, NULL);
    return code;
}
