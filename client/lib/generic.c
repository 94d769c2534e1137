/* generic.c - calls of any method, as packed bytes. */
#include <string.h>

#include "caa_client.h"
#include "call.h"
#include "check_reply.h"
#include "error.h"

#include <stdlib.h>

struct generic {
    caa_client_call_fn done;
    void *arg;
};

static void on_done(void *arg, const struct caa_client_error *error, const uint8_t *reply,
                    size_t reply_len)
{
    struct generic generic = *(struct generic *)arg;
    free(arg);
    generic.done(generic.arg, error, reply, reply_len);
}

enum caa_client_code caa_client_call_async(struct caa_client *client, const char *method,
                                           const void *payload, size_t payload_len,
                                           const struct caa_client_call_options *options,
                                           caa_client_call_fn done, void *arg,
                                           struct caa_client_error *error)
{
    if (method == NULL || strchr(method, '/') == NULL)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "method",
                             "\"%.128s\" is no method; the form is "
                             "package.Service/Method",
                             method == NULL ? "" : method);
    if (payload == NULL && payload_len > 0)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "payload",
                             "it is NULL, but %zu bytes long", payload_len);
    struct generic *generic = malloc(sizeof(*generic));
    if (generic == NULL)
        return caa_error_no_memory(error);
    *generic = (struct generic){.done = done, .arg = arg};
    /* However it is asked, no doubtful reply becomes a verdict. */
    bool is_check = strcmp(method, CAA_CHECK_METHOD) == 0;
    struct caa_call_spec spec = {.method = method,
                                 .payload = payload,
                                 .payload_len = payload_len,
                                 .request_id = options ? options->request_id : NULL,
                                 .timeout_ms = options ? options->timeout_ms : 0,
                                 .verify =
                                     is_check ? caa_check_reply_verify_packed : NULL,
                                 .done = on_done,
                                 .arg = generic};
    enum caa_client_code code = caa_call_begin(client, &spec, error);
    if (code != CAA_CLIENT_OK)
        free(generic);
    return code;
}
