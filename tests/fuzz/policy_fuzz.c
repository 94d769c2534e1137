/* Any octets as an RRset, from RDATA to the words: the first octet says who asks
 * for what, then come records, each a length octet and that much RDATA. Whatever
 * they hold, permission needs our whole name, the order of records does not
 * matter, and the words are printable and bounded. */
#include <string.h>

#include "check/message.h"
#include "check/remedy.h"
#include "require.h"

enum { RECORDS_MAX = 64 };

static const char OUR_NAME[] = "globalsign.com";

static size_t read_records(struct bytes rest, struct caa_property *properties)
{
    size_t count = 0;
    while (count < RECORDS_MAX && rest.len > 0) {
        size_t len = rest.data[0] < rest.len - 1 ? rest.data[0] : rest.len - 1;
        struct bytes rdata = {rest.data + 1, len};
        if (caa_property_read(rdata, 300, &properties[count]))
            count++;
        rest = (struct bytes){rest.data + 1 + len, rest.len - 1 - len};
    }
    return count;
}

static bool holds_our_name(const struct caa_property *property)
{
    for (size_t i = 0; i + sizeof OUR_NAME - 1 <= property->value.len; i++)
        if (bytes_equal_nocase(
                (struct bytes){property->value.data + i, sizeof OUR_NAME - 1},
                bytes_of(OUR_NAME)))
            return true;
    return false;
}

static void check_result(const struct caa_result *result)
{
    const struct caa_answer *found = result->found;
    size_t decisive = 0;
    require_printable(result->message);
    require_printable(result->remedy);
    require(strlen(result->message) <= CAA_MESSAGE_MAX);
    require(strlen(result->remedy) <= CAA_REMEDY_MAX);
    for (size_t i = 0; i < found->property_count; i++) {
        if (!result->decisive[i])
            continue;
        decisive++;
        if (result->reason == CAA_REASON_ISSUER_AUTHORIZED)
            require(holds_our_name(&found->properties[i]));
        if (result->reason == CAA_REASON_CRITICAL_UNKNOWN_PROPERTY)
            require(caa_property_is_critical(&found->properties[i]));
    }
    require((decisive == 0) == (result->reason == CAA_REASON_NO_RESTRICTING_PROPERTY));
    require(result->verdict == CAA_VERDICT_PERMITTED || result->remedy[0] != '\0');
}

static struct caa_result decide(struct arena *arena, const struct caa_name *name,
                                const struct caa_policy *policy,
                                struct caa_answer *answer,
                                const struct caa_property *properties, size_t count)
{
    struct caa_level levels[2] = {0};
    struct caa_result result = {0};
    bool pending = true;
    require(caa_climb_plan(name->fqdn, levels) == 2);
    *answer = (struct caa_answer){
        .name = levels[0].fqdn.text,
        .outcome = CAA_OUTCOME_RRSET,
        .properties = properties,
        .property_count = count,
    };
    levels[0].answer = answer;
    require(caa_result_decide(arena, name, policy, levels, 2, &pending, &result) ==
            CAA_OK);
    require(!pending);
    check_result(&result);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const issuers[] = {OUR_NAME};
    static const char *const accounts[] = {"acct:1@globalsign.com"};
    struct caa_property properties[RECORDS_MAX], reversed[RECORDS_MAX];
    struct caa_answer answer;
    size_t count =
        size ? read_records((struct bytes){data + 1, size - 1}, properties) : 0;
    struct arena *arena = count ? arena_create(1 << 20) : NULL;
    if (!arena)
        return 0;
    struct caa_name name;
    struct caa_policy policy = {
        .issuer_domain_names = issuers,
        .issuer_domain_name_count = 1,
        .certificate = (enum caa_certificate)(1 + (data[0] & 3) % 3),
        .account_uris = accounts,
        .account_uri_count = data[0] >> 2 & 1,
        .validation_method = data[0] >> 3 & 1 ? "dns-01" : "",
    };
    require(caa_name_read(arena, data[0] >> 4 & 1 ? "*.example.test" : "example.test",
                          CAA_CERTIFICATE_TLS, &name) == CAA_OK);
    for (size_t i = 0; i < count; i++)
        reversed[i] = properties[count - 1 - i];
    struct caa_result result = decide(arena, &name, &policy, &answer, properties, count);
    struct caa_result again = decide(arena, &name, &policy, &answer, reversed, count);
    require(result.reason == again.reason);
    arena_destroy(arena);
    return 0;
}
