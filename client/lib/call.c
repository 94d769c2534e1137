#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "envelope.h"
#include "error.h"

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
    enum caa_next next = CAA_NEXT_FINISHED;

    pthread_mutex_lock(&client->lock);
    switch (call->state) {
    case CALL_WAITING:
    case CALL_BACKOFF:
        next = caa_attempt_start_locked(call);
        break;
    case CALL_SENDING:
        next = caa_attempt_sent_locked(call, rv);
        break;
    case CALL_RECEIVING:
        if (rv != 0 || nng_aio_get_msg(call->aio) == NULL) {
            next = caa_attempt_lost_locked(call, rv);
            break;
        }
        pthread_mutex_unlock(&client->lock);
        caa_attempt_read(call, nng_aio_get_msg(call->aio));
        pthread_mutex_lock(&client->lock);
        next = caa_attempt_answered_locked(call);
        break;
    case CALL_IDLE:
        break;
    }
    pthread_mutex_unlock(&client->lock);
    if (next == CAA_NEXT_FINISHED)
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
    caa_attempt_set_connect_deadline(call, now);
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
    enum caa_next next = caa_attempt_start_locked(call);
    /* Once it goes on, the call is no longer ours to look at. */
    if (next == CAA_NEXT_FINISHED) {
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
