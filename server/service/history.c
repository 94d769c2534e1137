/* history.c - GetCheck and ListChecks: the audit records as messages. */
#include <string.h>

#include "service/reply.h"
#include "service/service.h"

struct reading {
    struct service *service;
    struct rpc_call *call;
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
    *reading = (struct reading){service, call};
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
 * borrowed from the store. */
static Caa__V1__CheckRecord *unpack(const struct audit_record *record)
{
    Caa__V1__CheckRecord *out =
        caa__v1__check_record__unpack(NULL, record->payload.len, record->payload.data);
    if (!out)
        return NULL;
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

static void on_listed(void *arg, enum caa_err err, const struct audit_page *page)
{
    struct reading *reading = arg;
    Caa__V1__ListChecksResponse response = CAA__V1__LIST_CHECKS_RESPONSE__INIT;
    if (err != CAA_OK) {
        fail_store(reading);
        return;
    }
    char token[AUDIT_TOKEN_LEN];
    memcpy(token, page->next_token, sizeof token);
    response.next_page_token = token;
    response.checks =
        arena_array(reading->call->arena, page->count, sizeof *response.checks);
    bool whole = response.checks != NULL;
    for (size_t i = 0; whole && i < page->count; i++) {
        response.checks[i] = unpack(&page->records[i]);
        whole = response.checks[i] != NULL;
        response.n_checks += whole;
    }
    Caa__V1__CheckRecord **checks = response.checks;
    size_t count = response.n_checks;
    /* The reply ends the call and its arena, where the pointers lie. */
    Caa__V1__CheckRecord *kept[1000];
    memcpy(kept, checks, count * sizeof *kept);
    if (whole)
        rpc_call_reply(&response.base, reading->call);
    else
        fail_store(reading);
    for (size_t i = 0; i < count; i++)
        release(kept[i]);
}

void service_list_checks(struct service *service,
                         const Caa__V1__ListChecksRequest *request, struct rpc_call *call)
{
    enum { PAGE_MAX = 1000 };
    struct reading *reading = begin(service, call);
    if (!reading)
        return;
    if (request->page_size > PAGE_MAX) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "page_size", 0,
                      "page_size is %u; 1 to %d are accepted, 0 means 100",
                      request->page_size, PAGE_MAX);
        return;
    }
    struct audit_filter filter = {.name = request->name,
                                  .order_id = request->order_id,
                                  .decision = (int)request->decision,
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
