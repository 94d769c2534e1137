#include <openssl/sha.h>
#include <stdio.h>

#include "service/service.h"

extern const uint8_t caad_schema_start[], caad_schema_end[];

static void get_schema(Caa__V1__SchemaService_Service *base,
                       const Caa__V1__GetSchemaRequest *request,
                       Caa__V1__GetSchemaResponse_Closure closure, void *closure_data)
{
    (void)base;
    (void)request;
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    size_t len = (size_t)(caad_schema_end - caad_schema_start);
    SHA256(caad_schema_start, len, hash);
    for (size_t i = 0; i < sizeof hash; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    Caa__V1__GetSchemaResponse response = CAA__V1__GET_SCHEMA_RESPONSE__INIT;
    response.file_descriptor_set.data = (uint8_t *)(uintptr_t)caad_schema_start;
    response.file_descriptor_set.len = len;
    response.sha256 = hex;
    closure(&response, closure_data);
}

void schema_service_init(Caa__V1__SchemaService_Service *schema)
{
    caa__v1__schema_service__init(schema, NULL);
    schema->get_schema = get_schema;
}
