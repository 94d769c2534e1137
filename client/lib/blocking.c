/* blocking.c - the synchronous calls: the asynchronous ones, waited for. */
#include <caa/v1/caa.pb-c.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "caa_client.h"
#include "error.h"

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    struct caa_client_error error;
    /* Of a generic call. */
    void *reply;
    size_t reply_len;
    /* Of a check. */
    struct caa_check_response *response;
};

static void waiter_init(struct waiter *waiter)
{
    *waiter = (struct waiter){.is_done = false};
    pthread_mutex_init(&waiter->lock, NULL);
    pthread_cond_init(&waiter->done, NULL);
}

static void waiter_fini(struct waiter *waiter)
{
    pthread_cond_destroy(&waiter->done);
    pthread_mutex_destroy(&waiter->lock);
}

/* Signals with the lock held: the waiter is gone as soon as it is released. */
static void waiter_wake(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    waiter->is_done = true;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

static void waiter_wait(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->is_done)
        pthread_cond_wait(&waiter->done, &waiter->lock);
    pthread_mutex_unlock(&waiter->lock);
}

static void on_call(void *arg, const struct caa_client_error *error, const void *reply,
                    size_t reply_len)
{
    struct waiter *waiter = arg;
    waiter->error = *error;
    if (error->code == CAA_CLIENT_OK) {
        waiter->reply = malloc(reply_len + 1);
        waiter->reply_len = reply_len;
        if (waiter->reply == NULL)
            caa_error_no_memory(&waiter->error);
        else if (reply_len > 0)
            memcpy(waiter->reply, reply, reply_len);
    }
    waiter_wake(waiter);
}

enum caa_client_code caa_client_call(struct caa_client *client, const char *method,
                                     const void *payload, size_t payload_len,
                                     const struct caa_client_call_options *options,
                                     void **reply, size_t *reply_len,
                                     struct caa_client_error *error)
{
    struct waiter waiter;
    waiter_init(&waiter);
    enum caa_client_code code = caa_client_call_async(
        client, method, payload, payload_len, options, on_call, &waiter, error);
    if (code == CAA_CLIENT_OK) {
        waiter_wait(&waiter);
        code = waiter.error.code;
        if (code == CAA_CLIENT_OK) {
            *reply = waiter.reply;
            *reply_len = waiter.reply_len;
        } else {
            caa_error_copy(error, &waiter.error);
        }
    }
    waiter_fini(&waiter);
    return code;
}

void caa_client_free(void *reply)
{
    free(reply);
}

static void on_check(void *arg, const struct caa_client_error *error,
                     struct caa_check_response *response)
{
    struct waiter *waiter = arg;
    waiter->error = *error;
    waiter->response = response;
    waiter_wake(waiter);
}

enum caa_client_code caa_client_check(struct caa_client *client,
                                      const struct caa_check_request *request,
                                      uint32_t timeout_ms,
                                      struct caa_check_response **response,
                                      struct caa_client_error *error)
{
    struct waiter waiter;
    waiter_init(&waiter);
    enum caa_client_code code =
        caa_client_check_async(client, request, timeout_ms, on_check, &waiter, error);
    if (code == CAA_CLIENT_OK) {
        waiter_wait(&waiter);
        code = waiter.error.code;
        if (code == CAA_CLIENT_OK)
            *response = waiter.response;
        else
            caa_error_copy(error, &waiter.error);
    }
    waiter_fini(&waiter);
    return code;
}

enum caa_client_code caa_client_health(struct caa_client *client, const char *part,
                                       uint32_t timeout_ms, bool *serving,
                                       struct caa_client_error *error)
{
    Caa__V1__HealthCheckRequest request = CAA__V1__HEALTH_CHECK_REQUEST__INIT;
    char *name = part == NULL ? NULL : strdup(part);
    if (part != NULL && name == NULL)
        return caa_error_no_memory(error);
    if (name != NULL)
        request.part = name;
    size_t len = caa__v1__health_check_request__get_packed_size(&request);
    uint8_t *payload = malloc(len + 1);
    if (payload != NULL)
        caa__v1__health_check_request__pack(&request, payload);
    free(name);
    if (payload == NULL)
        return caa_error_no_memory(error);

    struct caa_client_call_options options = {.timeout_ms = timeout_ms};
    void *reply = NULL;
    size_t reply_len = 0;
    enum caa_client_code code =
        caa_client_call(client, "caa.v1.HealthService/Check", payload, len, &options,
                        &reply, &reply_len, error);
    free(payload);
    if (code != CAA_CLIENT_OK)
        return code;
    Caa__V1__HealthCheckResponse *response =
        caa__v1__health_check_response__unpack(NULL, reply_len, reply);
    caa_client_free(reply);
    if (response == NULL)
        return caa_error_set(error, CAA_CLIENT_INTERNAL, NULL,
                             "the reply is no caa.v1.HealthCheckResponse");
    *serving = response->status == CAA__V1__HEALTH_CHECK_RESPONSE__STATUS__SERVING;
    caa__v1__health_check_response__free_unpacked(response, NULL);
    return CAA_CLIENT_OK;
}
