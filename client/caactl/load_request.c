#include "load_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_pattern.h"
#include "output.h"
#include "json/proto_json.h"

/* A string of the message that is written anew for each request. */
struct variable {
    /* Where protobuf-c looks for it, and what stands there while we own it. */
    char **at;
    char *pattern;
    char *room;
};

struct load_request {
    const struct load_template *template;
    ProtobufCMessage *message;
    struct variable *variables;
    size_t variables_len;
    /* The packed message, names behind it. */
    uint8_t *bytes;
    size_t room;
    size_t packed_len;
};

/* ---------------------------------------------------------------- the template */

static const ProtobufCFieldDescriptor *
string_field(const ProtobufCMessageDescriptor *in, const char *name, ProtobufCLabel label)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(in, name);
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING)
        return NULL;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    return repeated == (label == PROTOBUF_C_LABEL_REPEATED) ? field : NULL;
}

static bool refuse(struct load_problem *problem, const char *text)
{
    snprintf(problem->text, sizeof(problem->text), "%s", text);
    return false;
}

/* Where the names go. */
static bool place_names(struct load_template *template, struct load_problem *problem)
{
    bool written = strstr(template->text, "{{name}}") != NULL;
    if (template->names == NULL)
        return !written || refuse(problem, "{{name}} needs a names file: --names FILE");
    if (!written) {
        template->names_field =
            string_field(template->input, "names", PROTOBUF_C_LABEL_REPEATED);
        if (template->names_field == NULL)
            template->name_field =
                string_field(template->input, "name", PROTOBUF_C_LABEL_NONE);
        if (template->names_field == NULL && template->name_field == NULL)
            return refuse(problem, "the request has no field names or name for the names "
                                   "file; write {{name}} in the template");
    }
    if (template->batch > 1 && template->names_field == NULL)
        return refuse(problem, "--batch needs a request with a list of names and a "
                               "template without {{name}}");
    return true;
}

static ProtobufCMessage *decode(const struct load_template *template,
                                struct load_problem *problem)
{
    struct proto_json_error error;
    ProtobufCMessage *message = proto_json_decode_text(template->input, template->text,
                                                       strlen(template->text), &error);
    if (message == NULL)
        snprintf(problem->text, sizeof(problem->text), "%s%s%s", error.path,
                 error.path[0] != '\0' ? ": " : "", error.message);
    return message;
}

bool load_template_init(struct load_template *template,
                        const ProtobufCMessageDescriptor *input, const char *text,
                        const struct load_names *names, unsigned batch,
                        struct load_problem *problem)
{
    *template = (struct load_template){.input = input,
                                       .text = text,
                                       .names = names,
                                       .batch = batch,
                                       .seed = load_pattern_seed()};
    ProtobufCMessage *message = decode(template, problem);
    if (message == NULL)
        return false;
    protobuf_c_message_free_unpacked(message, NULL);
    const char *unknown = load_pattern_unknown(text);
    if (unknown != NULL) {
        snprintf(problem->text, sizeof(problem->text),
                 "there is no placeholder %.40s; there are {{number}}, {{hex}} and "
                 "{{name}}",
                 unknown);
        return false;
    }
    return place_names(template, problem);
}

/* ------------------------------------------------------------- strings that vary */

static void add_variable(struct load_request *request, char **at)
{
    if (*at == NULL || strstr(*at, "{{") == NULL)
        return;
    size_t size = (request->variables_len + 1) * sizeof(*request->variables);
    request->variables = must_grow(request->variables, size);
    struct variable *variable = &request->variables[request->variables_len++];
    *variable = (struct variable){.at = at, .pattern = *at};
    variable->room = must_alloc(load_pattern_size(*at, request->template->names));
    *at = variable->room;
}

static void find_variables(struct load_request *request, ProtobufCMessage *message);

static void visit(struct load_request *request, const ProtobufCFieldDescriptor *field,
                  void *at)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        add_variable(request, at);
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(void **)at != NULL)
        find_variables(request, *(ProtobufCMessage **)at);
}

/* The schema has no type that contains itself, so this ends. */
static void find_variables(struct load_request *request, ProtobufCMessage *message)
{
    char *base = (char *)message;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        void *quantifier = base + field->quantifier_offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            char *list = *(char **)(void *)(base + field->offset);
            for (size_t k = 0; k < *(size_t *)quantifier; k++)
                visit(request, field, list + k * proto_json_element_size(field->type));
        } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
                   *(uint32_t *)quantifier == field->id) {
            visit(request, field, base + field->offset);
        }
    }
}

static void set_name_field(const struct load_request *request)
{
    const ProtobufCFieldDescriptor *field = request->template->name_field;
    char **at = (char **)(void *)((char *)request->message + field->offset);
    if (*at != NULL && *at != (const char *)field->default_value && **at != '\0')
        return;
    if (*at != field->default_value)
        free(*at);
    *at = strdup("{{name}}");
    if (*at == NULL)
        exit(1);
}

/* ------------------------------------------------------------------ the requests */

static void pack(struct load_request *request)
{
    request->packed_len = protobuf_c_message_get_packed_size(request->message);
    if (request->packed_len > request->room) {
        request->room = request->packed_len * 2;
        request->bytes = must_grow(request->bytes, request->room);
    }
    protobuf_c_message_pack(request->message, request->bytes);
}

struct load_request *load_request_create(const struct load_template *template)
{
    struct load_problem ignored;
    struct load_request *request = must_alloc(sizeof(*request));
    request->template = template;
    request->message = decode(template, &ignored);
    if (request->message == NULL) {
        complain("out of memory");
        exit(1);
    }
    if (template->name_field != NULL)
        set_name_field(request);
    find_variables(request, request->message);
    request->bytes = must_alloc(request->room = 256);
    pack(request);
    return request;
}

void load_request_destroy(struct load_request *request)
{
    if (request == NULL)
        return;
    for (size_t i = 0; i < request->variables_len; i++) {
        *request->variables[i].at = request->variables[i].pattern;
        free(request->variables[i].room);
    }
    protobuf_c_message_free_unpacked(request->message, NULL);
    free(request->variables);
    free(request->bytes);
    free(request);
}

static uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80u);
    *to++ = (uint8_t)value;
    return to;
}

static size_t append_name(struct load_request *request, size_t len, size_t index)
{
    const struct load_names *names = request->template->names;
    size_t name_len = names->lengths[index];
    if (len + name_len + 16 > request->room) {
        request->room = 2 * (len + name_len + 16);
        request->bytes = must_grow(request->bytes, request->room);
    }
    uint8_t *to = put_varint(request->bytes + len,
                             (uint64_t)request->template->names_field->id << 3 |
                                 PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    to = put_varint(to, name_len);
    memcpy(to, names->text + names->starts[index], name_len);
    return (size_t)(to + name_len - request->bytes);
}

const uint8_t *load_request_make(struct load_request *request, uint64_t number,
                                 size_t *len)
{
    const struct load_template *template = request->template;
    struct load_pattern_values values = {
        .number = number, .seed = template->seed, .names = template->names};
    for (size_t i = 0; i < request->variables_len; i++)
        load_pattern_fill(request->variables[i].pattern, &values,
                          request->variables[i].room);
    if (request->variables_len > 0)
        pack(request);
    size_t total = request->packed_len;
    if (template->names_field != NULL)
        for (unsigned i = 0; i < template->batch; i++)
            total = append_name(
                request, total,
                (size_t)((number * template->batch + i) % template->names->len));
    *len = total;
    return request->bytes;
}
