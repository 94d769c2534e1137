/* caactl history --id REQUEST_ID - one record, whole. */
#include <inttypes.h>
#include <stdio.h>

#include "history.h"
#include "output.h"
#include "results.h"
#include "rpc.h"

#define HEX_LINE 32

static void line(const char *label, const char *text)
{
    if (text[0] == '\0')
        return;
    printf("%-20s", label);
    output_text(text);
    putchar('\n');
}

static void lines(const char *label, char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        line(i == 0 ? label : "", texts[i]);
}

static void time_line(const char *label, int64_t ms)
{
    char text[HISTORY_TIME_MAX];
    line(label, history_time(ms, text));
}

static void enum_line(const char *label, const ProtobufCEnumDescriptor *descriptor,
                      int number)
{
    char spare[HISTORY_ENUM_MAX];
    if (number != 0)
        line(label, history_enum(descriptor, number, spare));
}

static void print_request(const Caa__V1__CheckDomainsRequest *asked)
{
    line("order", asked->order_id);
    enum_line("event", &caa__v1__check_domains_request__event__descriptor,
              (int)asked->event);
    line("product", asked->product);
    line("common name", asked->common_name);
    lines("names", asked->names, asked->n_names);
    lines("account URIs", asked->account_uris, asked->n_account_uris);
    line("validation method", asked->validation_method);
}

static void print_attempt(const Caa__V1__Lookup__Attempt *attempt)
{
    char transport[HISTORY_ENUM_MAX];
    char outcome[HISTORY_ENUM_MAX];
    printf("      ");
    output_text(attempt->server);
    printf(" %s: %s, rcode %u, %" PRIu64 " us%s\n",
           history_enum(&caa__v1__lookup__attempt__transport__descriptor,
                        (int)attempt->transport, transport),
           history_enum(&caa__v1__lookup__outcome__descriptor, (int)attempt->outcome,
                        outcome),
           attempt->rcode, attempt->duration_us,
           attempt->checking_disabled ? ", with CD" : "");
}

static void print_lookup(const Caa__V1__Lookup *lookup)
{
    char outcome[HISTORY_ENUM_MAX];
    char dnssec[HISTORY_ENUM_MAX];
    char time_text[HISTORY_TIME_MAX];
    printf("    ");
    output_text(lookup->name);
    printf(
        ": %s, rcode %u, TTL %u s, %s%s%s%s\n",
        history_enum(&caa__v1__lookup__outcome__descriptor, (int)lookup->outcome,
                     outcome),
        lookup->rcode, lookup->ttl_s,
        history_enum(&caa__v1__result__dnssec__descriptor, (int)lookup->dnssec, dnssec),
        lookup->retrieved_at_ms != 0 ? ", retrieved " : "",
        history_time(lookup->retrieved_at_ms, time_text),
        lookup->from_cache ? ", from the cache" : "");
    for (size_t i = 0; i < lookup->n_aliases; i++) {
        printf("      alias of ");
        output_text(lookup->aliases[i]);
        putchar('\n');
    }
    for (size_t i = 0; i < lookup->n_ede; i++) {
        printf("      extended error %u ", lookup->ede[i]->code);
        output_text(lookup->ede[i]->text);
        putchar('\n');
    }
    for (size_t i = 0; i < lookup->n_attempts; i++)
        print_attempt(lookup->attempts[i]);
}

static void print_evidence(const Caa__V1__Result *result)
{
    printf("  ");
    output_text(result->name);
    printf(":\n");
    for (size_t i = 0; i < result->n_records; i++) {
        const Caa__V1__Result__Record *record = result->records[i];
        printf("    %u ", record->flags);
        output_text(record->tag);
        printf(" \"");
        output_text(record->value);
        printf("\"  TTL %u s%s\n", record->ttl_s, record->decisive ? ", decisive" : "");
    }
    for (size_t i = 0; i < result->n_lookups; i++)
        print_lookup(result->lookups[i]);
}

static void print_hex(ProtobufCBinaryData data, const char *indent)
{
    for (size_t i = 0; i < data.len; i++)
        printf("%s%02x%s", i % HEX_LINE == 0 ? indent : "", data.data[i],
               i % HEX_LINE == HEX_LINE - 1 || i + 1 == data.len ? "\n" : "");
}

static void print_raw(const Caa__V1__RawResponse *raw)
{
    char time_text[HISTORY_TIME_MAX];
    printf("  ");
    output_text(raw->name);
    printf(" %s, %zu octets\n", history_time(raw->retrieved_at_ms, time_text),
           raw->message.len);
    print_hex(raw->message, "    ");
}

static void print(const Caa__V1__CheckRecord *record)
{
    const Caa__V1__CheckDomainsResponse *answer = record->response;
    line("request id", answer->request_id);
    time_line("checked at", answer->checked_at_ms);
    enum_line("decision", &caa__v1__check_domains_response__decision__descriptor,
              (int)answer->decision);
    time_line("valid until", answer->valid_until_ms);
    print_request(record->request);
    line("caller", record->caller);
    line("instance", answer->instance);
    line("perspective", answer->perspective);
    line("caad", record->version);
    lines("issuer domain names", record->issuer_domain_names,
          record->n_issuer_domain_names);
    line("stream", record->stream);
    printf("%-20s%" PRIu64 "\n", "sequence", record->sequence);
    printf("\n");
    results_print(answer->results, answer->n_results);
    printf("\nLookups and records:\n");
    for (size_t i = 0; i < answer->n_results; i++)
        print_evidence(answer->results[i]);
    printf("\nRaw DNS responses:\n");
    for (size_t i = 0; i < record->n_raw_responses; i++)
        print_raw(record->raw_responses[i]);
    printf("\nhash:\n");
    print_hex(record->hash, "  ");
    printf("hash of the record before:\n");
    print_hex(record->previous_hash, "  ");
}

int history_record(struct cli *cli, const char *request_id)
{
    Caa__V1__GetCheckRequest request = CAA__V1__GET_CHECK_REQUEST__INIT;
    int code = 0;
    request.request_id = rpc_lend(request_id);
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__caa_service__descriptor, "GetCheck",
                                       &request.base, NULL, &code);
    if (reply == NULL)
        return code;
    const Caa__V1__CheckRecord *record =
        ((const Caa__V1__GetCheckResponse *)reply)->check;
    if (record == NULL || record->request == NULL || record->response == NULL) {
        complain("INTERNAL: the reply holds no whole record");
        code = EXIT_STATUS + CAA_CLIENT_INTERNAL;
    } else if (cli->json) {
        rpc_print_json(&record->base);
    } else {
        print(record);
    }
    protobuf_c_message_free_unpacked(reply, NULL);
    return code;
}
