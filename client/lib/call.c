#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "envelope.h"
#include "error.h"

/* As many calls as an id on the wire has slots. */
#define SLOTS_MAX 65536u

/* ------------------------------------------------------------ the list, the pool */

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
    free(call->reply);
    call->response = NULL;
    call->method = NULL;
    call->payload = NULL;
    call->reply = NULL;
}

/* ------------------------------------------------------------------------- steps */

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

/* What was queued is sent without the lock. */
static struct caa_link *link_to_kick_locked(const struct caa_call *call)
{
    return call->state == CALL_SENT ? call->client->servers[call->server].link : NULL;
}

static enum caa_next step_locked(struct caa_call *call)
{
    switch (call->state) {
    case CALL_WAITING:
    case CALL_BACKOFF:
        return caa_attempt_start_locked(call);
    case CALL_LATE:
        return caa_attempt_late_locked(call);
    case CALL_LOST:
        return caa_attempt_lost_locked(call);
    case CALL_ANSWERED:
        return caa_attempt_answered_locked(call);
    case CALL_SENT:
    case CALL_IDLE:
        break;
    }
    return CAA_NEXT_FINISHED;
}

static void step(struct caa_call *call)
{
    struct caa_client *client = call->client;
    struct caa_link *kick = NULL;

    pthread_mutex_lock(&client->lock);
    enum caa_next next = step_locked(call);
    if (next == CAA_NEXT_GOES_ON)
        kick = link_to_kick_locked(call);
    pthread_mutex_unlock(&client->lock);
    if (next == CAA_NEXT_FINISHED)
        finish(call);
    else if (kick != NULL)
        caa_link_kick(kick);
}

static void on_timer(void *arg)
{
    step(arg);
}

void caa_call_answered(struct caa_call *call)
{
    caa_attempt_read(call);
    step(call);
}

/* SENT is over, and the next step is the timer's. */
static void leave_sent_locked(struct caa_call *call, enum caa_call_state state)
{
    call->state = state;
    nng_sleep_aio(0, call->timer);
}

void caa_call_late_locked(struct caa_deadline *deadline)
{
    char *due = (char *)deadline;
    leave_sent_locked((struct caa_call *)(void *)(due - offsetof(struct caa_call, due)),
                      CALL_LATE);
}

/* ------------------------------------------------------------- begin and the end */

static void free_call(struct caa_call *call)
{
    if (call->timer != NULL)
        nng_aio_free(call->timer);
    free(call);
}

/* The list grows by doubling; false: it is full, or out of memory. */
static bool take_slot_locked(struct caa_call *call)
{
    struct caa_client *client = call->client;
    size_t len = client->slots_len;
    if (len >= SLOTS_MAX)
        return false;
    if ((len & (len - 1)) == 0) {
        struct caa_call **grown =
            realloc(client->slots, (len == 0 ? 1 : 2 * len) * sizeof(struct caa_call *));
        if (grown == NULL)
            return false;
        client->slots = grown;
    }
    call->slot = (uint32_t)len;
    client->slots[client->slots_len++] = call;
    return true;
}

static struct caa_call *new_call(struct caa_client *client)
{
    struct caa_call *call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    call->client = client;
    bool ok = nng_aio_alloc(&call->timer, on_timer, call) == 0;
    if (ok) {
        pthread_mutex_lock(&client->lock);
        ok = take_slot_locked(call);
        pthread_mutex_unlock(&client->lock);
    }
    if (ok)
        return call;
    free_call(call);
    return NULL;
}

static struct caa_call *take_call(struct caa_client *client)
{
    pthread_mutex_lock(&client->lock);
    struct caa_call *call = client->pool;
    if (call != NULL)
        client->pool = call->next;
    pthread_mutex_unlock(&client->lock);
    return call != NULL ? call : new_call(client);
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
    caa_attempt_set_connect_deadline(call, now);
    return CAA_CLIENT_OK;
}

/* The server would hang up on it without a word. */
static enum caa_client_code check_size(const struct caa_call *call,
                                       struct caa_client_error *error)
{
    struct caa_envelope envelope = {.method = call->method,
                                    .request_id = call->request_id,
                                    .caller = call->client->name,
                                    .payload = call->payload,
                                    .payload_len = call->payload_len};
    size_t size = caa_envelope_size(&envelope, UINT32_MAX);
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
        return caa_error_set(error, CAA_CLIENT_RESOURCE_EXHAUSTED, NULL,
                             "out of memory, or over %u calls at once", SLOTS_MAX);
    enum caa_client_code code = fill(call, spec, error);
    if (code == CAA_CLIENT_OK)
        code = check_size(call, error);
    if (code != CAA_CLIENT_OK) {
        give_back(call);
        return code;
    }
    struct caa_link *kick = NULL;
    pthread_mutex_lock(&client->lock);
    link_locked(call);
    enum caa_next next = caa_attempt_start_locked(call);
    if (next == CAA_NEXT_FINISHED) {
        code = caa_error_copy(error, &call->error);
        drop_contents(call);
        to_pool_locked(call);
    } else {
        kick = link_to_kick_locked(call);
    }
    pthread_mutex_unlock(&client->lock);
    /* The call is no longer ours to look at; the link lives with the client. */
    if (kick != NULL)
        caa_link_kick(kick);
    return code;
}

/* ------------------------------------------------------------- what links report */

void caa_call_server_up_locked(struct caa_client *client)
{
    for (struct caa_call *call = client->calls; call != NULL; call = call->next)
        if (call->state == CALL_WAITING)
            nng_aio_cancel(call->timer);
}

void caa_call_server_down_locked(struct caa_client *client, size_t server)
{
    for (struct caa_call *call = client->calls; call != NULL; call = call->next) {
        if (call->state != CALL_SENT || call->server != server)
            continue;
        caa_deadlines_remove_locked(&client->deadlines, &call->due);
        leave_sent_locked(call, CALL_LOST);
    }
}

struct caa_call *caa_call_reply_locked(struct caa_client *client, size_t server,
                                       uint32_t id, const uint8_t *body, size_t len)
{
    size_t slot = id % SLOTS_MAX;
    struct caa_call *call = slot < client->slots_len ? client->slots[slot] : NULL;
    /* Late, or doubled: nobody waits for it. */
    if (call == NULL || call->state != CALL_SENT || call->id != id ||
        call->server != server)
        return NULL;
    call->reply = malloc(len + 1);
    call->reply_len = len;
    if (call->reply != NULL && len > 0)
        memcpy(call->reply, body, len);
    caa_deadlines_remove_locked(&client->deadlines, &call->due);
    call->state = CALL_ANSWERED;
    return call;
}

void caa_call_cancel_all_locked(struct caa_client *client)
{
    while (client->deadlines.first != NULL) {
        struct caa_deadline *first = client->deadlines.first;
        caa_deadlines_remove_locked(&client->deadlines, first);
        caa_call_late_locked(first);
    }
    for (struct caa_call *call = client->calls; call != NULL; call = call->next)
        nng_aio_cancel(call->timer);
}

void caa_call_stop_pool(struct caa_client *client)
{
    for (struct caa_call *call = client->pool; call != NULL; call = call->next)
        nng_aio_stop(call->timer);
}

void caa_call_free_pool(struct caa_client *client)
{
    while (client->pool != NULL) {
        struct caa_call *call = client->pool;
        client->pool = call->next;
        free_call(call);
    }
    free(client->slots);
    client->slots = NULL;
}
