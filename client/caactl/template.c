/* caactl template SYMBOL - a request to fill in, as JSON with every field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "remote_schema.h"
#include "rpc.h"
#include "verb.h"
#include "json/proto_json.h"

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *descriptor);

/* One element of its type, all zero but messages and strings. */
static void fill(const ProtobufCFieldDescriptor *field, void *at)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        *(ProtobufCMessage **)at = make(field->descriptor);
    else if (field->type == PROTOBUF_C_TYPE_STRING)
        *(char **)at = must_alloc(1);
}

/* The schema has no type that contains itself, so this ends. Of a oneof the
 * first member is shown. */
static ProtobufCMessage *make(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = must_alloc(descriptor->sizeof_message);
    proto_json_message_init(descriptor, message);
    char *base = (char *)message;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        void *at = base + field->offset;
        uint32_t *quantifier = (uint32_t *)(void *)(base + field->quantifier_offset);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            *(void **)at = must_alloc(proto_json_element_size(field->type));
            *(size_t *)(void *)quantifier = 1;
            fill(field, *(void **)at);
        } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            if (*quantifier != 0)
                continue;
            *quantifier = field->id;
            fill(field, at);
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            fill(field, at);
        }
    }
    return message;
}

/* A method stands for its request. */
static const ProtobufCMessageDescriptor *find(const struct schema *schema,
                                              const char *name)
{
    const struct schema_method *method = schema_find_method(schema, name, NULL);
    if (method != NULL)
        return method->input;
    const struct schema_symbol *symbol = remote_schema_symbol(schema, name);
    if (symbol == NULL)
        return NULL;
    if (symbol->message == NULL)
        usage("%s is no method and no message", symbol->name);
    return symbol->message;
}

int verb_template(struct cli *cli)
{
    if (cli->arguments->operands_len != 1) {
        usage("template takes one method or message, such as CheckDomains, found %zu",
              cli->arguments->operands_len);
        return EXIT_USAGE;
    }
    int code = 0;
    struct schema *schema = remote_schema_get(cli, &code);
    if (schema == NULL)
        return code;
    const ProtobufCMessageDescriptor *descriptor =
        find(schema, cli->arguments->operands[0]);
    code = EXIT_USAGE;
    if (descriptor != NULL) {
        ProtobufCMessage *message = make(descriptor);
        char *text = proto_json_text(message, cli->json ? 0 : 2);
        if (text != NULL)
            puts(text);
        free(text);
        protobuf_c_message_free_unpacked(message, NULL);
        code = 0;
    }
    schema_free(schema);
    return code;
}
