/* Callers that go and servers that go: nothing either does harms the rest. */
#include "rpc/rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHECK "caa.v1.CaaService/CheckDomains"

enum { BOTH = RPC_ROLE_CHECK | RPC_ROLE_ADMIN };

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
    rig_await_connections(&rig, 0);
    assert_int_equal(rpc_server_in_flight(rig.server), GONE);
    rig_release(&rig);
    rig_await_in_flight(&rig, 0);
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
        cmocka_unit_test(a_caller_that_vanishes_harms_nobody),
        cmocka_unit_test(a_stranger_on_the_socket_harms_nobody),
        cmocka_unit_test(a_reply_leaves_before_the_server_goes),
        cmocka_unit_test(a_server_can_go_while_calls_come_in),
        cmocka_unit_test(no_server_can_be_destroyed),
    };
    return cmocka_run_group_tests_name("end", tests, NULL, NULL);
}
