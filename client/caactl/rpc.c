#include "rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "output.h"
#include "json/proto_json.h"

#define DEFAULT_SERVER     "ipc:///run/caad/caad.sock"
#define DEFAULT_TIMEOUT_MS 10000
/* A person need not wait out --timeout to learn that no daemon runs. */
#define CONNECT_TIMEOUT_MS 2000

/* $CAAD_SERVER may hold several URLs, parted by commas or blanks. urls points
 * into text. */
static size_t split_servers(char *text, const char **urls, size_t max)
{
    size_t len = 0;
    char *rest = NULL;
    for (char *url = strtok_r(text, ", \t", &rest); url != NULL && len < max;
         url = strtok_r(NULL, ", \t", &rest))
        urls[len++] = url;
    return len;
}

static int connect_to(struct cli *cli, const char *const *urls, size_t len)
{
    struct caa_client_options options = {
        .servers = urls,
        .servers_len = len,
        .tls_ca_file = arguments_value(cli->arguments, OPT_TLS_CA),
        .tls_cert_file = arguments_value(cli->arguments, OPT_TLS_CERT),
        .tls_key_file = arguments_value(cli->arguments, OPT_TLS_KEY),
        .tls_server_name = arguments_value(cli->arguments, OPT_TLS_NAME),
        .name = "caactl",
        .timeout_ms = cli->timeout_ms,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_attempts = cli->max_attempts};
    struct caa_client_error error;
    if (caa_client_create(&options, &cli->client, &error) == CAA_CLIENT_OK)
        return 0;
    if (strncmp(error.field, "tls_", 4) == 0)
        complain("%s (--tls-%s)", error.message,
                 strcmp(error.field, "tls_ca_file") == 0     ? "ca"
                 : strcmp(error.field, "tls_cert_file") == 0 ? "cert"
                 : strcmp(error.field, "tls_key_file") == 0  ? "key"
                                                             : "name");
    else
        complain("--server: %s", error.message);
    return EXIT_STATUS + (int)error.code;
}

int rpc_connect(struct cli *cli)
{
    const char *timeout = arguments_value(cli->arguments, OPT_TIMEOUT);
    cli->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (timeout != NULL && !duration_parse(timeout, &cli->timeout_ms)) {
        usage("--timeout: \"%.40s\" is no time; accepted are 500ms, 10s, 2m, from 1ms "
              "to 24h",
              timeout);
        return EXIT_USAGE;
    }
    if (arguments_has(cli->arguments, OPT_SERVER))
        return connect_to(cli, cli->arguments->options[OPT_SERVER].values,
                          cli->arguments->options[OPT_SERVER].len);
    const char *given = getenv("CAAD_SERVER");
    const char *text = given != NULL && *given != '\0' ? given : DEFAULT_SERVER;
    char *copy = must_alloc(strlen(text) + 1);
    memcpy(copy, text, strlen(text));
    const char *urls[16];
    size_t len = split_servers(copy, urls, sizeof(urls) / sizeof(urls[0]));
    int code = connect_to(cli, urls, len);
    if (code != 0 && given != NULL)
        complain("the server is taken from $CAAD_SERVER");
    free(copy);
    return code;
}

int rpc_complain(const struct caa_client_error *error)
{
    const char *name = caa_client_code_name(error->code);
    if (error->field[0] != '\0')
        complain("%s: %s: %s", name, error->field, error->message);
    else
        complain("%s: %s", name, error->message);
    if (error->retry_after_ms > 0)
        complain("a new try may succeed in %u ms", error->retry_after_ms);
    return EXIT_STATUS + (int)error->code;
}

ProtobufCMessage *rpc_call_method(struct cli *cli, const char *method,
                                  const ProtobufCMessage *request,
                                  const ProtobufCMessageDescriptor *reply_type,
                                  const char *request_id, int *exit_code)
{
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *payload = must_alloc(len + 1);
    protobuf_c_message_pack(request, payload);
    struct caa_client_call_options options = {.timeout_ms = cli->timeout_ms,
                                              .request_id = request_id};
    struct caa_client_error error;
    void *reply = NULL;
    size_t reply_len = 0;
    enum caa_client_code code = caa_client_call(cli->client, method, payload, len,
                                                &options, &reply, &reply_len, &error);
    free(payload);
    if (code != CAA_CLIENT_OK) {
        *exit_code = rpc_complain(&error);
        return NULL;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(reply_type, NULL, reply_len, reply);
    caa_client_free(reply);
    if (message == NULL) {
        complain("INTERNAL: the reply to %s is no %s", method, reply_type->name);
        *exit_code = EXIT_STATUS + CAA_CLIENT_INTERNAL;
    }
    return message;
}

ProtobufCMessage *rpc_call(struct cli *cli, const ProtobufCServiceDescriptor *service,
                           const char *method, const ProtobufCMessage *request,
                           const char *request_id, int *exit_code)
{
    char full[128];
    snprintf(full, sizeof(full), "%s/%s", service->name, method);
    const ProtobufCMethodDescriptor *descriptor =
        protobuf_c_service_descriptor_get_method_by_name(service, method);
    return rpc_call_method(cli, full, request, descriptor->output, request_id, exit_code);
}

void rpc_print_json(const ProtobufCMessage *message)
{
    char *text = proto_json_text(message, 0);
    if (text == NULL) {
        complain("out of memory");
        exit(EXIT_OUTPUT);
    }
    puts(text);
    free(text);
}

char *rpc_lend(const char *text)
{
    return (char *)(uintptr_t)text;
}
