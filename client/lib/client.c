#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

#define DEFAULT_MESSAGE_BYTES (1u << 20)
#define DEFAULT_REPLY_BYTES   (64u << 20)
#define DEFAULT_TIMEOUT_MS    10000
#define DEFAULT_ATTEMPTS      4
/* rpc.v1: a metadata value is at most this long. */
#define NAME_MAX_BYTES 1024

static void on_server(void *arg, size_t index, bool up, int pipe)
{
    struct caa_client *client = arg;
    struct caa_server *server = &client->servers[index];
    pthread_mutex_lock(&client->lock);
    if (up) {
        server->pipe = pipe;
        server->avoid_until = 0;
        caa_call_server_up_locked(client);
    } else if (server->pipe == pipe) {
        /* Connections refused before they came up go down too: not ours. */
        server->pipe = 0;
        caa_call_server_down_locked(client, index);
    }
    pthread_mutex_unlock(&client->lock);
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
    if (client->servers == NULL || (options->name != NULL && client->name == NULL)) {
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
        struct caa_server *server = &client->servers[i];
        server->index = i;
        server->notify = on_server;
        server->notify_arg = client;
        code = caa_server_open(server, options.servers[i], &options, error);
        if (code != CAA_CLIENT_OK) {
            caa_client_destroy(client);
            return code;
        }
        client->servers_len++;
    }
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

    caa_call_free_pool(client);
    for (size_t i = 0; i < client->servers_len; i++)
        caa_server_close(&client->servers[i]);
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
    state->connected = server->pipe != 0;
    state->outstanding = server->outstanding;
    pthread_mutex_unlock(&client->lock);
    state->cause[0] = '\0';
    if (!state->connected) {
        caa_probe_start(server->probe);
        caa_probe_cause(server->probe, state->cause, sizeof(state->cause));
    }
    return true;
}
