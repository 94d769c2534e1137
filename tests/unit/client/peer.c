#include "peer.h"

#include <arpa/inet.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/tls/tls.h>
#include <nng/supplemental/util/platform.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/nng_mend.h"

#define WORKERS 32
#define REST_MS 100

enum worker_state { RECEIVING, DELAYING, SENDING };

struct worker {
    struct peer *peer;
    enum worker_state state;
    nng_ctx ctx;
    nng_aio *aio;
    /* An aio that has slept is no good for anything else (nng 1.5). */
    nng_aio *timer;
    nng_msg *reply;
};

struct peer {
    nng_socket socket;
    peer_handler handler;
    void *arg;
    atomic_uint count;
    struct worker workers[WORKERS];
};

static void must(int rv, const char *what)
{
    if (rv == 0)
        return;
    fprintf(stderr, "peer: %s: %s\n", what, nng_strerror(rv));
    abort();
}

static nng_msg *pack(const struct peer_reply *reply)
{
    Rpc__V1__Response response = RPC__V1__RESPONSE__INIT;
    Rpc__V1__Status status = RPC__V1__STATUS__INIT;
    status.code = (Rpc__V1__Status__Code)reply->code;
    status.message = (char *)(uintptr_t)reply->message;
    status.field = (char *)(uintptr_t)reply->field;
    status.retry_after_ms = reply->retry_after_ms;
    response.status = &status;
    response.request_id = (char *)(uintptr_t)reply->request_id;
    response.payload.data = reply->payload;
    response.payload.len = reply->payload_len;
    nng_msg *msg = NULL;
    must(nng_msg_alloc(&msg, rpc__v1__response__get_packed_size(&response)), "alloc");
    rpc__v1__response__pack(&response, nng_msg_body(msg));
    return msg;
}

static nng_msg *garbage(void)
{
    nng_msg *msg = NULL;
    must(nng_msg_alloc(&msg, 0), "alloc");
    must(nng_msg_append(msg, "\xff\xff\xff\xff", 4), "append");
    return msg;
}

static void receive(struct worker *worker)
{
    worker->state = RECEIVING;
    nng_ctx_recv(worker->ctx, worker->aio);
}

static void send_reply(struct worker *worker)
{
    worker->state = SENDING;
    nng_aio_set_msg(worker->aio, worker->reply);
    worker->reply = NULL;
    nng_ctx_send(worker->ctx, worker->aio);
}

static void answer(struct worker *worker, nng_msg *msg)
{
    struct peer *peer = worker->peer;
    Rpc__V1__Request *request =
        rpc__v1__request__unpack(NULL, nng_msg_len(msg), nng_msg_body(msg));
    nng_msg_free(msg);
    struct peer_reply reply = {.code = 0};
    atomic_fetch_add(&peer->count, 1);
    if (request == NULL) {
        reply.code = 3;
        snprintf(reply.message, sizeof(reply.message), "not a Request");
    } else {
        snprintf(reply.request_id, sizeof(reply.request_id), "%s", request->request_id);
        peer->handler(peer->arg, request, &reply);
        rpc__v1__request__free_unpacked(request, NULL);
    }
    if (reply.silent) {
        free(reply.payload);
        receive(worker);
        return;
    }
    worker->reply = reply.garbage ? garbage() : pack(&reply);
    free(reply.payload);
    if (reply.delay_ms > 0) {
        worker->state = DELAYING;
        nng_sleep_aio((nng_duration)reply.delay_ms, worker->timer);
    } else {
        send_reply(worker);
    }
}

static void step(void *arg)
{
    struct worker *worker = arg;
    int rv = nng_aio_result(worker->state == DELAYING ? worker->timer : worker->aio);
    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED) {
        return;
    }
    switch (worker->state) {
    case RECEIVING:
        if (rv != 0)
            receive(worker);
        else
            answer(worker, nng_aio_get_msg(worker->aio));
        break;
    case DELAYING:
        send_reply(worker);
        break;
    case SENDING:
        if (rv != 0)
            nng_msg_free(nng_aio_get_msg(worker->aio));
        receive(worker);
        break;
    }
}

/* nng's reaper destroys a dialer's lock that it took before: no race of ours,
 * but the sanitizer does not see into the library. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race_top:pthread_mutex_destroy\n";
}

static struct peer *new_peer(const char *url, peer_handler handler, void *arg,
                             nng_listener *listener)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL)
        abort();
    peer->handler = handler;
    peer->arg = arg;
    nng_mend();
    must(nng_rep0_open(&peer->socket), "open");
    must(nng_listener_create(listener, peer->socket, url), url);
    must(nng_listener_set_size(*listener, NNG_OPT_RECVMAXSZ, 1u << 20), "limit");
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &peer->workers[i];
        worker->peer = peer;
        must(nng_aio_alloc(&worker->aio, step, worker), "aio");
        must(nng_aio_alloc(&worker->timer, step, worker), "aio");
        must(nng_ctx_open(&worker->ctx, peer->socket), "context");
        receive(worker);
    }
    return peer;
}

struct peer *peer_start(const char *url, peer_handler handler, void *arg)
{
    nng_listener listener;
    struct peer *peer = new_peer(url, handler, arg, &listener);
    must(nng_listener_start(listener, 0), url);
    return peer;
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *file = fopen(path, "rb");
    if (text == NULL || file == NULL || fread(text, 1, 65535, file) == 0)
        abort();
    fclose(file);
    return text;
}

struct peer *peer_start_tls(const char *url, const char *certificate, const char *key,
                            const char *client_ca, peer_handler handler, void *arg,
                            char **real_url)
{
    nng_listener listener;
    nng_tls_config *config = NULL;
    nng_sockaddr address;
    char *certificate_pem = read_text(certificate);
    char *key_pem = read_text(key);
    char *ca_pem = read_text(client_ca);
    struct peer *peer = new_peer(url, handler, arg, &listener);
    must(nng_tls_config_alloc(&config, NNG_TLS_MODE_SERVER), "tls");
    must(nng_tls_config_own_cert(config, certificate_pem, key_pem, NULL), certificate);
    must(nng_tls_config_ca_chain(config, ca_pem, NULL), client_ca);
    must(nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED), "tls");
    must(nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, config), "tls");
    nng_tls_config_free(config);
    must(nng_listener_start(listener, 0), url);
    must(nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address), "address");
    if (asprintf(real_url, "tls+tcp://localhost:%u",
                 (unsigned)ntohs(address.s_in.sa_port)) < 0)
        abort();
    free(certificate_pem);
    free(key_pem);
    free(ca_pem);
    return peer;
}

void peer_stop(struct peer *peer)
{
    if (peer == NULL)
        return;
    for (size_t i = 0; i < WORKERS; i++) {
        nng_aio_stop(peer->workers[i].timer);
        nng_aio_stop(peer->workers[i].aio);
    }
    /* With nobody to receive, nng reads one message more a connection and rests. To
     * close one that is being read can hang nng 1.5 for good (server/rpc/door.h). */
    nng_msleep(REST_MS);
    nng_close(peer->socket);
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &peer->workers[i];
        /* A send begun on a stopped aio leaves its message there, unreported. */
        if (worker->state == SENDING && nng_aio_get_msg(worker->aio) != NULL)
            nng_msg_free(nng_aio_get_msg(worker->aio));
        if (worker->reply != NULL)
            nng_msg_free(worker->reply);
        nng_aio_free(peer->workers[i].timer);
        nng_aio_free(peer->workers[i].aio);
    }
    free(peer);
}

unsigned peer_count(struct peer *peer)
{
    return atomic_load(&peer->count);
}

char *peer_url(void)
{
    char folder[] = "/tmp/caa-peer-XXXXXX";
    char *url = NULL;
    if (mkdtemp(folder) == NULL || asprintf(&url, "ipc://%s/s", folder) < 0)
        abort();
    return url;
}

void peer_url_free(char *url)
{
    char *path = url + strlen("ipc://");
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    free(url);
}
