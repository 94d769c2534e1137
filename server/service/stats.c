/* stats.c - every counter and level under its Prometheus name, for GetStats
 * and /metrics alike: one prefix, base units, no label with a name in it, each
 * series present from the start. */
#include <stdio.h>

#include "base/clock.h"
#include "service/service.h"

const int64_t service_latency_bounds_us[LATENCY_BUCKETS] = {
    50,     100,    250,    500,     1000,    2500,    5000,     10000,    25000,   50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 20000000, 30000000};

struct emitter {
    service_stat *emit;
    void *arg;
};

static void plain(const struct emitter *out, const char *name, double value)
{
    out->emit(out->arg, name, "", value);
}

static void labelled(const struct emitter *out, const char *name, const char *key,
                     const char *label, double value)
{
    char labels[96];
    snprintf(labels, sizeof labels, "%s=%s", key, label);
    out->emit(out->arg, name, labels, value);
}

static void emit_checks(const struct emitter *out, struct service_counters *counters)
{
    plain(out, "caad_checks_total", (double)atomic_load(&counters->checks));
    plain(out, "caad_recorded_answers_total",
          (double)atomic_load(&counters->recorded_answers));
    plain(out, "caad_audit_failures_total",
          (double)atomic_load(&counters->audit_failures));
    for (int i = 1; i <= CAA_DECISION_LOOKUP_FAILED; i++)
        labelled(out, "caad_decisions_total", "decision",
                 caa_decision_name((enum caa_decision)i),
                 (double)atomic_load(&counters->decisions[i]));
    for (int i = 1; i <= CAA_VERDICT_INVALID_NAME; i++)
        labelled(out, "caad_verdicts_total", "verdict",
                 caa_verdict_name((enum caa_verdict)i),
                 (double)atomic_load(&counters->verdicts[i]));
#define EMIT_REASON(name, number, verdict)                                               \
    labelled(out, "caad_results_total", "reason", #name,                                 \
             (double)atomic_load(&counters->reasons[number]));
    CAA_REASON_TABLE(EMIT_REASON)
#undef EMIT_REASON
}

static void emit_latency(const struct emitter *out, struct service_counters *counters)
{
    unsigned long long sum = 0;
    for (size_t i = 0; i <= LATENCY_BUCKETS; i++) {
        char bound[32] = "+Inf";
        if (i < LATENCY_BUCKETS)
            snprintf(bound, sizeof bound, "%g",
                     (double)service_latency_bounds_us[i] / 1e6);
        sum += atomic_load(&counters->latency[i]);
        labelled(out, "caad_check_duration_seconds_bucket", "le", bound, (double)sum);
    }
    plain(out, "caad_check_duration_seconds_count", (double)sum);
    plain(out, "caad_check_duration_seconds_sum",
          (double)atomic_load(&counters->latency_sum_us) / 1e6);
}

static void emit_resolver(const struct emitter *out, struct resolver *resolver)
{
    struct resolver_stats stats;
    resolver_stats_read(resolver, &stats);
    labelled(out, "caad_dns_queries_total", "transport", "UDP",
             (double)stats.udp_queries);
    labelled(out, "caad_dns_queries_total", "transport", "TCP",
             (double)stats.tcp_queries);
    for (int i = 1; i <= CAA_OUTCOME_DEADLINE_EXCEEDED; i++)
        labelled(out, "caad_dns_lookups_total", "outcome",
                 caa_outcome_name((enum caa_outcome)i), (double)stats.lookups[i]);
    for (int i = 0; i < 32; i++) {
        char code[16];
        snprintf(code, sizeof code, i < 31 ? "%d" : "%d+", i);
        labelled(out, "caad_ede_total", "code", code, (double)stats.ede[i]);
    }
    plain(out, "caad_dns_lookups_shared_total", (double)stats.shared);
    plain(out, "caad_dns_lookups_in_flight", (double)stats.in_flight);
    plain(out, "caad_cache_hits_total", (double)stats.cache_hits);
    plain(out, "caad_cache_misses_total", (double)stats.cache_misses);
    plain(out, "caad_cache_entries", (double)stats.cache_entries);
    for (size_t i = 0; i < resolver_upstream_count(resolver); i++) {
        const struct upstream *upstream = resolver_upstream(resolver, i);
        labelled(out, "caad_resolver_in_rotation", "resolver", upstream->text,
                 upstream_in_rotation(upstream, resolver_requires_dnssec(resolver)));
    }
}

static void emit_rpc(const struct emitter *out, struct rpc_server *rpc)
{
    struct rpc_stats stats;
    rpc_server_stats(rpc, &stats);
    plain(out, "caad_rpc_calls_total", (double)stats.calls);
    plain(out, "caad_rpc_refused_total", (double)stats.refused);
    plain(out, "caad_rpc_in_flight", stats.in_flight);
    plain(out, "caad_rpc_connections", stats.connections);
}

static void emit_audit(const struct emitter *out, struct audit *audit)
{
    struct audit_stats stats = {0};
    char why[AUDIT_TEXT_LEN];
    if (audit)
        audit_stats(audit, &stats);
    plain(out, "caad_audit_records_total", (double)stats.appended);
    plain(out, "caad_audit_append_failures_total",
          (double)(stats.failed + stats.refused));
    plain(out, "caad_audit_commits_total", (double)stats.commits);
    plain(out, "caad_audit_commit_seconds_total", (double)stats.commit_us / 1e6);
    plain(out, "caad_audit_queued", (double)stats.queued);
    plain(out, "caad_audit_up", !audit || audit_health(audit, why));
}

void service_stats_each(struct service *service, service_stat *emit, void *arg)
{
    struct emitter out = {emit, arg};
    labelled(&out, "caad_build_info", "version", CAAD_VERSION, 1);
    plain(&out, "caad_uptime_seconds",
          (double)(clock_wall_ms() - service->started_at_ms) / 1e3);
    emit_checks(&out, &service->counters);
    emit_latency(&out, &service->counters);
    emit_resolver(&out, service->resolver);
    emit_rpc(&out, service->rpc);
    emit_audit(&out, service->audit);
}
