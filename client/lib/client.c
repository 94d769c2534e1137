#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "error.h"

#define DEFAULT_MESSAGE_BYTES (1u << 20)
#define DEFAULT_REPLY_BYTES   (64u << 20)
#define DEFAULT_TIMEOUT_MS    10000
#define DEFAULT_ATTEMPTS      4
/* rpc.v1: a metadata value is at most this long. */
#define NAME_MAX_BYTES 1024

static void on_up(void *arg, size_t index)
{
    struct caa_client *client = arg;
    client->servers[index].avoid_until = 0;
    caa_call_server_up_locked(client);
}

static void on_down(void *arg, size_t index)
{
    caa_call_server_down_locked(arg, index);
}

static void on_reply(void *arg, size_t index, uint32_t id, const uint8_t *body,
                     size_t len)
{
    struct caa_server *server = &((struct caa_client *)arg)->servers[index];
    struct caa_call *call = caa_call_reply_locked(arg, index, id, body, len);
    if (call == NULL)
        return;
    call->answered_next = NULL;
    *server->answered_end = call;
    server->answered_end = &call->answered_next;
}

static void *take_answered(void *arg, size_t index)
{
    struct caa_server *server = &((struct caa_client *)arg)->servers[index];
    struct caa_call *answered = server->answered;
    server->answered = NULL;
    server->answered_end = &server->answered;
    return answered;
}

static void on_answered(void *answered)
{
    for (struct caa_call *call = answered, *next; call != NULL; call = next) {
        next = call->answered_next;
        caa_call_answered(call);
    }
}

static struct caa_client_options with_defaults(const struct caa_client_options *given)
{
    struct caa_client_options options = *given;
    if (options.max_message_bytes == 0)
        options.max_message_bytes = DEFAULT_MESSAGE_BYTES;
    if (options.max_reply_bytes == 0)
        options.max_reply_bytes = DEFAULT_REPLY_BYTES;
    if (options.timeout_ms == 0)
        options.timeout_ms = DEFAULT_TIMEOUT_MS;
    if (options.max_attempts == 0)
        options.max_attempts = DEFAULT_ATTEMPTS;
    return options;
}

static enum caa_client_code check_options(const struct caa_client_options *options,
                                          struct caa_client_error *error)
{
    if (options == NULL || options->servers_len == 0 || options->servers == NULL)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "servers",
                             "at least one server URL is needed");
    for (size_t i = 0; i < options->servers_len; i++)
        if (options->servers[i] == NULL)
            return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "servers",
                                 "server URL number %zu is NULL", i + 1);
    if (options->name != NULL && strlen(options->name) > NAME_MAX_BYTES)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "name",
                             "the caller's name is over %d bytes long", NAME_MAX_BYTES);
    return CAA_CLIENT_OK;
}

static struct caa_client *allocate(const struct caa_client_options *options)
{
    struct caa_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->idle, NULL);
    client->max_message_bytes = options->max_message_bytes;
    client->timeout_ms = options->timeout_ms;
    client->connect_timeout_ms = options->connect_timeout_ms;
    client->max_attempts = options->max_attempts;
    client->name = options->name == NULL ? NULL : strdup(options->name);
    client->servers = calloc(options->servers_len, sizeof(*client->servers));
    if (caa_deadlines_init(&client->deadlines, &client->lock, caa_call_late_locked) !=
            0 ||
        client->servers == NULL || (options->name != NULL && client->name == NULL)) {
        caa_client_destroy(client);
        return NULL;
    }
    return client;
}

enum caa_client_code caa_client_create(const struct caa_client_options *given,
                                       struct caa_client **out,
                                       struct caa_client_error *error)
{
    enum caa_client_code code = check_options(given, error);
    if (code != CAA_CLIENT_OK)
        return code;
    struct caa_client_options options = with_defaults(given);
    struct caa_client *client = allocate(&options);
    if (client == NULL)
        return caa_error_no_memory(error);
    for (size_t i = 0; i < options.servers_len; i++) {
        struct caa_link_events events = {.arg = client,
                                         .index = i,
                                         .up = on_up,
                                         .down = on_down,
                                         .reply = on_reply,
                                         .take = take_answered,
                                         .work = on_answered};
        client->servers[i].answered_end = &client->servers[i].answered;
        code = caa_server_open(&client->servers[i], options.servers[i], &options,
                               &client->lock, &events, error);
        if (code != CAA_CLIENT_OK) {
            caa_client_destroy(client);
            return code;
        }
        client->servers_len++;
    }
    /* Only now may anybody look at the list. */
    for (size_t i = 0; i < client->servers_len; i++)
        caa_link_start(client->servers[i].link);
    *out = client;
    return CAA_CLIENT_OK;
}

void caa_client_destroy(struct caa_client *client)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    caa_call_cancel_all_locked(client);
    while (client->calls_len > 0)
        pthread_cond_wait(&client->idle, &client->lock);
    pthread_mutex_unlock(&client->lock);

    caa_deadlines_fini(&client->deadlines);
    caa_call_stop_pool(client);
    for (size_t i = 0; i < client->servers_len; i++)
        caa_server_close(&client->servers[i]);
    caa_call_free_pool(client);
    free(client->servers);
    free(client->name);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

bool caa_client_server_state(struct caa_client *client, size_t index,
                             struct caa_client_server_state *state)
{
    if (index >= client->servers_len)
        return false;
    struct caa_server *server = &client->servers[index];
    pthread_mutex_lock(&client->lock);
    state->url = server->url;
    state->connected = caa_link_is_up_locked(server->link);
    state->outstanding = server->outstanding;
    caa_error_text(state->cause, sizeof(state->cause),
                   caa_link_cause_locked(server->link));
    pthread_mutex_unlock(&client->lock);
    return true;
}
