#include "fake_caad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P "caa.v1."

static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

void fake_payload(struct peer_reply *reply, const ProtobufCMessage *message)
{
    reply->payload_len = protobuf_c_message_get_packed_size(message);
    reply->payload = malloc(reply->payload_len + 1);
    if (reply->payload == NULL)
        abort();
    protobuf_c_message_pack(message, reply->payload);
}

struct rule {
    const char *label;
    Caa__V1__Result__Verdict verdict;
    Caa__V1__Result__Reason reason;
    const char *message;
    const char *remedy;
};

#define V(name) CAA__V1__RESULT__VERDICT__##name
#define R(name) CAA__V1__RESULT__REASON__##name

static const struct rule rules[] = {
    {"denied", V(DENIED), R(ISSUER_NOT_AUTHORIZED),
     "CAA Check Failed: the records at test allow other.example only.",
     "Add to the zone test:\ntest. CAA 0 issue \"ca.example\""},
    {"timeout", V(LOOKUP_FAILED), R(TIMEOUT),
     "CAA Check Failed: timeout (read udp: i/o timeout)", ""},
    {"exempt", V(EXEMPT), R(PRODUCT_EXEMPT), "", ""},
    {"invalid", V(INVALID_NAME), R(SYNTAX), "Not a domain name.", ""},
    {"evil", V(DENIED), R(ISSUER_NOT_AUTHORIZED),
     "red \033[31m text \xc2\x9b"
     "31m",
     ""},
};

static const struct rule *rule_for(const char *name)
{
    static const struct rule permitted = {"", V(PERMITTED), R(NO_CAA_RECORDS), "", ""};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strncmp(name, rules[i].label, strlen(rules[i].label)) == 0)
            return &rules[i];
    return &permitted;
}

static Caa__V1__Result *make_result(const char *name)
{
    static Caa__V1__Result__Record record = CAA__V1__RESULT__RECORD__INIT;
    static Caa__V1__Result__Record *records[] = {&record};
    const struct rule *rule = rule_for(name);
    Caa__V1__Result *result = malloc(sizeof(*result));
    if (result == NULL)
        abort();
    caa__v1__result__init(result);
    result->name = lend(name);
    result->ascii_name = lend(name);
    result->verdict = rule->verdict;
    result->reason = rule->reason;
    result->message = lend(rule->message);
    result->remedy = lend(rule->remedy);
    result->dnssec = CAA__V1__RESULT__DNSSEC__SECURE;
    result->retrieved_at_ms = 1700000000000;
    if (rule->verdict == V(DENIED)) {
        result->found_at = lend("test");
        result->n_records = 1;
        result->records = records;
    }
    return result;
}

static bool already(const Caa__V1__CheckDomainsResponse *response, const char *name)
{
    for (size_t i = 0; i < response->n_results; i++)
        if (strcmp(response->results[i]->name, name) == 0)
            return true;
    return false;
}

static void add(Caa__V1__CheckDomainsResponse *response, const char *name)
{
    if (already(response, name))
        return;
    Caa__V1__Result *result = make_result(name);
    response->results[response->n_results++] = result;
    if (result->verdict == V(DENIED) || result->verdict == V(INVALID_NAME))
        response->decision = CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED;
    else if (result->verdict == V(LOOKUP_FAILED) &&
             response->decision != CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED)
        response->decision = CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__LOOKUP_FAILED;
}

void fake_check(const Caa__V1__CheckDomainsRequest *request, const char *request_id,
                Caa__V1__CheckDomainsResponse *response)
{
    caa__v1__check_domains_response__init(response);
    response->request_id =
        request->request_id[0] != '\0' ? request->request_id : lend(request_id);
    response->decision = CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED;
    response->checked_at_ms = 1700000000123;
    response->valid_until_ms = 1700028800000;
    response->instance = lend("fake-1");
    response->results = calloc(request->n_names + 2, sizeof(Caa__V1__Result *));
    if (response->results == NULL)
        abort();
    if (request->common_name[0] != '\0')
        add(response, request->common_name);
    for (size_t i = 0; i < request->n_names; i++)
        add(response, request->names[i]);
}

void fake_check_free(Caa__V1__CheckDomainsResponse *response)
{
    for (size_t i = 0; i < response->n_results; i++)
        free(response->results[i]);
    free(response->results);
}

static void check_domains(const Rpc__V1__Request *request, struct peer_reply *reply)
{
    Caa__V1__CheckDomainsRequest *check = caa__v1__check_domains_request__unpack(
        NULL, request->payload.len, request->payload.data);
    if (check == NULL || strcmp(check->product, "Nonesuch") == 0) {
        reply->code = 3;
        snprintf(reply->field, sizeof(reply->field), "product");
        snprintf(reply->message, sizeof(reply->message), "there is no such product");
    } else {
        Caa__V1__CheckDomainsResponse response;
        fake_check(check, request->request_id, &response);
        fake_payload(reply, &response.base);
        fake_check_free(&response);
    }
    if (check != NULL)
        caa__v1__check_domains_request__free_unpacked(check, NULL);
}

static void health(const Rpc__V1__Request *request, struct peer_reply *reply)
{
    Caa__V1__HealthCheckRequest *check = caa__v1__health_check_request__unpack(
        NULL, request->payload.len, request->payload.data);
    Caa__V1__HealthCheckResponse response = CAA__V1__HEALTH_CHECK_RESPONSE__INIT;
    Caa__V1__HealthCheckResponse__Part resolver =
        CAA__V1__HEALTH_CHECK_RESPONSE__PART__INIT;
    Caa__V1__HealthCheckResponse__Part *parts[] = {&resolver};
    bool bad = check != NULL && strcmp(check->part, "audit") == 0;
    response.status = bad ? CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__NOT_SERVING
                          : CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__SERVING;
    resolver.part = lend("resolver");
    resolver.status = CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__SERVING;
    response.parts = parts;
    response.n_parts = 1;
    if (check != NULL && strcmp(check->part, "nonesuch") == 0)
        reply->code = 5;
    else
        fake_payload(reply, &response.base);
    if (check != NULL)
        caa__v1__health_check_request__free_unpacked(check, NULL);
}

static void info(struct peer_reply *reply)
{
    Caa__V1__GetServerInfoResponse response = CAA__V1__GET_SERVER_INFO_RESPONSE__INIT;
    Caa__V1__GetServerInfoResponse__Product product =
        CAA__V1__GET_SERVER_INFO_RESPONSE__PRODUCT__INIT;
    Caa__V1__GetServerInfoResponse__Product *products[] = {&product};
    char *issuers[] = {lend("ca.example")};
    product.name = lend("DV");
    product.certificate = CAA__V1__GET_SERVER_INFO_RESPONSE__PRODUCT__CERTIFICATE__TLS;
    product.issuer_domain_names = issuers;
    product.n_issuer_domain_names = 1;
    response.version = lend("0.0.0-fake");
    response.instance = lend("fake-1");
    response.started_at_ms = 1700000000000;
    response.issuer_domain_names = issuers;
    response.n_issuer_domain_names = 1;
    response.products = products;
    response.n_products = 1;
    fake_payload(reply, &response.base);
}

static void stats(struct peer_reply *reply)
{
    Caa__V1__GetStatsResponse response = CAA__V1__GET_STATS_RESPONSE__INIT;
    Caa__V1__GetStatsResponse__Stat stat = CAA__V1__GET_STATS_RESPONSE__STAT__INIT;
    Caa__V1__GetStatsResponse__Stat *list[] = {&stat};
    char *labels[] = {lend("verdict=DENIED")};
    stat.name = lend("caad_checks_total");
    stat.labels = labels;
    stat.n_labels = 1;
    stat.value = 42;
    response.stats = list;
    response.n_stats = 1;
    fake_payload(reply, &response.base);
}

static void schema(struct peer_reply *reply)
{
    Caa__V1__GetSchemaResponse response = CAA__V1__GET_SCHEMA_RESPONSE__INIT;
    FILE *file = fopen(TEST_DESCRIPTOR_SET, "rb");
    static uint8_t bytes[1u << 18];
    if (file == NULL)
        abort();
    response.file_descriptor_set.data = bytes;
    response.file_descriptor_set.len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    fake_payload(reply, &response.base);
}

static void explain(const Rpc__V1__Request *request, struct peer_reply *reply)
{
    Caa__V1__ExplainDomainRequest *asked = caa__v1__explain_domain_request__unpack(
        NULL, request->payload.len, request->payload.data);
    Caa__V1__ExplainDomainResponse response = CAA__V1__EXPLAIN_DOMAIN_RESPONSE__INIT;
    Caa__V1__ExplainDomainResponse__Level level =
        CAA__V1__EXPLAIN_DOMAIN_RESPONSE__LEVEL__INIT;
    Caa__V1__ExplainDomainResponse__Level *levels[] = {&level};
    Caa__V1__Lookup lookup = CAA__V1__LOOKUP__INIT;
    Caa__V1__Lookup__Attempt attempt = CAA__V1__LOOKUP__ATTEMPT__INIT;
    Caa__V1__Lookup__Attempt *attempts[] = {&attempt};
    Caa__V1__Lookup__Ede ede = CAA__V1__LOOKUP__EDE__INIT;
    Caa__V1__Lookup__Ede *edes[] = {&ede};
    if (asked == NULL)
        abort();
    ede.code = 22;
    ede.text = lend("no reachable authority");
    attempt.server = lend("127.0.0.1:53");
    attempt.transport = CAA__V1__LOOKUP__ATTEMPT__TRANSPORT__UDP;
    attempt.outcome = CAA__V1__LOOKUP__OUTCOME__NODATA;
    attempt.duration_us = 1234;
    lookup.name = asked->name;
    lookup.outcome = CAA__V1__LOOKUP__OUTCOME__NODATA;
    lookup.attempts = attempts;
    lookup.n_attempts = 1;
    lookup.ede = edes;
    lookup.n_ede = 1;
    level.lookup = &lookup;
    level.meaning = lend("No CAA records here: the climb goes on.");
    response.levels = levels;
    response.n_levels = 1;
    response.result = make_result(asked->name);
    fake_payload(reply, &response.base);
    free(response.result);
    caa__v1__explain_domain_request__free_unpacked(asked, NULL);
}

static void list_checks(const Rpc__V1__Request *request, struct peer_reply *reply)
{
    Caa__V1__ListChecksRequest *asked = caa__v1__list_checks_request__unpack(
        NULL, request->payload.len, request->payload.data);
    Caa__V1__ListChecksResponse response = CAA__V1__LIST_CHECKS_RESPONSE__INIT;
    Caa__V1__CheckRecord record = CAA__V1__CHECK_RECORD__INIT;
    Caa__V1__CheckRecord *records[] = {&record};
    Caa__V1__CheckDomainsRequest check = CAA__V1__CHECK_DOMAINS_REQUEST__INIT;
    Caa__V1__CheckDomainsResponse answer;
    char *names[] = {lend("denied.test")};
    if (asked == NULL)
        abort();
    check.request_id = lend("r-1");
    check.order_id = asked->order_id;
    check.names = names;
    check.n_names = 1;
    fake_check(&check, "r-1", &answer);
    record.request = &check;
    record.response = &answer;
    record.sequence = asked->page_token[0] == '\0' ? 2 : 1;
    response.checks = records;
    response.n_checks = 1;
    response.next_page_token = asked->page_token[0] == '\0' ? lend("2") : lend("");
    fake_payload(reply, &response.base);
    fake_check_free(&answer);
    caa__v1__list_checks_request__free_unpacked(asked, NULL);
}

static void flush(const Rpc__V1__Request *request, struct peer_reply *reply)
{
    Caa__V1__FlushCacheRequest *asked = caa__v1__flush_cache_request__unpack(
        NULL, request->payload.len, request->payload.data);
    Caa__V1__FlushCacheResponse response = CAA__V1__FLUSH_CACHE_RESPONSE__INIT;
    response.flushed = asked != NULL ? asked->n_names + (asked->subtree ? 100 : 0) : 0;
    response.note = lend("The resolver keeps its own cache.");
    fake_payload(reply, &response.base);
    if (asked != NULL)
        caa__v1__flush_cache_request__free_unpacked(asked, NULL);
}

static void drain(struct peer_reply *reply)
{
    Caa__V1__DrainResponse response = CAA__V1__DRAIN_RESPONSE__INIT;
    response.in_flight = 7;
    fake_payload(reply, &response.base);
}

void fake_caad(void *arg, const Rpc__V1__Request *request, struct peer_reply *reply)
{
    (void)arg;
    const char *method = request->method;
    if (strcmp(method, P "CaaService/CheckDomains") == 0)
        check_domains(request, reply);
    else if (strcmp(method, P "CaaService/ExplainDomain") == 0)
        explain(request, reply);
    else if (strcmp(method, P "CaaService/ListChecks") == 0)
        list_checks(request, reply);
    else if (strcmp(method, P "HealthService/Check") == 0)
        health(request, reply);
    else if (strcmp(method, P "AdminService/GetServerInfo") == 0)
        info(reply);
    else if (strcmp(method, P "AdminService/GetStats") == 0)
        stats(reply);
    else if (strcmp(method, P "AdminService/FlushCache") == 0)
        flush(request, reply);
    else if (strcmp(method, P "AdminService/Drain") == 0)
        drain(reply);
    else if (strcmp(method, P "SchemaService/GetSchema") == 0)
        schema(reply);
    else
        reply->code = 12;
}
