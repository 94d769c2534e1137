/* verify_audit.c - VerifyAudit: reads a stream's whole chain on a thread of its
 * own, since it may take minutes; stops when the caller's time is up. */
#include <assert.h>
#include <pthread.h>

#include "base/clock.h"
#include "service/reply.h"
#include "service/service.h"

enum { FINDINGS_MAX = 1000 };

static_assert((int)AUDIT_CHANGED + 1 ==
                      CAA__V1__VERIFY_AUDIT_RESPONSE__FINDING__KIND__CHANGED &&
                  (int)AUDIT_UNINDEXED + 1 ==
                      CAA__V1__VERIFY_AUDIT_RESPONSE__FINDING__KIND__UNINDEXED,
              "audit.h and caa.proto differ");

struct verification {
    struct service *service;
    struct rpc_call *call;
    const char *stream; /* NULL: this daemon's */
    struct audit_verify_from from;
    Caa__V1__VerifyAuditResponse response;
    Caa__V1__VerifyAuditResponse__Finding *found[FINDINGS_MAX];
};

static void on_finding(void *arg, const struct audit_finding *finding)
{
    struct verification *verification = arg;
    struct arena *arena = verification->call->arena;
    Caa__V1__VerifyAuditResponse *response = &verification->response;
    if (response->n_findings == FINDINGS_MAX)
        return;
    Caa__V1__VerifyAuditResponse__Finding *out = arena_alloc(arena, sizeof *out);
    if (!out)
        return; /* finding_count still counts it */
    caa__v1__verify_audit_response__finding__init(out);
    out->kind = (Caa__V1__VerifyAuditResponse__Finding__Kind)(finding->kind + 1);
    out->sequence = finding->sequence;
    out->request_id = arena_strdup(arena, finding->request_id);
    out->text = arena_strdup(arena, finding->text);
    if (out->request_id && out->text)
        verification->found[response->n_findings++] = out;
}

static bool on_progress(void *arg, uint64_t checked, uint64_t last)
{
    struct verification *verification = arg;
    (void)checked;
    (void)last;
    return clock_mono_us() < verification->call->deadline_us &&
           !rpc_server_is_draining(verification->service->rpc);
}

static void reply(struct verification *verification, enum caa_err err, const char *why,
                  const struct audit_verification *read)
{
    Caa__V1__VerifyAuditResponse *response = &verification->response;
    struct rpc_call *call = verification->call;
    if (err == CAA_ENOTFOUND) {
        rpc_call_fail(call, RPC_CODE(NOT_FOUND), "stream", 0, "no such stream");
    } else if (err != CAA_OK && err != CAA_ECLOSED) {
        rpc_call_fail(call, RPC_CODE(UNAVAILABLE), NULL, 0,
                      "the audit store could not be read: %s", why);
    } else {
        response->checked = read->checked;
        response->finding_count = read->findings;
        response->findings = verification->found;
        response->first = read->first;
        response->last = read->last;
        response->last_hash.data = (uint8_t *)(uintptr_t)read->last_hash;
        response->last_hash.len = sizeof read->last_hash;
        response->complete = err == CAA_OK;
        response->read_to = read->read_to;
        response->read_to_hash.data = (uint8_t *)(uintptr_t)read->read_to_hash;
        response->read_to_hash.len = read->read_to_known ? sizeof read->read_to_hash : 0;
        rpc_call_reply(&response->base, call);
    }
}

static void *run(void *arg)
{
    struct verification *verification = arg;
    struct service *service = verification->service;
    char why[AUDIT_TEXT_LEN] = "";
    struct audit_verification read = {0};
    struct audit_verify_watch watch = {on_finding, on_progress, verification};
    enum caa_err err = audit_verify(service->audit, verification->stream,
                                    &verification->from, &watch, &read, why);
    atomic_store(&service->verifying, false);
    reply(verification, err, why, &read); /* ends the call and verification */
    return NULL;
}

void service_verify_audit(struct service *service,
                          const Caa__V1__VerifyAuditRequest *request,
                          struct rpc_call *call)
{
    pthread_t thread;
    struct verification *verification = arena_alloc(call->arena, sizeof *verification);
    if (!service->audit) {
        rpc_call_fail(call, RPC_CODE(FAILED_PRECONDITION), NULL, 0,
                      "this daemon keeps no audit history (audit.store is none)");
        return;
    }
    if (!verification) {
        rpc_call_reply(NULL, call);
        return;
    }
    if (request->after_hash.len != 0 && request->after_hash.len != AUDIT_HASH_LEN) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "after_hash", 0,
                      "after_hash has %zu octets; it has %d, or none",
                      request->after_hash.len, AUDIT_HASH_LEN);
        return;
    }
    if (atomic_exchange(&service->verifying, true)) {
        rpc_call_fail(call, RPC_CODE(RESOURCE_EXHAUSTED), NULL, 10000,
                      "a verification is running already");
        return;
    }
    verification->service = service;
    verification->call = call;
    verification->stream = *request->stream ? request->stream : NULL;
    verification->from = (struct audit_verify_from){
        request->after, request->after_hash.len ? request->after_hash.data : NULL};
    caa__v1__verify_audit_response__init(&verification->response);
    if (pthread_create(&thread, NULL, run, verification) != 0) {
        atomic_store(&service->verifying, false);
        rpc_call_reply(NULL, call);
        return;
    }
    pthread_detach(thread);
}
