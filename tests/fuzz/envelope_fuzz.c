/* Any octets as an rpc.v1.Request: its texts are UTF-8 whole, or it is refused. */
#include <string.h>

#include "rpc/v1/rpc.pb-c.h"
#include "scanned.h"

static void require_text(const char *text)
{
    require(scan_is_text(bytes_of(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(SCANNED_BUDGET);
    require(arena != NULL);
    const Rpc__V1__Request *request =
        (const Rpc__V1__Request *)(const void *)scanned_unpack(
            arena, &rpc__v1__request__descriptor, (struct bytes){data, size});
    if (request) {
        require_text(request->method);
        require_text(request->request_id);
        require(strlen(request->method) + strlen(request->request_id) +
                    request->payload.len <=
                size);
        for (size_t i = 0; i < request->n_metadata; i++) {
            require_text(request->metadata[i]->key);
            require_text(request->metadata[i]->value);
        }
    }
    arena_destroy(arena);
    return 0;
}
