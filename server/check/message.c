#include "check/message.h"

#include "base/text.h"
#include "check/denial.h"
#include "check/failure.h"
#include "check/phrase.h"
#include "check/remedy.h"

/* What customers search for; a denial and a failed lookup start with it. */
static const char FAILED[] = "CAA Check Failed: ";

static void write_no_records(const struct caa_result *result, struct text *text)
{
    text_add(text, "There are no CAA records at ");
    caa_phrase_name(text, result->name->fqdn.text);
    text_add(text,
             result->level_count > 1
                 ? " or at any level above it, so CAA does not restrict who may issue."
                 : ", so CAA does not restrict who may issue.");
}

static void write_authorized(const struct caa_result *result, struct text *text)
{
    const struct caa_property *record = caa_phrase_decisive(result);
    text_add(text, "The CAA records at ");
    caa_phrase_level(text, result, result->found);
    text_add(text, " authorize this CA: ");
    if (record)
        caa_phrase_record(text, record);
    text_add(text, ".");
    caa_phrase_aliases(text, result->found);
}

static void write_no_restricting(const struct caa_policy *policy,
                                 const struct caa_result *result, struct text *text)
{
    text_add(text, "There are CAA records at ");
    caa_phrase_level(text, result, result->found);
    text_addf(text, ", but none of them restricts who may issue %s.",
              caa_phrase_certificates(policy, result));
    caa_phrase_aliases(text, result->found);
}

static void write_exempt(const struct caa_result *result, const char *why,
                         struct text *text)
{
    caa_phrase_name(text, result->name->ascii_name);
    text_addf(text, ": %s", why);
}

static void write_invalid(const struct caa_result *result, struct text *text)
{
    text_add(text, "Invalid name \"");
    text_add_escaped(text, bytes_of(result->name->asked), CAA_PHRASE_VALUE_MAX);
    text_addf(text, "\": %s.", result->name->detail);
}

static void write_reason(const struct caa_policy *policy, const struct caa_result *result,
                         struct text *text)
{
    switch (result->reason) {
    case CAA_REASON_NO_CAA_RECORDS:
        write_no_records(result, text);
        break;
    case CAA_REASON_ISSUER_AUTHORIZED:
        write_authorized(result, text);
        break;
    case CAA_REASON_NO_RESTRICTING_PROPERTY:
        write_no_restricting(policy, result, text);
        break;
    case CAA_REASON_ISSUER_NOT_AUTHORIZED:
    case CAA_REASON_ISSUANCE_FORBIDDEN:
    case CAA_REASON_CRITICAL_UNKNOWN_PROPERTY:
    case CAA_REASON_ACCOUNT_NOT_AUTHORIZED:
    case CAA_REASON_METHOD_NOT_AUTHORIZED:
    case CAA_REASON_MALFORMED_PROPERTY:
        text_add(text, FAILED);
        caa_denial_write(policy, result, text);
        break;
    case CAA_REASON_TIMEOUT:
    case CAA_REASON_SERVFAIL:
    case CAA_REASON_REFUSED:
    case CAA_REASON_OTHER_RCODE:
    case CAA_REASON_TRUNCATED:
    case CAA_REASON_DNSSEC_BOGUS:
    case CAA_REASON_MALFORMED_RESPONSE:
    case CAA_REASON_RESOLVER_UNAVAILABLE:
    case CAA_REASON_DEADLINE_EXCEEDED:
        text_add(text, FAILED);
        caa_failure_write(result, text);
        break;
    case CAA_REASON_PRODUCT_EXEMPT:
        write_exempt(result, "this product needs no CAA check.", text);
        break;
    case CAA_REASON_IP_ADDRESS:
        write_exempt(result, "an IP address has no CAA records, so none were looked up.",
                     text);
        break;
    case CAA_REASON_ONION_NAME:
        write_exempt(result,
                     "an onion name is not in the DNS (RFC 7686), so no CAA records were "
                     "looked up.",
                     text);
        break;
    case CAA_REASON_SYNTAX:
    case CAA_REASON_IDNA:
    case CAA_REASON_REVERSE_NAME:
        write_invalid(result, text);
        break;
    case CAA_REASON_UNSPECIFIED:
        text_add(text, "No reason is known.");
        break;
    }
}

enum caa_err caa_message_write(struct arena *arena, const struct caa_policy *policy,
                               struct caa_result *result)
{
    char body[CAA_MESSAGE_MAX + 1], tail[CAA_MESSAGE_MAX + 1], remedy[CAA_REMEDY_MAX + 1];
    struct text tail_text = text_of(tail, sizeof tail);
    struct text remedy_text = text_of(remedy, sizeof remedy);
    if (result->verdict == CAA_VERDICT_LOOKUP_FAILED)
        caa_failure_write_dig(result, &tail_text);
    /* The commands are worth nothing cut, so the sentence before gives way. */
    struct text text = text_of(body, sizeof body - tail_text.len);
    write_reason(policy, result, &text);
    if (result->verdict == CAA_VERDICT_DENIED)
        caa_remedy_write(policy, result, &remedy_text);
    char *message = arena_concat(arena, body, tail);
    const char *remedy_copy = remedy_text.len > 0 ? arena_strdup(arena, remedy) : "";
    if (!message || !remedy_copy)
        return CAA_ENOMEM;
    result->message = message;
    result->remedy = remedy_copy;
    return CAA_OK;
}
