#include "attempt.h"

#include <stdio.h>
#include <string.h>

#include "envelope.h"
#include "error.h"

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

static enum caa_next fail(struct caa_call *call, enum caa_client_code code,
                          const char *text)
{
    caa_error_set(&call->error, code, NULL, "%s", text);
    return CAA_NEXT_FINISHED;
}

/* Names every server with what the probe saw. */
static enum caa_next fail_unreachable(struct caa_call *call)
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

static enum caa_next fail_deadline(struct caa_call *call)
{
    /* What went wrong before says more than the clock does. */
    if (call->error.code != CAA_CLIENT_OK)
        return CAA_NEXT_FINISHED;
    caa_error_set(&call->error, CAA_CLIENT_DEADLINE_EXCEEDED, NULL,
                  "%s did not answer within %u ms",
                  call->client->servers[call->server].url, call->timeout_ms);
    return CAA_NEXT_FINISHED;
}

/* ------------------------------------------------------------------ the steps */

static enum caa_next wait_for_server_locked(struct caa_call *call, nng_time now)
{
    struct caa_client *client = call->client;
    nng_time until =
        call->connect_deadline < call->deadline ? call->connect_deadline : call->deadline;
    if (now >= until)
        return fail_unreachable(call);
    if (call->state != CALL_WAITING && until > now + 2 * PROBE_AFTER_MS) {
        until = now + PROBE_AFTER_MS;
    } else {
        for (size_t i = 0; i < client->servers_len; i++)
            caa_probe_start(client->servers[i].probe);
    }
    call->state = CALL_WAITING;
    nng_sleep_aio((nng_duration)left_ms(until, now), call->timer);
    return CAA_NEXT_GOES_ON;
}

static uint32_t server_timeout(uint32_t left)
{
    uint32_t back = left / RETURN_SHARE;
    return left - (back < RETURN_MAX_MS ? back : RETURN_MAX_MS);
}

static enum caa_next send_locked(struct caa_call *call, struct caa_server *server,
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
    return CAA_NEXT_GOES_ON;
}

enum caa_next caa_attempt_start_locked(struct caa_call *call)
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

void caa_attempt_set_connect_deadline(struct caa_call *call, nng_time now)
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
static enum caa_next retry_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    nng_time now = nng_clock();
    if (client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    if (call->attempts >= client->max_attempts)
        return CAA_NEXT_FINISHED;
    struct caa_server *server = choose_locked(client, now);
    bool elsewhere = server != NULL && server->avoid_until <= now;
    uint32_t after = call->error.retry_after_ms;
    nng_duration pause = backoff_ms(call);
    if (elsewhere)
        pause = 0;
    else
        pause += (nng_duration)(after < INT32_MAX / 2 ? after : INT32_MAX / 2);
    if ((uint32_t)pause >= left_ms(call->deadline, now))
        return CAA_NEXT_FINISHED;
    caa_attempt_set_connect_deadline(call, now + (nng_time)pause);
    if (pause == 0)
        return caa_attempt_start_locked(call);
    call->state = CALL_BACKOFF;
    nng_sleep_aio(pause, call->timer);
    return CAA_NEXT_GOES_ON;
}

enum caa_next caa_attempt_lost_locked(struct caa_call *call, int rv)
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

enum caa_next caa_attempt_sent_locked(struct caa_call *call, int rv)
{
    if (rv != 0) {
        nng_msg_free(nng_aio_get_msg(call->aio));
        nng_aio_set_msg(call->aio, NULL);
        return caa_attempt_lost_locked(call, rv);
    }
    uint32_t left = left_ms(call->deadline, nng_clock());
    call->state = CALL_RECEIVING;
    nng_aio_set_timeout(call->aio, left > 0 ? (nng_duration)left : 1);
    nng_ctx_recv(call->ctx, call->aio);
    return CAA_NEXT_GOES_ON;
}

void caa_attempt_read(struct caa_call *call, nng_msg *msg)
{
    Rpc__V1__Response *response = NULL;
    call->error.code = caa_envelope_read(msg, call->request_id, &response, &call->error);
    nng_msg_free(msg);
    if (call->error.code == CAA_CLIENT_OK && call->verify != NULL)
        call->error.code =
            call->verify(call->payload, call->payload_len, call->request_id,
                         response->payload.data, response->payload.len, &call->error);
    call->response = response;
}

enum caa_next caa_attempt_answered_locked(struct caa_call *call)
{
    release_ctx_locked(call);
    if (call->response != NULL)
        return CAA_NEXT_FINISHED;
    enum caa_client_code code = call->error.code;
    uint32_t after = call->error.retry_after_ms;
    if (code != CAA_CLIENT_UNAVAILABLE &&
        (code != CAA_CLIENT_RESOURCE_EXHAUSTED || after == 0))
        return CAA_NEXT_FINISHED;
    call->client->servers[call->server].avoid_until =
        nng_clock() + (after > AVOID_MS ? after : AVOID_MS);
    return retry_locked(call);
}
