/* caa.c - CaaService: from the generated table to the methods' files. */
#include "service/service.h"

#define SERVICE_OF(base) (((struct caa_service *)(void *)(base))->service)

/* Each closure is the call's reply; the methods call rpc_call_reply itself. */
#define FORWARD(method, Type, function)                                                  \
    static void method(Caa__V1__CaaService_Service *base, const Type##Request *request,  \
                       Type##Response_Closure closure, void *call)                       \
    {                                                                                    \
        (void)closure;                                                                   \
        function(SERVICE_OF(base), request, call);                                       \
    }

FORWARD(check_domains, Caa__V1__CheckDomains, service_check_domains)
FORWARD(explain_domain, Caa__V1__ExplainDomain, service_explain_domain)
FORWARD(get_check, Caa__V1__GetCheck, service_get_check)
FORWARD(list_checks, Caa__V1__ListChecks, service_list_checks)

void caa_service_init(struct caa_service *caa, struct service *service)
{
    caa__v1__caa_service__init(&caa->base, NULL);
    caa->base.check_domains = check_domains;
    caa->base.explain_domain = explain_domain;
    caa->base.get_check = get_check;
    caa->base.list_checks = list_checks;
    caa->service = service;
}
