/* names.c - the enums of caa_client.h by name. Their numbers are the schema's,
 * so the schema's own descriptors name them. */
#include <caa/v1/caa.pb-c.h>
#include <rpc/v1/rpc.pb-c.h>

#include "caa_client.h"

/* The unknown and the unspecified read alike: "UNSPECIFIED". */
static const char *name_of(const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value =
        number == 0 ? NULL : protobuf_c_enum_descriptor_get_value(descriptor, number);
    return value == NULL ? "UNSPECIFIED" : value->name;
}

const char *caa_client_code_name(enum caa_client_code code)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &rpc__v1__status__code__descriptor, (int)code);
    return value == NULL ? "UNKNOWN" : value->name;
}

const char *caa_client_version(void)
{
    return CAAD_VERSION;
}

const char *caa_check_event_name(enum caa_check_event event)
{
    return name_of(&caa__v1__check_domains_request__event__descriptor, (int)event);
}

const char *caa_check_decision_name(enum caa_check_decision decision)
{
    return name_of(&caa__v1__check_domains_response__decision__descriptor, (int)decision);
}

const char *caa_check_verdict_name(enum caa_check_verdict verdict)
{
    return name_of(&caa__v1__result__verdict__descriptor, (int)verdict);
}

const char *caa_check_reason_name(enum caa_check_reason reason)
{
    return name_of(&caa__v1__result__reason__descriptor, (int)reason);
}

const char *caa_check_dnssec_name(enum caa_check_dnssec dnssec)
{
    return name_of(&caa__v1__result__dnssec__descriptor, (int)dnssec);
}

const char *caa_check_outcome_name(enum caa_check_outcome outcome)
{
    return name_of(&caa__v1__lookup__outcome__descriptor, (int)outcome);
}

const char *caa_check_transport_name(enum caa_check_transport transport)
{
    return name_of(&caa__v1__lookup__attempt__transport__descriptor, (int)transport);
}

bool caa_check_may_issue(const struct caa_check_result *result)
{
    return result->verdict == CAA_CHECK_VERDICT_PERMITTED ||
           result->verdict == CAA_CHECK_VERDICT_EXEMPT;
}

/* One number in each list drifting from the schema would be a wrong verdict. */
#define SAME(ours, theirs)                                                               \
    _Static_assert((int)(ours) == (int)(theirs), "differs from the schema")
SAME(CAA_CHECK_VERDICT_PERMITTED, CAA__V1__RESULT__VERDICT__PERMITTED);
SAME(CAA_CHECK_VERDICT_DENIED, CAA__V1__RESULT__VERDICT__DENIED);
SAME(CAA_CHECK_VERDICT_LOOKUP_FAILED, CAA__V1__RESULT__VERDICT__LOOKUP_FAILED);
SAME(CAA_CHECK_VERDICT_EXEMPT, CAA__V1__RESULT__VERDICT__EXEMPT);
SAME(CAA_CHECK_VERDICT_INVALID_NAME, CAA__V1__RESULT__VERDICT__INVALID_NAME);
SAME(CAA_CHECK_DECISION_PERMITTED, CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__PERMITTED);
SAME(CAA_CHECK_DECISION_DENIED, CAA__V1__CHECK_DOMAINS_RESPONSE__DECISION__DENIED);
SAME(CAA_CHECK_REASON_NO_RESTRICTING_PROPERTY,
     CAA__V1__RESULT__REASON__NO_RESTRICTING_PROPERTY);
SAME(CAA_CHECK_REASON_ISSUER_NOT_AUTHORIZED,
     CAA__V1__RESULT__REASON__ISSUER_NOT_AUTHORIZED);
SAME(CAA_CHECK_REASON_MALFORMED_PROPERTY, CAA__V1__RESULT__REASON__MALFORMED_PROPERTY);
SAME(CAA_CHECK_REASON_TIMEOUT, CAA__V1__RESULT__REASON__TIMEOUT);
SAME(CAA_CHECK_REASON_DEADLINE_EXCEEDED, CAA__V1__RESULT__REASON__DEADLINE_EXCEEDED);
SAME(CAA_CHECK_REASON_PRODUCT_EXEMPT, CAA__V1__RESULT__REASON__PRODUCT_EXEMPT);
SAME(CAA_CHECK_REASON_ONION_NAME, CAA__V1__RESULT__REASON__ONION_NAME);
SAME(CAA_CHECK_REASON_SYNTAX, CAA__V1__RESULT__REASON__SYNTAX);
SAME(CAA_CHECK_REASON_REVERSE_NAME, CAA__V1__RESULT__REASON__REVERSE_NAME);
SAME(CAA_CHECK_DNSSEC_INDETERMINATE, CAA__V1__RESULT__DNSSEC__INDETERMINATE);
SAME(CAA_CHECK_OUTCOME_DEADLINE_EXCEEDED, CAA__V1__LOOKUP__OUTCOME__DEADLINE_EXCEEDED);
SAME(CAA_CHECK_EVENT_ADD_SAN, CAA__V1__CHECK_DOMAINS_REQUEST__EVENT__ADD_SAN);
SAME(CAA_CLIENT_UNAUTHENTICATED, RPC__V1__STATUS__CODE__UNAUTHENTICATED);
