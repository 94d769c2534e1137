#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "proto_json.h"
#include "suggest.h"

/* A schema built at run time may nest messages in themselves. */
#define DEPTH_MAX 64

struct decoder {
    char path[sizeof(((struct proto_json_error *)0)->path)];
    size_t path_len;
    unsigned depth;
    struct proto_json_error *error;
};

/* ------------------------------------------------------------------- errors */

__attribute__((format(printf, 2, 3))) static bool fail(struct decoder *decoder,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(decoder->error->message, sizeof(decoder->error->message), format, args);
    va_end(args);
    memcpy(decoder->error->path, decoder->path, sizeof(decoder->path));
    return false;
}

static const char *kind_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bool expected(struct decoder *decoder, const char *what, const json_t *json)
{
    return fail(decoder, "expected %s, found %s", what, kind_of(json));
}

/* Lengthens the path; the caller puts path_len back. A path too long is cut. */
__attribute__((format(printf, 2, 3))) static void descend(struct decoder *decoder,
                                                          const char *format, ...)
{
    size_t room = sizeof(decoder->path) - decoder->path_len;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(decoder->path + decoder->path_len, room, format, args);
    va_end(args);
    if (len > 0)
        decoder->path_len += (size_t)len < room ? (size_t)len : room - 1;
}

static void ascend(struct decoder *decoder, size_t path_len)
{
    decoder->path_len = path_len;
    decoder->path[path_len] = '\0';
}

/* ------------------------------------------------------------------ integers */

/* 1e3 and 5.0 are integers in proto3 JSON too. */
static bool real_to_integer(double real, int64_t *out)
{
    if (!(real >= -9007199254740992.0 && real <= 9007199254740992.0) ||
        real != floor(real))
        return false;
    *out = (int64_t)real;
    return true;
}

static bool is_decimal(const char *text)
{
    if (*text == '-')
        text++;
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool decode_signed(struct decoder *decoder, const json_t *json, int64_t min,
                          int64_t max, int64_t *out)
{
    int64_t number = 0;
    if (json_is_integer(json)) {
        number = json_integer_value(json);
    } else if (json_is_string(json) && is_decimal(json_string_value(json))) {
        errno = 0;
        number = strtoll(json_string_value(json), NULL, 10);
        if (errno != 0)
            return fail(decoder, "%.40s is out of range", json_string_value(json));
    } else if (!json_is_real(json) || !real_to_integer(json_real_value(json), &number)) {
        return expected(decoder, "an integer", json);
    }
    if (number < min || number > max)
        return fail(decoder, "%" PRId64 " is not between %" PRId64 " and %" PRId64,
                    number, min, max);
    *out = number;
    return true;
}

static bool decode_unsigned(struct decoder *decoder, const json_t *json, uint64_t max,
                            uint64_t *out)
{
    if (json_is_string(json) && is_decimal(json_string_value(json)) &&
        json_string_value(json)[0] != '-') {
        errno = 0;
        *out = strtoull(json_string_value(json), NULL, 10);
        if (errno == 0 && *out <= max)
            return true;
        return fail(decoder, "%.40s is not between 0 and %" PRIu64,
                    json_string_value(json), max);
    }
    int64_t number;
    int64_t limit = max > INT64_MAX ? INT64_MAX : (int64_t)max;
    if (!decode_signed(decoder, json, 0, limit, &number))
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool decode_real(struct decoder *decoder, const json_t *json, double *out)
{
    if (json_is_number(json)) {
        *out = json_number_value(json);
        return true;
    }
    const char *text = json_string_value(json);
    if (text == NULL)
        return expected(decoder, "a number", json);
    if (strcmp(text, "NaN") == 0)
        *out = (double)NAN;
    else if (strcmp(text, "Infinity") == 0)
        *out = (double)INFINITY;
    else if (strcmp(text, "-Infinity") == 0)
        *out = -(double)INFINITY;
    else
        return expected(decoder, "a number", json);
    return true;
}

/* -------------------------------------------------------------- other scalars */

static bool decode_enum(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                        const json_t *json, int32_t *out)
{
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    if (json_is_integer(json)) {
        int64_t number;
        if (!decode_signed(decoder, json, INT32_MIN, INT32_MAX, &number))
            return false;
        *out = (int32_t)number;
        return true;
    }
    const char *name = json_string_value(json);
    if (name == NULL)
        return expected(decoder, "the name or number of a value", json);
    struct suggest suggest = suggest_for(name);
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (strcasecmp(descriptor->values[i].name, name) == 0) {
            *out = descriptor->values[i].value;
            return true;
        }
        suggest_offer(&suggest, descriptor->values[i].name);
    }
    const char *best = suggest_best(&suggest);
    return fail(decoder, "\"%.60s\" is no %s%s%s%s", name, descriptor->name,
                best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
}

static bool decode_string(struct decoder *decoder, const json_t *json, char **out)
{
    if (!json_is_string(json))
        return expected(decoder, "a string", json);
    *out = strdup(json_string_value(json));
    return *out != NULL || fail(decoder, "out of memory");
}

static bool decode_bytes(struct decoder *decoder, const json_t *json,
                         ProtobufCBinaryData *out)
{
    if (!json_is_string(json))
        return expected(decoder, "a string in base64", json);
    return base64_decode(json_string_value(json), json_string_length(json), &out->data,
                         &out->len) ||
           fail(decoder, "it is not base64");
}

static ProtobufCMessage *decode_message(struct decoder *decoder,
                                        const ProtobufCMessageDescriptor *descriptor,
                                        const json_t *json);

static bool decode_integer(struct decoder *decoder, ProtobufCType type,
                           const json_t *json, void *at)
{
    int64_t number;
    uint64_t natural;
    bool is_signed = type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_SINT32 ||
                     type == PROTOBUF_C_TYPE_SFIXED32 || type == PROTOBUF_C_TYPE_INT64 ||
                     type == PROTOBUF_C_TYPE_SINT64 || type == PROTOBUF_C_TYPE_SFIXED64;
    bool wide = proto_json_element_size(type) == 8;
    if (is_signed) {
        if (!decode_signed(decoder, json, wide ? INT64_MIN : INT32_MIN,
                           wide ? INT64_MAX : INT32_MAX, &number))
            return false;
        if (wide)
            *(int64_t *)at = number;
        else
            *(int32_t *)at = (int32_t)number;
        return true;
    }
    if (!decode_unsigned(decoder, json, wide ? UINT64_MAX : UINT32_MAX, &natural))
        return false;
    if (wide)
        *(uint64_t *)at = natural;
    else
        *(uint32_t *)at = (uint32_t)natural;
    return true;
}

static bool decode_value(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                         const json_t *json, void *at)
{
    double real;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
        if (!decode_real(decoder, json, &real))
            return false;
        *(float *)at = (float)real;
        return true;
    case PROTOBUF_C_TYPE_DOUBLE:
        return decode_real(decoder, json, at);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return expected(decoder, "true or false", json);
        *(protobuf_c_boolean *)at = json_is_true(json);
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        return decode_enum(decoder, field, json, at);
    case PROTOBUF_C_TYPE_STRING:
        return decode_string(decoder, json, at);
    case PROTOBUF_C_TYPE_BYTES:
        return decode_bytes(decoder, json, at);
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = decode_message(decoder, field->descriptor, json);
        return *(ProtobufCMessage **)at != NULL;
    default:
        return decode_integer(decoder, field->type, json, at);
    }
}

/* ------------------------------------------------------------------- messages */

static bool decode_repeated(struct decoder *decoder,
                            const ProtobufCFieldDescriptor *field, const json_t *json,
                            char *base)
{
    if (!json_is_array(json))
        return expected(decoder, "an array", json);
    size_t size = proto_json_element_size(field->type);
    size_t len = json_array_size(json);
    size_t *count = (size_t *)(void *)(base + field->quantifier_offset);
    if (len == 0)
        return true;
    char *elements = calloc(len, size);
    if (elements == NULL)
        return fail(decoder, "out of memory");
    *(char **)(void *)(base + field->offset) = elements;
    size_t path_len = decoder->path_len;
    for (size_t i = 0; i < len; i++) {
        descend(decoder, "[%zu]", i);
        /* Counted first: what is zero can be freed. */
        (*count)++;
        const json_t *element = json_array_get(json, i);
        if (json_is_null(element))
            return fail(decoder, "an array may not hold null");
        if (!decode_value(decoder, field, element, elements + i * size))
            return false;
        ascend(decoder, path_len);
    }
    return true;
}

static bool decode_single(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                          const json_t *json, char *base)
{
    uint32_t *quantifier = (uint32_t *)(void *)(base + field->quantifier_offset);
    bool in_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (in_oneof && *quantifier != 0)
        return fail(decoder, "another member of the same oneof is already set");
    if (!decode_value(decoder, field, json, base + field->offset))
        return false;
    if (in_oneof)
        *quantifier = field->id;
    else if (field->label == PROTOBUF_C_LABEL_OPTIONAL &&
             field->type != PROTOBUF_C_TYPE_MESSAGE &&
             field->type != PROTOBUF_C_TYPE_STRING)
        *(protobuf_c_boolean *)(void *)quantifier = 1;
    return true;
}

/* "request_id" is "requestId" in lowerCamelCase. */
static bool same_name(const char *field, const char *key)
{
    if (strcmp(field, key) == 0)
        return true;
    for (; *field != '\0'; field++, key++) {
        bool up = *field == '_' && islower((unsigned char)field[1]) != 0;
        if (up)
            field++;
        int c = (unsigned char)*field;
        if ((up ? toupper(c) : c) != (unsigned char)*key)
            return false;
    }
    return *key == '\0';
}

static const ProtobufCFieldDescriptor *
find_field(struct decoder *decoder, const ProtobufCMessageDescriptor *descriptor,
           const char *key)
{
    struct suggest suggest = suggest_for(key);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (same_name(descriptor->fields[i].name, key))
            return &descriptor->fields[i];
        suggest_offer(&suggest, descriptor->fields[i].name);
    }
    const char *best = suggest_best(&suggest);
    fail(decoder, "%s has no such field%s%s%s", descriptor->name,
         best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
    return NULL;
}

static bool decode_field(struct decoder *decoder, const ProtobufCFieldDescriptor *field,
                         const json_t *value, ProtobufCMessage *message)
{
    if (json_is_null(value))
        return true;
    return field->label == PROTOBUF_C_LABEL_REPEATED
               ? decode_repeated(decoder, field, value, (char *)message)
               : decode_single(decoder, field, value, (char *)message);
}

static bool decode_fields(struct decoder *decoder, ProtobufCMessage *message,
                          const json_t *json, bool *seen)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    size_t path_len = decoder->path_len;
    /* Iterating needs no const object, but changes nothing. */
    json_t *object = (json_t *)(uintptr_t)json;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        descend(decoder, ".%.80s", key);
        const ProtobufCFieldDescriptor *field = find_field(decoder, descriptor, key);
        if (field == NULL)
            return false;
        /* The two spellings of one field. */
        bool *twice = &seen[field - descriptor->fields];
        if (*twice)
            return fail(decoder, "%s is given twice", field->name);
        *twice = true;
        if (!decode_field(decoder, field, value, message))
            return false;
        ascend(decoder, path_len);
    }
    return true;
}

/* protobuf-c's own generic initialiser is not exported. */
static void init_generic(const ProtobufCMessageDescriptor *descriptor,
                         ProtobufCMessage *message)
{
    memset(message, 0, descriptor->sizeof_message);
    message->descriptor = descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool is_pointer = field->type == PROTOBUF_C_TYPE_STRING ||
                          field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (field->default_value == NULL || field->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        void *at = (char *)message + field->offset;
        if (is_pointer)
            *(const void **)at = field->default_value;
        else
            memcpy(at, field->default_value, proto_json_element_size(field->type));
    }
}

void proto_json_message_init(const ProtobufCMessageDescriptor *descriptor,
                             ProtobufCMessage *message)
{
    if (descriptor->message_init != NULL)
        protobuf_c_message_init(descriptor, message);
    else
        init_generic(descriptor, message);
}

static ProtobufCMessage *decode_message(struct decoder *decoder,
                                        const ProtobufCMessageDescriptor *descriptor,
                                        const json_t *json)
{
    if (!json_is_object(json)) {
        expected(decoder, "an object", json);
        return NULL;
    }
    if (decoder->depth >= DEPTH_MAX) {
        fail(decoder, "nested deeper than %d levels", DEPTH_MAX);
        return NULL;
    }
    ProtobufCMessage *message = malloc(descriptor->sizeof_message);
    bool *seen = calloc(descriptor->n_fields + 1, sizeof(*seen));
    if (message == NULL || seen == NULL) {
        fail(decoder, "out of memory");
        free(message);
        free(seen);
        return NULL;
    }
    proto_json_message_init(descriptor, message);
    decoder->depth++;
    bool ok = decode_fields(decoder, message, json, seen);
    decoder->depth--;
    free(seen);
    if (ok)
        return message;
    protobuf_c_message_free_unpacked(message, NULL);
    return NULL;
}

ProtobufCMessage *proto_json_decode(const ProtobufCMessageDescriptor *descriptor,
                                    const json_t *json, struct proto_json_error *error)
{
    struct decoder decoder = {.path = "$", .path_len = 1, .error = error};
    return decode_message(&decoder, descriptor, json);
}

ProtobufCMessage *proto_json_decode_text(const ProtobufCMessageDescriptor *descriptor,
                                         const char *text, size_t len,
                                         struct proto_json_error *error)
{
    json_error_t where;
    json_t *json =
        json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (json == NULL) {
        error->path[0] = '\0';
        snprintf(error->message, sizeof(error->message), "line %d, column %d: %s",
                 where.line, where.column, where.text);
        return NULL;
    }
    ProtobufCMessage *message = proto_json_decode(descriptor, json, error);
    json_decref(json);
    return message;
}
