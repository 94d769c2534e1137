/* Any octets as a FileDescriptorSet, which a client takes from a server: a schema
 * whose every message can be made, shown, read and packed, or a refusal in words. */
#include <string.h>

#include "require.h"
#include "json/proto_json.h"
#include "json/schema.h"

struct octets {
    const uint8_t *data;
    size_t len;
};

static void check_shown(ProtobufCMessage *message)
{
    char *text = proto_json_text(message, 0);
    require(text != NULL);
    free(text);
    require(protobuf_c_message_get_packed_size(message) < SIZE_MAX);
    protobuf_c_message_free_unpacked(message, NULL);
}

/* Filled with the set's own octets, which are as foreign as any. */
static void check_message(const ProtobufCMessageDescriptor *type, struct octets octets)
{
    /* protobuf-c reads the first field of any table, even if it has none. */
    require(type->n_fields > 0 || type->fields == NULL);
    struct proto_json_error error;
    ProtobufCMessage *message = proto_json_decode_text(type, "{}", 2, &error);
    require(message != NULL);
    check_shown(message);
    message = protobuf_c_message_unpack(type, NULL, octets.len, octets.data);
    if (message)
        check_shown(message);
    for (unsigned i = 0; i < type->n_fields; i++)
        require(protobuf_c_message_descriptor_get_field(type, type->fields[i].id) ==
                &type->fields[i]);
}

static void check_symbol(const struct schema *schema, const struct schema_symbol *symbol,
                         struct octets octets)
{
    require(symbol->name && symbol->comment);
    require(schema_find(schema, symbol->name, NULL) != NULL || !symbol->name[0]);
    switch (symbol->kind) {
    case SCHEMA_MESSAGE:
        check_message(symbol->message, octets);
        break;
    case SCHEMA_ENUM:
        for (unsigned i = 0; i < symbol->enumeration->n_values; i++)
            require(symbol->enumeration->values[i].name != NULL);
        break;
    case SCHEMA_SERVICE:
        for (size_t i = 0; i < symbol->methods_len; i++)
            require(symbol->methods[i].input && symbol->methods[i].output);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema_error error = {.message = ""};
    struct schema *schema = schema_parse(data, size, &error);
    if (!schema) {
        require(error.message[0] && strlen(error.message) < sizeof error.message);
        return 0;
    }
    for (size_t i = 0; i < schema_len(schema); i++)
        check_symbol(schema, schema_at(schema, i), (struct octets){data, size});
    schema_free(schema);
    return 0;
}
