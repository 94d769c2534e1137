/* caactl describe [SYMBOL] - the server's schema, in the form of .proto files. */
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "remote_schema.h"
#include "verb.h"

static void print_comment(unsigned indent, const char *comment)
{
    while (*comment != '\0') {
        size_t len = strcspn(comment, "\n");
        char line[512];
        snprintf(line, sizeof(line), "%.*s", (int)len, comment);
        printf("%*s//", (int)indent, "");
        output_text(line);
        putchar('\n');
        comment += len + (comment[len] == '\n');
    }
}

static const char *scalar_name(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
        return "int32";
    case PROTOBUF_C_TYPE_SINT32:
        return "sint32";
    case PROTOBUF_C_TYPE_SFIXED32:
        return "sfixed32";
    case PROTOBUF_C_TYPE_INT64:
        return "int64";
    case PROTOBUF_C_TYPE_SINT64:
        return "sint64";
    case PROTOBUF_C_TYPE_SFIXED64:
        return "sfixed64";
    case PROTOBUF_C_TYPE_UINT32:
        return "uint32";
    case PROTOBUF_C_TYPE_FIXED32:
        return "fixed32";
    case PROTOBUF_C_TYPE_UINT64:
        return "uint64";
    case PROTOBUF_C_TYPE_FIXED64:
        return "fixed64";
    case PROTOBUF_C_TYPE_FLOAT:
        return "float";
    case PROTOBUF_C_TYPE_DOUBLE:
        return "double";
    case PROTOBUF_C_TYPE_BOOL:
        return "bool";
    case PROTOBUF_C_TYPE_STRING:
        return "string";
    case PROTOBUF_C_TYPE_BYTES:
        return "bytes";
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return "";
}

static const char *type_name(const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return ((const ProtobufCEnumDescriptor *)field->descriptor)->name;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return ((const ProtobufCMessageDescriptor *)field->descriptor)->name;
    return scalar_name(field->type);
}

static void print_message(const struct schema_symbol *symbol)
{
    const ProtobufCMessageDescriptor *message = symbol->message;
    fputs("message ", stdout);
    output_text(symbol->name);
    fputs(" {\n", stdout);
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        print_comment(2, symbol->member_comments[i]);
        printf("  %s", field->label == PROTOBUF_C_LABEL_REPEATED ? "repeated " : "");
        output_text(type_name(field));
        putchar(' ');
        output_text(field->name);
        printf(" = %u;\n", field->id);
    }
    puts("}");
}

static void print_enum(const struct schema_symbol *symbol)
{
    const ProtobufCEnumDescriptor *enumeration = symbol->enumeration;
    fputs("enum ", stdout);
    output_text(symbol->name);
    fputs(" {\n", stdout);
    for (unsigned i = 0; i < enumeration->n_values; i++) {
        print_comment(2, symbol->member_comments[i]);
        fputs("  ", stdout);
        output_text(enumeration->values[i].name);
        printf(" = %d;\n", enumeration->values[i].value);
    }
    puts("}");
}

static void print_method(const struct schema_method *method)
{
    print_comment(2, method->comment);
    fputs("  rpc ", stdout);
    output_text(method->short_name);
    putchar('(');
    output_text(method->input->name);
    fputs(") returns (", stdout);
    output_text(method->output->name);
    fputs(");\n", stdout);
}

static void print_service(const struct schema_symbol *symbol)
{
    fputs("service ", stdout);
    output_text(symbol->name);
    fputs(" {\n", stdout);
    for (size_t i = 0; i < symbol->methods_len; i++)
        print_method(&symbol->methods[i]);
    puts("}");
}

static void print_symbol(const struct schema_symbol *symbol)
{
    print_comment(0, symbol->comment);
    switch (symbol->kind) {
    case SCHEMA_SERVICE:
        print_service(symbol);
        break;
    case SCHEMA_MESSAGE:
        print_message(symbol);
        break;
    case SCHEMA_ENUM:
        print_enum(symbol);
        break;
    }
}

/* Without a symbol: every service. */
static void print_services(const struct schema *schema)
{
    bool first = true;
    for (size_t i = 0; i < schema_len(schema); i++) {
        if (schema_at(schema, i)->kind != SCHEMA_SERVICE)
            continue;
        if (!first)
            putchar('\n');
        print_symbol(schema_at(schema, i));
        first = false;
    }
}

static int describe(const struct schema *schema, const char *name)
{
    /* A method shows itself and both its messages. */
    const struct schema_method *method = schema_find_method(schema, name, NULL);
    if (method != NULL && schema_find(schema, name, NULL) == NULL) {
        print_method(method);
        putchar('\n');
        print_symbol(schema_find(schema, method->input->name, NULL));
        putchar('\n');
        print_symbol(schema_find(schema, method->output->name, NULL));
        return 0;
    }
    const struct schema_symbol *symbol = remote_schema_symbol(schema, name);
    if (symbol == NULL)
        return EXIT_USAGE;
    print_symbol(symbol);
    return 0;
}

int verb_describe(struct cli *cli)
{
    if (cli->arguments->operands_len > 1) {
        usage("describe takes one symbol or none, found %zu",
              cli->arguments->operands_len);
        return EXIT_USAGE;
    }
    int code = 0;
    struct schema *schema = remote_schema_get(cli, &code);
    if (schema == NULL)
        return code;
    if (cli->arguments->operands_len == 0)
        print_services(schema);
    else
        code = describe(schema, cli->arguments->operands[0]);
    schema_free(schema);
    return code;
}
