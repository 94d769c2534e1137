/* check_domains.c - the path of one CheckDomains: request, lookups, record,
 * reply. A known request_id is answered from its record or from its twin in
 * flight; a verdict leaves only once its record is durable. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "service/check.h"
#include "service/reply.h"
#include "service/request.h"

enum { RETRY_AFTER_MS = 1000 };

/* One call on its way; lives in the call's arena. */
struct domains {
    struct twin twin; /* first: a twin is its call */
    bool is_first;    /* joined the table; others may wait for it */
    struct service *service;
    const struct caad_config *config;
    struct rpc_call *call;
    Caa__V1__CheckDomainsRequest request; /* with request_id and product in force */
    const char *const *names;
    size_t name_count;
    struct caa_policy policy;
    struct check *check;
    Caa__V1__CheckDomainsResponse response;
    struct audit_entry entry;
};

/* -------------------------------------------------------------------- ending */

static void count_call(struct service *service, int64_t started_us)
{
    int64_t took_us = clock_mono_us() - started_us;
    size_t bucket = 0;
    while (bucket < LATENCY_BUCKETS && took_us > service_latency_bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&service->counters.latency[bucket], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&service->counters.latency_sum_us,
                              (unsigned long long)took_us, memory_order_relaxed);
}

/* The recorded or the twin's answer must be to the very question asked now, or
 * it would lend its permission to another. */
static bool same_question(const struct domains *domains,
                          const Caa__V1__CheckDomainsRequest *asked,
                          const Caa__V1__CheckDomainsResponse *response)
{
    const Caa__V1__CheckDomainsRequest *request = &domains->request;
    if (response->n_results != domains->name_count ||
        asked->n_account_uris != request->n_account_uris ||
        strcmp(asked->product, request->product) != 0 ||
        strcmp(asked->validation_method, request->validation_method) != 0)
        return false;
    for (size_t i = 0; i < domains->name_count; i++)
        if (strcmp(response->results[i]->name, domains->names[i]) != 0)
            return false;
    for (size_t i = 0; i < request->n_account_uris; i++)
        if (strcmp(asked->account_uris[i], request->account_uris[i]) != 0)
            return false;
    return true;
}

static void reply_one(struct domains *domains, const Caa__V1__CheckDomainsRequest *asked,
                      const Caa__V1__CheckDomainsResponse *response)
{
    count_call(domains->service, domains->call->received_us);
    if (asked == &domains->request || same_question(domains, asked, response))
        rpc_call_reply(&response->base, domains->call);
    else
        rpc_call_fail(domains->call, RPC_CODE(INVALID_ARGUMENT), "request_id", 0,
                      "request_id \"%s\" was given to a check of other names, or for "
                      "another product, account or method; a new check needs a new one",
                      domains->request.request_id);
}

static struct twin *leave(struct domains *domains)
{
    return domains->is_first ? twins_leave(domains->service->twins, &domains->twin)
                             : NULL;
}

/* Answers this call and those that waited for it. What was asked and the response
 * may lie in this call's arena and borrow from its check, so they go last. */
static void finish(struct domains *domains, const Caa__V1__CheckDomainsRequest *asked,
                   const Caa__V1__CheckDomainsResponse *response)
{
    for (struct twin *twin = leave(domains), *next; twin; twin = next) {
        next = twin->next;
        reply_one((struct domains *)(void *)twin, asked, response);
    }
    struct check *check = domains->check;
    reply_one(domains, asked, response);
    check_release(check);
}

static void fail(struct domains *domains, Rpc__V1__Status__Code code,
                 unsigned retry_after_ms, const char *why)
{
    for (struct twin *twin = leave(domains), *next; twin; twin = next) {
        next = twin->next;
        rpc_call_fail(((struct domains *)(void *)twin)->call, code, NULL, retry_after_ms,
                      "%s", why);
    }
    struct check *check = domains->check;
    rpc_call_fail(domains->call, code, NULL, retry_after_ms, "%s", why);
    check_release(check);
}

static void fail_audit(struct domains *domains)
{
    char why[AUDIT_TEXT_LEN], text[AUDIT_TEXT_LEN + 64];
    audit_health(domains->service->audit, why);
    snprintf(text, sizeof text, "the audit record could not be written%s%s",
             *why ? ": " : "", why);
    atomic_fetch_add(&domains->service->counters.audit_failures, 1);
    fail(domains, RPC_CODE(UNAVAILABLE), RETRY_AFTER_MS, text);
}

/* ------------------------------------------------------------ known requests */

static void start_check(struct domains *domains);

static void reply_record(struct domains *domains, const struct audit_record *record)
{
    Caa__V1__CheckRecord *stored =
        caa__v1__check_record__unpack(NULL, record->payload.len, record->payload.data);
    if (stored && stored->request && stored->response) {
        atomic_fetch_add(&domains->service->counters.recorded_answers, 1);
        finish(domains, stored->request, stored->response);
    } else {
        fail(domains, RPC_CODE(DATA_LOSS), 0, SERVICE_RECORD_CHANGED);
    }
    caa__v1__check_record__free_unpacked(stored, NULL);
}

static void fail_find(struct domains *domains, enum caa_err err)
{
    if (err == CAA_ECORRUPT)
        fail(domains, RPC_CODE(DATA_LOSS), 0, SERVICE_RECORD_CHANGED);
    else
        fail_audit(domains);
}

static void on_found_before(void *arg, enum caa_err err,
                            const struct audit_record *record)
{
    struct domains *domains = arg;
    if (err == CAA_OK)
        reply_record(domains, record);
    else if (err == CAA_ENOTFOUND)
        start_check(domains);
    else
        fail_find(domains, err);
}

static void on_found_after(void *arg, enum caa_err err, const struct audit_record *record)
{
    if (err == CAA_OK)
        reply_record(arg, record);
    else
        fail_find(arg, err);
}

/* ------------------------------------------------------------------- record */

static void on_appended(void *arg, enum caa_err err, const struct audit_receipt *receipt)
{
    struct domains *domains = arg;
    struct audit *audit = domains->service->audit;
    if (err != CAA_OK)
        fail_audit(domains);
    else if (!receipt->known)
        finish(domains, &domains->request, &domains->response);
    else if (audit_find(audit, domains->request.request_id, on_found_after, domains) !=
             CAA_OK)
        fail_audit(domains);
}

static bool pack_record(struct domains *domains, const struct caa_result *results)
{
    struct arena *arena = domains->call->arena;
    Caa__V1__CheckRecord record = CAA__V1__CHECK_RECORD__INIT;
    record.stream = reply_text(domains->config->instance);
    record.request = &domains->request;
    record.response = &domains->response;
    record.caller = reply_text(domains->call->caller);
    record.version = reply_text(CAAD_VERSION);
    record.n_issuer_domain_names = domains->policy.issuer_domain_name_count;
    record.issuer_domain_names = (char **)(uintptr_t)domains->policy.issuer_domain_names;
    record.raw_responses =
        reply_raw_responses(arena, results, domains->name_count, &record.n_raw_responses);
    if (!record.raw_responses)
        return false;
    size_t len = caa__v1__check_record__get_packed_size(&record);
    uint8_t *payload = arena_alloc(arena, len);
    if (!payload)
        return false;
    domains->entry.payload = (struct bytes){payload, len};
    caa__v1__check_record__pack(&record, payload);
    return true;
}

static bool make_entry(struct domains *domains, const struct caa_result *results)
{
    struct audit_name *names =
        arena_array(domains->call->arena, domains->name_count, sizeof *names);
    if (!names || !pack_record(domains, results))
        return false;
    for (size_t i = 0; i < domains->name_count; i++)
        names[i] = (struct audit_name){results[i].name->ascii_name,
                                       (int)results[i].verdict, (int)results[i].reason};
    struct audit_entry *entry = &domains->entry;
    entry->request_id = domains->request.request_id;
    entry->order_id = domains->request.order_id;
    entry->product = domains->request.product;
    entry->caller = domains->call->caller;
    entry->event = (int)domains->request.event;
    entry->decision = (int)domains->response.decision;
    entry->checked_at_ms = domains->response.checked_at_ms;
    entry->names = names;
    entry->name_count = domains->name_count;
    return true;
}

/* ------------------------------------------------------------------- results */

static void log_result(struct domains *domains, const struct caa_result *result)
{
    if (result->verdict == CAA_VERDICT_PERMITTED || result->verdict == CAA_VERDICT_EXEMPT)
        return;
    log_info(domains->service->log, "not permitted",
             log_str("request_id", domains->request.request_id),
             log_str("order_id", domains->request.order_id),
             log_str("name", result->name->asked),
             log_str("verdict", caa_verdict_name(result->verdict)),
             log_str("reason", caa_reason_name(result->reason)));
}

static bool make_response(struct domains *domains, const struct caa_result *results)
{
    struct arena *arena = domains->call->arena;
    Caa__V1__CheckDomainsResponse *response = &domains->response;
    struct service_counters *counters = &domains->service->counters;
    enum caa_decision decision = CAA_DECISION_UNSPECIFIED;
    caa__v1__check_domains_response__init(response);
    response->request_id = domains->request.request_id;
    response->checked_at_ms = clock_wall_ms();
    response->instance = reply_text(domains->config->instance);
    response->perspective = reply_text(domains->config->perspective);
    response->n_results = domains->name_count;
    response->results =
        arena_array(arena, domains->name_count, sizeof *response->results);
    if (!response->results)
        return false;
    for (size_t i = 0; i < domains->name_count; i++) {
        int64_t until_ms = results[i].valid_until_ms;
        response->results[i] = reply_result(arena, &results[i]);
        if (!response->results[i])
            return false;
        decision = caa_decision_add(decision, results[i].verdict);
        if (until_ms &&
            (!response->valid_until_ms || until_ms < response->valid_until_ms))
            response->valid_until_ms = until_ms;
        atomic_fetch_add_explicit(&counters->verdicts[results[i].verdict], 1,
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&counters->reasons[results[i].reason], 1,
                                  memory_order_relaxed);
        log_result(domains, &results[i]);
    }
    atomic_fetch_add_explicit(&counters->decisions[decision], 1, memory_order_relaxed);
    response->decision = (Caa__V1__CheckDomainsResponse__Decision)decision;
    return true;
}

static void on_complete(struct check *check, enum caa_err err, void *arg)
{
    struct domains *domains = arg;
    domains->check = check;
    const struct caa_result *results = check_results(check);
    struct audit *audit = domains->service->audit;
    if (err != CAA_OK || !make_response(domains, results) ||
        (audit && !make_entry(domains, results)))
        fail(domains, RPC_CODE(RESOURCE_EXHAUSTED), 0,
             "the request takes more memory than one request may; split it");
    else if (!audit)
        finish(domains, &domains->request, &domains->response);
    else if (audit_append(audit, &domains->entry, on_appended, domains) != CAA_OK)
        fail_audit(domains);
}

static void start_check(struct domains *domains)
{
    const struct caad_config *config = domains->config;
    struct check_options options = {
        .resolver = domains->service->resolver,
        .policy = domains->policy,
        .names = domains->names,
        .name_count = domains->name_count,
        .fresh = domains->request.fresh != 0,
        .asked_us = domains->call->received_us,
        .deadline_us = request_lookup_deadline_us(domains->call),
        .memory_budget = config->limits.max_request_memory_bytes,
        .complete = on_complete,
        .arg = domains,
    };
    if (check_start(&options) != CAA_OK)
        fail(domains, RPC_CODE(RESOURCE_EXHAUSTED), 0,
             "the request takes more memory than one request may; split it");
}

/* ------------------------------------------------------------------ starting */

/* The id in force: the message's, the envelope's, else a new one. *given: the
 * caller chose it, so it may come again. */
static bool choose_request_id(struct domains *domains,
                              const Caa__V1__CheckDomainsRequest *request, bool *given)
{
    char *id =
        *request->request_id ? request->request_id : domains->call->envelope->request_id;
    *given = *id != '\0';
    if (!*given) {
        id = arena_printf(domains->call->arena, "%016llx%016llx",
                          (unsigned long long)random_u64(),
                          (unsigned long long)random_u64());
    }
    domains->request = *request;
    domains->request.request_id = id;
    if (!*request->product) /* the record must not depend on the configuration */
        domains->request.product = reply_text(domains->config->products[0].name);
    domains->twin.request_id = id;
    return id != NULL;
}

/* Nothing is asked of the DNS for a verdict that could not be recorded. */
static bool audit_is_healthy(struct domains *domains)
{
    char why[AUDIT_TEXT_LEN];
    return !domains->service->audit || audit_health(domains->service->audit, why);
}

void service_check_domains(struct service *service,
                           const Caa__V1__CheckDomainsRequest *request,
                           struct rpc_call *call)
{
    bool given;
    struct domains *domains = arena_alloc(call->arena, sizeof *domains);
    if (!domains) {
        rpc_call_reply(NULL, call);
        return;
    }
    domains->service = service;
    domains->call = call;
    domains->config = atomic_load(&service->config);
    atomic_fetch_add_explicit(&service->counters.checks, 1, memory_order_relaxed);
    if (!request_read(call, domains->config, request, &domains->names,
                      &domains->name_count) ||
        !request_read_policy(call, domains->config, request->product,
                             request->account_uris, request->n_account_uris,
                             request->validation_method, &domains->policy))
        return;
    if (!choose_request_id(domains, request, &given)) {
        rpc_call_reply(NULL, call);
        return;
    }
    if (!audit_is_healthy(domains)) {
        fail_audit(domains);
        return;
    }
    if (given && !twins_join(service->twins, &domains->twin))
        return; /* the first one answers it */
    domains->is_first = given;
    if (!given || !service->audit ||
        !audit_maybe_known(service->audit, domains->request.request_id))
        start_check(domains);
    else if (audit_find(service->audit, domains->request.request_id, on_found_before,
                        domains) != CAA_OK)
        fail_audit(domains);
}
