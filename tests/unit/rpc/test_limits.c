/* Many calls, large ones, and ends: who is refused and in what words, and that
 * nothing a caller does harms the next. */
#include "rpc/rig.h"

#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define CHECK "caa.v1.CaaService/CheckDomains"
#define HEALTH "caa.v1.HealthService/Check"
#define STATS "caa.v1.AdminService/GetStats"

enum { BOTH = RPC_ROLE_CHECK | RPC_ROLE_ADMIN };

static struct request send_held(struct client *client)
{
    uint8_t out[300];
    return request_send(client, pack_check(out, sizeof out, "hold"), RIG_PATIENCE_MS);
}

static int receive_code(struct request *request)
{
    Rpc__V1__Response *response = request_receive(request);
    assert_non_null(response);
    int code = (int)response->status->code;
    response_free(response);
    return code;
}

static struct rpc_stats stats_of(struct rig *rig)
{
    struct rpc_stats stats;
    rpc_server_stats(rig->server, &stats);
    return stats;
}

static void await_connections(struct rig *rig, unsigned count)
{
    for (int ms = 0; ms < 5000 && stats_of(rig).connections != count; ms++)
        usleep(1000);
    assert_int_equal(stats_of(rig).connections, count);
}

static void await_in_flight(struct rig *rig, unsigned count)
{
    for (int ms = 0; ms < 5000 && rpc_server_in_flight(rig->server) != count; ms++)
        usleep(1000);
    assert_int_equal(rpc_server_in_flight(rig->server), count);
}

/* ---------------------------------------------------------------------- size */

/* A call of this many octets. */
static struct bytes sized(uint8_t *out, size_t size)
{
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    static uint8_t payload[4 * RIG_MESSAGE_MAX];
    request.method = (char[]){"caa.v1.HealthService/Nothing"};
    request.payload.data = payload;
    request.payload.len = size;
    while (rpc__v1__request__get_packed_size(&request) > size)
        request.payload.len--;
    return pack_request(out, size, &request);
}

static void a_message_up_to_twice_the_limit_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        int code;
    } rows[] = {{RIG_MESSAGE_MAX, RPC_CODE(UNIMPLEMENTED)},
                {RIG_MESSAGE_MAX + 1, RPC_CODE(RESOURCE_EXHAUSTED)},
                {2 * RIG_MESSAGE_MAX - 64, RPC_CODE(RESOURCE_EXHAUSTED)}};
    static uint8_t out[4 * RIG_MESSAGE_MAX];
    static struct rig rig;
    struct client client;
    rig_start(&rig, 10, 10, BOTH);
    client_open(&client, rig.url);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes message = sized(out, rows[i].size);
        Rpc__V1__Response *response = call_octets(&client, message);
        assert_int_equal(response->status->code, rows[i].code);
        assert_int_equal(response->status->retry_after_ms, 0); /* it stays too large */
        response_free(response);
    }
    assert_code(&client, HEALTH, RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

static void a_larger_message_costs_the_connection_and_no_more(void **state)
{
    (void)state;
    static uint8_t out[4 * RIG_MESSAGE_MAX];
    static struct rig rig;
    struct client large, other;
    rig_start(&rig, 10, 10, BOTH);
    client_open(&large, rig.url);
    client_open(&other, rig.url);
    for (int i = 0; i < 5; i++) {
        struct request request = request_send(&large, sized(out, 3 * RIG_MESSAGE_MAX), 300);
        assert_null(request_receive(&request));
        assert_code(&other, HEALTH, RPC_CODE(OK));
    }
    assert_code(&large, HEALTH, RPC_CODE(OK)); /* it has connected again */
    client_close(&large);
    client_close(&other);
    rig_stop(&rig);
}

/* The smallest fields in the largest message: the arena's budget ends it. */
static void a_request_cannot_take_more_memory_than_it_may(void **state)
{
    (void)state;
    static uint8_t out[4 * RIG_MESSAGE_MAX];
    static struct rig rig;
    struct client client;
    struct rpc_limits limits = {.max_message_bytes = 1 << 20,
                                .max_in_flight = 10,
                                .max_connections = 10,
                                .max_request_memory_bytes = 16384};
    rig_start(&rig, 10, 10, BOTH);
    rpc_server_destroy(rig.server);
    assert_int_equal(rpc_server_create(&limits, &rig.server), CAA_OK);
    assert_int_equal(rpc_server_add(rig.server, &rig.caa.base, RPC_ROLE_CHECK, true),
                     CAA_OK);
    char error[256];
    assert_true(rig_listen(&rig, rig.url, BOTH, error));
    client_open(&client, rig.url);
    uint8_t names[4000];
    for (size_t i = 0; i < sizeof names; i += 2)
        memcpy(names + i, "\x32\0", 2); /* an empty name */
    Rpc__V1__Request request = RPC__V1__REQUEST__INIT;
    request.method = (char[]){CHECK};
    request.payload.data = names;
    request.payload.len = sizeof names;
    Rpc__V1__Response *response =
        call_octets(&client, pack_request(out, sizeof out, &request));
    assert_int_equal(response->status->code, RPC_CODE(RESOURCE_EXHAUSTED));
    response_free(response);
    client_close(&client);
    rig_stop(&rig);
}

/* ---------------------------------------------------------------------- number */

static void work_beyond_max_in_flight_is_refused_at_once(void **state)
{
    (void)state;
    enum { MAX = 3 };
    static struct rig rig;
    struct client client;
    struct request held[MAX];
    rig_start(&rig, MAX, 10, BOTH);
    client_open(&client, rig.url);
    for (size_t i = 0; i < MAX; i++)
        held[i] = send_held(&client);
    rig_await_held(&rig, MAX);
    assert_int_equal(rpc_server_in_flight(rig.server), MAX);
    for (int i = 0; i < 200; i++) {
        Rpc__V1__Response *response = call_method(&client, CHECK, bytes_of(""));
        assert_int_equal(response->status->code, RPC_CODE(RESOURCE_EXHAUSTED));
        assert_true(response->status->retry_after_ms > 0);
        response_free(response);
        assert_code(&client, HEALTH, RPC_CODE(OK));
        assert_code(&client, STATS, RPC_CODE(OK));
    }
    assert_int_equal(stats_of(&rig).refused, 200);
    rig_release(&rig);
    for (size_t i = 0; i < MAX; i++)
        assert_int_equal(receive_code(&held[i]), RPC_CODE(OK));
    await_in_flight(&rig, 0);
    assert_code(&client, CHECK, RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

/* More at once than the contexts a listener starts with. */
static void as_many_calls_as_may_be_are_in_flight_at_once(void **state)
{
    (void)state;
    enum { MAX = 500, CLIENTS = 5 };
    static struct rig rig;
    struct client clients[CLIENTS];
    static struct request held[MAX];
    rig_start(&rig, MAX, 10, BOTH);
    for (size_t i = 0; i < CLIENTS; i++)
        client_open(&clients[i], rig.url);
    for (size_t i = 0; i < MAX; i++)
        held[i] = send_held(&clients[i % CLIENTS]);
    rig_await_held(&rig, MAX);
    assert_code(&clients[0], HEALTH, RPC_CODE(OK));
    assert_code(&clients[0], CHECK, RPC_CODE(RESOURCE_EXHAUSTED));
    rig_release(&rig);
    for (size_t i = 0; i < MAX; i++)
        assert_int_equal(receive_code(&held[i]), RPC_CODE(OK));
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    rig_stop(&rig);
}

static void connections_beyond_the_limit_are_closed(void **state)
{
    (void)state;
    enum { MAX = 3 };
    static struct rig rig;
    struct client clients[MAX + 1];
    rig_start(&rig, 10, MAX, BOTH);
    for (size_t i = 0; i < MAX; i++) {
        client_open(&clients[i], rig.url);
        assert_code(&clients[i], HEALTH, RPC_CODE(OK));
    }
    nng_req0_open(&clients[MAX].socket);
    nng_dial(clients[MAX].socket, rig.url, NULL, NNG_FLAG_NONBLOCK);
    usleep(200000);
    for (size_t i = 0; i < MAX; i++)
        assert_code(&clients[i], HEALTH, RPC_CODE(OK));
    client_close(&clients[MAX]);
    await_connections(&rig, MAX);
    client_close(&clients[0]);
    await_connections(&rig, MAX - 1);
    client_open(&clients[0], rig.url);
    assert_code(&clients[0], HEALTH, RPC_CODE(OK));
    for (size_t i = 0; i < MAX; i++)
        client_close(&clients[i]);
    await_connections(&rig, 0);
    rig_stop(&rig);
}

/* ----------------------------------------------------------------------- drain */

static void draining_finishes_what_is_in_flight_and_takes_no_more(void **state)
{
    (void)state;
    static struct rig rig;
    struct client client;
    rig_start(&rig, 10, 10, BOTH);
    client_open(&client, rig.url);
    struct request held = send_held(&client);
    rig_await_held(&rig, 1);
    assert_false(rpc_server_is_draining(rig.server));
    assert_int_equal(rpc_server_drain(rig.server), 1);
    assert_true(rpc_server_is_draining(rig.server));
    assert_code(&client, CHECK, RPC_CODE(UNAVAILABLE));
    assert_code(&client, HEALTH, RPC_CODE(OK));
    assert_code(&client, STATS, RPC_CODE(OK));
    int64_t started_us = clock_mono_us();
    assert_false(rpc_server_wait_idle(rig.server, 100));
    assert_in_range(clock_mono_us() - started_us, 90000, 2000000);
    rig_release(&rig);
    assert_true(rpc_server_wait_idle(rig.server, 5000));
    assert_int_equal(receive_code(&held), RPC_CODE(OK));
    assert_int_equal(rpc_server_drain(rig.server), 0);
    client_close(&client);
    rig_stop(&rig);
}

static void *release_soon(void *arg)
{
    usleep(50000);
    rig_release(arg);
    return NULL;
}

static void waiting_ends_with_the_last_call(void **state)
{
    (void)state;
    static struct rig rig;
    struct client client;
    pthread_t thread;
    rig_start(&rig, 10, 10, BOTH);
    client_open(&client, rig.url);
    struct request held = send_held(&client);
    rig_await_held(&rig, 1);
    rpc_server_drain(rig.server);
    pthread_create(&thread, NULL, release_soon, &rig);
    int64_t started_us = clock_mono_us();
    assert_true(rpc_server_wait_idle(rig.server, 10000));
    assert_in_range(clock_mono_us() - started_us, 0, 5000000);
    pthread_join(thread, NULL);
    assert_int_equal(receive_code(&held), RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

/* ------------------------------------------------------------------------ ends */

static void a_caller_that_vanishes_harms_nobody(void **state)
{
    (void)state;
    enum { GONE = 40 };
    static struct rig rig;
    struct client client;
    rig_start(&rig, 100, 100, BOTH);
    for (int i = 0; i < GONE; i++) {
        struct client gone;
        client_open(&gone, rig.url);
        struct request request = send_held(&gone);
        rig_await_held(&rig, (unsigned)i + 1);
        request_cancel(&request);
        client_close(&gone);
    }
    await_connections(&rig, 0);
    assert_int_equal(rpc_server_in_flight(rig.server), GONE);
    rig_release(&rig);
    await_in_flight(&rig, 0);
    client_open(&client, rig.url);
    for (int i = 0; i < 2 * GONE; i++)
        assert_code(&client, CHECK, RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

/* Octets that are no nng at all. */
static void a_stranger_on_the_socket_harms_nobody(void **state)
{
    (void)state;
    static struct rig rig;
    struct client client;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    rig_start(&rig, 10, 10, BOTH);
    strcpy(address.sun_path, rig.path);
    for (int i = 0; i < 30; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
        if (i % 3 > 0)
            send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
        if (i % 3 > 1)
            send(fd, "\0SP\0\0\x30\0\0\1\xff\xff\xff\xff", 13, MSG_NOSIGNAL);
        close(fd);
    }
    client_open(&client, rig.url);
    assert_code(&client, CHECK, RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

static void a_reply_leaves_before_the_server_goes(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        static struct rig rig;
        struct client client;
        rig_start(&rig, 10, 10, BOTH);
        client_open(&client, rig.url);
        struct request held = send_held(&client);
        rig_await_held(&rig, 1);
        rpc_server_drain(rig.server);
        rig_release(&rig);
        assert_true(rpc_server_wait_idle(rig.server, 5000));
        rig_stop(&rig);
        assert_int_equal(receive_code(&held), RPC_CODE(OK));
        client_close(&client);
    }
}

struct caller {
    struct client client;
    atomic_bool stop;
};

/* Calls without end; what comes of it once the server goes is all one. */
static void *call_on(void *arg)
{
    struct caller *caller = arg;
    uint8_t out[300];
    struct bytes message = pack_check(out, sizeof out, "");
    while (!atomic_load(&caller->stop)) {
        struct request request;
        nng_msg *octets;
        nng_ctx_open(&request.ctx, caller->client.socket);
        nng_aio_alloc(&request.aio, NULL, NULL);
        nng_msg_alloc(&octets, 0);
        nng_msg_append(octets, message.data, message.len);
        nng_aio_set_timeout(request.aio, 20);
        nng_aio_set_msg(request.aio, octets);
        nng_ctx_send(request.ctx, request.aio);
        nng_aio_wait(request.aio);
        if (nng_aio_result(request.aio) != 0) {
            nng_msg_free(octets);
            request_cancel(&request);
            continue;
        }
        nng_ctx_recv(request.ctx, request.aio);
        response_free(request_receive(&request));
    }
    return NULL;
}

/* Calls keep coming in while it closes, as from a client that never heard. */
static void a_server_can_go_while_calls_come_in(void **state)
{
    (void)state;
    enum { CALLERS = 3 };
    for (int round = 0; round < 10; round++) {
        static struct rig rig;
        static struct caller callers[CALLERS];
        pthread_t threads[CALLERS];
        rig_start(&rig, 100, 10, BOTH);
        for (size_t i = 0; i < CALLERS; i++) {
            client_open(&callers[i].client, rig.url);
            atomic_store(&callers[i].stop, false);
            pthread_create(&threads[i], NULL, call_on, &callers[i]);
        }
        usleep(20000);
        rpc_server_drain(rig.server);
        rpc_server_wait_idle(rig.server, 1000);
        rig_stop(&rig);
        for (size_t i = 0; i < CALLERS; i++) {
            atomic_store(&callers[i].stop, true);
            pthread_join(threads[i], NULL);
            client_close(&callers[i].client);
        }
    }
}

static void no_server_can_be_destroyed(void **state)
{
    (void)state;
    rpc_server_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_up_to_twice_the_limit_is_refused_in_words),
        cmocka_unit_test(a_larger_message_costs_the_connection_and_no_more),
        cmocka_unit_test(a_request_cannot_take_more_memory_than_it_may),
        cmocka_unit_test(work_beyond_max_in_flight_is_refused_at_once),
        cmocka_unit_test(as_many_calls_as_may_be_are_in_flight_at_once),
        cmocka_unit_test(connections_beyond_the_limit_are_closed),
        cmocka_unit_test(draining_finishes_what_is_in_flight_and_takes_no_more),
        cmocka_unit_test(waiting_ends_with_the_last_call),
        cmocka_unit_test(a_caller_that_vanishes_harms_nobody),
        cmocka_unit_test(a_stranger_on_the_socket_harms_nobody),
        cmocka_unit_test(a_reply_leaves_before_the_server_goes),
        cmocka_unit_test(a_server_can_go_while_calls_come_in),
        cmocka_unit_test(no_server_can_be_destroyed),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
