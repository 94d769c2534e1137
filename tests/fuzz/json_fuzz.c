/* Any octets as the JSON of a message, or as the message on the wire; the first
 * octet says which, and of which method. What is read is shown as JSON that reads
 * back as the same message, safe on a terminal; or it is refused in words. */
#include <string.h>

#include "caa/v1/caa.pb-c.h"
#include "require.h"
#include "json/proto_json.h"

enum { ON_WIRE = 0x80, OUTPUT = 0x40, METHOD = 0x3f };

static const ProtobufCServiceDescriptor *const services[] = {
    &caa__v1__caa_service__descriptor, &caa__v1__admin_service__descriptor,
    &caa__v1__health_service__descriptor, &caa__v1__schema_service__descriptor};

/* Methods are counted over all services and around. */
static const ProtobufCMessageDescriptor *type_of(uint8_t octet)
{
    unsigned index = octet & METHOD;
    for (size_t i = 0;; i = (i + 1) % (sizeof services / sizeof services[0])) {
        if (index < services[i]->n_methods) {
            const ProtobufCMethodDescriptor *method = &services[i]->methods[index];
            return octet & OUTPUT ? method->output : method->input;
        }
        index -= services[i]->n_methods;
    }
}

static void require_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    size_t len = protobuf_c_message_get_packed_size(a);
    require(protobuf_c_message_get_packed_size(b) == len);
    uint8_t *packed_a = malloc(len + 1);
    uint8_t *packed_b = malloc(len + 1);
    require(packed_a && packed_b);
    require(protobuf_c_message_pack(a, packed_a) == len);
    require(protobuf_c_message_pack(b, packed_b) == len);
    require(memcmp(packed_a, packed_b, len) == 0);
    free(packed_a);
    free(packed_b);
}

static void require_line(const char *text)
{
    for (; *text; text++)
        require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static ProtobufCMessage *read_text(const ProtobufCMessageDescriptor *type,
                                   const char *text, size_t len)
{
    struct proto_json_error error = {.message = ""};
    ProtobufCMessage *message = proto_json_decode_text(type, text, len, &error);
    require(message || error.message[0]);
    require(strlen(error.path) < sizeof error.path);
    require(strlen(error.message) < sizeof error.message);
    return message;
}

/* same: of JSON, which is UTF-8, nothing is lost; of the wire, what is not. */
static void check_shown(const ProtobufCMessage *message, bool same)
{
    char *text = proto_json_text(message, 0);
    require(text != NULL);
    require_line(text);
    ProtobufCMessage *again = read_text(message->descriptor, text, strlen(text));
    require(again != NULL);
    if (same)
        require_same(message, again);
    char *shown = proto_json_text(again, 0);
    require(shown && strcmp(shown, text) == 0);
    free(shown);
    free(text);
    protobuf_c_message_free_unpacked(again, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool on_wire = data[0] & ON_WIRE;
    const ProtobufCMessageDescriptor *type = type_of(data[0]);
    ProtobufCMessage *message =
        on_wire ? protobuf_c_message_unpack(type, NULL, size - 1, data + 1)
                : read_text(type, (const char *)data + 1, size - 1);
    if (!message)
        return 0;
    check_shown(message, !on_wire);
    protobuf_c_message_free_unpacked(message, NULL);
    return 0;
}
