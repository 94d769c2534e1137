/* tls.h - the TLS side of a client: its files, and one configuration a server,
 * because the expected name differs.
 * Threads: owner only. */
#ifndef CAA_CLIENT_TLS_H
#define CAA_CLIENT_TLS_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "caa_client.h"

/* Makes the configuration for a server called host. *out is to be released with
 * nng_tls_config_free. INVALID_ARGUMENT: a file is missing, unreadable or not
 * what it should be; *out untouched. */
enum caa_client_code caa_tls_config(const struct caa_client_options *options,
                                    const char *host, nng_tls_config **out,
                                    struct caa_client_error *error);

#endif
