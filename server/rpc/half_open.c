#include "rpc/half_open.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    PATIENCE_MS = 10000, /* as nng has it for the rest of the handshake */
    PATIENCE_CROWDED_MS = 1000,
};

struct half_open_entry {
    uint64_t cookie; /* the kernel's name for a socket, never used twice */
    int64_t since_us;
    int fd;
    bool settled; /* it became a client */
};

static int compare(const void *a, const void *b)
{
    const struct half_open_entry *left = a, *right = b;
    return (left->cookie > right->cookie) - (left->cookie < right->cookie);
}

static bool to_nng(const struct sockaddr_storage *from, nng_sockaddr *to)
{
    *to = (nng_sockaddr){0};
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;
        to->s_in.sa_family = NNG_AF_INET;
        to->s_in.sa_port = in->sin_port;
        to->s_in.sa_addr = in->sin_addr.s_addr;
        return true;
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from;
        to->s_in6.sa_family = NNG_AF_INET6;
        to->s_in6.sa_port = in6->sin6_port;
        memcpy(to->s_in6.sa_addr, &in6->sin6_addr, sizeof to->s_in6.sa_addr);
        return true;
    }
    return false;
}

static uint16_t port_of(const nng_sockaddr *address)
{
    return address->s_family == NNG_AF_INET ? address->s_in.sa_port
                                            : address->s_in6.sa_port;
}

/* Whether fd is a connection that came in on this port; *peer is its other end. */
static bool came_in(int fd, uint16_t port, nng_sockaddr *peer)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    nng_sockaddr own;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        !to_nng(&address, &own) || port_of(&own) != port)
        return false;
    len = sizeof address;
    return getpeername(fd, (struct sockaddr *)&address, &len) == 0 &&
           to_nng(&address, peer);
}

static bool cookie_of(int fd, uint64_t *cookie)
{
    socklen_t len = sizeof *cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &len) == 0;
}

/* Adds fd to entries if it is of this port, with what is known of it. */
static void look_at(const struct rpc_half_open *known, struct rpc_peers *peers,
                    uint16_t port, struct half_open_entry *entry)
{
    nng_sockaddr peer;
    if (!came_in(entry->fd, port, &peer) || !cookie_of(entry->fd, &entry->cookie)) {
        entry->fd = -1;
        return;
    }
    const struct half_open_entry *before =
        known->count
            ? bsearch(entry, known->entries, known->count, sizeof *entry, compare)
            : NULL;
    entry->since_us = before ? before->since_us : clock_mono_us();
    entry->settled = (before && before->settled) || rpc_peers_has_address(peers, &peer);
}

static void collect(const struct rpc_half_open *known, struct rpc_peers *peers,
                    uint16_t port, struct rpc_half_open *fresh)
{
    size_t room = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return;
    for (struct dirent *item; (item = readdir(directory));) {
        struct half_open_entry entry = {.fd = atoi(item->d_name)};
        if (item->d_name[0] == '.')
            continue;
        look_at(known, peers, port, &entry);
        if (entry.fd < 0)
            continue;
        if (fresh->count == room) {
            room = room ? 2 * room : 64;
            void *grown = realloc(fresh->entries, room * sizeof entry);
            if (!grown)
                break;
            fresh->entries = grown;
        }
        fresh->entries[fresh->count++] = entry;
    }
    closedir(directory);
    if (fresh->count)
        qsort(fresh->entries, fresh->count, sizeof *fresh->entries, compare);
}

/* nng may have closed the descriptor meanwhile and another socket may have got
 * its number; a duplicate stays what it is while it is looked at. */
static void shut_down(const struct half_open_entry *entry)
{
    uint64_t cookie;
    int fd = fcntl(entry->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (cookie_of(fd, &cookie) && cookie == entry->cookie)
        shutdown(fd, SHUT_RDWR);
    close(fd);
}

void rpc_half_open_sweep(struct rpc_half_open *half_open, struct rpc_peers *peers,
                         nng_listener listener, unsigned max)
{
    nng_sockaddr own;
    struct rpc_half_open fresh = {0};
    size_t waiting = 0;
    if (nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &own) != 0)
        return;
    collect(half_open, peers, port_of(&own), &fresh);
    for (size_t i = 0; i < fresh.count; i++)
        waiting += !fresh.entries[i].settled;
    int64_t patience_us = (waiting > max ? PATIENCE_CROWDED_MS : PATIENCE_MS) * 1000LL;
    int64_t now_us = clock_mono_us();
    for (size_t i = 0; i < fresh.count; i++)
        if (!fresh.entries[i].settled &&
            now_us - fresh.entries[i].since_us >= patience_us)
            shut_down(&fresh.entries[i]);
    rpc_half_open_fini(half_open);
    *half_open = fresh;
}

void rpc_half_open_fini(struct rpc_half_open *half_open)
{
    free(half_open->entries);
    *half_open = (struct rpc_half_open){0};
}
