#include "service/metrics_help.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *family, *text;
} table[] = {
    {"caad_build_info", "Always 1; the label has caad's version."},
    {"caad_uptime_seconds", "Time since this daemon started."},
    {"caad_checks_total", "CheckDomains calls that were taken on."},
    {"caad_recorded_answers_total",
     "Checks answered from the record of the same request_id."},
    {"caad_audit_failures_total",
     "Checks that failed because their record could not be written."},
    {"caad_decisions_total", "Checks by their decision over all names."},
    {"caad_verdicts_total", "Names by verdict."},
    {"caad_results_total", "Names by the reason of their verdict."},
    {"caad_check_duration_seconds", "From a check's arrival to its reply."},
    {"caad_dns_queries_total", "Queries sent to the resolvers."},
    {"caad_dns_lookups_total", "CAA questions by outcome, after their retries."},
    {"caad_ede_total", "Extended DNS errors (RFC 8914) in responses, by code."},
    {"caad_dns_lookups_shared_total", "Questions that joined an equal one in flight."},
    {"caad_dns_lookups_in_flight", "Questions that wait for an answer."},
    {"caad_cache_hits_total", "Questions that the cache answered."},
    {"caad_cache_misses_total", "Questions that the cache could not answer."},
    {"caad_cache_entries", "Answers in the cache."},
    {"caad_resolver_in_rotation", "1 while this resolver is asked."},
    {"caad_rpc_calls_total", "Requests received, of every method."},
    {"caad_rpc_refused_total", "Requests refused since too many were in flight."},
    {"caad_rpc_in_flight", "Requests being worked on."},
    {"caad_rpc_connections", "Clients connected."},
    {"caad_audit_records_total", "Records written."},
    {"caad_audit_append_failures_total", "Records that could not be written."},
    {"caad_audit_commits_total", "Commits of the store; one writes many records."},
    {"caad_audit_commit_seconds_total", "Time spent in those commits."},
    {"caad_audit_queued", "Records that wait for their commit."},
    {"caad_audit_up", "1 while records can be written."},
    {"process_open_fds", "Open file descriptors."},
    {"process_max_fds", "Most file descriptors that may be open."},
    {"process_resident_memory_bytes", "Memory in use."},
    {"process_threads", "Threads."},
};

const char *metrics_help(const char *family)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].family, family) == 0)
            return table[i].text;
    return NULL;
}
