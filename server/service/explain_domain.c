/* explain_domain.c - every level of one name's climb, asked afresh, and what
 * each one meant. No record is written, so nothing may be issued on it. */
#include "base/clock.h"
#include "service/check.h"
#include "service/reply.h"
#include "service/request.h"

struct explanation {
    struct service *service;
    const struct caad_config *config;
    struct rpc_call *call;
    const char *names[1];
};

static const char *meaning(const struct caa_result *result,
                           const struct caa_level *levels, size_t index)
{
    const struct caa_answer *answer = levels[index].answer;
    if (index >= result->level_count)
        return "Not needed: a nearer level decided.";
    if (answer == result->found)
        return "Has the Relevant RRset: its records decide.";
    if (caa_outcome_is_failure(answer->outcome))
        return "Could not be looked up. Records may be hidden here, so the climb stops "
               "without an answer.";
    return index + 1 < result->level_count
               ? "No CAA records here: the climb goes on to the parent."
               : "No CAA records here, and this is the last level: nothing restricts.";
}

static bool fill_level(struct arena *arena, const struct caa_result *result,
                       const struct caa_level *levels, size_t index,
                       Caa__V1__ExplainDomainResponse__Level *out)
{
    const struct caa_answer *answer = levels[index].answer;
    out->lookup = reply_lookup(arena, &levels[index]);
    out->n_records = answer->property_count;
    out->records =
        reply_records(arena, answer, answer == result->found ? result->decisive : NULL);
    out->response.data = (uint8_t *)(uintptr_t)answer->response.data;
    out->response.len = answer->response.len;
    out->meaning = reply_text(meaning(result, levels, index));
    return out->lookup && out->records;
}

static Caa__V1__ExplainDomainResponse *respond(struct explanation *explanation,
                                               struct check *check)
{
    size_t count;
    struct arena *arena = explanation->call->arena;
    const struct caa_level *levels = check_levels(check, 0, &count);
    const struct caa_result *result = check_results(check);
    Caa__V1__ExplainDomainResponse *response = arena_alloc(arena, sizeof *response);
    Caa__V1__ExplainDomainResponse__Level *block =
        arena_array(arena, count, sizeof *block);
    if (!response || !block)
        return NULL;
    caa__v1__explain_domain_response__init(response);
    response->instance = reply_text(explanation->config->instance);
    response->perspective = reply_text(explanation->config->perspective);
    response->result = reply_result(arena, result);
    response->levels = arena_array(arena, count, sizeof *response->levels);
    response->n_levels = count;
    if (!response->result || !response->levels)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        response->levels[i] = &block[i];
        caa__v1__explain_domain_response__level__init(&block[i]);
        if (!fill_level(arena, result, levels, i, &block[i]))
            return NULL;
    }
    return response;
}

static void on_complete(struct check *check, enum caa_err err, void *arg)
{
    struct explanation *explanation = arg;
    Caa__V1__ExplainDomainResponse *response =
        err == CAA_OK ? respond(explanation, check) : NULL;
    rpc_call_reply(response ? &response->base : NULL, explanation->call);
    check_release(check);
}

void service_explain_domain(struct service *service,
                            const Caa__V1__ExplainDomainRequest *request,
                            struct rpc_call *call)
{
    struct explanation *explanation = arena_alloc(call->arena, sizeof *explanation);
    if (!explanation) {
        rpc_call_reply(NULL, call);
        return;
    }
    *explanation = (struct explanation){
        service, atomic_load(&service->config), call, {request->name}};
    if (!*request->name) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "name", 0,
                      "name is empty; give the domain name to explain");
        return;
    }
    struct check_options options = {
        .resolver = service->resolver,
        .names = explanation->names,
        .name_count = 1,
        .fresh = true,
        .whole_climb = true,
        .asked_us = call->received_us,
        .deadline_us = request_lookup_deadline_us(call),
        .memory_budget = explanation->config->limits.max_request_memory_bytes,
        .complete = on_complete,
        .arg = explanation,
    };
    if (!request_read_policy(call, explanation->config, request->product,
                             request->account_uris, request->n_account_uris,
                             request->validation_method, &options.policy))
        return;
    if (check_start(&options) != CAA_OK)
        rpc_call_reply(NULL, call);
}
