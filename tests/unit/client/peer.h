/* peer.h - a real nng REP server to test the client against: it speaks the
 * envelope, and each test says what it answers.
 * Threads: handlers run on nng's threads, several at once. */
#ifndef TEST_PEER_H
#define TEST_PEER_H

#include <rpc/v1/rpc.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;

/* What a handler answers; starts as OK with the request's id and no payload. */
struct peer_reply {
    int code;
    char message[200];
    char field[64];
    uint32_t retry_after_ms;
    char request_id[160];
    /* From malloc; the peer frees it. */
    uint8_t *payload;
    size_t payload_len;
    /* Milliseconds to wait before answering. */
    unsigned delay_ms;
    /* Never answer. */
    bool silent;
    /* Send bytes that are no Response. */
    bool garbage;
};

typedef void (*peer_handler)(void *arg, const Rpc__V1__Request *request,
                             struct peer_reply *reply);

/* Listens on url; aborts the test when it cannot. */
struct peer *peer_start(const char *url, peer_handler handler, void *arg);
/* The same over tls+tcp://: PEM files of the server and of the clients' CA. url
 * ends in :0 and is given back with the port in it, for the caller to free. */
struct peer *peer_start_tls(const char *url, const char *certificate, const char *key,
                            const char *client_ca, peer_handler handler, void *arg,
                            char **real_url);
void peer_stop(struct peer *peer);
/* Requests read so far. */
unsigned peer_count(struct peer *peer);

/* ipc:// URL of a socket in a fresh folder under /tmp, removed with peer_url_free. */
char *peer_url(void);
void peer_url_free(char *url);

#endif
