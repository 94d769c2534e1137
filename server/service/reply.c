#include "service/reply.h"

#include <assert.h>
#include <string.h>

#define SAME(ours, theirs)                                                               \
    static_assert((int)(ours) == (int)(theirs), "verdict.h and caa.proto differ")
#define SAME_REASON(name, number, verdict)                                               \
    SAME(CAA_REASON_##name, CAA__V1__RESULT__REASON__##name);                            \
    SAME(CAA_VERDICT_##verdict, CAA__V1__RESULT__VERDICT__##verdict);
CAA_REASON_TABLE(SAME_REASON)
SAME(CAA_OUTCOME_RRSET, CAA__V1__LOOKUP__OUTCOME__RRSET);
SAME(CAA_OUTCOME_NODATA, CAA__V1__LOOKUP__OUTCOME__NODATA);
SAME(CAA_OUTCOME_NXDOMAIN, CAA__V1__LOOKUP__OUTCOME__NXDOMAIN);
SAME(CAA_OUTCOME_TIMEOUT, CAA__V1__LOOKUP__OUTCOME__TIMEOUT);
SAME(CAA_OUTCOME_SERVFAIL, CAA__V1__LOOKUP__OUTCOME__SERVFAIL);
SAME(CAA_OUTCOME_REFUSED, CAA__V1__LOOKUP__OUTCOME__REFUSED);
SAME(CAA_OUTCOME_OTHER_RCODE, CAA__V1__LOOKUP__OUTCOME__OTHER_RCODE);
SAME(CAA_OUTCOME_TRUNCATED, CAA__V1__LOOKUP__OUTCOME__TRUNCATED);
SAME(CAA_OUTCOME_DNSSEC_BOGUS, CAA__V1__LOOKUP__OUTCOME__DNSSEC_BOGUS);
SAME(CAA_OUTCOME_MALFORMED_RESPONSE, CAA__V1__LOOKUP__OUTCOME__MALFORMED_RESPONSE);
SAME(CAA_OUTCOME_RESOLVER_UNAVAILABLE, CAA__V1__LOOKUP__OUTCOME__RESOLVER_UNAVAILABLE);
SAME(CAA_OUTCOME_DEADLINE_EXCEEDED, CAA__V1__LOOKUP__OUTCOME__DEADLINE_EXCEEDED);
SAME(CAA_DNSSEC_SECURE, CAA__V1__RESULT__DNSSEC__SECURE);
SAME(CAA_DNSSEC_INSECURE, CAA__V1__RESULT__DNSSEC__INSECURE);
SAME(CAA_DNSSEC_BOGUS, CAA__V1__RESULT__DNSSEC__BOGUS);
SAME(CAA_DNSSEC_INDETERMINATE, CAA__V1__RESULT__DNSSEC__INDETERMINATE);
SAME(CAA_DECISION_PERMITTED, CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED);
SAME(CAA_DECISION_DENIED, CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED);
SAME(CAA_DECISION_LOOKUP_FAILED,
     CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__LOOKUP_FAILED);
SAME(CAA_TRANSPORT_UDP, CAA__V1__LOOKUP__ATTEMPT__TRANSPORT__UDP);
SAME(CAA_TRANSPORT_TCP, CAA__V1__LOOKUP__ATTEMPT__TRANSPORT__TCP);

enum { EDE_TEXT_MAX = 512 };

/* An array of count pointers to messages, each set to its initial value. */
static void *messages(struct arena *arena, size_t count,
                      const ProtobufCMessageDescriptor *descriptor)
{
    size_t size = descriptor->sizeof_message;
    void **pointers = arena_array(arena, count, sizeof *pointers + size);
    if (!pointers)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        pointers[i] = (char *)(pointers + count) + i * size;
        protobuf_c_message_init(descriptor, pointers[i]);
    }
    return pointers;
}

static char **aliases_of(const struct caa_answer *answer)
{
    return (char **)(uintptr_t)answer->aliases;
}

Caa__V1__Result__Record **
reply_records(struct arena *arena, const struct caa_answer *answer, const bool *decisive)
{
    Caa__V1__Result__Record **records =
        messages(arena, answer->property_count, &caa__v1__result__record__descriptor);
    for (size_t i = 0; records && i < answer->property_count; i++) {
        const struct caa_property *property = &answer->properties[i];
        records[i]->flags = property->flags;
        records[i]->tag = caa_property_text(arena, property->tag);
        records[i]->value = caa_property_text(arena, property->value);
        records[i]->ttl_s = property->ttl_s;
        records[i]->decisive = decisive && decisive[i];
        if (!records[i]->tag || !records[i]->value)
            return NULL;
    }
    return records;
}

static Caa__V1__Lookup__Ede **edes(struct arena *arena, const struct caa_answer *answer)
{
    Caa__V1__Lookup__Ede **out =
        messages(arena, answer->ede_count, &caa__v1__lookup__ede__descriptor);
    for (size_t i = 0; out && i < answer->ede_count; i++) {
        struct bytes text = answer->ede[i].text;
        if (text.len > EDE_TEXT_MAX)
            text.len = EDE_TEXT_MAX;
        out[i]->code = answer->ede[i].code;
        out[i]->text = caa_property_text(arena, text);
        if (!out[i]->text)
            return NULL;
    }
    return out;
}

static Caa__V1__Lookup__Attempt **attempts(struct arena *arena,
                                           const struct caa_answer *answer)
{
    Caa__V1__Lookup__Attempt **out =
        messages(arena, answer->attempt_count, &caa__v1__lookup__attempt__descriptor);
    for (size_t i = 0; out && i < answer->attempt_count; i++) {
        const struct caa_attempt *attempt = &answer->attempts[i];
        out[i]->server = reply_text(attempt->server);
        out[i]->transport = (Caa__V1__Lookup__Attempt__Transport)attempt->transport;
        out[i]->outcome = (Caa__V1__Lookup__Outcome)attempt->outcome;
        out[i]->duration_us = (uint64_t)attempt->duration_us;
        out[i]->rcode = attempt->rcode;
        out[i]->checking_disabled = attempt->checking_disabled;
    }
    return out;
}

static bool fill_lookup(struct arena *arena, const struct caa_level *level,
                        Caa__V1__Lookup *out)
{
    const struct caa_answer *answer = level->answer;
    out->name = reply_text(level->fqdn.text);
    out->outcome = (Caa__V1__Lookup__Outcome)answer->outcome;
    out->rcode = answer->rcode;
    out->ttl_s = answer->ttl_s;
    out->dnssec = (Caa__V1__Result__Dnssec)answer->dnssec;
    out->n_ede = answer->ede_count;
    out->ede = edes(arena, answer);
    out->n_attempts = answer->attempt_count;
    out->attempts = attempts(arena, answer);
    out->n_aliases = answer->alias_count;
    out->aliases = aliases_of(answer);
    out->retrieved_at_ms = answer->retrieved_at_ms;
    out->from_cache = level->from_cache;
    return out->ede && out->attempts;
}

Caa__V1__Lookup *reply_lookup(struct arena *arena, const struct caa_level *level)
{
    Caa__V1__Lookup *out = arena_alloc(arena, sizeof *out);
    if (!out)
        return NULL;
    caa__v1__lookup__init(out);
    return fill_lookup(arena, level, out) ? out : NULL;
}

/* Where the deciding RRset or failure is. */
static const struct caa_answer *deciding_answer(const struct caa_result *result)
{
    return result->found ? result->found : result->failed;
}

Caa__V1__Result *reply_result(struct arena *arena, const struct caa_result *result)
{
    Caa__V1__Result *out = arena_alloc(arena, sizeof *out);
    if (!out)
        return NULL;
    caa__v1__result__init(out);
    out->name = reply_text(result->name->asked);
    out->ascii_name = reply_text(result->name->ascii_name);
    out->wildcard = result->name->wildcard;
    out->verdict = (Caa__V1__Result__Verdict)result->verdict;
    out->reason = (Caa__V1__Result__Reason)result->reason;
    out->message = reply_text(result->message);
    out->remedy = reply_text(result->remedy);
    out->dnssec = (Caa__V1__Result__Dnssec)result->dnssec;
    out->retrieved_at_ms = result->retrieved_at_ms;
    out->valid_until_ms = result->valid_until_ms;
    out->from_cache = result->from_cache;
    out->retryable = result->retryable;
    if (result->found) {
        out->found_at = reply_text(result->found->name);
        out->n_records = result->found->property_count;
        out->records = reply_records(arena, result->found, result->decisive);
        if (!out->records)
            return NULL;
    }
    if (deciding_answer(result)) {
        out->n_aliases = deciding_answer(result)->alias_count;
        out->aliases = aliases_of(deciding_answer(result));
    }
    out->n_lookups = result->level_count;
    out->lookups = messages(arena, result->level_count, &caa__v1__lookup__descriptor);
    for (size_t i = 0; out->lookups && i < result->level_count; i++)
        if (!fill_lookup(arena, &result->levels[i], out->lookups[i]))
            return NULL;
    return out->lookups ? out : NULL;
}

/* Names share parents, and what came of one question is one object: a set of
 * pointers keeps each response once. */
static bool seen(const struct caa_answer **table, size_t mask,
                 const struct caa_answer *answer)
{
    size_t at = ((uintptr_t)answer >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32 & mask;
    while (table[at] && table[at] != answer)
        at = (at + 1) & mask;
    if (table[at])
        return true;
    table[at] = answer;
    return false;
}

Caa__V1__RawResponse **reply_raw_responses(struct arena *arena,
                                           const struct caa_result *results,
                                           size_t result_count, size_t *count)
{
    size_t total = 0, table_size = 4;
    for (size_t i = 0; i < result_count; i++)
        total += results[i].level_count;
    while (table_size < 2 * total)
        table_size *= 2;
    const struct caa_answer **table = arena_array(arena, table_size, sizeof *table);
    Caa__V1__RawResponse **out =
        messages(arena, total, &caa__v1__raw_response__descriptor);
    if (!table || !out)
        return NULL;
    *count = 0;
    for (size_t i = 0; i < result_count; i++) {
        for (size_t k = 0; k < results[i].level_count; k++) {
            const struct caa_answer *answer = results[i].levels[k].answer;
            if (seen(table, table_size - 1, answer))
                continue;
            Caa__V1__RawResponse *raw = out[(*count)++];
            raw->name = reply_text(answer->name);
            raw->message.data = (uint8_t *)(uintptr_t)answer->response.data;
            raw->message.len = answer->response.len;
            raw->retrieved_at_ms = answer->retrieved_at_ms;
        }
    }
    return out;
}
