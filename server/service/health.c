#include <string.h>

#include "service/reply.h"
#include "service/service.h"

#define SERVING(yes)                                                                     \
    ((yes) ? CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__SERVING                             \
           : CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__NOT_SERVING)

enum { PARTS = 3 };

bool service_resolver_is_serving(const struct service *service, const char **why)
{
    *why = "";
    if (resolver_is_ready(service->resolver))
        return true;
    *why = !resolver_is_tested(service->resolver) ? "the resolvers are being tested"
           : resolver_requires_dnssec(service->resolver)
               ? "no configured resolver answers and is seen to validate DNSSEC"
               : "no configured resolver answers";
    return false;
}

static void fill_parts(struct service *service, Caa__V1__HealthCheckResponse__Part *parts,
                       char audit_why[AUDIT_TEXT_LEN])
{
    const char *resolver_why;
    bool resolver = service_resolver_is_serving(service, &resolver_why);
    bool audit = !service->audit || audit_health(service->audit, audit_why);
    bool draining = rpc_server_is_draining(service->rpc);
    for (size_t i = 0; i < PARTS; i++)
        caa__v1__health_check_response__part__init(&parts[i]);
    parts[0].part = reply_text("");
    parts[0].status = SERVING(resolver && audit && !draining);
    parts[0].message = reply_text(draining    ? "draining"
                                  : !resolver ? resolver_why
                                  : !audit    ? audit_why
                                              : "");
    parts[1].part = reply_text("resolver");
    parts[1].status = SERVING(resolver);
    parts[1].message = reply_text(resolver_why);
    parts[2].part = reply_text("audit");
    parts[2].status = SERVING(audit);
    parts[2].message = reply_text(audit ? "" : audit_why);
}

static void check(Caa__V1__HealthService_Service *base,
                  const Caa__V1__HealthCheckRequest *request,
                  Caa__V1__HealthCheckResponse_Closure closure, void *closure_data)
{
    struct service *service = ((struct health_service *)(void *)base)->service;
    char audit_why[AUDIT_TEXT_LEN] = "";
    Caa__V1__HealthCheckResponse__Part parts[PARTS], *pointers[PARTS];
    Caa__V1__HealthCheckResponse response = CAA__V1__HEALTH_CHECK_RESPONSE__INIT;
    fill_parts(service, parts, audit_why);
    response.n_parts = PARTS;
    response.parts = pointers;
    for (size_t i = 0; i < PARTS; i++) {
        pointers[i] = &parts[i];
        if (strcmp(request->part, parts[i].part) == 0)
            response.status = parts[i].status;
    }
    if (response.status)
        closure(&response, closure_data);
    else
        rpc_call_fail(closure_data, RPC_CODE(NOT_FOUND), "part", 0,
                      "no part \"%.100s\"; there are \"resolver\", \"audit\" and \"\" "
                      "for the whole",
                      request->part);
}

void health_service_init(struct health_service *health, struct service *service)
{
    caa__v1__health_service__init(&health->base, NULL);
    health->base.check = check;
    health->service = service;
}
