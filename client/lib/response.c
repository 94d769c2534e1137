#include "response.h"

#include <stdlib.h>
#include <string.h>

/* The plain structs are carved out of one block; the strings stay where
 * protobuf-c put them. */
struct holder {
    struct caa_check_response response;
    Caa__V1__CheckDomainsResponse *wire;
    struct caa_check_result *results;
    struct caa_check_lookup *lookups;
    struct caa_check_record *records;
    struct caa_check_attempt *attempts;
    struct caa_check_ede *ede;
};

struct totals {
    size_t lookups;
    size_t records;
    size_t attempts;
    size_t ede;
};

/* Numbers this library does not know become UNSPECIFIED. */
static int known(const ProtobufCEnumDescriptor *descriptor, int number)
{
    return protobuf_c_enum_descriptor_get_value(descriptor, number) != NULL ? number : 0;
}

#define KNOWN(type, prefix, value) ((enum type)known(&prefix##__descriptor, (int)(value)))

static void count(const Caa__V1__CheckDomainsResponse *wire, struct totals *totals)
{
    for (size_t i = 0; i < wire->n_results; i++) {
        const Caa__V1__Result *result = wire->results[i];
        totals->records += result->n_records;
        totals->lookups += result->n_lookups;
        for (size_t k = 0; k < result->n_lookups; k++) {
            totals->attempts += result->lookups[k]->n_attempts;
            totals->ede += result->lookups[k]->n_ede;
        }
    }
}

static void set_attempt(struct caa_check_attempt *out,
                        const Caa__V1__Lookup__Attempt *attempt)
{
    *out = (struct caa_check_attempt){
        .server = attempt->server,
        .transport = KNOWN(caa_check_transport, caa__v1__lookup__attempt__transport,
                           attempt->transport),
        .outcome = KNOWN(caa_check_outcome, caa__v1__lookup__outcome, attempt->outcome),
        .duration_us = attempt->duration_us,
        .rcode = attempt->rcode,
        .checking_disabled = attempt->checking_disabled != 0};
}

static void set_lookup(struct holder *holder, struct caa_check_lookup *out,
                       const Caa__V1__Lookup *lookup)
{
    *out = (struct caa_check_lookup){
        .name = lookup->name,
        .outcome = KNOWN(caa_check_outcome, caa__v1__lookup__outcome, lookup->outcome),
        .rcode = lookup->rcode,
        .ttl_s = lookup->ttl_s,
        .dnssec = KNOWN(caa_check_dnssec, caa__v1__result__dnssec, lookup->dnssec),
        .ede = holder->ede,
        .ede_len = lookup->n_ede,
        .attempts = holder->attempts,
        .attempts_len = lookup->n_attempts,
        .aliases = (const char *const *)lookup->aliases,
        .aliases_len = lookup->n_aliases,
        .retrieved_at_ms = lookup->retrieved_at_ms,
        .from_cache = lookup->from_cache != 0};
    for (size_t i = 0; i < lookup->n_ede; i++)
        *holder->ede++ = (struct caa_check_ede){.code = lookup->ede[i]->code,
                                                .text = lookup->ede[i]->text};
    for (size_t i = 0; i < lookup->n_attempts; i++)
        set_attempt(holder->attempts++, lookup->attempts[i]);
}

static void set_result(struct holder *holder, struct caa_check_result *out,
                       const Caa__V1__Result *result)
{
    *out = (struct caa_check_result){
        .name = result->name,
        .ascii_name = result->ascii_name,
        .wildcard = result->wildcard != 0,
        .verdict = KNOWN(caa_check_verdict, caa__v1__result__verdict, result->verdict),
        .reason = KNOWN(caa_check_reason, caa__v1__result__reason, result->reason),
        .message = result->message,
        .remedy = result->remedy,
        .found_at = result->found_at,
        .aliases = (const char *const *)result->aliases,
        .aliases_len = result->n_aliases,
        .records = holder->records,
        .records_len = result->n_records,
        .dnssec = KNOWN(caa_check_dnssec, caa__v1__result__dnssec, result->dnssec),
        .retrieved_at_ms = result->retrieved_at_ms,
        .valid_until_ms = result->valid_until_ms,
        .from_cache = result->from_cache != 0,
        .retryable = result->retryable != 0,
        .lookups = holder->lookups,
        .lookups_len = result->n_lookups};
    for (size_t i = 0; i < result->n_records; i++) {
        const Caa__V1__Result__Record *record = result->records[i];
        *holder->records++ = (struct caa_check_record){.flags = record->flags,
                                                       .tag = record->tag,
                                                       .value = record->value,
                                                       .ttl_s = record->ttl_s,
                                                       .decisive = record->decisive != 0};
    }
    /* The list of lookups is taken before theirs are carved. */
    struct caa_check_lookup *lookups = holder->lookups;
    holder->lookups += result->n_lookups;
    for (size_t i = 0; i < result->n_lookups; i++)
        set_lookup(holder, &lookups[i], result->lookups[i]);
}

/* All arrays behind the holder, in one block, each aligned as a pointer. */
static struct holder *allocate(const Caa__V1__CheckDomainsResponse *wire)
{
    struct totals totals = {0};
    count(wire, &totals);
    struct holder *holder =
        calloc(1, sizeof(*holder) + wire->n_results * sizeof(*holder->results) +
                      totals.lookups * sizeof(*holder->lookups) +
                      totals.records * sizeof(*holder->records) +
                      totals.attempts * sizeof(*holder->attempts) +
                      totals.ede * sizeof(*holder->ede));
    if (holder == NULL)
        return NULL;
    holder->results = (struct caa_check_result *)(holder + 1);
    holder->lookups = (struct caa_check_lookup *)(holder->results + wire->n_results);
    holder->records = (struct caa_check_record *)(holder->lookups + totals.lookups);
    holder->attempts = (struct caa_check_attempt *)(holder->records + totals.records);
    holder->ede = (struct caa_check_ede *)(holder->attempts + totals.attempts);
    return holder;
}

_Static_assert(sizeof(struct caa_check_result) % _Alignof(max_align_t) == 0 ||
                   _Alignof(struct caa_check_lookup) <= sizeof(void *),
               "carved arrays need no more than a pointer's alignment");

struct caa_check_response *caa_response_own(Caa__V1__CheckDomainsResponse *wire)
{
    struct holder *holder = allocate(wire);
    if (holder == NULL)
        return NULL;
    holder->wire = wire;
    holder->response = (struct caa_check_response){
        .request_id = wire->request_id,
        .decision = KNOWN(caa_check_decision, caa__v1__check_domains_response__decision,
                          wire->decision),
        .checked_at_ms = wire->checked_at_ms,
        .valid_until_ms = wire->valid_until_ms,
        .instance = wire->instance,
        .perspective = wire->perspective,
        .results = holder->results,
        .results_len = wire->n_results};
    for (size_t i = 0; i < wire->n_results; i++)
        set_result(holder, &holder->results[i], wire->results[i]);
    return &holder->response;
}

void caa_check_response_free(struct caa_check_response *response)
{
    if (response == NULL)
        return;
    struct holder *holder = (struct holder *)response;
    caa__v1__check_domains_response__free_unpacked(holder->wire, NULL);
    free(holder);
}
