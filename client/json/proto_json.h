/* proto_json.h - proto3 JSON for any protobuf-c message, driven by its
 * descriptor alone, generated or built at run time (schema.h).
 *
 * Output: field names as in the .proto, defaults included, enums by name
 * (unknown ones by number), 64-bit integers as decimal strings, bytes in base64,
 * absent sub-messages null. Strings that are not UTF-8 get U+FFFD in place of
 * each bad byte.
 * Input: field names as in the .proto or in lowerCamelCase, enums by name
 * without case or by number, integers as numbers or decimal strings, null for
 * "not set". Anything else is an error that names its JSON path.
 * Left out: maps, Any and the other well-known types, proto2 groups; the caad
 * schema has none.
 * Threads: any; no state. */
#ifndef CAA_JSON_PROTO_JSON_H
#define CAA_JSON_PROTO_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

struct proto_json_error {
    /* "$.names[3]"; empty when the text is no JSON at all. */
    char path[256];
    char message[256];
};

/* A new object, to be given to json_decref. NULL: out of memory. */
json_t *proto_json_encode(const ProtobufCMessage *message);

/* One line of text without the newline, to be freed by the caller. Beyond what
 * JSON demands, every control and direction-changing character is escaped, so
 * that the line is safe on a terminal. indent: 0 for one line, else spaces a
 * level. NULL: out of memory. */
char *proto_json_text(const ProtobufCMessage *message, unsigned indent);

/* Reads an object as a message of this kind, to be freed with
 * protobuf_c_message_free_unpacked(…, NULL). NULL: *error says why. */
ProtobufCMessage *proto_json_decode(const ProtobufCMessageDescriptor *descriptor,
                                    const json_t *json, struct proto_json_error *error);

/* The same from text of len bytes. Duplicate keys are errors; so is anything
 * but white space after the object. */
ProtobufCMessage *proto_json_decode_text(const ProtobufCMessageDescriptor *descriptor,
                                         const char *text, size_t len,
                                         struct proto_json_error *error);

/* Sets every field to its default: what protobuf-c's unpacking does before it
 * reads. message: sizeof_message bytes. */
void proto_json_message_init(const ProtobufCMessageDescriptor *descriptor,
                             ProtobufCMessage *message);

/* Size of one element of a repeated field, as protobuf-c lays it out. */
size_t proto_json_element_size(ProtobufCType type);

#endif
