#include "attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "error.h"

/* Pauses between attempts: doubled each time, and a random part of it taken
 * off, so that many clients do not come back at once. */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS   1000
/* A server that broke off or is unavailable comes last for this long. */
#define AVOID_MS 500
/* The answer needs time to come back, so the server is told a little less. */
#define RETURN_SHARE  20
#define RETURN_MAX_MS 100
/* Of an id on the wire: the slot below, the attempt's number above it. */
#define ID_SLOT_BITS 16
#define ID_TURN      (1u << ID_SLOT_BITS)

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
 * when all are; NULL: none is connected. *index is its number. */
static struct caa_server *choose_locked(struct caa_client *client, nng_time now,
                                        size_t *index)
{
    struct caa_server *best = NULL;
    size_t first = client->turn++;
    for (size_t i = 0; i < client->servers_len; i++) {
        size_t at = (first + i) % client->servers_len;
        struct caa_server *server = &client->servers[at];
        if (!caa_link_is_up_locked(server->link) ||
            (best != NULL && !better(server, best, now)))
            continue;
        best = server;
        *index = at;
    }
    return best;
}

/* -------------------------------------------------------------------- errors */

static enum caa_next fail(struct caa_call *call, enum caa_client_code code,
                          const char *text)
{
    caa_error_set(&call->error, code, NULL, "%s", text);
    return CAA_NEXT_FINISHED;
}

/* Names every server and what is wrong with it. */
static enum caa_next fail_unreachable(struct caa_call *call)
{
    struct caa_client *client = call->client;
    char text[sizeof(call->error.message)] = "cannot reach ";
    size_t len = strlen(text);
    for (size_t i = 0; i < client->servers_len && len < sizeof(text) - 1; i++) {
        const char *cause = caa_link_cause_locked(client->servers[i].link);
        int more = snprintf(text + len, sizeof(text) - len, "%s%s: %s", i > 0 ? "; " : "",
                            client->servers[i].url,
                            cause[0] != '\0' ? cause : "no connection in time");
        len += more > 0 ? (size_t)more : 0;
    }
    return fail(call, CAA_CLIENT_UNAVAILABLE, text);
}

/* --------------------------------------------------------------------- sending */

static enum caa_next pause_locked(struct caa_call *call, enum caa_call_state state,
                                  nng_duration ms)
{
    call->state = state;
    nng_sleep_aio(ms, call->timer);
    return CAA_NEXT_GOES_ON;
}

static enum caa_next wait_for_server_locked(struct caa_call *call, nng_time now)
{
    nng_time until =
        call->connect_deadline < call->deadline ? call->connect_deadline : call->deadline;
    if (now >= until)
        return fail_unreachable(call);
    return pause_locked(call, CALL_WAITING, (nng_duration)left_ms(until, now));
}

static uint32_t server_timeout(uint32_t left)
{
    uint32_t back = left / RETURN_SHARE;
    return left - (back < RETURN_MAX_MS ? back : RETURN_MAX_MS);
}

static struct caa_frame *make_frame(const struct caa_call *call,
                                    const struct caa_link *link, uint32_t left)
{
    struct caa_envelope envelope = {.method = call->method,
                                    .request_id = call->request_id,
                                    .caller = call->client->name,
                                    .payload = call->payload,
                                    .payload_len = call->payload_len};
    uint32_t timeout = server_timeout(left);
    uint8_t *body = NULL;
    struct caa_frame *frame = caa_frame_make(
        caa_link_is_ipc(link), call->id, caa_envelope_size(&envelope, timeout), &body);
    if (frame != NULL)
        caa_envelope_pack(&envelope, timeout, body);
    return frame;
}

static enum caa_next send_locked(struct caa_call *call, size_t index, nng_time now)
{
    struct caa_server *server = &call->client->servers[index];
    uint32_t left = left_ms(call->deadline, now);
    call->id = ((call->id + ID_TURN) & ~(ID_TURN - 1)) | call->slot | CAA_FRAME_ID_BIT;
    struct caa_frame *frame = make_frame(call, server->link, left);
    if (frame == NULL) {
        caa_error_no_memory(&call->error);
        return CAA_NEXT_FINISHED;
    }
    call->server = index;
    call->attempts++;
    server->outstanding++;
    call->state = CALL_SENT;
    caa_link_send_locked(server->link, frame);
    call->due.at = call->deadline;
    caa_deadlines_add_locked(&call->client->deadlines, &call->due);
    return CAA_NEXT_GOES_ON;
}

enum caa_next caa_attempt_start_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    if (client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    nng_time now = nng_clock();
    size_t index = 0;
    if (choose_locked(client, now, &index) == NULL)
        return wait_for_server_locked(call, now);
    if (now < call->deadline)
        return send_locked(call, index, now);
    /* What went wrong before says more than the clock does. */
    if (call->error.code == CAA_CLIENT_OK)
        return fail(call, CAA_CLIENT_DEADLINE_EXCEEDED,
                    "no server was connected in time");
    return CAA_NEXT_FINISHED;
}

/* ---------------------------------------------------------------- trying again */

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
    size_t index = 0;
    if (client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    if (call->attempts >= client->max_attempts)
        return CAA_NEXT_FINISHED;
    struct caa_server *server = choose_locked(client, now, &index);
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
    return pause_locked(call, CALL_BACKOFF, pause);
}

/* The server has no more to do with this call. */
static struct caa_server *leave_server_locked(struct caa_call *call)
{
    struct caa_server *server = &call->client->servers[call->server];
    server->outstanding--;
    return server;
}

enum caa_next caa_attempt_late_locked(struct caa_call *call)
{
    struct caa_server *server = leave_server_locked(call);
    caa_link_withdraw_locked(server->link, call->id);
    if (call->client->closing)
        return fail(call, CAA_CLIENT_CANCELLED, "the client was closed");
    caa_error_set(&call->error, CAA_CLIENT_DEADLINE_EXCEEDED, NULL,
                  "%s did not answer within %u ms", server->url, call->timeout_ms);
    return CAA_NEXT_FINISHED;
}

enum caa_next caa_attempt_lost_locked(struct caa_call *call)
{
    struct caa_server *server = leave_server_locked(call);
    const char *cause = caa_link_cause_locked(server->link);
    server->avoid_until = nng_clock() + AVOID_MS;
    caa_error_set(&call->error, CAA_CLIENT_UNAVAILABLE, NULL,
                  "%s broke off before it answered (%s; %u %s sent)", server->url,
                  cause[0] != '\0' ? cause : "the server hung up", call->attempts,
                  call->attempts == 1 ? "request was" : "requests were");
    return retry_locked(call);
}

void caa_attempt_read(struct caa_call *call)
{
    Rpc__V1__Response *response = NULL;
    if (call->reply == NULL) {
        caa_error_no_memory(&call->error);
        return;
    }
    call->error.code = caa_envelope_read(call->reply, call->reply_len, call->request_id,
                                         &response, &call->error);
    free(call->reply);
    call->reply = NULL;
    if (call->error.code == CAA_CLIENT_OK && call->verify != NULL)
        call->error.code =
            call->verify(call->payload, call->payload_len, call->request_id,
                         response->payload.data, response->payload.len, &call->error);
    call->response = response;
}

enum caa_next caa_attempt_answered_locked(struct caa_call *call)
{
    struct caa_server *server = leave_server_locked(call);
    if (call->response != NULL)
        return CAA_NEXT_FINISHED;
    enum caa_client_code code = call->error.code;
    uint32_t after = call->error.retry_after_ms;
    if (code != CAA_CLIENT_UNAVAILABLE &&
        (code != CAA_CLIENT_RESOURCE_EXHAUSTED || after == 0))
        return CAA_NEXT_FINISHED;
    server->avoid_until = nng_clock() + (after > AVOID_MS ? after : AVOID_MS);
    return retry_locked(call);
}
