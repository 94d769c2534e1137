#include "rpc/tls_pair.h"

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>

enum { PATIENCE_MS = 2000, ENDS = 2 };

/* The two ends of the handshake: 0 listens, 1 dials. */
struct pair {
    nng_stream_listener *listener;
    nng_stream_dialer *dialer;
    nng_aio *aios[ENDS];
    nng_stream *streams[ENDS];
};

static int use(nng_tls_mode mode, const char *cert, const char *key, nng_tls_config **out)
{
    int err = nng_tls_config_alloc(out, mode);
    if (err == 0)
        err = nng_tls_config_auth_mode(*out, NNG_TLS_AUTH_MODE_NONE);
    if (err == 0 && cert)
        err = nng_tls_config_own_cert(*out, cert, key, NULL);
    return err;
}

static int open_ends(struct pair *pair, const char *cert, const char *key)
{
    nng_tls_config *own = NULL, *other = NULL;
    char url[64];
    int port = 0;
    int err = use(NNG_TLS_MODE_SERVER, cert, key, &own);
    if (err == 0)
        err = use(NNG_TLS_MODE_CLIENT, NULL, NULL, &other);
    if (err == 0)
        err = nng_stream_listener_alloc(&pair->listener, "tls+tcp://127.0.0.1:0");
    if (err == 0)
        err = nng_stream_listener_set_ptr(pair->listener, NNG_OPT_TLS_CONFIG, own);
    if (err == 0)
        err = nng_stream_listener_listen(pair->listener);
    if (err == 0)
        err = nng_stream_listener_get_int(pair->listener, NNG_OPT_TCP_BOUND_PORT, &port);
    snprintf(url, sizeof url, "tls+tcp://127.0.0.1:%d", port);
    if (err == 0)
        err = nng_stream_dialer_alloc(&pair->dialer, url);
    if (err == 0)
        err = nng_stream_dialer_set_ptr(pair->dialer, NNG_OPT_TLS_CONFIG, other);
    for (int i = 0; i < ENDS && err == 0; i++)
        err = nng_aio_alloc(&pair->aios[i], NULL, NULL);
    if (own)
        nng_tls_config_free(own);
    if (other)
        nng_tls_config_free(other);
    return err;
}

/* Waits for both ends; the first error. */
static int wait_both(struct pair *pair)
{
    int err = 0;
    for (int i = 0; i < ENDS; i++) {
        nng_aio_wait(pair->aios[i]);
        if (err == 0)
            err = nng_aio_result(pair->aios[i]);
    }
    return err;
}

static int connect_ends(struct pair *pair)
{
    for (int i = 0; i < ENDS; i++)
        nng_aio_set_timeout(pair->aios[i], PATIENCE_MS);
    nng_stream_listener_accept(pair->listener, pair->aios[0]);
    nng_stream_dialer_dial(pair->dialer, pair->aios[1]);
    int err = wait_both(pair);
    for (int i = 0; i < ENDS; i++)
        if (nng_aio_result(pair->aios[i]) == 0)
            pair->streams[i] = nng_aio_get_output(pair->aios[i], 0);
    return err;
}

/* An octet comes over only after the handshake. The dialer verifies what the
 * listener signed with the key, so it is the one to wait for. */
static int exchange(struct pair *pair)
{
    char octet[ENDS] = {'?', '\0'};
    for (int i = 0; i < ENDS; i++) {
        nng_iov iov = {.iov_buf = &octet[i], .iov_len = 1};
        nng_aio_set_iov(pair->aios[i], 1, &iov);
    }
    nng_stream_recv(pair->streams[1], pair->aios[1]);
    nng_stream_send(pair->streams[0], pair->aios[0]);
    nng_aio_wait(pair->aios[1]);
    nng_stream_close(pair->streams[0]);
    nng_aio_wait(pair->aios[0]);
    return nng_aio_result(pair->aios[1]);
}

static void close_ends(struct pair *pair)
{
    for (int i = 0; i < ENDS; i++) {
        if (pair->streams[i])
            nng_stream_close(pair->streams[i]);
        if (pair->aios[i])
            nng_aio_stop(pair->aios[i]);
    }
    for (int i = 0; i < ENDS; i++) {
        nng_stream_free(pair->streams[i]);
        nng_aio_free(pair->aios[i]);
    }
    nng_stream_dialer_free(pair->dialer);
    nng_stream_listener_free(pair->listener);
}

int rpc_tls_pair_check(const char *cert, const char *key)
{
    struct pair pair = {0};
    int err = open_ends(&pair, cert, key);
    if (err == 0)
        err = connect_ends(&pair);
    if (err == 0)
        err = exchange(&pair);
    close_ends(&pair);
    return err;
}
