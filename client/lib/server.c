#include "server.h"

#include <nng/supplemental/tls/tls.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "tls.h"

static enum caa_client_code report(const char *url, int rv,
                                   struct caa_client_error *error)
{
    if (rv == NNG_ENOMEM || rv == NNG_ENOFILES)
        return caa_error_set(error, CAA_CLIENT_RESOURCE_EXHAUSTED, NULL,
                             "cannot set up a connection to %s: %s", url,
                             nng_strerror(rv));
    return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "servers",
                         "cannot use %s: %s", url, nng_strerror(rv));
}

enum caa_client_code caa_server_open(struct caa_server *server, const char *url,
                                     const struct caa_client_options *options,
                                     pthread_mutex_t *lock,
                                     const struct caa_link_events *events,
                                     struct caa_client_error *error)
{
    struct caa_url parsed;
    nng_tls_config *tls = NULL;
    /* Parsed from the copy: the parsed URL points into its text. */
    server->url = strdup(url);
    if (server->url == NULL)
        return caa_error_no_memory(error);
    const char *wrong = caa_url_parse(server->url, &parsed);
    enum caa_client_code code = CAA_CLIENT_OK;
    if (wrong != NULL)
        code = caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "servers",
                             "\"%s\": %s; accepted are ipc:///PATH, tcp://HOST:PORT and "
                             "tls+tcp://HOST:PORT",
                             url, wrong);
    else if (parsed.tls)
        code = caa_tls_config(options, parsed.host, &tls, error);
    if (code == CAA_CLIENT_OK) {
        int rv = caa_link_create(server->url, &parsed, tls, options->max_reply_bytes,
                                 lock, events, &server->link);
        if (rv != 0)
            code = report(url, rv, error);
    }
    if (tls != NULL)
        nng_tls_config_free(tls);
    if (code != CAA_CLIENT_OK)
        caa_server_close(server);
    return code;
}

void caa_server_close(struct caa_server *server)
{
    caa_link_destroy(server->link);
    server->link = NULL;
    free(server->url);
    server->url = NULL;
}
