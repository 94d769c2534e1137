#include "server.h"

#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "tls.h"

/* A daemon that restarts is found again within this time. */
#define RECONNECT_MIN_MS 20
#define RECONNECT_MAX_MS 500
#define SPARE_MAX        4096

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct caa_server *server = arg;
    server->notify(server->notify_arg, server->index, event == NNG_PIPE_EV_ADD_POST,
                   nng_pipe_id(pipe));
}

static int set_up_socket(struct caa_server *server)
{
    int rv = nng_req0_open(&server->socket);
    if (rv != 0)
        return rv;
    server->socket_open = true;
    /* nng would send a request again by itself, after a minute and whenever the
     * connection breaks, past any deadline. Off, it reports NNG_ECONNRESET, and
     * call.c decides. */
    rv = nng_socket_set_ms(server->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (rv == 0)
        rv = nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_POST, on_pipe, server);
    if (rv == 0)
        rv = nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_pipe, server);
    return rv;
}

static int set_up_dialer(struct caa_server *server, size_t max_reply, nng_tls_config *tls)
{
    nng_dialer dialer = NNG_DIALER_INITIALIZER;
    int rv = nng_dialer_create(&dialer, server->socket, server->url);
    if (rv == 0)
        rv = nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, max_reply);
    if (rv == 0)
        rv = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    if (rv == 0)
        rv = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (rv == 0 && tls != NULL)
        rv = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, tls);
    return rv == 0 ? nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) : rv;
}

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
                                     struct caa_client_error *error)
{
    struct caa_url parsed;
    const char *wrong = caa_url_parse(url, &parsed);
    if (wrong != NULL)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "servers",
                             "\"%s\": %s; accepted are ipc:///PATH, tcp://HOST:PORT and "
                             "tls+tcp://HOST:PORT",
                             url, wrong);
    nng_tls_config *tls = NULL;
    if (parsed.tls) {
        enum caa_client_code code = caa_tls_config(options, parsed.host, &tls, error);
        if (code != CAA_CLIENT_OK)
            return code;
    }
    server->url = strdup(url);
    int rv = server->url == NULL ? NNG_ENOMEM : set_up_socket(server);
    if (rv == 0)
        rv = caa_probe_create(url, &parsed, tls, &server->probe);
    if (rv == 0)
        rv = set_up_dialer(server, options->max_reply_bytes, tls);
    if (tls != NULL)
        nng_tls_config_free(tls);
    if (rv == 0)
        return CAA_CLIENT_OK;
    caa_server_close(server);
    return report(url, rv, error);
}

void caa_server_close(struct caa_server *server)
{
    caa_probe_destroy(server->probe);
    server->probe = NULL;
    if (server->socket_open) {
        nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_POST, NULL, NULL);
        nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, NULL, NULL);
        for (size_t i = 0; i < server->spare_len; i++)
            nng_ctx_close(server->spare[i]);
        nng_close(server->socket);
        server->socket_open = false;
    }
    free(server->spare);
    server->spare = NULL;
    server->spare_len = server->spare_cap = 0;
    free(server->url);
    server->url = NULL;
}

int caa_server_take_ctx_locked(struct caa_server *server, nng_ctx *out)
{
    if (server->spare_len > 0) {
        *out = server->spare[--server->spare_len];
        return 0;
    }
    return nng_ctx_open(out, server->socket);
}

static bool make_room_locked(struct caa_server *server)
{
    if (server->spare_len < server->spare_cap)
        return true;
    if (server->spare_cap >= SPARE_MAX)
        return false;
    size_t cap = server->spare_cap == 0 ? 16 : server->spare_cap * 2;
    nng_ctx *grown = realloc(server->spare, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    server->spare = grown;
    server->spare_cap = cap;
    return true;
}

void caa_server_give_ctx_locked(struct caa_server *server, nng_ctx ctx)
{
    if (make_room_locked(server))
        server->spare[server->spare_len++] = ctx;
    else
        nng_ctx_close(ctx);
}
