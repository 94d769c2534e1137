#include "schema_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every member starts at a multiple of this, which suits each of their types. */
#define SLOT 8u
/* A oneof's members share one place, as large as the largest. */
#define ONEOF_SLOT sizeof(ProtobufCBinaryData)

bool schema_fail(struct schema_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    return false;
}

/* descriptor.proto's numbers, 1 to 18; 10, a group, is not supported. */
static bool type_of(int number, ProtobufCType *type)
{
    static const ProtobufCType types[] = {
        [1] = PROTOBUF_C_TYPE_DOUBLE,    [2] = PROTOBUF_C_TYPE_FLOAT,
        [3] = PROTOBUF_C_TYPE_INT64,     [4] = PROTOBUF_C_TYPE_UINT64,
        [5] = PROTOBUF_C_TYPE_INT32,     [6] = PROTOBUF_C_TYPE_FIXED64,
        [7] = PROTOBUF_C_TYPE_FIXED32,   [8] = PROTOBUF_C_TYPE_BOOL,
        [9] = PROTOBUF_C_TYPE_STRING,    [11] = PROTOBUF_C_TYPE_MESSAGE,
        [12] = PROTOBUF_C_TYPE_BYTES,    [13] = PROTOBUF_C_TYPE_UINT32,
        [14] = PROTOBUF_C_TYPE_ENUM,     [15] = PROTOBUF_C_TYPE_SFIXED32,
        [16] = PROTOBUF_C_TYPE_SFIXED64, [17] = PROTOBUF_C_TYPE_SINT32,
        [18] = PROTOBUF_C_TYPE_SINT64};
    if (number < 1 || number > 18 || number == 10)
        return false;
    *type = types[number];
    return true;
}

/* As protoc allows them; others would make JSON that nobody can read. */
static bool is_identifier(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char others[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return name != NULL && strspn(name, letters) > 0 &&
           name[strspn(name, others)] == '\0';
}

/* ---------------------------------------------------------------------- fields */

static ProtobufCLabel label_of(const struct schema_build *build, int label)
{
    if (label == 3)
        return PROTOBUF_C_LABEL_REPEATED;
    if (label == 2)
        return PROTOBUF_C_LABEL_REQUIRED;
    return build->proto3 ? PROTOBUF_C_LABEL_NONE : PROTOBUF_C_LABEL_OPTIONAL;
}

static uint32_t flags_of(const struct schema_build *build, const Schema__Field *field,
                         const ProtobufCFieldDescriptor *out)
{
    uint32_t flags = 0;
    bool packable = out->type != PROTOBUF_C_TYPE_STRING &&
                    out->type != PROTOBUF_C_TYPE_BYTES &&
                    out->type != PROTOBUF_C_TYPE_MESSAGE;
    bool packed = field->options != NULL && field->options->has_packed
                      ? field->options->packed != 0
                      : build->proto3;
    if (out->label == PROTOBUF_C_LABEL_REPEATED && packable && packed)
        flags |= PROTOBUF_C_FIELD_FLAG_PACKED;
    if (field->has_oneof_index)
        flags |= PROTOBUF_C_FIELD_FLAG_ONEOF;
    return flags;
}

static bool resolve_type(struct schema_build *build, const Schema__Field *field,
                         ProtobufCFieldDescriptor *out)
{
    if (out->type != PROTOBUF_C_TYPE_MESSAGE && out->type != PROTOBUF_C_TYPE_ENUM)
        return true;
    const struct schema_symbol *symbol =
        field->type_name == NULL ? NULL : build->resolve(build->arg, field->type_name);
    if (symbol != NULL)
        out->descriptor = out->type == PROTOBUF_C_TYPE_MESSAGE
                              ? (const void *)symbol->message
                              : (const void *)symbol->enumeration;
    return out->descriptor != NULL ||
           schema_fail(build->error, "field %.60s: no such type as %.100s", out->name,
                       field->type_name == NULL ? "" : field->type_name);
}

static bool build_field(struct schema_build *build, const Schema__Field *field,
                        ProtobufCFieldDescriptor *out)
{
    if (!is_identifier(field->name) || !field->has_number || field->number < 1 ||
        field->number > 536870911)
        return schema_fail(build->error, "a field has no valid name or number");
    if (!type_of(field->type, &out->type))
        return schema_fail(build->error, "field %.60s: type %d is not supported",
                           field->name, field->type);
    out->name = schema_copy(build->memory, field->name);
    if (out->name == NULL)
        return schema_fail(build->error, "out of memory");
    out->id = (uint32_t)field->number;
    out->label = label_of(build, field->label);
    /* protobuf-c would take it for another member's and lose its memory. */
    if (field->has_oneof_index && (out->label == PROTOBUF_C_LABEL_REPEATED ||
                                   out->label == PROTOBUF_C_LABEL_REQUIRED))
        return schema_fail(build->error, "field %.60s: in a oneof, yet not optional",
                           field->name);
    out->flags = flags_of(build, field, out);
    if (out->type == PROTOBUF_C_TYPE_STRING && build->proto3 && !field->has_oneof_index)
        out->default_value = &protobuf_c_empty_string;
    return resolve_type(build, field, out);
}

/* -------------------------------------------------------------------- layout */

static unsigned take(size_t *size, size_t bytes)
{
    size_t at = *size;
    *size += (bytes + SLOT - 1) / SLOT * SLOT;
    return (unsigned)at;
}

/* Members in the order of their numbers; a oneof's case and its shared place are
 * made when its first member comes. */
static bool lay_out(struct schema_build *build, const Schema__Message *message,
                    const unsigned *order, ProtobufCFieldDescriptor *fields,
                    size_t *message_size)
{
    size_t size = (sizeof(ProtobufCMessage) + SLOT - 1) / SLOT * SLOT;
    unsigned *places =
        schema_alloc(build->memory, 2 * message->n_oneof_decl + 1, sizeof(*places));
    if (places == NULL)
        return schema_fail(build->error, "out of memory");
    for (size_t i = 0; i < message->n_field; i++) {
        const Schema__Field *field = message->field[i];
        ProtobufCFieldDescriptor *out = &fields[order[i]];
        if (out->label == PROTOBUF_C_LABEL_REPEATED) {
            out->quantifier_offset = take(&size, sizeof(size_t));
            out->offset = take(&size, sizeof(void *));
        } else if (field->has_oneof_index) {
            if (field->oneof_index < 0 ||
                (size_t)field->oneof_index >= message->n_oneof_decl)
                return schema_fail(build->error, "field %.60s: no such oneof", out->name);
            unsigned *place = &places[2 * field->oneof_index];
            if (place[0] == 0) {
                place[0] = take(&size, sizeof(uint32_t));
                place[1] = take(&size, ONEOF_SLOT);
            }
            out->quantifier_offset = place[0];
            out->offset = place[1];
        } else {
            if (out->label == PROTOBUF_C_LABEL_OPTIONAL)
                out->quantifier_offset = take(&size, sizeof(protobuf_c_boolean));
            out->offset = take(&size, ONEOF_SLOT);
        }
    }
    *message_size = size;
    return true;
}

/* --------------------------------------------------------------- search tables */

/* Runs of consecutive numbers, as protobuf-c's int_range_lookup wants them: each
 * with its first number and that number's index, then an end mark. */
static ProtobufCIntRange *ranges(struct schema_memory *memory, const int *numbers,
                                 size_t len, unsigned *ranges_len)
{
    ProtobufCIntRange *out = schema_alloc(memory, len + 1, sizeof(*out));
    unsigned used = 0;
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++)
        if (i == 0 || numbers[i] != numbers[i - 1] + 1)
            out[used++] =
                (ProtobufCIntRange){.start_value = numbers[i], .orig_index = (unsigned)i};
    out[used] = (ProtobufCIntRange){.start_value = 0, .orig_index = (unsigned)len};
    *ranges_len = used;
    return out;
}

struct named {
    const char *name;
    unsigned index;
};

static int compare_named(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

struct numbered {
    int number;
    unsigned declared;
};

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *x = a;
    const struct numbered *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->declared < y->declared ? -1 : 1;
}

static bool index_fields(struct schema_build *build, ProtobufCMessageDescriptor *out,
                         const ProtobufCFieldDescriptor *fields)
{
    size_t len = out->n_fields;
    struct named *named = schema_alloc(build->memory, len, sizeof(*named));
    unsigned *by_name = schema_alloc(build->memory, len, sizeof(*by_name));
    int *numbers = schema_alloc(build->memory, len, sizeof(*numbers));
    if (named == NULL || by_name == NULL || numbers == NULL)
        return schema_fail(build->error, "out of memory");
    for (size_t i = 0; i < len; i++) {
        numbers[i] = (int)fields[i].id;
        named[i] = (struct named){.name = fields[i].name, .index = (unsigned)i};
        if (i > 0 && numbers[i] == numbers[i - 1])
            return schema_fail(build->error, "%.100s uses number %d twice", out->name,
                               numbers[i]);
    }
    qsort(named, len, sizeof(*named), compare_named);
    for (size_t i = 0; i < len; i++)
        by_name[i] = named[i].index;
    out->fields_sorted_by_name = by_name;
    out->field_ranges = ranges(build->memory, numbers, len, &out->n_field_ranges);
    return out->field_ranges != NULL || schema_fail(build->error, "out of memory");
}

static bool sort_declared(struct schema_build *build, struct numbered *numbered,
                          size_t len, unsigned *order)
{
    if (numbered == NULL)
        return schema_fail(build->error, "out of memory");
    qsort(numbered, len, sizeof(*numbered), compare_numbered);
    for (size_t i = 0; i < len; i++)
        order[numbered[i].declared] = (unsigned)i;
    return true;
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot == NULL ? name : dot + 1;
}

bool schema_build_message(struct schema_build *build, const Schema__Message *message,
                          ProtobufCMessageDescriptor *out, unsigned *order)
{
    size_t len = message->n_field;
    ProtobufCFieldDescriptor *fields = schema_alloc(build->memory, len, sizeof(*fields));
    struct numbered *numbered = schema_alloc(build->memory, len, sizeof(*numbered));
    if (message->options != NULL && message->options->map_entry)
        return schema_fail(build->error, "%.100s: maps are not supported", out->name);
    for (size_t i = 0; numbered != NULL && i < len; i++)
        numbered[i] = (struct numbered){.number = message->field[i]->number,
                                        .declared = (unsigned)i};
    if (fields == NULL || !sort_declared(build, numbered, len, order))
        return schema_fail(build->error, "out of memory");
    for (size_t i = 0; i < len; i++)
        if (!build_field(build, message->field[i], &fields[order[i]]))
            return false;
    out->magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC;
    out->short_name = last_part(out->name);
    out->c_name = out->package_name = "";
    out->n_fields = (unsigned)len;
    /* protobuf-c looks at the first field unless there is no table. */
    out->fields = len > 0 ? fields : NULL;
    return lay_out(build, message, order, fields, &out->sizeof_message) &&
           index_fields(build, out, fields);
}

/* ----------------------------------------------------------------------- enums */

static bool check_values(struct schema_build *build, const Schema__Enum *enumeration,
                         const char *name)
{
    if (enumeration->n_value == 0)
        return schema_fail(build->error, "enum %.100s has no values", name);
    for (size_t i = 0; i < enumeration->n_value; i++)
        if (!is_identifier(enumeration->value[i]->name))
            return schema_fail(build->error, "enum %.100s: a value has no valid name",
                               name);
    return true;
}

bool schema_build_enum(struct schema_build *build, const Schema__Enum *enumeration,
                       ProtobufCEnumDescriptor *out, unsigned *order)
{
    size_t len = enumeration->n_value;
    if (!check_values(build, enumeration, out->name))
        return false;
    ProtobufCEnumValue *values = schema_alloc(build->memory, len, sizeof(*values));
    ProtobufCEnumValueIndex *by_name = schema_alloc(build->memory, len, sizeof(*by_name));
    struct named *named = schema_alloc(build->memory, len, sizeof(*named));
    struct numbered *numbered = schema_alloc(build->memory, len, sizeof(*numbered));
    int *numbers = schema_alloc(build->memory, len, sizeof(*numbers));
    for (size_t i = 0; numbered != NULL && i < len; i++)
        numbered[i] = (struct numbered){.number = enumeration->value[i]->number,
                                        .declared = (unsigned)i};
    if (values == NULL || by_name == NULL || named == NULL || numbers == NULL ||
        !sort_declared(build, numbered, len, order))
        return schema_fail(build->error, "out of memory");
    unsigned used = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned declared = numbered[i].declared;
        const char *name = schema_copy(build->memory, enumeration->value[declared]->name);
        if (name == NULL)
            return schema_fail(build->error, "out of memory");
        /* An alias shares the place of the first with its number. */
        if (used == 0 || numbers[used - 1] != numbered[i].number) {
            values[used] = (ProtobufCEnumValue){
                .name = name, .c_name = name, .value = numbered[i].number};
            numbers[used++] = numbered[i].number;
        }
        order[declared] = used - 1;
        named[i] = (struct named){.name = name, .index = used - 1};
    }
    qsort(named, len, sizeof(*named), compare_named);
    for (size_t i = 0; i < len; i++)
        by_name[i] =
            (ProtobufCEnumValueIndex){.name = named[i].name, .index = named[i].index};
    out->magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC;
    out->short_name = last_part(out->name);
    out->c_name = out->package_name = "";
    out->n_values = used;
    out->values = values;
    out->n_value_names = (unsigned)len;
    out->values_by_name = by_name;
    out->value_ranges = ranges(build->memory, numbers, used, &out->n_value_ranges);
    return out->value_ranges != NULL || schema_fail(build->error, "out of memory");
}
