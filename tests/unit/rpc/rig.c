#include "rpc/rig.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* ------------------------------------------------------------------- services */

static void reply_check(struct rpc_call *call)
{
    Caa__V1__CheckDomainsResponse response = CAA__V1__CHECK_DOMAINS_RESPONSE__INIT;
    char caller[300];
    snprintf(caller, sizeof caller, "%s", call->caller);
    response.instance = caller;
    response.checked_at_ms = (call->deadline_us - call->received_us) / 1000;
    rpc_call_reply(&response.base, call);
}

static void check_domains(Caa__V1__CaaService_Service *service,
                          const Caa__V1__CheckDomainsRequest *input,
                          Caa__V1__CheckDomainsResponse_Closure closure, void *data)
{
    struct rig *rig = (struct rig *)(void *)((char *)service - offsetof(struct rig, caa));
    (void)closure;
    if (strcmp(input->order_id, "hold") != 0) {
        reply_check(data);
        return;
    }
    pthread_mutex_lock(&rig->lock);
    if (rig->held_count == RIG_HELD_MAX)
        abort();
    rig->held[rig->held_count++] = data;
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static void explain_domain(Caa__V1__CaaService_Service *service,
                           const Caa__V1__ExplainDomainRequest *input,
                           Caa__V1__ExplainDomainResponse_Closure closure, void *data)
{
    (void)service;
    (void)input;
    closure(NULL, data);
}

static void get_check(Caa__V1__CaaService_Service *service,
                      const Caa__V1__GetCheckRequest *input,
                      Caa__V1__GetCheckResponse_Closure closure, void *data)
{
    (void)service;
    (void)input;
    (void)closure;
    rpc_call_fail(data, RPC_CODE(NOT_FOUND), "audit_id", 7, "no record \"%s\"", "x");
}

static void answer_health(Caa__V1__HealthService_Service *service,
                          const Caa__V1__HealthCheckRequest *input,
                          Caa__V1__HealthCheckResponse_Closure closure, void *data)
{
    Caa__V1__HealthCheckResponse response = CAA__V1__HEALTH_CHECK_RESPONSE__INIT;
    (void)service;
    (void)input;
    closure(&response, data);
}

static void answer_stats(Caa__V1__AdminService_Service *service,
                         const Caa__V1__GetStatsRequest *input,
                         Caa__V1__GetStatsResponse_Closure closure, void *data)
{
    Caa__V1__GetStatsResponse response = CAA__V1__GET_STATS_RESPONSE__INIT;
    (void)service;
    (void)input;
    closure(&response, data);
}

static void add_services(struct rig *rig)
{
    caa__v1__caa_service__init(&rig->caa, NULL);
    caa__v1__health_service__init(&rig->health, NULL);
    caa__v1__admin_service__init(&rig->admin, NULL);
    rig->caa.check_domains = check_domains;
    rig->caa.explain_domain = explain_domain;
    rig->caa.get_check = get_check;
    rig->health.check = answer_health;
    rig->admin.get_stats = answer_stats;
    assert_int_equal(rpc_server_add(rig->server, &rig->caa.base, RPC_ROLE_CHECK, true),
                     CAA_OK);
    assert_int_equal(
        rpc_server_add(rig->server, &rig->health.base, RPC_ROLE_CHECK, false), CAA_OK);
    assert_int_equal(rpc_server_add(rig->server, &rig->admin.base, RPC_ROLE_ADMIN, false),
                     CAA_OK);
}

/* ------------------------------------------------------------------ the server */

void rig_create(struct rig *rig, unsigned max_in_flight, unsigned max_connections)
{
    struct rpc_limits limits = {.max_message_bytes = RIG_MESSAGE_MAX,
                                .max_in_flight = max_in_flight,
                                .max_connections = max_connections,
                                .max_request_memory_bytes = 1 << 20};
    memset(rig, 0, sizeof *rig);
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->changed, NULL);
    strcpy(rig->folder, "/tmp/caad-rpc-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof rig->path, "%s/sock", rig->folder);
    snprintf(rig->url, sizeof rig->url, "ipc://%s", rig->path);
    assert_int_equal(rpc_server_create(&limits, &rig->server), CAA_OK);
    add_services(rig);
}

bool rig_listen(struct rig *rig, const char *url, unsigned roles, char error[256])
{
    struct rpc_listen listen = {.url = url, .mode = 0600, .roles = roles};
    return rpc_server_listen(rig->server, &listen, error, 256);
}

void rig_start(struct rig *rig, unsigned max_in_flight, unsigned max_connections,
               unsigned roles)
{
    char error[256] = "";
    rig_create(rig, max_in_flight, max_connections);
    if (!rig_listen(rig, rig->url, roles, error))
        fail_msg("%s", error);
}

void rig_stop(struct rig *rig)
{
    rpc_server_stop_receiving(rig->server);
    rpc_server_destroy(rig->server);
    unlink(rig->path);
    rmdir(rig->folder);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->lock);
}

void rig_await_held(struct rig *rig, unsigned count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RIG_PATIENCE_MS / 1000;
    int err = 0;
    pthread_mutex_lock(&rig->lock);
    while (rig->held_count < count && err == 0)
        err = pthread_cond_timedwait(&rig->changed, &rig->lock, &until);
    unsigned held = rig->held_count;
    pthread_mutex_unlock(&rig->lock);
    assert_int_equal(held, count);
}

void rig_release(struct rig *rig)
{
    pthread_mutex_lock(&rig->lock);
    unsigned count = rig->held_count;
    rig->held_count = 0;
    for (unsigned i = 0; i < count; i++)
        reply_check(rig->held[i]);
    pthread_mutex_unlock(&rig->lock);
}

static unsigned connections(struct rig *rig)
{
    struct rpc_stats stats;
    rpc_server_stats(rig->server, &stats);
    return stats.connections;
}

void rig_await_connections(struct rig *rig, unsigned count)
{
    for (int ms = 0; ms < 5000 && connections(rig) != count; ms++)
        usleep(1000);
    assert_int_equal(connections(rig), count);
}

void rig_await_in_flight(struct rig *rig, unsigned count)
{
    for (int ms = 0; ms < 5000 && rpc_server_in_flight(rig->server) != count; ms++)
        usleep(1000);
    assert_int_equal(rpc_server_in_flight(rig->server), count);
}

/* ------------------------------------------------------------------- a client */

void client_open(struct client *client, const char *url)
{
    assert_int_equal(nng_req0_open(&client->socket), 0);
    nng_socket_set_ms(client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_ms(client->socket, NNG_OPT_RECONNMINT, 10);
    assert_int_equal(nng_dial(client->socket, url, NULL, 0), 0);
}

void client_close(struct client *client)
{
    nng_close(client->socket);
}

struct request request_send(struct client *client, struct bytes message, int patience_ms)
{
    struct request request;
    nng_msg *octets;
    assert_int_equal(nng_ctx_open(&request.ctx, client->socket), 0);
    assert_int_equal(nng_aio_alloc(&request.aio, NULL, NULL), 0);
    assert_int_equal(nng_msg_alloc(&octets, 0), 0);
    assert_int_equal(nng_msg_append(octets, message.data, message.len), 0);
    nng_aio_set_timeout(request.aio, RIG_PATIENCE_MS);
    nng_aio_set_msg(request.aio, octets);
    nng_ctx_send(request.ctx, request.aio);
    nng_aio_wait(request.aio);
    assert_int_equal(nng_aio_result(request.aio), 0);
    nng_aio_set_timeout(request.aio, patience_ms);
    nng_ctx_recv(request.ctx, request.aio);
    return request;
}

void request_cancel(struct request *request)
{
    nng_ctx_close(request->ctx);
    nng_aio_free(request->aio);
}

Rpc__V1__Response *request_receive(struct request *request)
{
    Rpc__V1__Response *response = NULL;
    nng_aio_wait(request->aio);
    if (nng_aio_result(request->aio) == 0) {
        nng_msg *octets = nng_aio_get_msg(request->aio);
        response =
            rpc__v1__response__unpack(NULL, nng_msg_len(octets), nng_msg_body(octets));
        assert_non_null(response);
        assert_non_null(response->status);
        nng_msg_free(octets);
    }
    request_cancel(request);
    return response;
}

struct bytes pack_request(uint8_t *out, size_t size, const Rpc__V1__Request *request)
{
    size_t len = rpc__v1__request__get_packed_size(request);
    assert_in_range(len, 0, size);
    rpc__v1__request__pack(request, out);
    return (struct bytes){out, len};
}

struct bytes pack_check(uint8_t *out, size_t size, const char *order_id)
{
    uint8_t payload[300];
    Caa__V1__CheckDomainsRequest check = CAA__V1__CHECK_DOMAINS_REQUEST__INIT;
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    check.order_id = (char *)(uintptr_t)order_id;
    request.method = (char[]){"caa.v1.CaaService/CheckDomains"};
    request.payload.data = payload;
    request.payload.len = caa__v1__check_domains_request__pack(&check, payload);
    return pack_request(out, size, &request);
}

struct request send_held(struct client *client)
{
    uint8_t out[300];
    return request_send(client, pack_check(out, sizeof out, "hold"), RIG_PATIENCE_MS);
}

int receive_code(struct request *request)
{
    Rpc__V1__Response *response = request_receive(request);
    assert_non_null(response);
    int code = (int)response->status->code;
    response_free(response);
    return code;
}

Rpc__V1__Response *call_octets(struct client *client, struct bytes message)
{
    struct request request = request_send(client, message, RIG_PATIENCE_MS);
    Rpc__V1__Response *response = request_receive(&request);
    assert_non_null(response);
    return response;
}

Rpc__V1__Response *call_method(struct client *client, const char *method,
                               struct bytes payload)
{
    uint8_t out[2 * RIG_MESSAGE_MAX];
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    request.method = (char *)(uintptr_t)method;
    request.request_id = (char[]){"id-1"};
    request.payload.data = (uint8_t *)(uintptr_t)payload.data;
    request.payload.len = payload.len;
    return call_octets(client, pack_request(out, sizeof out, &request));
}

void assert_code(struct client *client, const char *method, int code)
{
    Rpc__V1__Response *response = call_method(client, method, bytes_of(""));
    int found = (int)response->status->code;
    response_free(response);
    assert_int_equal(found, code);
}

void response_free(Rpc__V1__Response *response)
{
    rpc__v1__response__free_unpacked(response, NULL);
}
