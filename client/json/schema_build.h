/* schema_build.h - one message or enum of a schema as protobuf-c's descriptor:
 * where each field lies in memory, and the tables protobuf-c searches.
 * Threads: owner only. */
#ifndef CAA_JSON_SCHEMA_BUILD_H
#define CAA_JSON_SCHEMA_BUILD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "descriptor_subset.pb-c.h"
#include "schema.h"
#include "schema_memory.h"

struct schema_build {
    struct schema_memory *memory;
    struct schema_error *error;
    /* Resolves ".package.Type" to the symbol, or NULL. */
    const struct schema_symbol *(*resolve)(void *arg, const char *type_name);
    void *arg;
    bool proto3;
};

/* Fills *out, whose name is set. order, n_field long, tells where each declared
 * field went. false: *error says why. */
bool schema_build_message(struct schema_build *build, const Schema__Message *message,
                          ProtobufCMessageDescriptor *out, unsigned *order);

/* The same for an enum; order is n_value long, and an alias gets the place of
 * the value it shares its number with. */
bool schema_build_enum(struct schema_build *build, const Schema__Enum *enumeration,
                       ProtobufCEnumDescriptor *out, unsigned *order);

/* "no memory" or a formatted reason; always false. */
bool schema_fail(struct schema_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
