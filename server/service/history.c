/* history.c - GetCheck and ListChecks: the audit records as messages. */
#include <string.h>

#include "check/name.h"
#include "service/reply.h"
#include "service/service.h"

enum { PAGE_MAX = 1000 };

struct reading {
    struct service *service;
    struct rpc_call *call;
    Caa__V1__Result__Verdict verdict; /* UNSPECIFIED: any */
    const char *ascii_name;           /* the verdict's; "": any */
};

static struct reading *begin(struct service *service, struct rpc_call *call)
{
    struct reading *reading = arena_alloc(call->arena, sizeof *reading);
    if (!service->audit) {
        rpc_call_fail(call, RPC_CODE(FAILED_PRECONDITION), NULL, 0,
                      "this daemon keeps no audit history (audit.store is none)");
        return NULL;
    }
    if (!reading) {
        rpc_call_reply(NULL, call);
        return NULL;
    }
    *reading = (struct reading){.service = service, .call = call, .ascii_name = ""};
    return reading;
}

static void fail_store(struct reading *reading)
{
    char why[AUDIT_TEXT_LEN];
    audit_health(reading->service->audit, why);
    rpc_call_fail(reading->call, RPC_CODE(UNAVAILABLE), NULL, 1000,
                  "the audit store could not be read%s%s", *why ? ": " : "", why);
}

/* The record with the chain's fields, which the store keeps; *record's own are
 * borrowed from the store. Of a record that cannot be read, where it stands. */
static Caa__V1__CheckRecord *unpack(const struct audit_record *record)
{
    Caa__V1__CheckRecord *out =
        caa__v1__check_record__unpack(NULL, record->payload.len, record->payload.data);
    if (!out)
        return NULL;
    char *stream = *out->stream ? NULL : strdup(record->stream);
    out->stream = stream ? stream : out->stream;
    out->sequence = record->sequence;
    out->hash.data = (uint8_t *)(uintptr_t)record->hash;
    out->hash.len = AUDIT_HASH_LEN;
    out->previous_hash.data = (uint8_t *)(uintptr_t)record->previous_hash;
    out->previous_hash.len = AUDIT_HASH_LEN;
    return out;
}

static void release(Caa__V1__CheckRecord *record)
{
    if (!record)
        return;
    record->hash = record->previous_hash = (ProtobufCBinaryData){0, NULL};
    caa__v1__check_record__free_unpacked(record, NULL);
}

static void on_found(void *arg, enum caa_err err, const struct audit_record *record)
{
    struct reading *reading = arg;
    if (err == CAA_ENOTFOUND) {
        rpc_call_fail(reading->call, RPC_CODE(NOT_FOUND), "request_id", 0,
                      "no check with this request_id is on record");
        return;
    }
    if (err == CAA_ECORRUPT) {
        rpc_call_fail(reading->call, RPC_CODE(DATA_LOSS), "request_id", 0,
                      SERVICE_RECORD_CHANGED);
        return;
    }
    Caa__V1__GetCheckResponse response = CAA__V1__GET_CHECK_RESPONSE__INIT;
    response.check = err == CAA_OK ? unpack(record) : NULL;
    if (response.check)
        rpc_call_reply(&response.base, reading->call);
    else
        fail_store(reading);
    release(response.check);
}

void service_get_check(struct service *service, const Caa__V1__GetCheckRequest *request,
                       struct rpc_call *call)
{
    struct reading *reading = begin(service, call);
    if (!reading)
        return;
    if (!*request->request_id)
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "request_id", 0,
                      "request_id is empty");
    else if (audit_find(service->audit, request->request_id, on_found, reading) != CAA_OK)
        fail_store(reading);
}

/* The store cannot look into a record, so the verdict is looked for here. A
 * record that cannot be read is shown: it may be one of those asked for. */
static bool matches(const struct reading *reading, const Caa__V1__CheckRecord *record)
{
    if (reading->verdict == CAA__V1__RESULT__VERDICT__VERDICT_UNSPECIFIED ||
        !record->response)
        return true;
    for (size_t i = 0; i < record->response->n_results; i++) {
        const Caa__V1__Result *result = record->response->results[i];
        if (result->verdict == reading->verdict &&
            (!*reading->ascii_name ||
             strcmp(result->ascii_name, reading->ascii_name) == 0))
            return true;
    }
    return false;
}

/* False: out of memory. */
static bool unpack_page(const struct reading *reading, const struct audit_page *page,
                        Caa__V1__CheckRecord **out, size_t *count)
{
    for (size_t i = 0; i < page->count; i++) {
        Caa__V1__CheckRecord *record = unpack(&page->records[i]);
        if (!record)
            return false;
        if (matches(reading, record))
            out[(*count)++] = record;
        else
            release(record);
    }
    return true;
}

static void on_listed(void *arg, enum caa_err err, const struct audit_page *page)
{
    struct reading *reading = arg;
    Caa__V1__ListChecksResponse response = CAA__V1__LIST_CHECKS_RESPONSE__INIT;
    /* Not in the call's arena, which the reply ends. */
    Caa__V1__CheckRecord *checks[PAGE_MAX];
    char token[AUDIT_TOKEN_LEN];
    if (err != CAA_OK) {
        fail_store(reading);
        return;
    }
    memcpy(token, page->next_token, sizeof token);
    response.next_page_token = token;
    response.checks = checks;
    if (unpack_page(reading, page, checks, &response.n_checks))
        rpc_call_reply(&response.base, reading->call);
    else
        fail_store(reading);
    for (size_t i = 0; i < response.n_checks; i++)
        release(checks[i]);
}

/* What leads to the name's records: the form they are kept under. */
static bool read_name(struct reading *reading, const char *asked)
{
    struct caa_name name;
    if (!*asked)
        return true;
    if (caa_name_read(reading->call->arena, asked, CAA_CERTIFICATE_SMIME, &name) !=
        CAA_OK) {
        rpc_call_reply(NULL, reading->call);
        return false;
    }
    if (!*name.ascii_name) {
        rpc_call_fail(reading->call, RPC_CODE(INVALID_ARGUMENT), "name", 0,
                      "name is none to find records by: %s", name.detail);
        return false;
    }
    reading->ascii_name = name.ascii_name;
    return true;
}

static bool refuse_list(const Caa__V1__ListChecksRequest *request, struct rpc_call *call)
{
    if (request->page_size > PAGE_MAX)
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "page_size", 0,
                      "page_size is %u; 1 to %d are accepted, 0 means 100",
                      request->page_size, PAGE_MAX);
    else if (!protobuf_c_enum_descriptor_get_value(
                 &caa__v1__check_domains_response__decision__descriptor,
                 (int)request->decision))
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "decision", 0,
                      "decision %d is none of PERMITTED, DENIED, LOOKUP_FAILED",
                      (int)request->decision);
    else if (!protobuf_c_enum_descriptor_get_value(&caa__v1__result__verdict__descriptor,
                                                   (int)request->verdict))
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "verdict", 0,
                      "verdict %d is none of PERMITTED, DENIED, LOOKUP_FAILED, EXEMPT, "
                      "INVALID_NAME",
                      (int)request->verdict);
    else
        return false;
    return true;
}

/* One name DENIED or no name makes the whole DENIED, and that has an index. */
static int decision_of(const Caa__V1__ListChecksRequest *request)
{
    bool denied = request->verdict == CAA__V1__RESULT__VERDICT__DENIED ||
                  request->verdict == CAA__V1__RESULT__VERDICT__INVALID_NAME;
    return denied && !request->decision
               ? (int)CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED
               : (int)request->decision;
}

void service_list_checks(struct service *service,
                         const Caa__V1__ListChecksRequest *request, struct rpc_call *call)
{
    struct reading *reading = begin(service, call);
    if (!reading || refuse_list(request, call) || !read_name(reading, request->name))
        return;
    reading->verdict = request->verdict;
    struct audit_filter filter = {.name = reading->ascii_name,
                                  .order_id = request->order_id,
                                  .decision = decision_of(request),
                                  .since_ms = request->since_ms,
                                  .until_ms = request->until_ms,
                                  .page_token = request->page_token,
                                  .page_size = request->page_size};
    enum caa_err err = audit_list(service->audit, &filter, on_listed, reading);
    if (err == CAA_EINVAL)
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "page_token", 0,
                      "page_token is none that ListChecks gave");
    else if (err != CAA_OK)
        fail_store(reading);
}
