#include "remote_schema.h"

#include <caa/v1/caa.pb-c.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "rpc.h"
#include "json/suggest.h"

struct schema *remote_schema_get(struct cli *cli, int *exit_code)
{
    Caa__V1__GetSchemaRequest request = CAA__V1__GET_SCHEMA_REQUEST__INIT;
    ProtobufCMessage *reply = rpc_call(cli, &caa__v1__schema_service__descriptor,
                                       "GetSchema", &request.base, NULL, exit_code);
    if (reply == NULL)
        return NULL;
    const ProtobufCBinaryData *set =
        &((const Caa__V1__GetSchemaResponse *)reply)->file_descriptor_set;
    struct schema_error error;
    struct schema *schema = schema_parse(set->data, set->len, &error);
    protobuf_c_message_free_unpacked(reply, NULL);
    if (schema == NULL) {
        complain("INTERNAL: the server's schema cannot be used: %s", error.message);
        *exit_code = EXIT_STATUS + CAA_CLIENT_INTERNAL;
    }
    return schema;
}

static const char *after_last(const char *name)
{
    const char *last = strrchr(name, '/');
    if (last == NULL)
        last = strrchr(name, '.');
    return last == NULL ? name : last + 1;
}

const struct schema_method *remote_schema_method(const struct schema *schema,
                                                 const char *name)
{
    size_t candidates = 0;
    const struct schema_method *method = schema_find_method(schema, name, &candidates);
    if (method != NULL)
        return method;
    if (candidates > 1) {
        usage("there are %zu methods \"%.100s\"; name the service too", candidates, name);
        return NULL;
    }
    struct suggest suggest = suggest_for(after_last(name));
    for (size_t i = 0; i < schema_len(schema); i++)
        for (size_t k = 0; k < schema_at(schema, i)->methods_len; k++)
            suggest_offer(&suggest, schema_at(schema, i)->methods[k].short_name);
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        usage("the server has no method \"%.100s\"; did you mean %s?", name, best);
    else
        usage("the server has no method \"%.100s\"; see caactl describe", name);
    return NULL;
}

const struct schema_symbol *remote_schema_symbol(const struct schema *schema,
                                                 const char *name)
{
    size_t candidates = 0;
    const struct schema_symbol *symbol = schema_find(schema, name, &candidates);
    if (symbol != NULL)
        return symbol;
    if (candidates > 1) {
        usage("there are %zu symbols \"%.100s\"; write more of its name", candidates,
              name);
        return NULL;
    }
    struct suggest suggest = suggest_for(after_last(name));
    for (size_t i = 0; i < schema_len(schema); i++)
        suggest_offer(&suggest, after_last(schema_at(schema, i)->name));
    const char *best = suggest_best(&suggest);
    if (best != NULL)
        usage("the schema has no \"%.100s\"; did you mean %s?", name, best);
    else
        usage("the schema has no \"%.100s\"; see caactl describe", name);
    return NULL;
}
