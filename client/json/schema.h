/* schema.h - protobuf-c descriptors built at run time from the bytes of a
 * google.protobuf.FileDescriptorSet, so that a client can speak to methods it
 * was not compiled for. The result works with protobuf-c's pack and unpack and
 * with proto_json.h.
 *
 * The bytes come from a server: everything is bounds-checked, nesting is limited,
 * and message types that contain themselves, maps, groups and streaming methods
 * are refused, because protobuf-c would recurse without end or cannot do them.
 * Threads: a schema is constant once parsed. */
#ifndef CAA_JSON_SCHEMA_H
#define CAA_JSON_SCHEMA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct schema;

enum schema_kind { SCHEMA_MESSAGE, SCHEMA_ENUM, SCHEMA_SERVICE };

struct schema_method {
    /* "CheckDomains" and "caa.v1.CaaService/CheckDomains". */
    const char *short_name;
    const char *name;
    const ProtobufCMessageDescriptor *input;
    const ProtobufCMessageDescriptor *output;
    /* Empty: none. */
    const char *comment;
};

/* One type or service. Strings live as long as the schema. */
struct schema_symbol {
    enum schema_kind kind;
    /* Full name without a leading dot. */
    const char *name;
    const char *comment;
    /* For a message, an enum; else NULL. */
    const ProtobufCMessageDescriptor *message;
    const ProtobufCEnumDescriptor *enumeration;
    /* Comments of the fields or values, in the descriptor's order. */
    const char **member_comments;
    /* For a service. */
    const struct schema_method *methods;
    size_t methods_len;
};

struct schema_error {
    char message[256];
};

/* NULL: *error says what is wrong. data is not needed afterwards. */
struct schema *schema_parse(const uint8_t *data, size_t len, struct schema_error *error);
/* NULL is fine. Messages made from its descriptors must be freed before. */
void schema_free(struct schema *schema);

/* In the order of the files. */
size_t schema_len(const struct schema *schema);
const struct schema_symbol *schema_at(const struct schema *schema, size_t index);

/* By full name, or by any of its ends that no other symbol shares ("Result").
 * NULL: none, or several: *candidates then counts them. candidates may be NULL. */
const struct schema_symbol *schema_find(const struct schema *schema, const char *name,
                                        size_t *candidates);

/* "caa.v1.CaaService/CheckDomains", "CaaService.CheckDomains", "CheckDomains";
 * NULL and *candidates as above. */
const struct schema_method *schema_find_method(const struct schema *schema,
                                               const char *name, size_t *candidates);

#endif
