#include "check_reply.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "region.h"

/* A message unpacked against its bytes on the wire. */
#define UNPACKED_GROWTH 4

/* A requested name and where it stood, to find the first of equals. */
struct asked {
    const char *name;
    size_t position;
};

static int compare_asked(const void *a, const void *b)
{
    const struct asked *x = a;
    const struct asked *y = b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    return x->position < y->position ? -1 : 1;
}

static int compare_position(const void *a, const void *b)
{
    const struct asked *x = a;
    const struct asked *y = b;
    return x->position < y->position ? -1 : 1;
}

/* Keeps the first of equal names, in the order first asked; returns how many. */
static size_t make_distinct(struct asked *asked, size_t len)
{
    if (len == 0)
        return 0;
    qsort(asked, len, sizeof(*asked), compare_asked);
    size_t kept = 1;
    for (size_t i = 1; i < len; i++)
        if (strcmp(asked[i].name, asked[kept - 1].name) != 0)
            asked[kept++] = asked[i];
    qsort(asked, kept, sizeof(*asked), compare_position);
    return kept;
}

/* common_name first, then names. *out is the caller's; false: out of memory. */
static bool names_asked(const Caa__V1__CheckDomainsRequest *request, struct asked **out,
                        size_t *out_len)
{
    struct asked *asked = calloc(request->n_names + 1, sizeof(*asked));
    if (asked == NULL)
        return false;
    size_t len = 0;
    if (request->common_name[0] != '\0')
        asked[len++] = (struct asked){.name = request->common_name, .position = 0};
    for (size_t i = 0; i < request->n_names; i++)
        asked[len++] = (struct asked){.name = request->names[i], .position = i + 1};
    *out = asked;
    *out_len = make_distinct(asked, len);
    return true;
}

/* Which verdict a reason belongs to; UNSPECIFIED for a number not known. */
static int verdict_of(int reason)
{
    if (reason >= 1 && reason <= 3)
        return CAA_CHECK_VERDICT_PERMITTED;
    if (reason >= 10 && reason <= 15)
        return CAA_CHECK_VERDICT_DENIED;
    if (reason >= 20 && reason <= 28)
        return CAA_CHECK_VERDICT_LOOKUP_FAILED;
    if (reason >= 40 && reason <= 42)
        return CAA_CHECK_VERDICT_EXEMPT;
    if (reason >= 50 && reason <= 52)
        return CAA_CHECK_VERDICT_INVALID_NAME;
    return CAA_CHECK_VERDICT_UNSPECIFIED;
}

static bool permits(int verdict)
{
    return verdict == CAA_CHECK_VERDICT_PERMITTED || verdict == CAA_CHECK_VERDICT_EXEMPT;
}

static enum caa_client_code refuse_result(size_t index, const char *name,
                                          const char *problem,
                                          struct caa_client_error *error)
{
    return caa_error_set(error, CAA_CLIENT_INTERNAL, NULL,
                         "the reply cannot be trusted: results[%zu], \"%.253s\", %s",
                         index, name, problem);
}

static enum caa_client_code verify_result(const Caa__V1__Result *result, size_t index,
                                          const char *expected,
                                          struct caa_client_error *error)
{
    if (strcmp(result->name, expected) != 0)
        return caa_error_set(error, CAA_CLIENT_INTERNAL, NULL,
                             "the reply cannot be trusted: results[%zu] is for "
                             "\"%.253s\", expected was \"%.253s\"",
                             index, result->name, expected);
    int verdict = (int)result->verdict;
    int owner = verdict_of((int)result->reason);
    if (permits(verdict) && owner != verdict && owner != CAA_CHECK_VERDICT_UNSPECIFIED)
        return refuse_result(index, expected, "permits for a reason that does not",
                             error);
    return CAA_CLIENT_OK;
}

static enum caa_client_code verify_results(const struct asked *asked, size_t len,
                                           const Caa__V1__CheckDomainsResponse *reply,
                                           struct caa_client_error *error)
{
    if (reply->n_results != len)
        return caa_error_set(error, CAA_CLIENT_INTERNAL, NULL,
                             "the reply cannot be trusted: it holds %zu results for %zu "
                             "distinct names",
                             reply->n_results, len);
    bool permitted = (int)reply->decision == CAA_CHECK_DECISION_PERMITTED;
    for (size_t i = 0; i < len; i++) {
        enum caa_client_code code =
            verify_result(reply->results[i], i, asked[i].name, error);
        if (code != CAA_CLIENT_OK)
            return code;
        if (permitted && !permits((int)reply->results[i]->verdict))
            return refuse_result(i, asked[i].name,
                                 "is not permitted, but the decision is PERMITTED",
                                 error);
    }
    return CAA_CLIENT_OK;
}

enum caa_client_code caa_check_reply_verify(const Caa__V1__CheckDomainsRequest *request,
                                            const char *request_id,
                                            const Caa__V1__CheckDomainsResponse *reply,
                                            struct caa_client_error *error)
{
    const char *id = request->request_id[0] != '\0' ? request->request_id : request_id;
    if (strcmp(reply->request_id, id) != 0)
        return caa_error_set(error, CAA_CLIENT_INTERNAL, NULL,
                             "the reply cannot be trusted: it answers request "
                             "\"%.128s\", asked was \"%.128s\"",
                             reply->request_id, id);
    struct asked *asked = NULL;
    size_t len = 0;
    if (!names_asked(request, &asked, &len))
        return caa_error_no_memory(error);
    enum caa_client_code code = verify_results(asked, len, reply, error);
    free(asked);
    return code;
}

enum caa_client_code caa_check_reply_verify_packed(const uint8_t *request,
                                                   size_t request_len,
                                                   const char *request_id,
                                                   const uint8_t *reply, size_t reply_len,
                                                   struct caa_client_error *error)
{
    struct caa_region region;
    caa_region_init(&region, 1024 + UNPACKED_GROWTH * (request_len + reply_len));
    Caa__V1__CheckDomainsRequest *asked =
        caa__v1__check_domains_request__unpack(&region.allocator, request_len, request);
    Caa__V1__CheckDomainsResponse *answer =
        caa__v1__check_domains_response__unpack(&region.allocator, reply_len, reply);
    enum caa_client_code code;
    if (asked == NULL)
        code = caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "payload",
                             "it is no caa.v1.CheckDomainsRequest");
    else if (answer == NULL)
        code = caa_error_set(error, CAA_CLIENT_INTERNAL, NULL,
                             "the reply is no caa.v1.CheckDomainsResponse");
    else
        code = caa_check_reply_verify(asked, request_id, answer, error);
    caa_region_fini(&region);
    return code;
}
