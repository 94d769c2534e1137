#include "check/remedy.h"

/* Octets of a value shown again; a longer one is named by its tag alone. Three
 * lines are enough to see the pattern. */
enum { VALUE_MAX = 160, LINES_MAX = 3 };

const char *caa_remedy_owner(const struct caa_answer *found)
{
    return found->alias_count ? found->aliases[found->alias_count - 1] : found->name;
}

bool caa_remedy_is_above(const struct caa_result *result, const struct caa_answer *level)
{
    return !strchr(level->name, '.') && strchr(result->name->fqdn.text, '.');
}

static void add_name(struct text *remedy, const char *name)
{
    text_add_name(remedy, name, SIZE_MAX);
}

/* Where the record goes, up to the colon. instead: what it replaces. */
static void add_place(struct text *remedy, const struct caa_answer *found,
                      const char *owner, const char *instead)
{
    if (found->alias_count) {
        add_name(remedy, found->name);
        text_add(remedy, " is an alias for ");
        add_name(remedy, owner);
        text_add(remedy, ", and a CAA record cannot stand beside a CNAME. "
                         "Ask whoever runs the zone that holds ");
        add_name(remedy, owner);
        text_addf(remedy, " to publish there%s: ", instead);
    } else {
        text_add(remedy, "Publish in the zone that holds ");
        add_name(remedy, owner);
        text_addf(remedy, "%s: ", instead);
    }
}

/* The tag that would let us in: the one that restricts now, or that of the
 * certificate where none of them does. */
static enum caa_tag wanted_tag(const struct caa_policy *policy,
                               const struct caa_result *result)
{
    if (result->restricting_tag != CAA_TAG_UNKNOWN)
        return result->restricting_tag;
    switch (policy->certificate) {
    case CAA_CERTIFICATE_SMIME:
        return CAA_TAG_ISSUEMAIL;
    case CAA_CERTIFICATE_VMC:
        return CAA_TAG_ISSUEVMC;
    case CAA_CERTIFICATE_TLS:
        break;
    }
    return CAA_TAG_ISSUE;
}

/* The value of the record that names us and came nearest; false: none does. */
static bool nearest_value(const struct caa_result *result, struct caa_issue_value *out)
{
    for (size_t i = 0; i < result->found->property_count; i++)
        if (result->decisive[i] &&
            caa_issue_value_read(result->found->properties[i].value, out))
            return true;
    return false;
}

/* The account to name: the one the record has already if that is the
 * applicant's, else the first given. Empty: none that fits in a value. */
static struct bytes wanted_account(const struct caa_policy *policy,
                                   const struct caa_parameter *accounturi)
{
    struct bytes none = {NULL, 0};
    if (accounturi->count == 0 || policy->account_uri_count == 0)
        return none;
    if (caa_policy_account_allowed(policy, accounturi))
        return accounturi->value;
    struct bytes first = bytes_of(policy->account_uris[0]);
    bool fits = caa_accounturi_is_uri(first) && !memchr(first.data, ';', first.len);
    return fits ? first : none;
}

/* Repeats the customer's own narrowing with what this request has, so the
 * record lets in no more than it must. */
static void add_parameters(struct text *remedy, const struct caa_policy *policy,
                           const struct caa_issue_value *nearest)
{
    struct bytes account = wanted_account(policy, &nearest->accounturi);
    struct bytes method = bytes_of(policy->validation_method);
    if (account.len) {
        text_add(remedy, "; accounturi=");
        text_add_escaped(remedy, account, SIZE_MAX);
    }
    if (nearest->validationmethods.count && caa_validationmethod_is_label(method)) {
        text_add(remedy, "; validationmethods=");
        text_add_escaped(remedy, method, SIZE_MAX);
    }
}

static void write_issuer(const struct caa_policy *policy, const struct caa_result *result,
                         struct text *remedy)
{
    struct caa_issue_value nearest = {0};
    const char *issuer = policy->issuer_domain_names[0];
    /* Nobody asks a registry for a record: the name's own set counts first. */
    bool above = caa_remedy_is_above(result, result->found);
    struct caa_answer own = {.name = result->name->fqdn.text};
    const struct caa_answer *place = above ? &own : result->found;
    const char *owner = caa_remedy_owner(place);
    bool unreadable = result->reason == CAA_REASON_MALFORMED_PROPERTY && !above;
    if ((result->reason == CAA_REASON_ACCOUNT_NOT_AUTHORIZED ||
         result->reason == CAA_REASON_METHOD_NOT_AUTHORIZED) &&
        nearest_value(result, &nearest))
        issuer = caa_policy_own_name(policy, nearest.issuer_domain_name);
    add_place(remedy, place, owner,
              unreadable ? ", in place of the record that cannot be read" : "");
    add_name(remedy, owner);
    text_addf(remedy, ". CAA 0 %s \"%s", caa_tag_text(wanted_tag(policy, result)),
              issuer);
    add_parameters(remedy, policy, &nearest);
    text_add(remedy, "\"");
}

/* Whether the record can be written in a zone file at all. */
static bool is_writable(const struct caa_property *property)
{
    if (property->tag.len == 0)
        return false;
    for (size_t i = 0; i < property->tag.len; i++)
        if (!ascii_is_alnum(property->tag.data[i]))
            return false;
    return property->value.len <= VALUE_MAX;
}

static void add_uncritical(struct text *remedy, const char *owner,
                           const struct caa_property *property)
{
    add_name(remedy, owner);
    text_add(remedy, ". CAA 0 ");
    text_add_escaped(remedy, property->tag, UINT8_MAX);
    text_add(remedy, " \"");
    text_add_escaped(remedy, property->value, VALUE_MAX);
    text_add(remedy, "\"");
}

static const struct caa_property *next_critical(const struct caa_result *result,
                                                size_t *at)
{
    while (*at < result->found->property_count)
        if (result->decisive[(*at)++])
            return &result->found->properties[*at - 1];
    return NULL;
}

/* The records themselves with flags 0; those that cannot be written go. */
static void write_uncritical(const struct caa_result *result, struct text *remedy)
{
    const struct caa_property *critical;
    size_t at = 0, lines = 0;
    const char *owner = caa_remedy_owner(result->found);
    while ((critical = next_critical(result, &at)) && lines < LINES_MAX) {
        if (!is_writable(critical))
            continue;
        if (lines++ == 0)
            add_place(remedy, result->found, owner,
                      ", in place of the critical record, or remove that");
        else
            text_add(remedy, " and ");
        add_uncritical(remedy, owner, critical);
    }
    if (lines == 0) {
        text_add(remedy,
                 "Remove the critical record (flags 128) from the zone that holds ");
        add_name(remedy, owner);
    } else if (critical) {
        text_add(remedy, " and the others likewise");
    }
}

void caa_remedy_write(const struct caa_policy *policy, const struct caa_result *result,
                      struct text *remedy)
{
    if (result->reason == CAA_REASON_CRITICAL_UNKNOWN_PROPERTY &&
        !caa_remedy_is_above(result, result->found))
        write_uncritical(result, remedy);
    else
        write_issuer(policy, result, remedy);
    /* Half a record would be a wrong one. */
    if (remedy->cut)
        *remedy = text_of(remedy->data, remedy->size);
}
