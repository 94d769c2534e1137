#include "check/denial.h"

#include "check/phrase.h"
#include "check/remedy.h"

enum { ISSUERS_SHOWN_MAX = 5 };

static bool is_shown(const struct bytes *shown, size_t count, struct bytes issuer)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal_nocase(shown[i], issuer))
            return true;
    return false;
}

/* The issuers named by the restricting records, each once. */
static void add_named_issuers(struct text *text, const struct caa_result *result)
{
    struct bytes shown[ISSUERS_SHOWN_MAX];
    size_t count = 0;
    for (size_t i = 0; i < result->found->property_count; i++) {
        struct caa_issue_value value;
        if (!result->decisive[i] ||
            !caa_issue_value_read(result->found->properties[i].value, &value) ||
            value.issuer_domain_name.len == 0 ||
            is_shown(shown, count, value.issuer_domain_name))
            continue;
        if (count == ISSUERS_SHOWN_MAX) {
            text_add(text, " and others");
            return;
        }
        shown[count++] = value.issuer_domain_name;
        text_add(text, count == 1 ? "" : ", ");
        text_add_escaped(text, value.issuer_domain_name, CAA_PHRASE_VALUE_MAX);
    }
}

static bool holds_only(struct bytes value, uint8_t first, uint8_t last)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] < first || value.data[i] > last)
            return false;
    return true;
}

static bool ends_with(struct bytes value, uint8_t last)
{
    while (value.len &&
           (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t'))
        value.len--;
    return value.len && value.data[value.len - 1] == last;
}

/* Why a value is outside the grammar (RFC 8659 section 4.2), for the mistakes
 * that people make. Pre: it is outside. */
static const char *malformed_words(struct bytes value)
{
    if (!holds_only(value, 0x20, 0x7e))
        return "it holds a character that is not printable ASCII";
    if (ends_with(value, ';'))
        return "no semicolon may follow the last parameter";
    if (memchr(value.data, '"', value.len) || memchr(value.data, '\'', value.len))
        return "quotation marks may not be part of the value";
    if (memchr(value.data, '/', value.len) && !memchr(value.data, ';', value.len))
        return "the issuer is a domain name, not a URL";
    if (memchr(value.data, ',', value.len) && !memchr(value.data, ';', value.len))
        return "each issuer needs a record of its own";
    if (ends_with(value, '.'))
        return "no dot may end the issuer's name";
    return "expected is ISSUER, or ISSUER; TAG=VALUE, with no blanks inside a value";
}

/* A record meant for us may be one that counts for nobody: point at it. */
static void add_unreadable(struct text *text, const struct caa_result *result)
{
    for (size_t i = 0; i < result->found->property_count; i++) {
        const struct caa_property *property = &result->found->properties[i];
        struct caa_issue_value value;
        if (!result->decisive[i] || caa_issue_value_read(property->value, &value))
            continue;
        text_add(text, " The record ");
        caa_phrase_record(text, property);
        text_addf(text, " cannot be read and names nobody: %s.",
                  malformed_words(property->value));
        return;
    }
}

static void add_own_names(struct text *text, const struct caa_policy *policy)
{
    size_t count = policy->issuer_domain_name_count;
    for (size_t i = 0; i < count && i < ISSUERS_SHOWN_MAX; i++) {
        text_add(text, i == 0 ? "" : " or ");
        caa_phrase_name(text, policy->issuer_domain_names[i]);
    }
}

static void write_other_issuer(const struct caa_policy *policy,
                               const struct caa_result *result, struct text *text)
{
    text_add(text, "the CAA records at ");
    caa_phrase_level(text, result, result->found);
    text_add(text, " allow only ");
    add_named_issuers(text, result);
    text_addf(text, " to issue %s, not ", caa_phrase_certificates(policy, result));
    add_own_names(text, policy);
    text_add(text, ".");
    add_unreadable(text, result);
}

/* The first record that can be read and names nobody. */
static const struct caa_property *forbidding(const struct caa_result *result)
{
    for (size_t i = 0; i < result->found->property_count; i++) {
        struct caa_issue_value value;
        if (result->decisive[i] &&
            caa_issue_value_read(result->found->properties[i].value, &value))
            return &result->found->properties[i];
    }
    return NULL;
}

static void write_forbidden(const struct caa_policy *policy,
                            const struct caa_result *result, struct text *text)
{
    const struct caa_property *record = forbidding(result);
    text_add(text, "the CAA records at ");
    caa_phrase_level(text, result, result->found);
    text_addf(text, " forbid every CA to issue %s: they name no issuer",
              caa_phrase_certificates(policy, result));
    if (record) {
        text_add(text, " (");
        caa_phrase_record(text, record);
        text_add(text, ")");
    }
    text_add(text, ".");
    add_unreadable(text, result);
}

static void write_malformed(const struct caa_policy *policy,
                            const struct caa_result *result, struct text *text)
{
    text_add(text, "the CAA records at ");
    caa_phrase_level(text, result, result->found);
    text_addf(text, " that restrict %s cannot be read, which forbids every CA to issue.",
              caa_phrase_certificates(policy, result));
    add_unreadable(text, result);
}

static void write_critical(const struct caa_result *result, struct text *text)
{
    const struct caa_property *record = caa_phrase_decisive(result);
    text_add(text, "a CAA record at ");
    caa_phrase_level(text, result, result->found);
    text_add(text, " is marked critical (flags 128) and has a tag this CA does not know");
    if (record) {
        text_add(text, ": ");
        caa_phrase_record(text, record);
    }
    text_add(text, ". Such a record forbids issuance until its flags are 0, its tag is "
                   "corrected, or it is removed.");
}

static void add_account_allowed(struct text *text, const struct caa_parameter *accounturi)
{
    if (accounturi->count > 1) {
        text_add(text, "it gives accounturi more than once, which nothing can satisfy");
    } else if (!caa_accounturi_is_uri(accounturi->value)) {
        text_add(text, "its accounturi \"");
        text_add_escaped(text, accounturi->value, CAA_PHRASE_VALUE_MAX);
        text_add(text, "\" is no URI, so nothing can satisfy it");
    } else {
        text_add(text, "it allows only the account ");
        text_add_escaped(text, accounturi->value, CAA_PHRASE_VALUE_MAX);
    }
}

static void write_account(const struct caa_policy *policy, struct text *text,
                          const struct caa_parameter *accounturi)
{
    add_account_allowed(text, accounturi);
    text_add(text, "; this request ");
    if (policy->account_uri_count == 0) {
        text_add(text, "names no account.");
        return;
    }
    text_add(text, "comes from ");
    text_add_escaped(text, bytes_of(policy->account_uris[0]), CAA_PHRASE_VALUE_MAX);
    text_add(text, ".");
}

/* A well-formed list includes its own first label; an ill-formed one nothing. */
static bool methods_are_well_formed(struct bytes list)
{
    const uint8_t *comma = memchr(list.data, ',', list.len);
    size_t len = comma ? (size_t)(comma - list.data) : list.len;
    return caa_validationmethods_include(list, (struct bytes){list.data, len});
}

static void write_method(const struct caa_policy *policy, struct text *text,
                         const struct caa_parameter *validationmethods)
{
    if (validationmethods->count > 1) {
        text_add(text, "it gives validationmethods more than once, which nothing can "
                       "satisfy");
    } else if (validationmethods->value.len == 0) {
        text_add(text, "its validationmethods are empty, which allows no method");
    } else {
        bool well_formed = methods_are_well_formed(validationmethods->value);
        text_add(text, well_formed ? "it allows only the validation methods "
                                   : "its validationmethods ");
        text_add_escaped(text, validationmethods->value, CAA_PHRASE_VALUE_MAX);
        if (!well_formed)
            text_add(text, " cannot be read: write labels with commas between them, "
                           "without blanks");
    }
    text_add(text, "; this request names ");
    if (policy->validation_method[0]) {
        text_add(text, "the method ");
        text_add_escaped(text, bytes_of(policy->validation_method), CAA_PHRASE_VALUE_MAX);
    } else {
        text_add(text, "no method");
    }
    text_add(text, ".");
}

/* The first record that names us and fails for this very reason. */
static const struct caa_property *blocking(const struct caa_policy *policy,
                                           const struct caa_result *result,
                                           struct caa_issue_value *value)
{
    bool account = result->reason == CAA_REASON_ACCOUNT_NOT_AUTHORIZED;
    for (size_t i = 0; i < result->found->property_count; i++) {
        const struct caa_property *property = &result->found->properties[i];
        if (result->decisive[i] && caa_issue_value_read(property->value, value) &&
            !(account ? caa_policy_account_allowed(policy, &value->accounturi)
                      : caa_policy_method_allowed(policy, &value->validationmethods)))
            return property;
    }
    return NULL;
}

static void write_parameter(const struct caa_policy *policy,
                            const struct caa_result *result, struct text *text)
{
    struct caa_issue_value value;
    const struct caa_property *property = blocking(policy, result, &value);
    text_add(text, "the CAA records at ");
    caa_phrase_level(text, result, result->found);
    text_add(text, " name this CA, but ");
    if (!property) {
        text_add(text, "on a condition this request does not meet.");
        return;
    }
    text_addf(text, "the %s record for ", caa_tag_text(property->known));
    text_add_escaped(text, value.issuer_domain_name, CAA_PHRASE_VALUE_MAX);
    text_add(text, " has a condition this request does not meet: ");
    if (result->reason == CAA_REASON_ACCOUNT_NOT_AUTHORIZED)
        write_account(policy, text, &value.accounturi);
    else
        write_method(policy, text, &value.validationmethods);
}

static void add_issuewild_note(struct text *text, const struct caa_result *result)
{
    if (result->restricting_tag == CAA_TAG_ISSUEWILD)
        text_add(text,
                 " For a wildcard the issuewild records count, the issue records do "
                 "not.");
}

/* What the record that would let us in says beside our name. */
static const char *condition_words(enum caa_reason reason)
{
    if (reason == CAA_REASON_ACCOUNT_NOT_AUTHORIZED)
        return " that allows this account";
    return reason == CAA_REASON_METHOD_NOT_AUTHORIZED ? " that allows this method" : "";
}

static void add_step(struct text *text, const struct caa_policy *policy,
                     const struct caa_result *result)
{
    const struct caa_answer *found = result->found;
    if (caa_remedy_is_above(result, found)) {
        text_add(text,
                 " That is a top-level domain, above your domain, not yours to fix: "
                 "publish CAA records of your own at ");
        caa_phrase_name(text, result->name->fqdn.text);
        text_add(text, ", they count first.");
        return;
    }
    if (found->alias_count) {
        text_add(text, " Ask whoever runs that target to change its records, or remove "
                       "the alias: a CAA record cannot stand beside a CNAME.");
        return;
    }
    if (result->reason == CAA_REASON_CRITICAL_UNKNOWN_PROPERTY)
        return;
    text_addf(text, " To let this CA issue, add an %s record for ",
              caa_tag_text(result->restricting_tag));
    caa_phrase_name(text, policy->issuer_domain_names[0]);
    text_addf(text, "%s there", condition_words(result->reason));
    if (caa_phrase_levels_above(result) > 0) {
        text_add(text, ", or publish CAA records of your own at ");
        caa_phrase_name(text, result->name->fqdn.text);
    }
    text_add(text, ".");
}

static void write_reason(const struct caa_policy *policy, const struct caa_result *result,
                         struct text *text)
{
    switch (result->reason) {
    case CAA_REASON_ISSUER_NOT_AUTHORIZED:
        write_other_issuer(policy, result, text);
        return;
    case CAA_REASON_ISSUANCE_FORBIDDEN:
        write_forbidden(policy, result, text);
        return;
    case CAA_REASON_CRITICAL_UNKNOWN_PROPERTY:
        write_critical(result, text);
        return;
    case CAA_REASON_ACCOUNT_NOT_AUTHORIZED:
    case CAA_REASON_METHOD_NOT_AUTHORIZED:
        write_parameter(policy, result, text);
        return;
    default: /* MALFORMED_PROPERTY: caa_message_write names every reason */
        write_malformed(policy, result, text);
    }
}

void caa_denial_write(const struct caa_policy *policy, const struct caa_result *result,
                      struct text *text)
{
    write_reason(policy, result, text);
    add_issuewild_note(text, result);
    caa_phrase_aliases(text, result->found);
    add_step(text, policy, result);
    if (result->found->ttl_s > 0 && result->found->ttl_s <= INT32_MAX)
        text_addf(text, " DNS caches may keep the present records for up to %u s.",
                  result->found->ttl_s);
}
