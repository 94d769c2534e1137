#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "proto_json.h"

#define REPLACEMENT "\xEF\xBF\xBD"

size_t proto_json_element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    return 0;
}

/* Bytes of the well-formed UTF-8 sequence at text, 0 if there is none. */
static size_t sequence(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t len = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xC0u) != 0x80u)
            return 0;
    bool overlong =
        (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xED && text[1] > 0x9F;
    bool beyond = text[0] == 0xF4 && text[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : len;
}

static json_t *repaired_string(const char *text)
{
    char *fixed = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
    if (fixed == NULL)
        return NULL;
    char *at = fixed;
    const unsigned char *from = (const unsigned char *)text;
    while (*from != '\0') {
        size_t len = sequence(from);
        if (len == 0) {
            memcpy(at, REPLACEMENT, strlen(REPLACEMENT));
            at += strlen(REPLACEMENT);
            from++;
            continue;
        }
        memcpy(at, from, len);
        at += len;
        from += len;
    }
    *at = '\0';
    json_t *json = json_string(fixed);
    free(fixed);
    return json;
}

static json_t *encode_string(const char *text)
{
    if (text == NULL)
        return json_string("");
    json_t *json = json_string(text);
    return json != NULL ? json : repaired_string(text);
}

static json_t *encode_bytes(const ProtobufCBinaryData *bytes)
{
    char *text = base64_encode(bytes->data, bytes->len);
    if (text == NULL)
        return NULL;
    json_t *json = json_string(text);
    free(text);
    return json;
}

static json_t *encode_enum(const ProtobufCFieldDescriptor *field, int number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    return value != NULL ? json_string(value->name) : json_integer(number);
}

static json_t *encode_real(double number)
{
    if (isnan(number))
        return json_string("NaN");
    if (isinf(number))
        return json_string(number > 0 ? "Infinity" : "-Infinity");
    return json_real(number);
}

static json_t *encode_value(const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_sprintf("%" PRId64, *(const int64_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return json_sprintf("%" PRIu64, *(const uint64_t *)at);
    case PROTOBUF_C_TYPE_FLOAT:
        return encode_real((double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return encode_real(*(const double *)at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return encode_enum(field, *(const int32_t *)at);
    case PROTOBUF_C_TYPE_STRING:
        return encode_string(*(const char *const *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return encode_bytes(at);
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    const ProtobufCMessage *message = *(const ProtobufCMessage *const *)at;
    return message == NULL ? json_null() : proto_json_encode(message);
}

static json_t *encode_repeated(const ProtobufCFieldDescriptor *field, size_t len,
                               const void *elements)
{
    json_t *array = json_array();
    size_t size = proto_json_element_size(field->type);
    for (size_t i = 0; array != NULL && i < len; i++) {
        /* The array takes the value over, even when it fails. */
        if (json_array_append_new(
                array, encode_value(field, (const char *)elements + i * size)) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

/* Not set in a way the JSON leaves out: an optional scalar, another member of
 * the oneof. */
static bool is_left_out(const ProtobufCFieldDescriptor *field, const char *base)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return *(const uint32_t *)(const void *)(base + field->quantifier_offset) !=
               field->id;
    bool has_flag = field->label == PROTOBUF_C_LABEL_OPTIONAL &&
                    field->type != PROTOBUF_C_TYPE_MESSAGE &&
                    field->type != PROTOBUF_C_TYPE_STRING;
    if (!has_flag)
        return false;
    return !*(const protobuf_c_boolean *)(const void *)(base + field->quantifier_offset);
}

json_t *proto_json_encode(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const char *base = (const char *)message;
    json_t *object = json_object();
    for (unsigned i = 0; object != NULL && i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const void *at = base + field->offset;
        json_t *value;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            value = encode_repeated(
                field, *(const size_t *)(const void *)(base + field->quantifier_offset),
                *(const void *const *)at);
        else if (is_left_out(field, base))
            continue;
        else
            value = encode_value(field, at);
        if (json_object_set_new(object, field->name, value) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

/* DEL, the C1 controls, and what changes the direction of text: legal in JSON,
 * harmful on a terminal. Returns the character's bytes, 0 if it is harmless. */
static size_t harmful(const unsigned char *text, unsigned *code)
{
    *code = 0;
    if (text[0] == 0x7F) {
        *code = 0x7F;
        return 1;
    }
    if (text[0] == 0xC2 && text[1] >= 0x80 && text[1] <= 0x9F) {
        *code = text[1];
        return 2;
    }
    if (text[0] != 0xE2 || text[1] == '\0' || text[2] == '\0')
        return 0;
    unsigned point = 0x2000u | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
    bool bidi = point == 0x200E || point == 0x200F ||
                (point >= 0x2028 && point <= 0x202E) ||
                (point >= 0x2066 && point <= 0x2069);
    *code = point;
    return bidi ? 3 : 0;
}

/* Such characters occur inside strings only, so a \u escape always fits. */
static char *escape_harmful(const char *text)
{
    size_t len = 0;
    unsigned code;
    const unsigned char *from = (const unsigned char *)text;
    for (const unsigned char *at = from; *at != '\0'; at++)
        len += harmful(at, &code) > 0 ? 6 : 1;
    char *out = malloc(len + 1);
    if (out == NULL)
        return NULL;
    char *to = out;
    while (*from != '\0') {
        size_t bytes = harmful(from, &code);
        if (bytes > 0) {
            to += snprintf(to, 7, "\\u%04x", code);
            from += bytes;
        } else {
            *to++ = (char)*from++;
        }
    }
    *to = '\0';
    return out;
}

char *proto_json_text(const ProtobufCMessage *message, unsigned indent)
{
    json_t *json = proto_json_encode(message);
    if (json == NULL)
        return NULL;
    size_t flags = indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT;
    char *text = json_dumps(json, flags);
    json_decref(json);
    if (text == NULL)
        return NULL;
    char *safe = escape_harmful(text);
    free(text);
    return safe;
}
