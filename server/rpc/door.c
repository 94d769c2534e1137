#include "rpc/door.h"

#include <errno.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    SLOTS_FIRST = 32,
    SLOTS_LOW = 8,      /* open more when fewer wait */
    SLOTS_RESERVE = 64, /* above max_in_flight: to refuse, and for health and admin */
    /* A client that takes no reply for so long is disconnected. */
    SEND_MS = 30000,
};

static void slot_receive(struct rpc_slot *slot)
{
    if (atomic_load(&slot->door->closing))
        return;
    slot->state = RPC_SLOT_RECEIVING;
    atomic_fetch_add(&slot->door->receiving, 1);
    nng_aio_set_timeout(slot->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(slot->ctx, slot->aio);
}

static void on_slot(void *arg);

static struct rpc_slot *slot_create(struct rpc_door *door)
{
    struct rpc_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return NULL;
    slot->door = door;
    if (nng_ctx_open(&slot->ctx, door->socket) != 0)
        goto no_ctx;
    if (nng_aio_alloc(&slot->aio, on_slot, slot) != 0)
        goto no_aio;
    return slot;
no_aio:
    nng_ctx_close(slot->ctx);
no_ctx:
    free(slot);
    return NULL;
}

/* Best effort: with no memory for more, those that exist go on. Slots that send
 * come on top: their number is bounded by what clients may leave unread. */
static void open_slots(struct rpc_door *door)
{
    pthread_mutex_lock(&door->lock);
    unsigned max = door->slot_max + atomic_load(&door->sending);
    unsigned wanted = door->slot_count ? door->slot_count : SLOTS_FIRST;
    if (wanted > max - door->slot_count)
        wanted = max > door->slot_count ? max - door->slot_count : 0;
    for (; wanted > 0 && !atomic_load(&door->closing); wanted--) {
        struct rpc_slot *slot = slot_create(door);
        if (!slot)
            break;
        slot->next = door->slots;
        door->slots = slot;
        door->slot_count++;
        slot_receive(slot);
    }
    pthread_mutex_unlock(&door->lock);
}

static void forget_peer(struct rpc_slot *slot)
{
    if (slot->peer)
        rpc_peer_release(slot->peer);
    slot->peer = NULL;
}

static void on_received(struct rpc_slot *slot)
{
    struct rpc_door *door = slot->door;
    unsigned left = atomic_fetch_sub(&door->receiving, 1) - 1;
    int err = nng_aio_result(slot->aio);
    bool closing = atomic_load(&door->closing);
    if (err == 0 && closing)
        nng_msg_free(nng_aio_get_msg(slot->aio));
    if (err == NNG_ECLOSED || err == NNG_ECANCELED || closing)
        return;
    if (left < SLOTS_LOW)
        open_slots(door);
    if (err != 0) {
        slot_receive(slot);
        return;
    }
    nng_msg *message = nng_aio_get_msg(slot->aio);
    nng_aio_set_msg(slot->aio, NULL);
    slot->state = RPC_SLOT_WORKING;
    slot->peer = rpc_peers_hold(&door->peers, nng_msg_get_pipe(message));
    if (slot->peer && rpc_peer_is_given_up(slot->peer)) {
        nng_msg_free(message);
        forget_peer(slot);
        slot_receive(slot);
    } else {
        rpc_server_dispatch(door->server, slot, message);
    }
}

static void on_sent(struct rpc_slot *slot)
{
    struct rpc_door *door = slot->door;
    int err = nng_aio_result(slot->aio);
    if (err != 0) {
        nng_msg_free(nng_aio_get_msg(slot->aio));
        nng_aio_set_msg(slot->aio, NULL);
    }
    atomic_fetch_sub(&door->sending, 1);
    rpc_peer_end_reply(&door->peers, slot->peer, slot->reply_len);
    if (err == NNG_ETIMEDOUT)
        rpc_peer_give_up(slot->peer);
    forget_peer(slot);
    if (err != NNG_ECLOSED)
        slot_receive(slot);
}

static void on_slot(void *arg)
{
    struct rpc_slot *slot = arg;
    if (slot->state == RPC_SLOT_SENDING)
        on_sent(slot);
    else
        on_received(slot);
}

/* Without memory for a reply the peer's own deadline ends its wait; a client
 * that has left, or reads nothing, gets none. */
void rpc_slot_send(struct rpc_slot *slot, nng_msg *message)
{
    struct rpc_door *door = slot->door;
    struct rpc_server *server = door->server;
    if (slot->call.counted)
        rpc_server_make_room(server);
    arena_destroy(slot->call.arena);
    slot->call = (struct rpc_call){0};
    slot->reply_len = message ? nng_msg_len(message) : 0;
    if (message && slot->peer &&
        rpc_peer_begin_reply(&door->peers, slot->peer, slot->reply_len)) {
        slot->state = RPC_SLOT_SENDING;
        atomic_fetch_add(&door->sending, 1);
        nng_aio_set_timeout(slot->aio, SEND_MS);
        nng_aio_set_msg(slot->aio, message);
        nng_ctx_send(slot->ctx, slot->aio);
    } else {
        nng_msg_free(message);
        forget_peer(slot);
        slot_receive(slot);
    }
    rpc_server_ended(server);
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct rpc_door *door = arg;
    if (event == NNG_PIPE_EV_REM_POST) {
        atomic_fetch_sub(&door->connections, 1);
        rpc_peers_remove(&door->peers, pipe);
    } else if (event == NNG_PIPE_EV_ADD_PRE) {
        if (atomic_fetch_add(&door->connections, 1) >= door->max_connections ||
            !rpc_peers_add(&door->peers, pipe))
            nng_pipe_close(pipe);
    }
}

/* A socket file that nobody listens on is left over; one that answers belongs
 * to a daemon that runs, and nng would unlink it. */
static bool ipc_is_taken(const char *url)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", url + strlen("ipc://"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool taken = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return taken;
}

static int start_listener(struct rpc_door *door, const struct rpc_listen *listen,
                          size_t max_message_bytes, const char **what)
{
    *what = "url";
    int err = nng_listener_create(&door->listener, door->socket, listen->url);
    if (err != 0)
        return err;
    /* Twice the limit: a message up to there is refused in words, a larger one
     * by nng, which closes the connection. It must be set before listening. */
    err = nng_listener_set_size(door->listener, NNG_OPT_RECVMAXSZ, 2 * max_message_bytes);
    if (err == 0 && door->is_ipc && listen->mode >= 0)
        err = nng_listener_set_int(door->listener, NNG_OPT_IPC_PERMISSIONS, listen->mode);
    if (err == 0 && door->is_tls)
        err = rpc_tls_use(&door->tls, door->listener, listen, what);
    return err == 0 ? nng_listener_start(door->listener, 0) : err;
}

bool rpc_door_open(struct rpc_door *door, struct rpc_server *server,
                   const struct rpc_listen *listen, const struct rpc_limits *limits,
                   char *error, size_t error_size)
{
    const char *what = "socket";
    memset(door, 0, sizeof *door); /* one that failed may have been here */
    door->server = server;
    door->roles = listen->roles;
    door->url = listen->url;
    door->is_ipc = strncmp(listen->url, "ipc://", 6) == 0;
    door->is_tls = strncmp(listen->url, "tls+tcp", 7) == 0;
    door->slot_max = limits->max_in_flight + SLOTS_RESERVE;
    door->max_connections = limits->max_connections;
    pthread_mutex_init(&door->lock, NULL);
    rpc_peers_init(&door->peers);
    if (door->is_ipc && ipc_is_taken(listen->url)) {
        snprintf(error, error_size, "%s: another process listens there", listen->url);
        rpc_peers_fini(&door->peers);
        pthread_mutex_destroy(&door->lock);
        return false;
    }
    int err = nng_rep0_open(&door->socket);
    if (err == 0) {
        nng_pipe_notify(door->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, door);
        nng_pipe_notify(door->socket, NNG_PIPE_EV_REM_POST, on_pipe, door);
        open_slots(door);
        err = start_listener(door, listen, limits->max_message_bytes, &what);
        if (err == 0)
            return true;
        rpc_door_close(door);
    }
    snprintf(error, error_size, "%s: cannot listen (%s): %s", listen->url, what,
             nng_strerror(err));
    return false;
}

bool rpc_door_reload_tls(struct rpc_door *door, const struct rpc_listen *listen,
                         char *error, size_t error_size)
{
    const char *what = "tls";
    if (!door->is_tls)
        return true;
    int err = rpc_tls_use(&door->tls, door->listener, listen, &what);
    if (err == 0)
        rpc_tls_flush(door->listener);
    else
        snprintf(error, error_size, "%s: %s: %s", listen->url, what, nng_strerror(err));
    return err == 0;
}

void rpc_door_tick(struct rpc_door *door)
{
    if (door->is_tls)
        rpc_half_open_sweep(&door->half_open, &door->peers, door->listener,
                            door->max_connections);
    rpc_peers_tick(&door->peers);
}

void rpc_door_stop_receiving(struct rpc_door *door)
{
    atomic_store(&door->closing, true);
    pthread_mutex_lock(&door->lock);
    for (struct rpc_slot *slot = door->slots; slot; slot = slot->next)
        if (slot->state == RPC_SLOT_RECEIVING)
            nng_aio_cancel(slot->aio);
    pthread_mutex_unlock(&door->lock);
}

void rpc_door_close(struct rpc_door *door)
{
    rpc_door_stop_receiving(door);
    nng_close(door->socket);
    while (door->slots) {
        struct rpc_slot *slot = door->slots;
        door->slots = slot->next;
        nng_aio_stop(slot->aio);
        nng_aio_free(slot->aio);
        forget_peer(slot);
        free(slot);
    }
    rpc_tls_fini(&door->tls);
    rpc_half_open_fini(&door->half_open);
    rpc_peers_fini(&door->peers);
    pthread_mutex_destroy(&door->lock);
}
