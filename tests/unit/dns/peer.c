#include "dns/peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum { CONNECTIONS = 16, WAKE, UDP, LISTENER, FIRST, FDS = FIRST + CONNECTIONS };

struct connection {
    uint8_t data[4096];
    size_t len;
};

/* A reply that waits for its time. */
struct late {
    struct late *next;
    int64_t at_us;
    int fd; /* TCP; -1: UDP to address */
    struct sockaddr_in address;
    size_t len;
    uint8_t data[];
};

struct peer {
    peer_script *script;
    void *arg;
    pthread_t thread;
    struct sockaddr_in address;
    char text[32];
    atomic_bool stopping, wanted_open, is_open, refuse_tcp;
    atomic_int health;
    atomic_uint udp, tcp, number;
    struct pollfd fds[FDS];
    struct connection connections[CONNECTIONS];
    struct late *late;
    struct message reply;
};

/* ------------------------------------------------------------------- sockets */

static int bound_socket(struct sockaddr_in *address, int type)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (fd >= 0 && bind(fd, (struct sockaddr *)address, sizeof *address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One port for both; another one is tried while TCP's is taken. */
static bool open_sockets(struct peer *peer)
{
    for (int tries = 0; tries < 50; tries++) {
        struct sockaddr_in address = peer->address;
        socklen_t len = sizeof address;
        int udp = bound_socket(&address, SOCK_DGRAM);
        getsockname(udp, (struct sockaddr *)&address, &len);
        int tcp = bound_socket(&address, SOCK_STREAM);
        if (udp >= 0 && tcp >= 0) {
            if (!atomic_load(&peer->refuse_tcp))
                listen(tcp, CONNECTIONS);
            setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &(int){1 << 20}, sizeof(int));
            peer->address = address;
            peer->fds[UDP].fd = udp;
            peer->fds[LISTENER].fd = tcp;
            return true;
        }
        close(udp);
        close(tcp);
    }
    return false;
}

static void close_fd(struct peer *peer, int index)
{
    close(peer->fds[index].fd);
    peer->fds[index].fd = -1;
}

static void close_sockets(struct peer *peer)
{
    for (int i = UDP; i < FDS; i++)
        if (peer->fds[i].fd >= 0)
            close_fd(peer, i);
}

/* ------------------------------------------------------------------ questions */

static bool parse(struct bytes query, bool tcp, struct peer_question *out)
{
    *out = (struct peer_question){.tcp = tcp};
    size_t at = 12, len = 0;
    while (at < query.len && query.data[at] > 0) {
        size_t label = query.data[at];
        if (at + label + 1 > query.len || len + label + 1 > sizeof out->name)
            return false;
        memcpy(out->name + len, query.data + at + 1, label);
        len += label;
        out->name[len++] = '.';
        at += label + 1;
    }
    if (at + 5 > query.len)
        return false;
    out->name[len ? len - 1 : 0] = '\0';
    out->type = (unsigned)(query.data[at + 1] << 8 | query.data[at + 2]);
    out->cd = (query.data[3] & CD) != 0;
    out->ad = (query.data[3] & AD) != 0;
    out->edns = query.data[11] == 1;
    return true;
}

static int answer_self_test(struct peer *peer, enum peer_health health)
{
    unsigned flags =
        RECURSIVE | (health == PEER_VALIDATES ? AD : 0) | (health == PEER_FAILS ? 2 : 0);
    message_write(&peer->reply, flags, "QD . SOA\nAN . 60 SOA 60\n");
    return 0;
}

/* The delay of peer->reply, or PEER_SILENT, PEER_HANG_UP. */
static int answer(struct peer *peer, struct bytes query, bool tcp)
{
    struct peer_question question;
    enum peer_health health = (enum peer_health)atomic_load(&peer->health);
    if (!parse(query, tcp, &question) || health == PEER_MUTE)
        return PEER_SILENT;
    if (question.type == 6)
        return answer_self_test(peer, health);
    atomic_fetch_add(tcp ? &peer->tcp : &peer->udp, 1);
    question.number = atomic_fetch_add(&peer->number, 1) + 1;
    return peer->script(peer->arg, &question, &peer->reply);
}

static void transmit(struct peer *peer, struct late *late)
{
    if (late->fd >= 0)
        send(late->fd, late->data, late->len, MSG_NOSIGNAL);
    else if (peer->fds[UDP].fd >= 0)
        sendto(peer->fds[UDP].fd, late->data, late->len, 0,
               (struct sockaddr *)&late->address, sizeof late->address);
    free(late);
}

/* false: hang up. */
static bool handle(struct peer *peer, struct bytes query, int tcp_fd,
                   const struct sockaddr_in *address)
{
    int delay_ms = answer(peer, query, tcp_fd >= 0);
    if (delay_ms < 0)
        return delay_ms != PEER_HANG_UP;
    size_t prefix = tcp_fd >= 0 ? 2 : 0, len = peer->reply.len;
    struct late *late = malloc(sizeof *late + prefix + len);
    if (!late)
        abort();
    *late = (struct late){
        .at_us = clock_mono_us() + delay_ms * 1000LL, .fd = tcp_fd, .len = prefix + len};
    if (address)
        late->address = *address;
    memcpy(peer->reply.data, query.data, 2);
    if (prefix)
        memcpy(late->data, (uint8_t[]){(uint8_t)(len >> 8), (uint8_t)len}, 2);
    memcpy(late->data + prefix, peer->reply.data, len);
    if (delay_ms == 0) {
        transmit(peer, late);
    } else {
        late->next = peer->late;
        peer->late = late;
    }
    return true;
}

/* -------------------------------------------------------------------- events */

static void read_udp(struct peer *peer)
{
    uint8_t query[4096];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t got;
    while ((got = recvfrom(peer->fds[UDP].fd, query, sizeof query, 0,
                           (struct sockaddr *)&from, &len)) > 0)
        handle(peer, (struct bytes){query, (size_t)got}, -1, &from);
}

static void accept_one(struct peer *peer)
{
    int fd = accept4(peer->fds[LISTENER].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    for (int i = 0; fd >= 0 && i < CONNECTIONS; i++) {
        if (peer->fds[FIRST + i].fd >= 0)
            continue;
        peer->connections[i].len = 0;
        peer->fds[FIRST + i].fd = fd;
        return;
    }
    close(fd);
}

static void read_tcp(struct peer *peer, int index)
{
    struct connection *c = &peer->connections[index - FIRST];
    int fd = peer->fds[index].fd;
    ssize_t got = recv(fd, c->data + c->len, sizeof c->data - c->len, 0);
    if (got <= 0) {
        close_fd(peer, index);
        return;
    }
    c->len += (size_t)got;
    while (c->len >= 2) {
        size_t len = (size_t)c->data[0] << 8 | c->data[1];
        if (c->len < 2 + len)
            return;
        if (!handle(peer, (struct bytes){c->data + 2, len}, fd, NULL)) {
            close_fd(peer, index);
            return;
        }
        c->len -= 2 + len;
        memmove(c->data, c->data + 2 + len, c->len);
    }
}

static void send_due(struct peer *peer)
{
    int64_t now_us = clock_mono_us();
    for (struct late **link = &peer->late; *link;) {
        struct late *late = *link;
        if (late->at_us > now_us) {
            link = &late->next;
            continue;
        }
        *link = late->next;
        transmit(peer, late);
    }
}

static void follow_orders(struct peer *peer)
{
    eventfd_t ignored;
    eventfd_read(peer->fds[WAKE].fd, &ignored);
    bool wanted = atomic_load(&peer->wanted_open);
    close_sockets(peer);
    atomic_store(&peer->is_open, wanted && open_sockets(peer));
}

static void *run(void *arg)
{
    struct peer *peer = arg;
    while (!atomic_load(&peer->stopping)) {
        poll(peer->fds, FDS, peer->late ? 1 : 100);
        for (int i = FIRST; i < FDS; i++)
            if (peer->fds[i].fd >= 0 && peer->fds[i].revents)
                read_tcp(peer, i);
        if (peer->fds[LISTENER].fd >= 0 && peer->fds[LISTENER].revents & POLLIN)
            accept_one(peer);
        if (peer->fds[UDP].fd >= 0 && peer->fds[UDP].revents)
            read_udp(peer);
        send_due(peer);
        if (peer->fds[WAKE].revents)
            follow_orders(peer);
    }
    return NULL;
}

/* ------------------------------------------------------------------ functions */

struct peer *peer_create(peer_script *script, void *arg)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        abort();
    peer->script = script;
    peer->arg = arg;
    peer->address = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < FDS; i++)
        peer->fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    peer->fds[WAKE].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!open_sockets(peer))
        abort();
    atomic_store(&peer->wanted_open, true);
    atomic_store(&peer->is_open, true);
    snprintf(peer->text, sizeof peer->text, "127.0.0.1:%u",
             ntohs(peer->address.sin_port));
    pthread_create(&peer->thread, NULL, run, peer);
    return peer;
}

void peer_destroy(struct peer *peer)
{
    if (!peer)
        return;
    atomic_store(&peer->stopping, true);
    eventfd_write(peer->fds[WAKE].fd, 1);
    pthread_join(peer->thread, NULL);
    close_sockets(peer);
    close(peer->fds[WAKE].fd);
    while (peer->late) {
        struct late *late = peer->late;
        peer->late = late->next;
        free(late);
    }
    free(peer);
}

struct sockaddr_storage peer_address(const struct peer *peer)
{
    struct sockaddr_storage address = {0};
    memcpy(&address, &peer->address, sizeof peer->address);
    return address;
}

const char *peer_text(const struct peer *peer)
{
    return peer->text;
}

void peer_set_health(struct peer *peer, enum peer_health health)
{
    atomic_store(&peer->health, (int)health);
}

void peer_set_open(struct peer *peer, bool open)
{
    atomic_store(&peer->wanted_open, open);
    atomic_store(&peer->is_open, !open);
    eventfd_write(peer->fds[WAKE].fd, 1);
    while (atomic_load(&peer->is_open) != open)
        usleep(1000);
}

void peer_refuse_tcp(struct peer *peer)
{
    atomic_store(&peer->refuse_tcp, true);
    peer_set_open(peer, true);
}

unsigned peer_udp_questions(const struct peer *peer)
{
    return atomic_load(&peer->udp);
}

unsigned peer_tcp_questions(const struct peer *peer)
{
    return atomic_load(&peer->tcp);
}

void peer_reply(struct message *reply, const struct peer_question *question,
                unsigned flags, const char *script)
{
    char line[300];
    snprintf(line, sizeof line, "QD %s CAA\n", question->name);
    message_write(reply, flags, line);
    message_add(reply, script);
}
