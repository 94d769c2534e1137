/* check.c - typed checks: plain structs in, the generated stub in the middle,
 * plain structs out. */
#include <stdlib.h>
#include <string.h>

#include "caa_client.h"
#include "channel.h"
#include "check_reply.h"
#include "error.h"
#include "request_id.h"
#include "response.h"

/* One check under way. */
struct check {
    struct caa_channel channel;
    /* Kept to verify the reply against; owns its strings. */
    Caa__V1__CheckDomainsRequest *request;
    char request_id[CAA_REQUEST_ID_MAX + 1];
    caa_client_check_fn done;
    void *arg;
};

static void check_destroy(struct check *check)
{
    if (check->request != NULL)
        caa__v1__check_domains_request__free_unpacked(check->request, NULL);
    free(check);
}

/* An absent string keeps protobuf-c's shared empty one. */
static bool copy_string(char **out, const char *text)
{
    if (text == NULL || *text == '\0')
        return true;
    char *copy = strdup(text);
    if (copy == NULL)
        return false;
    *out = copy;
    return true;
}

/* *out_len counts what is there, so a half-made list can be freed. */
static bool copy_list(char ***out, size_t *out_len, const char *const *list, size_t len)
{
    if (len == 0)
        return true;
    *out = calloc(len, sizeof(**out));
    if (*out == NULL)
        return false;
    for (size_t i = 0; i < len; i++) {
        (*out)[i] = strdup(list[i]);
        if ((*out)[i] == NULL)
            return false;
        (*out_len)++;
    }
    return true;
}

static Caa__V1__CheckDomainsRequest *copy_request(const struct caa_check_request *from)
{
    Caa__V1__CheckDomainsRequest *to = malloc(sizeof(*to));
    if (to == NULL)
        return NULL;
    caa__v1__check_domains_request__init(to);
    to->event = (Caa__V1__CheckDomainsRequest__Event)from->event;
    to->fresh = from->fresh;
    if (copy_string(&to->request_id, from->request_id) &&
        copy_string(&to->order_id, from->order_id) &&
        copy_string(&to->product, from->product) &&
        copy_string(&to->common_name, from->common_name) &&
        copy_string(&to->validation_method, from->validation_method) &&
        copy_list(&to->names, &to->n_names, from->names, from->names_len) &&
        copy_list(&to->account_uris, &to->n_account_uris, from->account_uris,
                  from->account_uris_len))
        return to;
    caa__v1__check_domains_request__free_unpacked(to, NULL);
    return NULL;
}

static enum caa_client_code check_list(const char *field, const char *const *list,
                                       size_t len, struct caa_client_error *error)
{
    if (len > 0 && list == NULL)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, field, "%s is NULL",
                             field);
    for (size_t i = 0; i < len; i++) {
        if (list[i] != NULL)
            continue;
        caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, field, "%s[%zu] is NULL", field,
                      i);
        return CAA_CLIENT_INVALID_ARGUMENT;
    }
    return CAA_CLIENT_OK;
}

static enum caa_client_code check_request(const struct caa_check_request *request,
                                          struct caa_client_error *error)
{
    enum caa_client_code code =
        check_list("names", request->names, request->names_len, error);
    if (code == CAA_CLIENT_OK)
        code = check_list("account_uris", request->account_uris,
                          request->account_uris_len, error);
    if (code == CAA_CLIENT_OK && request->request_id != NULL &&
        strlen(request->request_id) > CAA_REQUEST_ID_MAX)
        code = caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "request_id",
                             "it is %zu bytes long, %d are allowed",
                             strlen(request->request_id), CAA_REQUEST_ID_MAX);
    return code;
}

static void on_reply(const Caa__V1__CheckDomainsResponse *message, void *arg)
{
    struct check *check = arg;
    struct caa_client_error error = {.code = CAA_CLIENT_OK};
    struct caa_check_response *response = NULL;
    /* The channel gives messages away; only the stub's type says const. */
    Caa__V1__CheckDomainsResponse *reply =
        (Caa__V1__CheckDomainsResponse *)(uintptr_t)message;
    if (reply == NULL)
        error = *check->channel.error;
    else
        error.code =
            caa_check_reply_verify(check->request, check->request_id, reply, &error);
    if (reply != NULL && error.code == CAA_CLIENT_OK) {
        response = caa_response_own(reply);
        if (response == NULL)
            caa_error_no_memory(&error);
    }
    if (reply != NULL && response == NULL)
        caa__v1__check_domains_response__free_unpacked(reply, NULL);
    caa_client_check_fn done = check->done;
    void *done_arg = check->arg;
    check_destroy(check);
    done(done_arg, &error, response);
}

static enum caa_client_code prepare(const struct caa_check_request *request,
                                    struct check *check, struct caa_client_error *error)
{
    check->request = copy_request(request);
    if (check->request == NULL)
        return caa_error_no_memory(error);
    if (check->request->request_id[0] != '\0') {
        memcpy(check->request_id, check->request->request_id,
               strlen(check->request->request_id) + 1);
        return CAA_CLIENT_OK;
    }
    /* Made here, because the daemon records checks under it. */
    if (!caa_request_id_make(check->request_id))
        return caa_error_set(error, CAA_CLIENT_RESOURCE_EXHAUSTED, NULL,
                             "no random numbers for a request id");
    return copy_string(&check->request->request_id, check->request_id)
               ? CAA_CLIENT_OK
               : caa_error_no_memory(error);
}

enum caa_client_code caa_client_check_async(struct caa_client *client,
                                            const struct caa_check_request *request,
                                            uint32_t timeout_ms, caa_client_check_fn done,
                                            void *arg, struct caa_client_error *error)
{
    enum caa_client_code code = check_request(request, error);
    if (code != CAA_CLIENT_OK)
        return code;
    struct check *check = calloc(1, sizeof(*check));
    if (check == NULL)
        return caa_error_no_memory(error);
    check->done = done;
    check->arg = arg;
    code = prepare(request, check, error);
    if (code != CAA_CLIENT_OK) {
        check_destroy(check);
        return code;
    }
    struct caa_client_call_options options = {.timeout_ms = timeout_ms,
                                              .request_id = check->request_id};
    caa_channel_init(&check->channel, &caa__v1__caa_service__descriptor, client, &options,
                     &code, error);
    caa__v1__caa_service__check_domains(&check->channel.base, check->request, on_reply,
                                        check);
    if (code != CAA_CLIENT_OK)
        check_destroy(check);
    return code;
}
