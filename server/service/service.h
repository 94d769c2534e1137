/* service.h - what the services share, and their tables of methods.
 * Threads: any; the parts are thread-safe, the rest immutable. */
#ifndef CAA_SERVICE_SERVICE_H
#define CAA_SERVICE_SERVICE_H

#include <stdatomic.h>

#include "audit/audit.h"
#include "caa/v1/caa.pb-c.h"
#include "config/config.h"
#include "dns/resolver.h"
#include "ops/log.h"
#include "rpc/server.h"
#include "service/twins.h"

enum { LATENCY_BUCKETS = 19 };

/* With DATA_LOSS: an answer from it could be a permission that nobody gave. */
#define SERVICE_RECORD_CHANGED                                                           \
    "the audit record of this request_id is not what was written; see caactl history "   \
    "--verify"

/* Upper bounds in microseconds; what is longer goes into one more bucket. */
extern const int64_t service_latency_bounds_us[LATENCY_BUCKETS];

/* Counted since start. Indexes are the numbers of verdict.h. */
struct service_counters {
    atomic_ullong verdicts[6], reasons[53], decisions[4];
    atomic_ullong checks, recorded_answers, deadline_exceeded, audit_failures;
    atomic_ullong latency[LATENCY_BUCKETS + 1], latency_sum_us;
};

struct service {
    /* Replaced by a reload; the old one stays until the daemon ends, since
     * calls in flight may read it. */
    _Atomic(const struct caad_config *) config;
    struct resolver *resolver;
    struct audit *audit; /* NULL: store "none" */
    struct log *log;
    struct rpc_server *rpc;
    struct twins *twins;
    int64_t started_at_ms;
    /* Called once a Drain call has been answered. */
    void (*drain)(void *arg);
    void *drain_arg;
    struct service_counters counters;
    atomic_bool verifying; /* one VerifyAudit at a time */
};

/* Sub-services: the generated vtable first, so that a pointer to it is a
 * pointer to this. */
struct caa_service {
    Caa__V1__CaaService_Service base;
    struct service *service;
};
struct admin_service {
    Caa__V1__AdminService_Service base;
    struct service *service;
};
struct health_service {
    Caa__V1__HealthService_Service base;
    struct service *service;
};

void caa_service_init(struct caa_service *caa, struct service *service);
void admin_service_init(struct admin_service *admin, struct service *service);
void health_service_init(struct health_service *health, struct service *service);
void schema_service_init(Caa__V1__SchemaService_Service *schema);

/* The methods, a file each or a file a kind. */
void service_check_domains(struct service *service,
                           const Caa__V1__CheckDomainsRequest *request,
                           struct rpc_call *call);
void service_explain_domain(struct service *service,
                            const Caa__V1__ExplainDomainRequest *request,
                            struct rpc_call *call);
void service_get_check(struct service *service, const Caa__V1__GetCheckRequest *request,
                       struct rpc_call *call);
void service_list_checks(struct service *service,
                         const Caa__V1__ListChecksRequest *request,
                         struct rpc_call *call);

void service_verify_audit(struct service *service,
                          const Caa__V1__VerifyAuditRequest *request,
                          struct rpc_call *call);

/* Whether checks can be answered now; *why (static) otherwise. */
bool service_resolver_is_serving(const struct service *service, const char **why);

/* One line of GetStats and /metrics: calls emit for every counter and level.
 * labels: "key=value" pairs separated by commas, "" for none. */
typedef void service_stat(void *arg, const char *name, const char *labels, double value);
void service_stats_each(struct service *service, service_stat *emit, void *arg);

#endif
