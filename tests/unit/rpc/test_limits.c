/* Many calls and large ones: who is refused and in what words. */
#include "rpc/rig.h"

#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define CHECK  "caa.v1.CaaService/CheckDomains"
#define HEALTH "caa.v1.HealthService/Check"
#define STATS  "caa.v1.AdminService/GetStats"

enum { BOTH = RPC_ROLE_CHECK | RPC_ROLE_ADMIN };

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
        struct request request =
            request_send(&large, sized(out, 3 * RIG_MESSAGE_MAX), 300);
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
    struct rpc_stats stats;
    rpc_server_stats(rig.server, &stats);
    assert_int_equal(stats.refused, 200);
    rig_release(&rig);
    for (size_t i = 0; i < MAX; i++)
        assert_int_equal(receive_code(&held[i]), RPC_CODE(OK));
    rig_await_in_flight(&rig, 0);
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
    rig_await_connections(&rig, MAX);
    client_close(&clients[0]);
    rig_await_connections(&rig, MAX - 1);
    client_open(&clients[0], rig.url);
    assert_code(&clients[0], HEALTH, RPC_CODE(OK));
    for (size_t i = 0; i < MAX; i++)
        client_close(&clients[i]);
    rig_await_connections(&rig, 0);
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
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
