#include "rpc/scan.h"

#include "base/wire.h"

enum { DEPTH_MAX = 8, UNKNOWN_MAX = 64 };

enum wire_type { VARINT = 0, FIXED64 = 1, DELIMITED = 2, FIXED32 = 5 };

/* Where in the message: written out only for a fault. */
struct path {
    const struct path *parent; /* NULL: the message itself */
    const ProtobufCFieldDescriptor *field;
    unsigned index;
};

struct scan {
    struct arena *arena;
    struct scan_fault *fault;
    unsigned unknown;
};

/* The bounds of the second octet exclude overlong forms, surrogates and what
 * lies above U+10FFFF (RFC 3629 section 4). 0: no such sequence. */
static size_t sequence_len(struct bytes rest)
{
    uint8_t lead = rest.data[0], low = 0x80, high = 0xbf;
    size_t len;
    if (lead < 0x80)
        return lead != 0;
    if (lead >= 0xc2 && lead <= 0xdf) {
        len = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        len = 3;
        low = lead == 0xe0 ? 0xa0 : low;
        high = lead == 0xed ? 0x9f : high;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        len = 4;
        low = lead == 0xf0 ? 0x90 : low;
        high = lead == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (rest.len < len || rest.data[1] < low || rest.data[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((rest.data[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool scan_is_text(struct bytes bytes)
{
    while (bytes.len > 0) {
        size_t len = sequence_len(bytes);
        if (len == 0)
            return false;
        bytes = (struct bytes){bytes.data + len, bytes.len - len};
    }
    return true;
}

/* protobuf-c reads no key and no length of more than 5 octets. */
enum { VARINT_OCTETS = 10, KEY_OCTETS = 5 };

static uint64_t varint(struct wire *wire, unsigned max_octets)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < max_octets; i++) {
        uint8_t octet = wire_u8(wire);
        value |= (uint64_t)(octet & 0x7f) << (7 * i);
        if (!(octet & 0x80))
            return value;
    }
    wire->failed = true;
    return 0;
}

/* The value's octets, for DELIMITED only; skips the others. */
static struct bytes value_of(struct wire *wire, enum wire_type type)
{
    switch (type) {
    case VARINT:
        varint(wire, VARINT_OCTETS);
        break;
    case FIXED64:
        wire_take(wire, 8);
        break;
    case FIXED32:
        wire_take(wire, 4);
        break;
    case DELIMITED:
        return wire_take(wire, (size_t)varint(wire, KEY_OCTETS));
    default:
        wire->failed = true;
    }
    return (struct bytes){NULL, 0};
}

/* "" also without memory. */
static const char *path_text(struct arena *arena, const struct path *path)
{
    if (!path)
        return "";
    const char *parent = path_text(arena, path->parent);
    const char *dot = *parent ? "." : "", *name = path->field->name;
    const char *text =
        path->field->label == PROTOBUF_C_LABEL_REPEATED
            ? arena_printf(arena, "%s%s%s[%u]", parent, dot, name, path->index)
            : arena_printf(arena, "%s%s%s", parent, dot, name);
    return text ? text : "";
}

static bool fault(struct scan *scan, const struct path *path, const char *reason)
{
    *scan->fault = (struct scan_fault){path_text(scan->arena, path), reason, false};
    return false;
}

static enum wire_type wire_type_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return DELIMITED;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return FIXED32;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return FIXED64;
    default:
        return VARINT;
    }
}

/* Numbers of a repeated field may come packed into one value. */
static bool fits(const ProtobufCFieldDescriptor *field, enum wire_type type,
                 struct bytes value)
{
    enum wire_type wanted = wire_type_of(field);
    struct wire packed = wire_of(value);
    if (type == wanted)
        return true;
    if (field->label != PROTOBUF_C_LABEL_REPEATED || type != DELIMITED)
        return false;
    while (packed.rest.len > 0 && !packed.failed)
        value_of(&packed, wanted);
    return !packed.failed;
}

static bool scan_fields(struct scan *scan, const ProtobufCMessageDescriptor *descriptor,
                        struct bytes message, const struct path *path, unsigned depth);

static bool scan_field(struct scan *scan, const struct path *path, enum wire_type type,
                       struct bytes value, unsigned depth)
{
    const ProtobufCFieldDescriptor *field = path->field;
    if (!fits(field, type, value))
        return fault(scan, path, "has another type than the schema gives it");
    if (field->type == PROTOBUF_C_TYPE_STRING && !scan_is_text(value))
        return fault(scan, path, "is not UTF-8 text without NUL");
    return field->type != PROTOBUF_C_TYPE_MESSAGE ||
           scan_fields(scan, field->descriptor, value, path, depth + 1);
}

static bool scan_fields(struct scan *scan, const ProtobufCMessageDescriptor *descriptor,
                        struct bytes message, const struct path *path, unsigned depth)
{
    struct wire wire = wire_of(message);
    unsigned *counts = arena_array(scan->arena, descriptor->n_fields, sizeof *counts);
    if (!counts)
        return false; /* the fault it began with */
    if (depth > DEPTH_MAX)
        return fault(scan, path, "is nested too deep");
    while (wire.rest.len > 0 && !wire.failed) {
        uint64_t key = varint(&wire, KEY_OCTETS);
        enum wire_type type = (enum wire_type)(key & 7);
        struct bytes value = value_of(&wire, type);
        wire.failed |= key >> 3 == 0 || key > UINT32_MAX; /* no field number */
        if (wire.failed)
            break;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(key >> 3));
        if (!field) {
            if (++scan->unknown > UNKNOWN_MAX)
                return fault(scan, path, "holds too many fields that the schema lacks");
            continue;
        }
        unsigned *count = &counts[field - descriptor->fields];
        if (!scan_field(scan, &(struct path){path, field, *count}, type, value, depth))
            return false;
        ++*count;
    }
    return wire.failed ? fault(scan, path, "is not a protobuf message of the schema")
                       : true;
}

bool scan_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                  struct bytes message, struct scan_fault *scan_fault)
{
    struct scan scan = {.arena = arena, .fault = scan_fault};
    *scan_fault = (struct scan_fault){"", "takes more memory than one request may", true};
    return scan_fields(&scan, descriptor, message, NULL, 0);
}
