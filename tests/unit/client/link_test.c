/* The client's link against plain sockets that behave badly, and its framing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <rpc/v1/rpc.pb-c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "caa_client.h"
#include "frame.h"
#include "peer.h"

#define METHOD "caa.v1.HealthService/Check"

/* A socket of our own, and what it does with each connection. */
struct bad_server {
    int listener;
    pthread_t thread;
    void (*behave)(struct bad_server *server, int fd);
    atomic_uint connections;
};

struct fixture {
    char *url;
    struct bad_server server;
    struct caa_client *client;
};

static void *serve(void *arg)
{
    struct bad_server *server = arg;
    int fd;
    while ((fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        atomic_fetch_add(&server->connections, 1);
        server->behave(server, fd);
        close(fd);
    }
    return NULL;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->url = peer_url();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    caa_client_destroy(fixture->client);
    /* Ends accept. */
    shutdown(fixture->server.listener, SHUT_RDWR);
    pthread_join(fixture->server.thread, NULL);
    close(fixture->server.listener);
    peer_url_free(fixture->url);
    free(fixture);
    return 0;
}

/* Starts the server and a client that takes replies up to 1,000 bytes. */
static void start(struct fixture *fixture,
                  void (*behave)(struct bad_server *server, int fd))
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->url + 6);
    fixture->server.behave = behave;
    fixture->server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(fixture->server.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fixture->server.listener, 16), 0);
    pthread_create(&fixture->server.thread, NULL, serve, &fixture->server);
    const char *url = fixture->url;
    struct caa_client_options options = {.servers = &url,
                                         .servers_len = 1,
                                         .max_reply_bytes = 1000,
                                         .connect_timeout_ms = 400};
    assert_int_equal(caa_client_create(&options, &fixture->client, NULL), CAA_CLIENT_OK);
}

static enum caa_client_code call(struct fixture *fixture, struct caa_client_error *error)
{
    struct caa_client_call_options options = {.timeout_ms = 2000, .request_id = "r-1"};
    void *reply = NULL;
    size_t reply_len = 0;
    *error = (struct caa_client_error){.code = CAA_CLIENT_OK};
    enum caa_client_code code = caa_client_call(fixture->client, METHOD, NULL, 0,
                                                &options, &reply, &reply_len, error);
    caa_client_free(reply);
    return code;
}

/* ------------------------------------------------------------------ behaviour */

static bool read_all(int fd, void *out, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t more = read(fd, (char *)out + got, len - got);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}

static void write_all(int fd, const void *data, size_t len)
{
    ssize_t written = send(fd, data, len, MSG_NOSIGNAL);
    (void)written;
}

static void greet(int fd)
{
    uint8_t header[CAA_FRAME_HEADER_LEN];
    if (read_all(fd, header, sizeof(header)))
        assert_memory_equal(header, caa_frame_req_header, sizeof(header));
    write_all(fd, caa_frame_rep_header, sizeof(header));
}

/* Reads one request and gives its id. */
static bool read_request(int fd, uint8_t id[4])
{
    uint8_t prefix[13];
    uint8_t body[512];
    if (!read_all(fd, prefix, sizeof(prefix)))
        return false;
    assert_int_equal(prefix[0], 1);
    size_t len = (size_t)prefix[7] << 8 | prefix[8];
    assert_in_range(len, 5, sizeof(body));
    assert_true((prefix[9] & 0x80) != 0);
    memcpy(id, prefix + 9, 4);
    return read_all(fd, body, len - 4);
}

/* An empty OK to request r-1, framed. */
static size_t make_reply(const uint8_t id[4], uint8_t out[128])
{
    char request_id[] = "r-1";
    Rpc__V1__Response response = RPC__V1__RESPONSE__INIT;
    Rpc__V1__Status status = RPC__V1__STATUS__INIT;
    response.status = &status;
    response.request_id = request_id;
    size_t len = rpc__v1__response__pack(&response, out + 13);
    memset(out, 0, 9);
    out[0] = 1;
    out[8] = (uint8_t)(len + 4);
    memcpy(out + 9, id, 4);
    return 13 + len;
}

static void hang_up(struct bad_server *server, int fd)
{
    (void)server;
    (void)fd;
}

static void speak_http(struct bad_server *server, int fd)
{
    (void)server;
    write_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    nng_msleep(50);
}

static void greet_as_pub(struct bad_server *server, int fd)
{
    (void)server;
    write_all(fd, "\0SP\0\0\x20\0\0", 8);
    nng_msleep(50);
}

static void send_no_message(struct bad_server *server, int fd)
{
    uint8_t id[4];
    (void)server;
    greet(fd);
    if (read_request(fd, id))
        write_all(fd, "\x07nonsense, long enough", 22);
    nng_msleep(20);
}

static void claim_too_much(struct bad_server *server, int fd)
{
    static const uint8_t claim[] = {1, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    uint8_t id[4];
    (void)server;
    greet(fd);
    if (read_request(fd, id))
        write_all(fd, claim, sizeof(claim));
    nng_msleep(20);
}

static void break_off_in_a_message(struct bad_server *server, int fd)
{
    uint8_t id[4];
    uint8_t reply[128];
    (void)server;
    greet(fd);
    if (read_request(fd, id))
        write_all(fd, reply, make_reply(id, reply) / 2);
}

/* First hangs up on the request, the second time answers. */
static void answer_the_second_time(struct bad_server *server, int fd)
{
    uint8_t id[4];
    uint8_t reply[128];
    greet(fd);
    if (!read_request(fd, id) || atomic_load(&server->connections) == 1)
        return;
    write_all(fd, reply, make_reply(id, reply));
    nng_msleep(100);
}

/* A byte at a time, and before it replies to nobody. */
static void answer_slowly(struct bad_server *server, int fd)
{
    static const uint8_t unknown[] = {0x80, 0x7f, 0x12, 0x34};
    uint8_t id[4];
    uint8_t reply[128];
    (void)server;
    greet(fd);
    while (read_request(fd, id)) {
        write_all(fd, reply, make_reply(unknown, reply));
        size_t len = make_reply(id, reply);
        for (size_t i = 0; i < len; i++) {
            write_all(fd, reply + i, 1);
            nng_msleep(1);
        }
        /* and once more, when nobody waits any longer */
        write_all(fd, reply, len);
    }
}

/* --------------------------------------------------------------------- the tests */

static void a_server_that_is_none_is_named_as_such(void **state)
{
    static const struct {
        void (*behave)(struct bad_server *server, int fd);
        const char *text;
    } rows[] = {
        {hang_up, "connected, but the server hung up"},
        {speak_http, "what listens there is not an nng REP server"},
        {greet_as_pub, "what listens there is not an nng REP server"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture;
        struct caa_client_error error;
        set_up((void **)&fixture);
        start(fixture, rows[i].behave);
        assert_int_equal(call(fixture, &error), CAA_CLIENT_UNAVAILABLE);
        if (strstr(error.message, rows[i].text) == NULL)
            fail_msg("row %zu: \"%s\"", i, error.message);
        tear_down((void **)&fixture);
    }
    (void)state;
}

static void a_broken_message_is_a_broken_connection(void **state)
{
    static const struct {
        void (*behave)(struct bad_server *server, int fd);
        const char *text;
    } rows[] = {
        {send_no_message, "it sent what is no nng message; 4 requests were sent"},
        {claim_too_much, "its reply is larger than max_reply_bytes"},
        {break_off_in_a_message, "broke off before it answered"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture;
        struct caa_client_error error;
        set_up((void **)&fixture);
        start(fixture, rows[i].behave);
        assert_int_equal(call(fixture, &error), CAA_CLIENT_UNAVAILABLE);
        if (strstr(error.message, rows[i].text) == NULL)
            fail_msg("row %zu: \"%s\"", i, error.message);
        tear_down((void **)&fixture);
    }
    (void)state;
}

static void a_request_hung_up_on_is_sent_again(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    start(fixture, answer_the_second_time);
    assert_int_equal(call(fixture, &error), CAA_CLIENT_OK);
    assert_int_equal(atomic_load(&fixture->server.connections), 2);
}

static void pieces_and_strangers_do_not_confuse_it(void **state)
{
    struct fixture *fixture = *state;
    struct caa_client_error error;
    start(fixture, answer_slowly);
    for (int i = 0; i < 5; i++)
        assert_int_equal(call(fixture, &error), CAA_CLIENT_OK);
    assert_int_equal(atomic_load(&fixture->server.connections), 1);
}

/* Every way to cut a stream of messages gives the same messages. */
static void a_stream_is_cut_into_its_messages(void **state)
{
    (void)state;
    for (int ipc = 0; ipc < 2; ipc++) {
        uint8_t stream[256];
        size_t stream_len = 0;
        for (uint32_t i = 0; i < 3; i++) {
            uint8_t *body = NULL;
            struct caa_frame *frame =
                caa_frame_make(ipc != 0, CAA_FRAME_ID_BIT | i, 10 * i, &body);
            memset(body, (int)('a' + i), 10 * i);
            memcpy(stream + stream_len, frame->bytes, frame->len);
            stream_len += frame->len;
            free(frame);
        }
        for (size_t piece = 1; piece <= stream_len; piece++) {
            struct caa_frame_buffer buffer = {.ipc = ipc != 0, .max_body = 20};
            uint32_t next = 0;
            for (size_t at = 0; at < stream_len; at += piece) {
                size_t len = stream_len - at < piece ? stream_len - at : piece;
                size_t room = 0;
                uint8_t *to = caa_frame_room(&buffer, &room);
                uint32_t id = 0;
                const uint8_t *body = NULL;
                size_t body_len = 0;
                assert_true(room >= len);
                memcpy(to, stream + at, len);
                buffer.len += len;
                while (caa_frame_take(&buffer, &id, &body, &body_len) ==
                       CAA_FRAME_MESSAGE) {
                    assert_int_equal(id, CAA_FRAME_ID_BIT | next);
                    assert_int_equal(body_len, 10 * next);
                    next++;
                }
            }
            assert_int_equal(next, 3);
            caa_frame_reset(&buffer);
        }
    }
}

static void a_wrong_length_is_found(void **state)
{
    static const struct {
        uint8_t bytes[13];
        enum caa_frame_next next;
    } rows[] = {
        {{1, 0, 0, 0, 0, 0, 0, 0, 4, 0x80, 0, 0, 0}, CAA_FRAME_MESSAGE},
        {{1, 0, 0, 0, 0, 0, 0, 0, 5, 0x80, 0, 0, 0}, CAA_FRAME_MORE},
        {{1, 0, 0, 0, 0, 0, 0, 0, 3, 0x80, 0, 0, 0}, CAA_FRAME_MALFORMED},
        {{2, 0, 0, 0, 0, 0, 0, 0, 4, 0x80, 0, 0, 0}, CAA_FRAME_MALFORMED},
        {{1, 0, 0, 0, 0, 0, 0, 0, 25, 0x80, 0, 0, 0}, CAA_FRAME_TOO_LARGE},
        {{1, 255, 255, 255, 255, 255, 255, 255, 255, 0x80, 0, 0, 0}, CAA_FRAME_TOO_LARGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct caa_frame_buffer buffer = {.ipc = true, .max_body = 20};
        size_t room = 0;
        uint32_t id = 0;
        const uint8_t *body = NULL;
        size_t len = 0;
        memcpy(caa_frame_room(&buffer, &room), rows[i].bytes, sizeof(rows[i].bytes));
        buffer.len = sizeof(rows[i].bytes);
        assert_int_equal(caa_frame_take(&buffer, &id, &body, &len), rows[i].next);
        caa_frame_reset(&buffer);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_is_none_is_named_as_such),
        cmocka_unit_test(a_broken_message_is_a_broken_connection),
        T(a_request_hung_up_on_is_sent_again),
        T(pieces_and_strangers_do_not_confuse_it),
        cmocka_unit_test(a_stream_is_cut_into_its_messages),
        cmocka_unit_test(a_wrong_length_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
