#include "call.h"

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "envelope.h"
#include "error.h"
#include "request_id.h"

/* Pauses between attempts: doubled each time, and a random part of it taken
 * off, so that many clients do not come back at once. */
#define BACKOFF_FIRST_MS 25
#define BACKOFF_MAX_MS   1000
/* A server that broke off or is unavailable comes last for this long. */
#define AVOID_MS 500
/* A connection that is merely being made needs no probe. */
#define PROBE_AFTER_MS 150
/* The answer needs time to come back, so the server is told a little less. */
#define RETURN_SHARE  20
#define RETURN_MAX_MS 100

enum call_state { CALL_IDLE, CALL_WAITING, CALL_SENDING, CALL_RECEIVING, CALL_BACKOFF };

struct caa_call {
    struct caa_client *client;
    struct caa_call *next;
    struct caa_call *previous;
    nng_aio *aio;
    /* For pauses only: once an aio has slept, nng 1.5 reports its later timeouts
     * as success. */
    nng_aio *timer;
    enum call_state state;

    char *method;
    uint8_t *payload;
    size_t payload_len;
    char request_id[CAA_REQUEST_ID_MAX + 1];
    uint32_t timeout_ms;
    nng_time deadline;
    caa_call_verify_fn verify;
    caa_call_done_fn done;
    void *arg;

    /* Counts waiting without any server; starts anew when one was connected. */
    nng_time connect_deadline;
    unsigned attempts;
    /* Where the present or last attempt went. */
    size_t server;
    nng_ctx ctx;
    bool has_ctx;

    /* Why the last attempt failed; OK before the first. */
    struct caa_client_error error;
    Rpc__V1__Response *response;
};

/* What a step decides. */
enum call_next { CALL_GOES_ON, CALL_FINISHED };

static uint32_t left_ms(nng_time until, nng_time now)
{
    return until > now ? (uint32_t)(until - now) : 0;
}

/* ------------------------------------------------------------ choosing where */

static bool better(const struct caa_server *a, const struct caa_server *b, nng_time now)
{
    bool a_avoid = a->avoid_until > now;
    bool b_avoid = b->avoid_until > now;
    if (a_avoid != b_avoid)
        return b_avoid;
    return a->outstanding < b->outstanding;
}

/* The connected server with the fewest calls outstanding, one in trouble only
 * when all are; NULL: none is connected. */
static struct caa_server *choose_locked(struct caa_client *client, nng_time now)
{
    struct caa_server *best = NULL;
    size_t first = client->turn++;
    for (size_t i = 0; i < client->servers_len; i++) {
        struct caa_server *server = &client->servers[(first + i) % client->servers_len];
        if (server->pipe != 0 && (best == NULL || better(server, best, now)))
            best = server;
    }
    return best;
}

static void release_ctx_locked(struct caa_call *call)
{
    if (!call->has_ctx)
        return;
    struct caa_server *server = &call->client->servers[call->server];
    server->outstanding--;
    caa_server_give_ctx_locked(server, call->ctx);
    call->has_ctx = false;
}

/* -------------------------------------------------------------------- errors */

static enum call_next fail(struct caa_call *call, enum caa_client_code code,
                           const char *text)
{
    caa_error_set(&call->error, code, NULL, "%s", text);
    return CALL_FINISHED;
}

/* Names every server with what the probe saw. */
static enum call_next fail_unreachable(struct caa_call *call)
{
    struct caa_client *client = call->client;
    char text[sizeof(call->error.message)] = "cannot reach ";
    size_t len = strlen(text);
    for (size_t i = 0; i < client->servers_len && len < sizeof(text) - 1; i++) {
        char cause[192];
        caa_probe_cause(client->servers[i].probe, cause, sizeof(cause));
        int more = snprintf(text + len, sizeof(text) - len, "%s%s: %s", i > 0 ? "; " : "",
                            client->servers[i].url,
                            cause[0] != '\0' ? cause : "no connection in time");
        len += more > 0 ? (size_t)more : 0;
    }
    return fail(call, CAA_CLIENT_UNAVAILABLE, text);
}

static enum call_next fail_deadline(struct caa_call *call)
{
    /* What went wrong before says more than the clock does. */
    if (call->error.code != CAA_CLIENT_OK)
        return CALL_FINISHED;
    caa_error_set(&call->error, CAA_CLIENT_DEADLINE_EXCEEDED, NULL,
                  "%s did not answer within %u ms",
                  call->client->servers[call->server].url, call->timeout_ms);
    return CALL_FINISHED;
}

/* ------------------------------------------------------------------ the steps */

static enum call_next wait_for_server_locked(struct caa_call *call, nng_time now)
{
    struct caa_client *client = call->client;
    nng_time until =
        call->connect_deadline < call->deadline ? call->connect_deadline : call->deadline;
    if (now >= until)
        return fail_unreachable(call);
    if (call->state != CALL_WAITING) {
        if (until > now + PROBE_AFTER_MS)
            until = now + PROBE_AFTER_MS;
    } else {
        for (size_t i = 0; i < client->servers_len; i++)
            caa_probe_start(client->servers[i].probe);
    }
    call->state = CALL_WAITING;
    nng_sleep_aio((nng_duration)left_ms(until, now), call->timer);
    return CALL_GOES_ON;
}

static uint32_t server_timeout(uint32_t left)
{
    uint32_t back = left / RETURN_SHARE;
    return left - (back < RETURN_MAX_MS ? back : RETURN_MAX_MS);
}

static enum call_next send_locked(struct caa_call *call, struct caa_server *server,
                                  nng_time now)
{
    uint32_t left = left_ms(call->deadline, now);
    struct caa_envelope envelope = {.method = call->method,
                                    .request_id = call->request_id,
                                    .caller = call->client->name,
                                    .payload = call->payload,
                                    .payload_len = call->payload_len};
    nng_msg *msg = NULL;
    int rv = caa_envelope_pack(&envelope, server_timeout(left), &msg);
    if (rv == 0)
        rv = caa_server_take_ctx_locked(server, &call->ctx);
    if (rv != 0) {
        if (msg != NULL)
            nng_msg_free(msg);
        return fail(call, CAA_CLIENT_RESOURCE_EXHAUSTED, nng_strerror(rv));
    }
    call->has_ctx = true;
    call->server = server->index;
    call->attempts++;
    server->outstanding++;
    call->state = CALL_SENDING;
    nng_aio_set_msg(call->aio, msg);
    nng_aio_set_timeout(call->aio, (nng_duration)left);
    nng_ctx_send(call->ctx, call->aio);
    return CALL_GOES_ON;
}

static enum call_next start_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    if (client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    nng_time now = nng_clock();
    struct caa_server *server = choose_locked(client, now);
    if (server == NULL)
        return wait_for_server_locked(call, now);
    if (now >= call->deadline)
        return fail_deadline(call);
    return send_locked(call, server, now);
}

static void set_connect_deadline(struct caa_call *call, nng_time now)
{
    uint32_t wait = call->client->connect_timeout_ms;
    call->connect_deadline = wait == 0 ? call->deadline : now + wait;
}

static nng_duration backoff_ms(const struct caa_call *call)
{
    uint32_t pause = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < call->attempts && pause < BACKOFF_MAX_MS; i++)
        pause *= 2;
    return (nng_duration)(pause / 2 + nng_random() % (pause / 2 + 1));
}

/* call->error says why the attempt failed. Tries again if that can help. */
static enum call_next retry_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    nng_time now = nng_clock();
    if (client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    if (call->attempts >= client->max_attempts)
        return CALL_FINISHED;
    struct caa_server *server = choose_locked(client, now);
    bool elsewhere = server != NULL && server->avoid_until <= now;
    uint32_t after = call->error.retry_after_ms;
    nng_duration pause = backoff_ms(call);
    if (elsewhere)
        pause = 0;
    else
        pause += (nng_duration)(after < INT32_MAX / 2 ? after : INT32_MAX / 2);
    if ((uint32_t)pause >= left_ms(call->deadline, now))
        return CALL_FINISHED;
    set_connect_deadline(call, now + (nng_time)pause);
    if (pause == 0)
        return start_locked(call);
    call->state = CALL_BACKOFF;
    nng_sleep_aio(pause, call->timer);
    return CALL_GOES_ON;
}

/* The connection failed while the call was on it. */
static enum call_next lost_locked(struct caa_call *call, int rv)
{
    struct caa_server *server = &call->client->servers[call->server];
    release_ctx_locked(call);
    if (call->client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    if (rv == NNG_ETIMEDOUT) {
        call->error.code = CAA_CLIENT_OK;
        return fail_deadline(call);
    }
    if (rv == NNG_ENOMEM)
        return fail(call, CAA_CLIENT_RESOURCE_EXHAUSTED, nng_strerror(rv));
    server->avoid_until = nng_clock() + AVOID_MS;
    caa_error_set(&call->error, CAA_CLIENT_UNAVAILABLE, NULL,
                  "%s closed the connection before it answered (%u %s sent)", server->url,
                  call->attempts, call->attempts == 1 ? "request was" : "requests were");
    return retry_locked(call);
}

static enum call_next sent_locked(struct caa_call *call, int rv)
{
    if (rv != 0) {
        nng_msg_free(nng_aio_get_msg(call->aio));
        nng_aio_set_msg(call->aio, NULL);
        return lost_locked(call, rv);
    }
    uint32_t left = left_ms(call->deadline, nng_clock());
    call->state = CALL_RECEIVING;
    nng_aio_set_timeout(call->aio, left > 0 ? (nng_duration)left : 1);
    nng_ctx_recv(call->ctx, call->aio);
    return CALL_GOES_ON;
}

/* Reading and verifying a large reply takes a while: not under the lock. */
static void read_reply(struct caa_call *call, nng_msg *msg)
{
    Rpc__V1__Response *response = NULL;
    call->error.code = caa_envelope_read(msg, call->request_id, &response, &call->error);
    nng_msg_free(msg);
    if (call->error.code == CAA_CLIENT_OK && call->verify != NULL)
        call->error.code = call->verify(
            call->payload, call->payload_len, call->request_id, response->payload.data,
            response->payload.len, &call->error);
    call->response = response;
}

static enum call_next answered_locked(struct caa_call *call)
{
    release_ctx_locked(call);
    if (call->response != NULL)
        return CALL_FINISHED;
    enum caa_client_code code = call->error.code;
    uint32_t after = call->error.retry_after_ms;
    if (code != CAA_CLIENT_UNAVAILABLE &&
        (code != CAA_CLIENT_RESOURCE_EXHAUSTED || after == 0))
        return CALL_FINISHED;
    call->client->servers[call->server].avoid_until =
        nng_clock() + (after > AVOID_MS ? after : AVOID_MS);
    return retry_locked(call);
}

/* ------------------------------------------------------------- begin and end */

static void link_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    call->previous = NULL;
    call->next = client->calls;
    if (client->calls != NULL)
        client->calls->previous = call;
    client->calls = call;
    client->calls_len++;
}

static void to_pool_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        client->calls = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    call->previous = NULL;
    call->next = client->pool;
    client->pool = call;
    call->state = CALL_IDLE;
    if (--client->calls_len == 0)
        pthread_cond_broadcast(&client->idle);
}

static void drop_contents(struct caa_call *call)
{
    if (call->response != NULL)
        rpc__v1__response__free_unpacked(call->response, NULL);
    free(call->method);
    free(call->payload);
    call->response = NULL;
    call->method = NULL;
    call->payload = NULL;
}

static void finish(struct caa_call *call)
{
    struct caa_client *client = call->client;
    const uint8_t *reply = NULL;
    size_t reply_len = 0;
    if (call->error.code == CAA_CLIENT_OK) {
        reply = call->response->payload.data;
        reply_len = call->response->payload.len;
    }
    call->done(call->arg, &call->error, reply, reply_len);
    drop_contents(call);
    pthread_mutex_lock(&client->lock);
    to_pool_locked(call);
    pthread_mutex_unlock(&client->lock);
}

static void step(void *arg)
{
    struct caa_call *call = arg;
    struct caa_client *client = call->client;
    int rv = nng_aio_result(call->aio);
    enum call_next next = CALL_FINISHED;

    pthread_mutex_lock(&client->lock);
    switch (call->state) {
    case CALL_WAITING:
    case CALL_BACKOFF:
        next = start_locked(call);
        break;
    case CALL_SENDING:
        next = sent_locked(call, rv);
        break;
    case CALL_RECEIVING:
        if (rv != 0 || nng_aio_get_msg(call->aio) == NULL) {
            next = lost_locked(call, rv);
            break;
        }
        pthread_mutex_unlock(&client->lock);
        read_reply(call, nng_aio_get_msg(call->aio));
        pthread_mutex_lock(&client->lock);
        next = answered_locked(call);
        break;
    case CALL_IDLE:
        break;
    }
    pthread_mutex_unlock(&client->lock);
    if (next == CALL_FINISHED)
        finish(call);
}

static void free_call(struct caa_call *call)
{
    if (call->aio != NULL)
        nng_aio_free(call->aio);
    if (call->timer != NULL)
        nng_aio_free(call->timer);
    free(call);
}

static struct caa_call *take_call(struct caa_client *client)
{
    pthread_mutex_lock(&client->lock);
    struct caa_call *call = client->pool;
    if (call != NULL)
        client->pool = call->next;
    pthread_mutex_unlock(&client->lock);
    if (call != NULL)
        return call;
    call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    call->client = client;
    if (nng_aio_alloc(&call->aio, step, call) == 0 &&
        nng_aio_alloc(&call->timer, step, call) == 0)
        return call;
    free_call(call);
    return NULL;
}

static void give_back(struct caa_call *call)
{
    drop_contents(call);
    pthread_mutex_lock(&call->client->lock);
    call->next = call->client->pool;
    call->client->pool = call;
    pthread_mutex_unlock(&call->client->lock);
}

static enum caa_client_code fill(struct caa_call *call, const struct caa_call_spec *spec,
                                 struct caa_client_error *error)
{
    const char *id = spec->request_id != NULL ? spec->request_id : "";
    size_t id_len = strlen(id);
    if (id_len > CAA_REQUEST_ID_MAX)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "request_id",
                             "it is %zu bytes long, %d are allowed", id_len,
                             CAA_REQUEST_ID_MAX);
    memcpy(call->request_id, id, id_len + 1);
    if (id_len == 0 && !caa_request_id_make(call->request_id))
        return caa_error_set(error, CAA_CLIENT_RESOURCE_EXHAUSTED, NULL,
                             "no random numbers for a request id");
    call->method = strdup(spec->method);
    call->payload = malloc(spec->payload_len + 1);
    if (call->method == NULL || call->payload == NULL)
        return caa_error_no_memory(error);
    if (spec->payload_len > 0)
        memcpy(call->payload, spec->payload, spec->payload_len);
    call->payload_len = spec->payload_len;
    call->verify = spec->verify;
    call->done = spec->done;
    call->arg = spec->arg;
    call->attempts = 0;
    call->error = (struct caa_client_error){.code = CAA_CLIENT_OK};
    call->timeout_ms =
        spec->timeout_ms != 0 ? spec->timeout_ms : call->client->timeout_ms;
    if (call->timeout_ms > INT32_MAX)
        call->timeout_ms = INT32_MAX;
    nng_time now = nng_clock();
    call->deadline = now + call->timeout_ms;
    set_connect_deadline(call, now);
    return CAA_CLIENT_OK;
}

/* nng would send it, the server hang up without a word. */
static enum caa_client_code check_size(const struct caa_call *call,
                                       struct caa_client_error *error)
{
    struct caa_envelope envelope = {.method = call->method,
                                    .request_id = call->request_id,
                                    .caller = call->client->name,
                                    .payload = call->payload,
                                    .payload_len = call->payload_len};
    size_t size = caa_envelope_size(&envelope);
    if (size <= call->client->max_message_bytes)
        return CAA_CLIENT_OK;
    return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "payload",
                         "the request is %zu bytes, more than the %zu of "
                         "max_message_bytes: split it",
                         size, call->client->max_message_bytes);
}

enum caa_client_code caa_call_begin(struct caa_client *client,
                                    const struct caa_call_spec *spec,
                                    struct caa_client_error *error)
{
    struct caa_call *call = take_call(client);
    if (call == NULL)
        return caa_error_no_memory(error);
    enum caa_client_code code = fill(call, spec, error);
    if (code == CAA_CLIENT_OK)
        code = check_size(call, error);
    if (code != CAA_CLIENT_OK) {
        give_back(call);
        return code;
    }
    pthread_mutex_lock(&client->lock);
    link_locked(call);
    enum call_next next = start_locked(call);
    /* Once it goes on, the call is no longer ours to look at. */
    if (next == CALL_FINISHED) {
        code = caa_error_copy(error, &call->error);
        drop_contents(call);
        to_pool_locked(call);
    }
    pthread_mutex_unlock(&client->lock);
    return code;
}

void caa_call_server_up_locked(struct caa_client *client)
{
    for (struct caa_call *call = client->calls; call != NULL; call = call->next)
        if (call->state == CALL_WAITING)
            nng_aio_cancel(call->timer);
}

void caa_call_server_down_locked(struct caa_client *client, size_t server)
{
    /* Not yet handed to the connection: nng would keep it for the next one. */
    for (struct caa_call *call = client->calls; call != NULL; call = call->next)
        if (call->state == CALL_SENDING && call->server == server)
            nng_aio_abort(call->aio, NNG_ECONNRESET);
}

void caa_call_cancel_all_locked(struct caa_client *client)
{
    /* Whichever of the two rests does not mind. */
    for (struct caa_call *call = client->calls; call != NULL; call = call->next) {
        nng_aio_abort(call->timer, NNG_ECANCELED);
        nng_aio_abort(call->aio, NNG_ECANCELED);
    }
}

void caa_call_free_pool(struct caa_client *client)
{
    /* All are stopped before one is freed: nng may still be in a callback. */
    for (struct caa_call *call = client->pool; call != NULL; call = call->next) {
        nng_aio_stop(call->timer);
        nng_aio_stop(call->aio);
    }
    while (client->pool != NULL) {
        struct caa_call *call = client->pool;
        client->pool = call->next;
        free_call(call);
    }
}
