/* check_reply.h - is this reply an answer to that request? Only then may its
 * verdicts be used: exactly one result for each distinct name, in order, for the
 * same request, saying nothing that contradicts itself.
 * Threads: any; no state. */
#ifndef CAA_CLIENT_CHECK_REPLY_H
#define CAA_CLIENT_CHECK_REPLY_H

#include <caa/v1/caa.pb-c.h>
#include <stddef.h>
#include <stdint.h>

#include "caa_client.h"

#define CAA_CHECK_METHOD "caa.v1.CaaService/CheckDomains"

/* OK or INTERNAL. request_id: the id sent, which is the request's own unless
 * that is empty. */
enum caa_client_code caa_check_reply_verify(const Caa__V1__CheckDomainsRequest *request,
                                            const char *request_id,
                                            const Caa__V1__CheckDomainsResponse *reply,
                                            struct caa_client_error *error);

/* The same from the packed messages: a caa_call_verify_fn. */
enum caa_client_code caa_check_reply_verify_packed(const uint8_t *request,
                                                   size_t request_len,
                                                   const char *request_id,
                                                   const uint8_t *reply, size_t reply_len,
                                                   struct caa_client_error *error);

#endif
