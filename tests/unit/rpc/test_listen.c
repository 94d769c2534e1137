/* Listeners: where one can be opened and where not. */
#include "rpc/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHECK "caa.v1.CaaService/CheckDomains"

static void a_second_server_is_refused_and_the_first_unharmed(void **state)
{
    (void)state;
    static struct rig first, second;
    struct client before, after;
    char error[256] = "";
    rig_start(&first, 10, 10, RPC_ROLE_CHECK);
    client_open(&before, first.url);
    rig_create(&second, 10, 10);
    for (int i = 0; i < 3; i++) {
        assert_false(rig_listen(&second, first.url, RPC_ROLE_CHECK, error));
        assert_non_null(strstr(error, first.url));
        assert_non_null(strstr(error, "another process listens there"));
    }
    rig_stop(&second);
    assert_code(&before, CHECK, RPC_CODE(OK));
    client_open(&after, first.url);
    assert_code(&after, CHECK, RPC_CODE(OK));
    client_close(&before);
    client_close(&after);
    rig_stop(&first);
}

/* Left over by a daemon that was killed. */
static void a_socket_file_nobody_listens_on_is_taken_over(void **state)
{
    (void)state;
    static struct rig rig;
    struct client client;
    char error[256] = "";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    rig_create(&rig, 10, 10);
    strcpy(address.sun_path, rig.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_int_equal(access(rig.path, F_OK), 0);
    if (!rig_listen(&rig, rig.url, RPC_ROLE_CHECK, error))
        fail_msg("%s", error);
    client_open(&client, rig.url);
    assert_code(&client, CHECK, RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

static void a_url_that_cannot_be_is_refused_with_its_name(void **state)
{
    (void)state;
    static const char *const urls[] = {"ipc:///nowhere/at/all/sock",
                                       "tcp://192.0.2.1:1", /* no address of ours */
                                       "nothing://x", "tcp://127.0.0.1:99999"};
    static struct rig rig;
    rig_create(&rig, 10, 10);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char error[256] = "";
        assert_false(rig_listen(&rig, urls[i], RPC_ROLE_CHECK, error));
        assert_non_null(strstr(error, urls[i]));
    }
    rig_stop(&rig);
}

static void a_listener_that_failed_does_not_spoil_the_next(void **state)
{
    (void)state;
    static struct rig rig;
    struct client client;
    char error[256] = "";
    rig_create(&rig, 10, 10);
    assert_false(rig_listen(&rig, "ipc:///nowhere/at/all/sock", RPC_ROLE_CHECK, error));
    assert_true(rig_listen(&rig, rig.url, RPC_ROLE_CHECK, error));
    client_open(&client, rig.url);
    assert_code(&client, CHECK, RPC_CODE(OK));
    client_close(&client);
    rig_stop(&rig);
}

/* The caller's address takes the place of its user. */
static void a_call_over_tcp_knows_the_address(void **state)
{
    (void)state;
    static struct rig rig;
    struct client client;
    char url[64], error[256] = "";
    unsigned port = 20000 + (unsigned)getpid() % 20000;
    rig_create(&rig, 10, 10);
    do
        snprintf(url, sizeof url, "tcp://127.0.0.1:%u", ++port);
    while (!rig_listen(&rig, url, RPC_ROLE_CHECK, error) && port < 60000);
    client_open(&client, url);
    Rpc__V1__Response *response = call_method(&client, CHECK, bytes_of(""));
    Caa__V1__CheckDomainsResponse *check = caa__v1__check_domains_response__unpack(
        NULL, response->payload.len, response->payload.data);
    assert_string_equal(check->instance, "address=127.0.0.1");
    caa__v1__check_domains_response__free_unpacked(check, NULL);
    response_free(response);
    client_close(&client);
    rig_stop(&rig);
}

static void listeners_are_counted(void **state)
{
    (void)state;
    enum { MANY = 40 };
    static struct rig rig;
    char url[80], error[256] = "";
    unsigned count = 0;
    rig_create(&rig, 1, 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(url, sizeof url, "inproc://listen-%d-%d", (int)getpid(), i);
        count += rig_listen(&rig, url, RPC_ROLE_CHECK, error);
    }
    assert_int_equal(count, 32);
    assert_non_null(strstr(error, "at most 32 listeners"));
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_server_is_refused_and_the_first_unharmed),
        cmocka_unit_test(a_socket_file_nobody_listens_on_is_taken_over),
        cmocka_unit_test(a_url_that_cannot_be_is_refused_with_its_name),
        cmocka_unit_test(a_listener_that_failed_does_not_spoil_the_next),
        cmocka_unit_test(a_call_over_tcp_knows_the_address),
        cmocka_unit_test(listeners_are_counted),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
