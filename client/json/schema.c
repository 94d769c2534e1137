#include "schema.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema_build.h"
#include "schema_memory.h"

/* Ours is some 40 kB with all its comments. */
#define SCHEMA_MAX (4u << 20)
#define NEST_MAX   8
/* Messages within messages, by type. */
#define DEPTH_MAX    32
#define PATH_MAX_LEN (2 * NEST_MAX + 4)

/* Numbers of descriptor.proto, which comments' paths are made of. */
enum {
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    ENUM_VALUE = 2,
    SERVICE_METHOD = 2
};

/* What a symbol is built from; the parsed bytes are dropped afterwards. */
struct source {
    const Schema__File *file;
    Schema__Message *message;
    const Schema__Enum *enumeration;
    const Schema__Service *service;
    int path[PATH_MAX_LEN];
    size_t path_len;
};

struct schema {
    struct schema_memory memory;
    struct schema_symbol *symbols;
    struct source *sources;
    size_t len;
    size_t cap;
    struct schema_error *error;
};

/* --------------------------------------------------------------------- comments */

static const char *comment_at(struct schema *schema, const Schema__File *file,
                              const int *path, size_t len)
{
    const Schema__SourceInfo *info = file->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Schema__SourceInfo__Location *location = info->location[i];
        if (location->n_path != len ||
            (len > 0 && memcmp(location->path, path, len * sizeof(*path)) != 0))
            continue;
        const char *text = location->leading_comments != NULL
                               ? location->leading_comments
                               : location->trailing_comments;
        return text == NULL ? "" : schema_copy(&schema->memory, text);
    }
    return "";
}

static const char *member_comment(struct schema *schema, const struct source *source,
                                  int kind, size_t index)
{
    int path[PATH_MAX_LEN + 2];
    memcpy(path, source->path, source->path_len * sizeof(*path));
    path[source->path_len] = kind;
    path[source->path_len + 1] = (int)index;
    return comment_at(schema, source->file, path, source->path_len + 2);
}

/* ------------------------------------------------------------ finding all names */

static struct schema_symbol *add(struct schema *schema, const struct source *source,
                                 enum schema_kind kind, const char *scope,
                                 const char *name)
{
    if (schema->len == schema->cap) {
        size_t cap = schema->cap == 0 ? 64 : 2 * schema->cap;
        struct schema_symbol *symbols = realloc(schema->symbols, cap * sizeof(*symbols));
        if (symbols != NULL)
            schema->symbols = symbols;
        struct source *sources = realloc(schema->sources, cap * sizeof(*sources));
        if (sources != NULL)
            schema->sources = sources;
        if (symbols == NULL || sources == NULL) {
            schema_fail(schema->error, "out of memory");
            return NULL;
        }
        schema->cap = cap;
    }
    struct schema_symbol *symbol = &schema->symbols[schema->len];
    *symbol = (struct schema_symbol){
        .kind = kind,
        .name = schema_join(&schema->memory, scope, '.', name == NULL ? "" : name),
        .comment = comment_at(schema, source->file, source->path, source->path_len)};
    schema->sources[schema->len++] = *source;
    return symbol;
}

static bool add_enum(struct schema *schema, const struct source *parent, int kind,
                     size_t index, const char *scope, const Schema__Enum *enumeration)
{
    struct source source = *parent;
    source.message = NULL;
    source.enumeration = enumeration;
    source.path[source.path_len++] = kind;
    source.path[source.path_len++] = (int)index;
    struct schema_symbol *symbol =
        add(schema, &source, SCHEMA_ENUM, scope, enumeration->name);
    if (symbol == NULL)
        return false;
    ProtobufCEnumDescriptor *descriptor =
        schema_alloc(&schema->memory, 1, sizeof(*descriptor));
    if (descriptor != NULL)
        descriptor->name = symbol->name;
    symbol->enumeration = descriptor;
    return descriptor != NULL;
}

static bool add_message(struct schema *schema, const struct source *parent, int kind,
                        size_t index, const char *scope, const ProtobufCBinaryData *bytes)
{
    struct source source = *parent;
    if (source.path_len + 4 > PATH_MAX_LEN)
        return schema_fail(schema->error, "types are nested deeper than %d levels",
                           NEST_MAX);
    source.path[source.path_len++] = kind;
    source.path[source.path_len++] = (int)index;
    source.message = schema__message__unpack(NULL, bytes->len, bytes->data);
    if (source.message == NULL)
        return schema_fail(schema->error, "a message type in %.100s cannot be read",
                           scope);
    const Schema__Message *message = source.message;
    struct schema_symbol *symbol =
        add(schema, &source, SCHEMA_MESSAGE, scope, message->name);
    if (symbol == NULL) {
        schema__message__free_unpacked(source.message, NULL);
        return false;
    }
    const char *name = symbol->name;
    ProtobufCMessageDescriptor *descriptor =
        schema_alloc(&schema->memory, 1, sizeof(*descriptor));
    if (descriptor == NULL || name == NULL)
        return schema_fail(schema->error, "out of memory");
    descriptor->name = name;
    symbol->message = descriptor;
    /* From here on add() may move symbols. */
    for (size_t i = 0; i < message->n_enum_type; i++)
        if (!add_enum(schema, &source, MESSAGE_ENUM, i, name, message->enum_type[i]))
            return false;
    for (size_t i = 0; i < message->n_nested_type; i++)
        if (!add_message(schema, &source, MESSAGE_NESTED, i, name,
                         &message->nested_type[i]))
            return false;
    return true;
}

static bool add_file(struct schema *schema, const Schema__File *file)
{
    const char *package = file->package != NULL ? file->package : "";
    struct source source = {.file = file};
    for (size_t i = 0; i < file->n_service; i++) {
        source.service = file->service[i];
        source.path[0] = FILE_SERVICE;
        source.path[1] = (int)i;
        source.path_len = 2;
        if (add(schema, &source, SCHEMA_SERVICE, package, file->service[i]->name) == NULL)
            return false;
    }
    source = (struct source){.file = file};
    for (size_t i = 0; i < file->n_message_type; i++)
        if (!add_message(schema, &source, FILE_MESSAGE, i, package,
                         &file->message_type[i]))
            return false;
    for (size_t i = 0; i < file->n_enum_type; i++)
        if (!add_enum(schema, &source, FILE_ENUM, i, package, file->enum_type[i]))
            return false;
    return true;
}

/* ---------------------------------------------------------------- building them */

static const struct schema_symbol *exact(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->len; i++)
        if (strcmp(schema->symbols[i].name, name) == 0)
            return &schema->symbols[i];
    return NULL;
}

static const struct schema_symbol *resolve(void *arg, const char *type_name)
{
    return exact(arg, type_name[0] == '.' ? type_name + 1 : type_name);
}

static bool comment_members(struct schema *schema, size_t at, int kind, size_t len,
                            const unsigned *order)
{
    const char **comments = schema_alloc(&schema->memory, len, sizeof(*comments));
    if (comments == NULL)
        return schema_fail(schema->error, "out of memory");
    for (size_t i = 0; i < len; i++) {
        const char *comment = member_comment(schema, &schema->sources[at], kind, i);
        comments[order[i]] = comment != NULL ? comment : "";
    }
    schema->symbols[at].member_comments = comments;
    return true;
}

static bool build_methods(struct schema *schema, size_t at)
{
    const struct source *source = &schema->sources[at];
    struct schema_symbol *symbol = &schema->symbols[at];
    size_t len = source->service->n_method;
    struct schema_method *methods = schema_alloc(&schema->memory, len, sizeof(*methods));
    for (size_t i = 0; methods != NULL && i < len; i++) {
        const Schema__Method *method = source->service->method[i];
        if (method->name == NULL || method->client_streaming || method->server_streaming)
            return schema_fail(schema->error, "%.100s: streaming is not supported",
                               symbol->name);
        const struct schema_symbol *input =
            method->input_type ? resolve(schema, method->input_type) : NULL;
        const struct schema_symbol *output =
            method->output_type ? resolve(schema, method->output_type) : NULL;
        if (input == NULL || output == NULL || input->message == NULL ||
            output->message == NULL)
            return schema_fail(schema->error, "%.100s/%.60s: unknown message types",
                               symbol->name, method->name);
        methods[i] = (struct schema_method){
            .short_name = schema_copy(&schema->memory, method->name),
            .name = schema_join(&schema->memory, symbol->name, '/', method->name),
            .input = input->message,
            .output = output->message,
            .comment = member_comment(schema, source, SERVICE_METHOD, i)};
    }
    symbol->methods = methods;
    symbol->methods_len = len;
    return methods != NULL;
}

/* The descriptors were made here; only others see them as constant. */
static void *ours(const void *descriptor)
{
    return (void *)(uintptr_t)descriptor;
}

static bool build_symbol(struct schema *schema, size_t at)
{
    const struct source *source = &schema->sources[at];
    struct schema_symbol *symbol = &schema->symbols[at];
    struct schema_build build = {.memory = &schema->memory,
                                 .error = schema->error,
                                 .resolve = resolve,
                                 .arg = schema,
                                 .proto3 = source->file->syntax != NULL &&
                                           strcmp(source->file->syntax, "proto3") == 0};
    unsigned *order = NULL;
    switch (symbol->kind) {
    case SCHEMA_SERVICE:
        return build_methods(schema, at);
    case SCHEMA_MESSAGE:
        order = schema_alloc(&schema->memory, source->message->n_field, sizeof(*order));
        return order != NULL &&
               schema_build_message(&build, source->message, ours(symbol->message),
                                    order) &&
               comment_members(schema, at, MESSAGE_FIELD, source->message->n_field,
                               order);
    case SCHEMA_ENUM:
        order =
            schema_alloc(&schema->memory, source->enumeration->n_value, sizeof(*order));
        return order != NULL &&
               schema_build_enum(&build, source->enumeration, ours(symbol->enumeration),
                                 order) &&
               comment_members(schema, at, ENUM_VALUE, source->enumeration->n_value,
                               order);
    }
    return false;
}

/* protobuf-c unpacks as deep as the bytes say, so no type may hold itself. */
static bool is_shallow(const ProtobufCMessageDescriptor *message, unsigned depth,
                       size_t *budget)
{
    if (depth > DEPTH_MAX || *budget == 0)
        return false;
    (*budget)--;
    for (unsigned i = 0; i < message->n_fields; i++)
        if (message->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
            !is_shallow(message->fields[i].descriptor, depth + 1, budget))
            return false;
    return true;
}

static bool check_depth(struct schema *schema)
{
    for (size_t i = 0; i < schema->len; i++) {
        size_t budget = 100000;
        if (schema->symbols[i].message != NULL &&
            !is_shallow(schema->symbols[i].message, 0, &budget))
            return schema_fail(schema->error, "%.100s contains itself or nests too deep",
                               schema->symbols[i].name);
    }
    return true;
}

static bool build_all(struct schema *schema, const Schema__FileSet *set)
{
    for (size_t i = 0; i < set->n_file; i++)
        if (!add_file(schema, set->file[i]))
            return false;
    for (size_t i = 0; i < schema->len; i++)
        if (schema->symbols[i].name == NULL || schema->symbols[i].comment == NULL ||
            !build_symbol(schema, i))
            return false;
    return check_depth(schema);
}

static void drop_sources(struct schema *schema)
{
    for (size_t i = 0; i < schema->len; i++)
        if (schema->sources[i].message != NULL)
            schema__message__free_unpacked(schema->sources[i].message, NULL);
    free(schema->sources);
    schema->sources = NULL;
}

struct schema *schema_parse(const uint8_t *data, size_t len, struct schema_error *error)
{
    schema_fail(error, "out of memory");
    if (len > SCHEMA_MAX) {
        schema_fail(error, "it is %zu bytes long, %u are allowed", len, SCHEMA_MAX);
        return NULL;
    }
    struct schema *schema = calloc(1, sizeof(*schema));
    if (schema == NULL)
        return NULL;
    schema->error = error;
    Schema__FileSet *set = schema__file_set__unpack(NULL, len, data);
    bool ok = set != NULL || schema_fail(error, "it is no FileDescriptorSet");
    ok = ok && build_all(schema, set) && !schema->memory.failed;
    drop_sources(schema);
    if (set != NULL)
        schema__file_set__free_unpacked(set, NULL);
    schema->error = NULL;
    if (ok)
        return schema;
    schema_free(schema);
    return NULL;
}

void schema_free(struct schema *schema)
{
    if (schema == NULL)
        return;
    schema_memory_free(&schema->memory);
    free(schema->symbols);
    free(schema);
}

/* ---------------------------------------------------------------------- looking up */

size_t schema_len(const struct schema *schema)
{
    return schema->len;
}

const struct schema_symbol *schema_at(const struct schema *schema, size_t index)
{
    return &schema->symbols[index];
}

/* "Result" ends "caa.v1.Result", but not "caa.v1.OtherResult". A dot in the
 * given name may stand for the slash before a method. */
static bool is_end_of(const char *name, const char *full)
{
    size_t name_len = strlen(name);
    size_t full_len = strlen(full);
    if (name_len == 0 || name_len > full_len)
        return false;
    const char *end = full + full_len - name_len;
    if (end != full && end[-1] != '.' && end[-1] != '/')
        return false;
    for (size_t i = 0; i < name_len; i++)
        if (name[i] != end[i] && !(name[i] == '.' && end[i] == '/'))
            return false;
    return true;
}

const struct schema_symbol *schema_find(const struct schema *schema, const char *name,
                                        size_t *candidates)
{
    const struct schema_symbol *found = exact(schema, name);
    size_t count = found != NULL;
    for (size_t i = 0; found == NULL && i < schema->len; i++)
        count += is_end_of(name, schema->symbols[i].name);
    for (size_t i = 0; count == 1 && found == NULL && i < schema->len; i++)
        if (is_end_of(name, schema->symbols[i].name))
            found = &schema->symbols[i];
    if (candidates != NULL)
        *candidates = count;
    return found;
}

const struct schema_method *schema_find_method(const struct schema *schema,
                                               const char *name, size_t *candidates)
{
    const struct schema_method *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < schema->len; i++) {
        const struct schema_symbol *symbol = &schema->symbols[i];
        for (size_t k = 0; k < symbol->methods_len; k++) {
            if (!is_end_of(name, symbol->methods[k].name))
                continue;
            count++;
            found = &symbol->methods[k];
        }
    }
    if (candidates != NULL)
        *candidates = count;
    return count == 1 ? found : NULL;
}
