/* echo - what nng itself can do: a REP server that answers every message with
 * so many bytes, and a REQ client that keeps so many requests out.
 *
 *     echo serve URL CONTEXTS REPLY_BYTES
 *     echo ask URL IN_FLIGHT SECONDS FILE [REPLY_FILE]
 *
 * FILE holds the messages to send, one after the other, each behind its length
 * in four bytes, big-endian. They are sent in turn; a run of 16 '#' in one is
 * overwritten with a number of 16 digits, so that no two requests have the same
 * id. The last reply goes to REPLY_FILE. The client works against caad, too,
 * which shows what the server alone costs.
 *
 * Both print one line of JSON; the server when SIGTERM ends it.
 * Threads: nng's callbacks; main waits. */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Latency cells: 64 for each doubling, which is enough for a percentile. */
#define CELLS     64u
#define CELL_BITS 6
#define ALL_CELLS (40u * CELLS)
#define ID_LEN    16

static void die(const char *what, int err)
{
    fprintf(stderr, "echo: %s: %s\n", what, nng_strerror(err));
    exit(1);
}

static void check(const char *what, int err)
{
    if (err != 0)
        die(what, err);
}

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        die("memory", NNG_ENOMEM);
    return memory;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---------------------------------------------------------------------- server */

struct server {
    nng_socket socket;
    size_t reply_bytes;
    atomic_ullong answered;
};

struct server_slot {
    struct server *server;
    nng_ctx ctx;
    nng_aio *aio;
    bool sending;
};

static void on_server(void *arg)
{
    struct server_slot *slot = arg;
    int err = nng_aio_result(slot->aio);
    if (err == NNG_ECLOSED || err == NNG_ECANCELED)
        return;
    if (slot->sending || err != 0) {
        slot->sending = false;
        nng_ctx_recv(slot->ctx, slot->aio);
        return;
    }
    /* A reply is written anew, as a server that works would do. */
    nng_msg_free(nng_aio_get_msg(slot->aio));
    nng_msg *reply = NULL;
    check("message", nng_msg_alloc(&reply, slot->server->reply_bytes));
    memset(nng_msg_body(reply), 'e', slot->server->reply_bytes);
    atomic_fetch_add_explicit(&slot->server->answered, 1, memory_order_relaxed);
    slot->sending = true;
    nng_aio_set_msg(slot->aio, reply);
    nng_ctx_send(slot->ctx, slot->aio);
}

static int serve(const char *url, size_t contexts, size_t reply_bytes)
{
    struct server server = {.reply_bytes = reply_bytes};
    struct server_slot *slots = room(contexts, sizeof(*slots));
    sigset_t wanted;
    int number;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL); /* inherited by nng's threads */
    check("socket", nng_rep0_open(&server.socket));
    for (size_t i = 0; i < contexts; i++) {
        slots[i].server = &server;
        check("context", nng_ctx_open(&slots[i].ctx, server.socket));
        check("aio", nng_aio_alloc(&slots[i].aio, on_server, &slots[i]));
        nng_ctx_recv(slots[i].ctx, slots[i].aio);
    }
    check(url, nng_listen(server.socket, url, NULL, 0));
    puts("listening");
    fflush(stdout);
    sigwait(&wanted, &number);
    printf("{\"answered\": %llu, \"cpu_s\": %.6f}\n",
           (unsigned long long)atomic_load(&server.answered), cpu_seconds());
    fflush(stdout);
    _exit(0);
}

/* ---------------------------------------------------------------------- client */

struct message {
    const uint8_t *bytes;
    size_t len;
    /* Of the digits; SIZE_MAX: none. */
    size_t id_at;
};

struct client {
    nng_socket socket;
    struct message *messages;
    size_t messages_len;
    int64_t until_ns;
    unsigned long long run;
    atomic_ullong next;
    atomic_ullong reply_bytes;
    const char *reply_path;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned out;
    unsigned errors;
};

/* A context takes its receive while its send is under way, which saves a turn of
 * the task queue. The slot goes on when both have ended. */
struct client_slot {
    struct client *client;
    nng_ctx ctx;
    nng_aio *send;
    nng_aio *receive;
    atomic_int under_way;
    int64_t start_ns;
    uint64_t answered;
    uint32_t cells[ALL_CELLS];
};

static size_t cell_of(int64_t ns)
{
    if (ns < (int64_t)CELLS)
        return (size_t)(ns < 0 ? 0 : ns);
    int shift = 63 - __builtin_clzll((unsigned long long)ns) - CELL_BITS;
    size_t cell = (size_t)shift * CELLS + ((size_t)ns >> shift);
    return cell < ALL_CELLS ? cell : ALL_CELLS - 1;
}

static double cell_us(size_t cell)
{
    if (cell < CELLS)
        return (double)cell / 1e3;
    size_t shift = cell / CELLS - 1;
    return (double)(((cell % CELLS + CELLS) << shift) + ((size_t)1 << shift) / 2) / 1e3;
}

static void send_next(struct client_slot *slot, int64_t now)
{
    struct client *client = slot->client;
    unsigned long long number =
        atomic_fetch_add_explicit(&client->next, 1, memory_order_relaxed);
    const struct message *message = &client->messages[number % client->messages_len];
    nng_msg *msg = NULL;
    check("message", nng_msg_alloc(&msg, message->len));
    uint8_t *body = nng_msg_body(msg);
    memcpy(body, message->bytes, message->len);
    number += client->run;
    if (message->id_at != SIZE_MAX)
        for (size_t i = ID_LEN; i > 0; i--, number >>= 4)
            body[message->id_at + i - 1] = (uint8_t) "0123456789abcdef"[number & 15u];
    slot->start_ns = now;
    atomic_store(&slot->under_way, 2);
    nng_aio_set_msg(slot->send, msg);
    nng_ctx_send(slot->ctx, slot->send);
    nng_ctx_recv(slot->ctx, slot->receive);
}

static void retire(struct client_slot *slot, bool failed)
{
    struct client *client = slot->client;
    pthread_mutex_lock(&client->lock);
    client->errors += failed;
    if (--client->out == 0)
        pthread_cond_signal(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

static void keep_reply(const struct client *client, nng_msg *msg)
{
    FILE *file = client->reply_path == NULL ? NULL : fopen(client->reply_path, "we");
    if (file == NULL)
        return;
    fwrite(nng_msg_body(msg), 1, nng_msg_len(msg), file);
    fclose(file);
}

static void on_answer(struct client_slot *slot)
{
    struct client *client = slot->client;
    int64_t now = now_ns();
    if (nng_aio_result(slot->send) != 0 || nng_aio_result(slot->receive) != 0) {
        retire(slot, true);
        return;
    }
    nng_msg *msg = nng_aio_get_msg(slot->receive);
    bool over = now >= client->until_ns;
    slot->answered++;
    slot->cells[cell_of(now - slot->start_ns)]++;
    atomic_store_explicit(&client->reply_bytes, nng_msg_len(msg), memory_order_relaxed);
    if (over)
        keep_reply(client, msg);
    nng_msg_free(msg);
    if (over)
        retire(slot, false);
    else
        send_next(slot, now);
}

static void on_client(void *arg)
{
    struct client_slot *slot = arg;
    if (atomic_fetch_sub(&slot->under_way, 1) == 1)
        on_answer(slot);
}

static void read_messages(struct client *client, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die(path, NNG_ENOENT);
    size_t size = (size_t)ftell(file);
    uint8_t *bytes = room(size + 1, 1);
    rewind(file);
    if (fread(bytes, 1, size, file) != size)
        die(path, NNG_ENOENT);
    fclose(file);
    client->messages = room(size / 4 + 1, sizeof(*client->messages));
    for (size_t at = 0; at + 4 <= size;) {
        size_t len = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 |
                     (size_t)bytes[at + 2] << 8 | (size_t)bytes[at + 3];
        if (len > size - at - 4)
            die(path, NNG_EPROTO);
        struct message *message = &client->messages[client->messages_len++];
        *message = (struct message){.bytes = bytes + at + 4, .len = len};
        const uint8_t *id = memmem(message->bytes, len, "################", ID_LEN);
        message->id_at = id == NULL ? SIZE_MAX : (size_t)(id - message->bytes);
        at += 4 + len;
    }
    if (client->messages_len == 0)
        die(path, NNG_EPROTO);
}

static double percentile(const uint64_t *cells, uint64_t total, double percent)
{
    uint64_t wanted = (uint64_t)((double)total * percent / 100);
    uint64_t seen = 0;
    size_t cell = 0;
    while (cell < ALL_CELLS - 1 && (seen += cells[cell]) <= wanted)
        cell++;
    return cell_us(cell);
}

static void print_result(const struct client_slot *slots, unsigned in_flight,
                         const struct client *client, double seconds, double cpu)
{
    uint64_t *cells = room(ALL_CELLS, sizeof(*cells));
    uint64_t total = 0;
    for (unsigned i = 0; i < in_flight; i++) {
        total += slots[i].answered;
        for (size_t cell = 0; cell < ALL_CELLS; cell++)
            cells[cell] += slots[i].cells[cell];
    }
    printf(
        "{\"answered\": %llu, \"errors\": %u, \"seconds\": %.6f, \"rate\": %.1f, "
        "\"p50_us\": %.3f, \"p99_us\": %.3f, \"cpu_s\": %.6f, \"reply_bytes\": %llu}\n",
        (unsigned long long)total, client->errors, seconds, (double)total / seconds,
        percentile(cells, total, 50), percentile(cells, total, 99), cpu,
        (unsigned long long)atomic_load(&client->reply_bytes));
}

static int ask(const char *url, unsigned in_flight, double seconds, const char *path,
               const char *reply_path)
{
    struct client client = {.reply_path = reply_path,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .idle = PTHREAD_COND_INITIALIZER,
                            .out = in_flight};
    struct client_slot *slots = room(in_flight, sizeof(*slots));
    read_messages(&client, path);
    /* Other runs' ids are others. */
    client.run = (unsigned long long)now_ns() << 20;
    check("socket", nng_req0_open(&client.socket));
    check("resend", nng_socket_set_ms(client.socket, NNG_OPT_REQ_RESENDTIME,
                                      NNG_DURATION_INFINITE));
    check(url, nng_dial(client.socket, url, NULL, 0));
    double cpu = cpu_seconds();
    int64_t start = now_ns();
    client.until_ns = start + (int64_t)(seconds * 1e9);
    for (unsigned i = 0; i < in_flight; i++) {
        slots[i].client = &client;
        check("context", nng_ctx_open(&slots[i].ctx, client.socket));
        check("aio", nng_aio_alloc(&slots[i].send, on_client, &slots[i]));
        check("aio", nng_aio_alloc(&slots[i].receive, on_client, &slots[i]));
        nng_aio_set_timeout(slots[i].receive, 10000);
        send_next(&slots[i], now_ns());
    }
    pthread_mutex_lock(&client.lock);
    while (client.out > 0)
        pthread_cond_wait(&client.idle, &client.lock);
    pthread_mutex_unlock(&client.lock);
    print_result(slots, in_flight, &client, (double)(now_ns() - start) / 1e9,
                 cpu_seconds() - cpu);
    fflush(stdout);
    _exit(client.errors > 0);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
    if ((argc == 6 || argc == 7) && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], (unsigned)strtoul(argv[3], NULL, 10), strtod(argv[4], NULL),
                   argv[5], argc == 7 ? argv[6] : NULL);
    fprintf(stderr, "usage: echo serve URL CONTEXTS REPLY_BYTES\n"
                    "       echo ask URL IN_FLIGHT SECONDS FILE [REPLY_FILE]\n");
    return 2;
}
