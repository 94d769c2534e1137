/* Any octets as the request of any method of caa.v1; the first octet says
 * which. */
#include "caa/v1/caa.pb-c.h"
#include "scanned.h"

static const ProtobufCServiceDescriptor *const services[] = {
    &caa__v1__caa_service__descriptor, &caa__v1__admin_service__descriptor,
    &caa__v1__health_service__descriptor, &caa__v1__schema_service__descriptor};

/* The input of method number index, counted over all services and around. */
static const ProtobufCMessageDescriptor *input_of(unsigned index)
{
    for (size_t i = 0;; i = (i + 1) % (sizeof services / sizeof services[0])) {
        if (index < services[i]->n_methods)
            return services[i]->methods[index].input;
        index -= services[i]->n_methods;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(SCANNED_BUDGET);
    require(arena != NULL);
    if (size > 0)
        scanned_unpack(arena, input_of(data[0]), (struct bytes){data + 1, size - 1});
    arena_destroy(arena);
    return 0;
}
