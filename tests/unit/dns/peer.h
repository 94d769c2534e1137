/* peer.h - a DNS server on loopback, UDP and TCP on one port, whose answer to
 * each CAA question a test writes. It answers the self-test (SOA of the root)
 * by itself, as healthy as it is told to be.
 * Threads: its own calls the script; the functions are the test's. */
#ifndef CAA_TEST_DNS_PEER_H
#define CAA_TEST_DNS_PEER_H

#include <sys/socket.h>

#include "dns/message.h"

struct peer;

struct peer_question {
    char name[256]; /* no final dot */
    unsigned type;
    bool tcp, cd, ad, edns;
    unsigned number; /* of the CAA questions this peer got, from 1 */
};

enum {
    PEER_SILENT = -1,  /* no reply */
    PEER_HANG_UP = -2, /* closes the TCP connection */
};

/* Writes reply (its id is set afterwards) and returns in how many ms to send
 * it, or one of the above. Runs on the peer's thread: no assert_ in it. */
typedef int peer_script(void *arg, const struct peer_question *question,
                        struct message *reply);

enum peer_health {
    PEER_VALIDATES, /* AD for the root's SOA */
    PEER_DOES_NOT_VALIDATE,
    PEER_FAILS, /* SERVFAIL */
    PEER_MUTE,  /* answers neither self-test nor anything else */
};

/* Aborts when there is no port. */
struct peer *peer_create(peer_script *script, void *arg);
void peer_destroy(struct peer *peer);

struct sockaddr_storage peer_address(const struct peer *peer);
const char *peer_text(const struct peer *peer); /* "127.0.0.1:port" */
void peer_set_health(struct peer *peer, enum peer_health health);
/* Connections over TCP are refused from now on. */
void peer_refuse_tcp(struct peer *peer);
/* Closes the port, or opens it again; done on return. */
void peer_set_open(struct peer *peer, bool open);

/* CAA questions so far. */
unsigned peer_udp_questions(const struct peer *peer);
unsigned peer_tcp_questions(const struct peer *peer);

/* The usual reply: a header, the question, and script behind it (message.h;
 * "@12" is the name asked). */
void peer_reply(struct message *reply, const struct peer_question *question,
                unsigned flags, const char *script);

#endif
