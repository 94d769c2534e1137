/* response.h - caa.v1.CheckDomainsResponse as the plain structs of
 * caa_client.h.
 * Threads: any; no state. */
#ifndef CAA_CLIENT_RESPONSE_H
#define CAA_CLIENT_RESPONSE_H

#include <caa/v1/caa.pb-c.h>

#include "caa_client.h"

/* Takes wire over: its strings live on inside the result, which is released
 * with caa_check_response_free. NULL: out of memory, wire still the caller's. */
struct caa_check_response *caa_response_own(Caa__V1__CheckDomainsResponse *wire);

#endif
