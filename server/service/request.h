/* request.h - what a request asks, checked field by field: each wrong one is
 * INVALID_ARGUMENT with its name and the accepted form.
 * Threads: any. */
#ifndef CAA_SERVICE_REQUEST_H
#define CAA_SERVICE_REQUEST_H

#include "check/policy.h"
#include "service/service.h"

enum { REQUEST_ID_MAX = 128, ACCOUNT_URIS_MAX = 64, ACCOUNT_URI_MAX = 2048 };

/* The policy a request is judged by. false: the call was ended. */
CAA_MUSTCHECK bool request_read_policy(struct rpc_call *call,
                                       const struct caad_config *config,
                                       const char *product, char *const *account_uris,
                                       size_t account_uri_count,
                                       const char *validation_method,
                                       struct caa_policy *out);

/* The fields of CheckDomains that are no policy; *names gets the distinct names
 * in the order first asked, common_name first, in the call's arena. false: the
 * call was ended. */
CAA_MUSTCHECK bool request_read(struct rpc_call *call, const struct caad_config *config,
                                const Caa__V1__CheckDomainsRequest *request,
                                const char *const **names, size_t *name_count);

/* When lookups must end, so that the answer still reaches the caller. */
int64_t request_lookup_deadline_us(const struct rpc_call *call);

#endif
