/* caactl call METHOD [-d JSON] - any method of the server's schema. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "remote_schema.h"
#include "rpc.h"
#include "verb.h"
#include "json/proto_json.h"

/* JSON for the largest request (1 MiB) is a few times as long. */
#define DATA_MAX (16u << 20)

/* The text behind -d: itself, or a file's after @. The caller frees it. */
static char *read_data(const char *value)
{
    if (value == NULL)
        value = "{}";
    if (value[0] != '@') {
        char *copy = must_alloc(strlen(value) + 1);
        return memcpy(copy, value, strlen(value));
    }
    const char *path = value + 1;
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL) {
        usage("--data: cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = must_alloc(DATA_MAX + 1);
    size_t len = fread(text, 1, DATA_MAX + 1, file);
    const char *problem = ferror(file) != 0         ? strerror(errno)
                          : len > DATA_MAX          ? "it is over 16 MiB long"
                          : memchr(text, '\0', len) ? "it holds a NUL byte"
                                                    : NULL;
    if (!is_stdin)
        fclose(file);
    if (problem == NULL)
        return text;
    usage("--data: cannot read %s: %s", is_stdin ? "stdin" : path, problem);
    free(text);
    return NULL;
}

static ProtobufCMessage *read_request(const struct schema_method *method,
                                      const char *text)
{
    struct proto_json_error error;
    ProtobufCMessage *request =
        proto_json_decode_text(method->input, text, strlen(text), &error);
    if (request == NULL)
        usage("--data: %s%s%s", error.path, error.path[0] != '\0' ? ": " : "",
              error.message);
    return request;
}

static void print(const struct cli *cli, const ProtobufCMessage *reply)
{
    if (cli->json) {
        rpc_print_json(reply);
        return;
    }
    char *text = proto_json_text(reply, 2);
    if (text != NULL)
        puts(text);
    free(text);
}

static int call(struct cli *cli, const struct schema *schema, const char *text)
{
    const struct schema_method *method =
        remote_schema_method(schema, cli->arguments->operands[0]);
    ProtobufCMessage *request = method == NULL ? NULL : read_request(method, text);
    if (request == NULL)
        return EXIT_USAGE;
    int code = 0;
    ProtobufCMessage *reply =
        rpc_call_method(cli, method->name, request, method->output, NULL, &code);
    protobuf_c_message_free_unpacked(request, NULL);
    if (reply == NULL)
        return code;
    print(cli, reply);
    protobuf_c_message_free_unpacked(reply, NULL);
    return 0;
}

int verb_call(struct cli *cli)
{
    if (cli->arguments->operands_len != 1) {
        usage("call takes one method, such as caa.v1.CaaService/CheckDomains, found %zu",
              cli->arguments->operands_len);
        return EXIT_USAGE;
    }
    char *text = read_data(arguments_value(cli->arguments, OPT_DATA));
    if (text == NULL)
        return EXIT_USAGE;
    int code = 0;
    struct schema *schema = remote_schema_get(cli, &code);
    if (schema != NULL)
        code = call(cli, schema, text);
    schema_free(schema);
    free(text);
    return code;
}
