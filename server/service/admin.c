#include <ares.h>
#include <idn2.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>

#include "base/clock.h"
#include "check/name.h"
#include "service/reply.h"
#include "service/service.h"

#define SERVICE_OF(base) (((struct admin_service *)(void *)(base))->service)

/* ------------------------------------------------------------ GetServerInfo */

static char **texts(const struct caad_names *names)
{
    return (char **)(uintptr_t)names->names;
}

static bool fill_products(struct arena *arena, const struct caad_config *config,
                          Caa__V1__GetServerInfoResponse *response)
{
    Caa__V1__GetServerInfoResponse__Product *block =
        arena_array(arena, config->product_count, sizeof *block);
    response->products =
        arena_array(arena, config->product_count, sizeof *response->products);
    if (!block || !response->products)
        return false;
    response->n_products = config->product_count;
    for (size_t i = 0; i < config->product_count; i++) {
        const struct caad_product *product = &config->products[i];
        const struct caad_names *issuers = caad_config_issuers(config, product);
        response->products[i] = &block[i];
        caa__v1__get_server_info_response__product__init(&block[i]);
        block[i].name = reply_text(product->name);
        block[i].certificate =
            (Caa__V1__GetServerInfoResponse__Product__Certificate)product->certificate;
        block[i].exempt = product->exempt;
        block[i].n_issuer_domain_names = issuers->count;
        block[i].issuer_domain_names = texts(issuers);
    }
    return true;
}

static bool fill_resolvers(struct arena *arena, const struct resolver *resolver,
                           Caa__V1__GetServerInfoResponse *response)
{
    size_t count = resolver_upstream_count(resolver);
    Caa__V1__GetServerInfoResponse__Resolver *block =
        arena_array(arena, count, sizeof *block);
    response->resolvers = arena_array(arena, count, sizeof *response->resolvers);
    if (!block || !response->resolvers)
        return false;
    response->n_resolvers = count;
    for (size_t i = 0; i < count; i++) {
        const struct upstream *upstream = resolver_upstream(resolver, i);
        response->resolvers[i] = &block[i];
        caa__v1__get_server_info_response__resolver__init(&block[i]);
        block[i].address = reply_text(upstream->text);
        block[i].state = (Caa__V1__GetServerInfoResponse__Resolver__State)atomic_load(
            &upstream->state);
        block[i].since_ms = atomic_load(&upstream->since_ms);
        block[i].in_rotation =
            upstream_in_rotation(upstream, resolver_requires_dnssec(resolver));
    }
    return true;
}

static bool fill_libraries(struct arena *arena, Caa__V1__GetServerInfoResponse *response)
{
    const char *libraries[][2] = {
        {"nng", nng_version()},
        {"protobuf-c", protobuf_c_version()},
        {"c-ares", ares_version(NULL)},
        {"libidn2", idn2_check_version(NULL)},
        {"tls", nng_tls_engine_description()},
    };
    size_t count = sizeof libraries / sizeof libraries[0];
    Caa__V1__GetServerInfoResponse__Library *block =
        arena_array(arena, count, sizeof *block);
    response->libraries = arena_array(arena, count, sizeof *response->libraries);
    if (!block || !response->libraries)
        return false;
    response->n_libraries = count;
    for (size_t i = 0; i < count; i++) {
        response->libraries[i] = &block[i];
        caa__v1__get_server_info_response__library__init(&block[i]);
        block[i].name = reply_text(libraries[i][0]);
        block[i].version = reply_text(libraries[i][1]);
    }
    return true;
}

static void get_server_info(Caa__V1__AdminService_Service *base,
                            const Caa__V1__GetServerInfoRequest *request,
                            Caa__V1__GetServerInfoResponse_Closure closure,
                            void *closure_data)
{
    (void)request;
    struct service *service = SERVICE_OF(base);
    struct arena *arena = ((struct rpc_call *)closure_data)->arena;
    const struct caad_config *config = atomic_load(&service->config);
    Caa__V1__GetServerInfoResponse response = CAA__V1__GET_SERVER_INFO_RESPONSE__INIT;
    response.version = reply_text(CAAD_VERSION);
    response.instance = reply_text(config->instance);
    response.perspective = reply_text(config->perspective);
    response.started_at_ms = service->started_at_ms;
    response.n_issuer_domain_names = config->issuer_domain_names.count;
    response.issuer_domain_names = texts(&config->issuer_domain_names);
    response.n_source_addresses = config->source_addresses.count;
    response.source_addresses = texts(&config->source_addresses);
    response.require_dnssec = config->resolver.require_dnssec;
    response.audit_store = reply_text(config->audit.shown);
    bool filled = fill_products(arena, config, &response) &&
                  fill_resolvers(arena, service->resolver, &response) &&
                  fill_libraries(arena, &response);
    closure(filled ? &response : NULL, closure_data);
}

/* ------------------------------------------------------------------ GetStats */

struct stats_list {
    struct arena *arena;
    Caa__V1__GetStatsResponse__Stat **stats;
    size_t count, room;
    bool no_memory;
};

static void collect_stat(void *arg, const char *name, const char *labels, double value)
{
    struct stats_list *list = arg;
    Caa__V1__GetStatsResponse__Stat *stat = arena_alloc(list->arena, sizeof *stat);
    char **pairs = arena_array(list->arena, 1, sizeof *pairs);
    if (list->count == list->room || !stat || !pairs) {
        list->no_memory = true;
        return;
    }
    caa__v1__get_stats_response__stat__init(stat);
    pairs[0] = arena_strdup(list->arena, labels);
    stat->name = arena_strdup(list->arena, name);
    stat->n_labels = *labels ? 1 : 0;
    stat->labels = pairs;
    stat->value = value;
    list->no_memory |= !stat->name || !pairs[0];
    list->stats[list->count++] = stat;
}

static void get_stats(Caa__V1__AdminService_Service *base,
                      const Caa__V1__GetStatsRequest *request,
                      Caa__V1__GetStatsResponse_Closure closure, void *closure_data)
{
    (void)request;
    enum { STATS_MAX = 1024 };
    struct service *service = SERVICE_OF(base);
    struct arena *arena = ((struct rpc_call *)closure_data)->arena;
    struct stats_list list = {.arena = arena, .room = STATS_MAX};
    list.stats = arena_array(arena, STATS_MAX, sizeof *list.stats);
    if (list.stats)
        service_stats_each(service, collect_stat, &list);
    Caa__V1__GetStatsResponse response = CAA__V1__GET_STATS_RESPONSE__INIT;
    response.n_stats = list.count;
    response.stats = list.stats;
    response.started_at_ms = service->started_at_ms;
    response.now_ms = clock_wall_ms();
    closure(list.stats && !list.no_memory ? &response : NULL, closure_data);
}

/* ---------------------------------------------------------------- FlushCache */

/* false: the call was ended. */
static bool flush_name(struct service *service, struct rpc_call *call, const char *asked,
                       size_t index, bool subtree, size_t *flushed)
{
    struct caa_name name;
    if (caa_name_read(call->arena, asked, CAA_CERTIFICATE_TLS, &name) != CAA_OK) {
        rpc_call_reply(NULL, call);
        return false;
    }
    if (name.kind != CAA_NAME_DOMAIN) {
        char field[32];
        snprintf(field, sizeof field, "names[%zu]", index);
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), field, 0, "%s: %s", field,
                      name.kind == CAA_NAME_INVALID ? name.detail
                                                    : "not a name that is looked up");
        return false;
    }
    *flushed += resolver_flush(service->resolver, name.fqdn.text, subtree);
    return true;
}

static void flush_cache(Caa__V1__AdminService_Service *base,
                        const Caa__V1__FlushCacheRequest *request,
                        Caa__V1__FlushCacheResponse_Closure closure, void *closure_data)
{
    struct service *service = SERVICE_OF(base);
    size_t flushed = 0;
    if (request->n_names == 0)
        flushed = resolver_flush(service->resolver, NULL, true);
    for (size_t i = 0; i < request->n_names; i++)
        if (!flush_name(service, closure_data, request->names[i], i,
                        request->subtree != 0, &flushed))
            return;
    Caa__V1__FlushCacheResponse response = CAA__V1__FLUSH_CACHE_RESPONSE__INIT;
    response.flushed = flushed;
    response.note = reply_text(
        "The resolver may still hold the old records for up to its own maximum TTL "
        "(Unbound: cache-max-ttl). To drop them there: unbound-control flush_type NAME "
        "CAA; after an outage of the domain's name servers also unbound-control "
        "flush_infra all, after a DNSSEC fault flush_bogus.");
    log_info(service->log, "cache flushed", log_uint("answers", flushed),
             log_uint("names", request->n_names));
    closure(&response, closure_data);
}

/* -------------------------------------------------------- VerifyAudit, Drain */

static void verify_audit(Caa__V1__AdminService_Service *base,
                         const Caa__V1__VerifyAuditRequest *request,
                         Caa__V1__VerifyAuditResponse_Closure closure, void *call)
{
    (void)closure; /* the call's reply, which the method uses itself */
    service_verify_audit(SERVICE_OF(base), request, call);
}

static void drain(Caa__V1__AdminService_Service *base,
                  const Caa__V1__DrainRequest *request,
                  Caa__V1__DrainResponse_Closure closure, void *closure_data)
{
    (void)request;
    struct service *service = SERVICE_OF(base);
    Caa__V1__DrainResponse response = CAA__V1__DRAIN_RESPONSE__INIT;
    response.in_flight = rpc_server_drain(service->rpc);
    closure(&response, closure_data);
    service->drain(service->drain_arg);
}

void admin_service_init(struct admin_service *admin, struct service *service)
{
    caa__v1__admin_service__init(&admin->base, NULL);
    admin->base.get_server_info = get_server_info;
    admin->base.get_stats = get_stats;
    admin->base.flush_cache = flush_cache;
    admin->base.verify_audit = verify_audit;
    admin->base.drain = drain;
    admin->service = service;
}
