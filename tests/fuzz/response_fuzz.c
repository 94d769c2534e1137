/* Any octets as a DNS response: what is read from it lies in it, a failure
 * carries no records, and a copy outlives the message. */
#include "dns/response.h"

#include <string.h>

#include "dns/held.h"
#include "require.h"

enum { BUDGET = 16 << 20, ALIAS_MAX = 64, TTL_MAX = 0x7fffffff };

static void require_within(struct bytes slice, struct bytes whole)
{
    require(slice.len == 0 || (slice.data >= whole.data &&
                               slice.data + slice.len <= whole.data + whole.len));
}

static void check_outcome(const struct caa_answer *answer)
{
    switch (answer->outcome) {
    case CAA_OUTCOME_RRSET:
        require(answer->property_count > 0 && answer->rcode == 0);
        break;
    case CAA_OUTCOME_NODATA:
        require(answer->property_count == 0 && answer->rcode == 0);
        break;
    case CAA_OUTCOME_NXDOMAIN:
        require(answer->property_count == 0 && answer->rcode == 3);
        break;
    case CAA_OUTCOME_SERVFAIL:
    case CAA_OUTCOME_REFUSED:
    case CAA_OUTCOME_OTHER_RCODE:
    case CAA_OUTCOME_TRUNCATED:
    case CAA_OUTCOME_MALFORMED_RESPONSE:
        require(answer->property_count == 0 && answer->ttl_s == 0);
        require(answer->dnssec == CAA_DNSSEC_INDETERMINATE);
        break;
    case CAA_OUTCOME_TIMEOUT:
    case CAA_OUTCOME_DNSSEC_BOGUS:
    case CAA_OUTCOME_RESOLVER_UNAVAILABLE:
    case CAA_OUTCOME_DEADLINE_EXCEEDED:
        require(false);
    }
}

static void check_parts(const struct caa_answer *answer)
{
    require(answer->ttl_s <= TTL_MAX);
    require(answer->alias_count <= ALIAS_MAX);
    for (size_t i = 0; i < answer->alias_count; i++)
        require_printable(answer->aliases[i]);
    for (size_t i = 0; i < answer->property_count; i++) {
        require_within(answer->properties[i].tag, answer->response);
        require_within(answer->properties[i].value, answer->response);
        require(answer->properties[i].ttl_s >= answer->ttl_s);
    }
    for (size_t i = 0; i < answer->ede_count; i++)
        require_within(answer->ede[i].text, answer->response);
}

static void check_copy(const struct caa_answer *answer)
{
    struct held_answer *held = held_create(answer);
    require(held != NULL);
    const struct caa_answer *copy = &held->answer;
    check_outcome(copy);
    check_parts(copy);
    require(bytes_equal(copy->response, answer->response));
    for (size_t i = 0; i < answer->property_count; i++)
        require(bytes_equal(copy->properties[i].value, answer->properties[i].value));
    for (size_t i = 0; i < answer->alias_count; i++)
        require(strcmp(copy->aliases[i], answer->aliases[i]) == 0);
    held_unref(held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "www.example.test";
    struct bytes message = {data, size};
    struct caa_answer answer = {.name = name};
    bool ad = false;
    struct arena *arena = arena_create(BUDGET);
    require(arena != NULL);
    if (response_read(arena, message, name, &answer) == CAA_OK) {
        require(answer.response.data == data && answer.response.len == size);
        check_outcome(&answer);
        check_parts(&answer);
        check_copy(&answer);
    }
    (void)response_is_noerror(message, &ad);
    arena_destroy(arena);
    return 0;
}
