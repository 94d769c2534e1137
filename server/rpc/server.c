#include "rpc/server.h"

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rpc/door.h"
#include "rpc/nng_mend.h"
#include "rpc/scan.h"

enum {
    SERVICES_MAX = 8,
    DOORS_MAX = 32,
    /* For a caller that names no deadline. */
    TIMEOUT_DEFAULT_MS = 30000,
    TIMEOUT_MAX_MS = 600000,
    REQUEST_ID_MAX = 128,
    METADATA_MAX = 32,
    METADATA_VALUE_MAX = 1024,
    /* A hint for callers that are refused: most work ends well within. */
    RETRY_AFTER_MS = 100,
};

struct service_entry {
    ProtobufCService *service;
    unsigned roles;
    bool bounded;
};

struct rpc_server {
    struct rpc_limits limits;
    struct service_entry services[SERVICES_MAX];
    size_t service_count;
    struct rpc_door doors[DOORS_MAX];
    atomic_size_t door_count; /* doors below it are open */
    atomic_uint in_flight;    /* calls of bounded services */
    atomic_uint calls_open;
    atomic_bool draining, stopping;
    atomic_ullong refused, calls;
    pthread_mutex_t lock;
    pthread_cond_t idle;
};

enum caa_err rpc_server_create(const struct rpc_limits *limits, struct rpc_server **out)
{
    nng_mend();
    struct rpc_server *server = calloc(1, sizeof *server);
    if (!server)
        return CAA_ENOMEM;
    server->limits = *limits;
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->idle, &attributes);
    pthread_condattr_destroy(&attributes);
    *out = server;
    return CAA_OK;
}

enum caa_err rpc_server_add(struct rpc_server *server, ProtobufCService *service,
                            unsigned roles, bool bounded)
{
    if (server->service_count == SERVICES_MAX)
        return CAA_EINVAL;
    server->services[server->service_count++] =
        (struct service_entry){service, roles, bounded};
    return CAA_OK;
}

bool rpc_server_listen(struct rpc_server *server, const struct rpc_listen *listen,
                       char *error, size_t error_size)
{
    if (server->door_count == DOORS_MAX) {
        snprintf(error, error_size, "%s: at most %d listeners", listen->url, DOORS_MAX);
        return false;
    }
    if (!rpc_door_open(&server->doors[server->door_count], server, listen,
                       &server->limits, error, error_size))
        return false;
    server->door_count++;
    return true;
}

bool rpc_server_reload_tls(struct rpc_server *server, size_t index,
                           const struct rpc_listen *listen, char *error,
                           size_t error_size)
{
    return index >= server->door_count ||
           rpc_door_reload_tls(&server->doors[index], listen, error, error_size);
}

void rpc_server_tick(struct rpc_server *server)
{
    for (size_t i = 0; i < server->door_count; i++)
        rpc_door_tick(&server->doors[i]);
}

/* ----------------------------------------------------------------- dispatch */

static void *request_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void request_free(void *arena, void *memory)
{
    (void)arena; /* all of it goes with the arena */
    (void)memory;
}

static const struct service_entry *find_method(const struct rpc_server *server,
                                               const char *method, unsigned *index)
{
    const char *slash = strrchr(method, '/');
    for (size_t i = 0; slash && i < server->service_count; i++) {
        const ProtobufCServiceDescriptor *descriptor =
            server->services[i].service->descriptor;
        size_t len = strlen(descriptor->name);
        if (len != (size_t)(slash - method) || memcmp(method, descriptor->name, len) != 0)
            continue;
        const ProtobufCMethodDescriptor *found =
            protobuf_c_service_descriptor_get_method_by_name(descriptor, slash + 1);
        if (found) {
            *index = (unsigned)(found - descriptor->methods);
            return &server->services[i];
        }
    }
    return NULL;
}

/* Who is there: what the component calls itself, and what the transport knows,
 * unless it has left already. */
static const char *describe_caller(struct rpc_call *call)
{
    const char *name = rpc_call_metadata(call, "caller");
    const char *peer = call->slot->peer ? call->slot->peer->description : "";
    if (!name || !*name)
        return arena_strdup(call->arena, peer);
    return *peer ? arena_printf(call->arena, "%s %s", name, peer) : name;
}

/* false: the call has been ended. */
static bool check_metadata(struct rpc_call *call)
{
    if (call->envelope->n_metadata > METADATA_MAX) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "metadata", 0,
                      "metadata has more than %d pairs", METADATA_MAX);
        return false;
    }
    for (size_t i = 0; i < call->envelope->n_metadata; i++) {
        if (strlen(call->envelope->metadata[i]->value) <= METADATA_VALUE_MAX)
            continue;
        char field[48];
        snprintf(field, sizeof field, "metadata[%zu].value", i);
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), field, 0,
                      "%s is longer than %d octets", field, METADATA_VALUE_MAX);
        return false;
    }
    return true;
}

static Rpc__V1__Status__Code code_of(const struct scan_fault *fault)
{
    return fault->no_memory ? RPC_CODE(RESOURCE_EXHAUSTED) : RPC_CODE(INVALID_ARGUMENT);
}

/* Reads the envelope. false: the call has been ended. */
static bool read_envelope(struct rpc_server *server, struct rpc_call *call,
                          struct bytes body)
{
    ProtobufCAllocator allocator = {request_alloc, request_free, call->arena};
    struct scan_fault fault;
    if (body.len > server->limits.max_message_bytes) {
        rpc_call_fail(call, RPC_CODE(RESOURCE_EXHAUSTED), NULL, 0,
                      "the message has %zu octets; at most %zu are accepted", body.len,
                      server->limits.max_message_bytes);
        return false;
    }
    if (!scan_message(call->arena, &rpc__v1__request__descriptor, body, &fault)) {
        rpc_call_fail(call, code_of(&fault), fault.field, 0,
                      "the message is no rpc.v1.Request: %s %s",
                      *fault.field ? fault.field : "it", fault.reason);
        return false;
    }
    call->envelope = rpc__v1__request__unpack(&allocator, body.len, body.data);
    if (!call->envelope) {
        rpc_call_fail(call, RPC_CODE(RESOURCE_EXHAUSTED), NULL, 0,
                      "the message takes more memory than one request may");
        return false;
    }
    if (strlen(call->envelope->request_id) > REQUEST_ID_MAX) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "request_id", 0,
                      "request_id is longer than %d octets", REQUEST_ID_MAX);
        return false;
    }
    if (!check_metadata(call))
        return false;
    uint32_t timeout_ms = call->envelope->timeout_ms;
    if (timeout_ms == 0)
        timeout_ms = TIMEOUT_DEFAULT_MS;
    if (timeout_ms > TIMEOUT_MAX_MS)
        timeout_ms = TIMEOUT_MAX_MS;
    call->deadline_us = call->received_us + (int64_t)timeout_ms * 1000;
    return true;
}

/* Counts the call in, or refuses it. */
static bool admit(struct rpc_server *server, struct rpc_call *call)
{
    if (atomic_load(&server->draining)) {
        rpc_call_fail(call, RPC_CODE(UNAVAILABLE), NULL, 0,
                      "this daemon is draining; ask another one");
        return false;
    }
    if (atomic_fetch_add(&server->in_flight, 1) >= server->limits.max_in_flight) {
        atomic_fetch_sub(&server->in_flight, 1);
        atomic_fetch_add(&server->refused, 1);
        rpc_call_fail(call, RPC_CODE(RESOURCE_EXHAUSTED), NULL, RETRY_AFTER_MS,
                      "%u calls are in flight already, the most this daemon takes",
                      server->limits.max_in_flight);
        return false;
    }
    call->counted = true;
    return true;
}

static void invoke(const struct service_entry *entry, unsigned method,
                   struct rpc_call *call)
{
    const ProtobufCMessageDescriptor *type =
        entry->service->descriptor->methods[method].input;
    ProtobufCAllocator allocator = {request_alloc, request_free, call->arena};
    struct bytes payload = {call->envelope->payload.data, call->envelope->payload.len};
    struct scan_fault fault;
    if (!scan_message(call->arena, type, payload, &fault)) {
        rpc_call_fail(call, code_of(&fault), *fault.field ? fault.field : "payload", 0,
                      "the payload is no %s: %s %s", type->name,
                      *fault.field ? fault.field : "it", fault.reason);
        return;
    }
    ProtobufCMessage *input =
        protobuf_c_message_unpack(type, &allocator, payload.len, payload.data);
    if (!input) {
        rpc_call_fail(call, RPC_CODE(RESOURCE_EXHAUSTED), "payload", 0,
                      "the payload takes more memory than one request may, or is no %s",
                      type->name);
        return;
    }
    entry->service->invoke(entry->service, method, input, rpc_call_reply, call);
}

static void start(struct rpc_server *server, struct rpc_call *call, nng_msg *message,
                  const struct rpc_door *door)
{
    struct bytes body = {nng_msg_body(message), nng_msg_len(message)};
    unsigned method = 0;
    if (!read_envelope(server, call, body))
        return;
    const struct service_entry *entry =
        find_method(server, call->envelope->method, &method);
    if (!entry) {
        rpc_call_fail(call, RPC_CODE(UNIMPLEMENTED), "method", 0,
                      "no method \"%.200s\"; it is written package.Service/Method, such "
                      "as caa.v1.CaaService/CheckDomains",
                      call->envelope->method);
        return;
    }
    if (!(entry->roles & door->roles)) {
        rpc_call_fail(call, RPC_CODE(PERMISSION_DENIED), "method", 0,
                      "%s is not answered on this listener", call->envelope->method);
        return;
    }
    call->caller = describe_caller(call);
    if (!call->caller) {
        rpc_call_reply(NULL, call);
        return;
    }
    if (!entry->bounded || admit(server, call))
        invoke(entry, method, call);
}

void rpc_server_dispatch(struct rpc_server *server, struct rpc_slot *slot,
                         nng_msg *message)
{
    atomic_fetch_add(&server->calls, 1);
    atomic_fetch_add(&server->calls_open, 1);
    slot->call = (struct rpc_call){
        .arena = arena_create(server->limits.max_request_memory_bytes),
        .received_us = clock_mono_us(),
        .slot = slot,
    };
    if (atomic_load(&server->stopping))
        rpc_slot_send(slot, NULL);
    else if (slot->call.arena)
        start(server, &slot->call, message, slot->door);
    else
        rpc_call_reply(NULL, &slot->call);
    nng_msg_free(message);
}

void rpc_server_make_room(struct rpc_server *server)
{
    if (atomic_fetch_sub(&server->in_flight, 1) == 1 && atomic_load(&server->draining)) {
        pthread_mutex_lock(&server->lock);
        pthread_cond_broadcast(&server->idle);
        pthread_mutex_unlock(&server->lock);
    }
}

void rpc_server_ended(struct rpc_server *server)
{
    atomic_fetch_sub(&server->calls_open, 1);
}

/* ---------------------------------------------------------- drain and counts */

unsigned rpc_server_drain(struct rpc_server *server)
{
    atomic_store(&server->draining, true);
    return atomic_load(&server->in_flight);
}

bool rpc_server_is_draining(struct rpc_server *server)
{
    return atomic_load(&server->draining);
}

unsigned rpc_server_in_flight(struct rpc_server *server)
{
    return atomic_load(&server->in_flight);
}

bool rpc_server_wait_idle(struct rpc_server *server, unsigned timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&server->lock);
    while (atomic_load(&server->in_flight) > 0 &&
           pthread_cond_timedwait(&server->idle, &server->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&server->lock);
    return atomic_load(&server->in_flight) == 0;
}

void rpc_server_stop_receiving(struct rpc_server *server)
{
    enum { PATIENCE_MS = 1000, STEP_MS = 5 };
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < server->door_count; i++)
        rpc_door_stop_receiving(&server->doors[i]);
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (atomic_load(&server->calls_open) <= atomic_load(&server->in_flight))
            return;
        nng_msleep(STEP_MS);
    }
}

void rpc_server_destroy(struct rpc_server *server)
{
    if (!server)
        return;
    /* nng reports a reply as sent once it is queued; give the last ones time
     * to leave before the connections close. */
    if (server->door_count > 0)
        nng_msleep(50);
    for (size_t i = 0; i < server->door_count; i++)
        rpc_door_close(&server->doors[i]);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

void rpc_server_stats(struct rpc_server *server, struct rpc_stats *out)
{
    *out = (struct rpc_stats){.calls = atomic_load(&server->calls),
                              .refused = atomic_load(&server->refused),
                              .in_flight = atomic_load(&server->in_flight)};
    for (size_t i = 0; i < server->door_count; i++)
        out->connections += atomic_load(&server->doors[i].connections);
}
