#include "dns/channel.h"

#include <ares.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

/* Our own timer ends an attempt first; c-ares only has to forget it. */
enum { FORGET_MARGIN_MS = 200 };

struct channel {
    ares_channel udp, tcp;
    int epoll_fd;
    uint32_t tag;
};

struct channel_query {
    channel_done *done; /* NULL: abandoned */
    void *arg;
};

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct channel *channel = arg;
    struct epoll_event event = {.events = (readable ? (uint32_t)EPOLLIN : 0) |
                                          (writable ? (uint32_t)EPOLLOUT : 0),
                                .data.u64 = (uint64_t)channel->tag << 32 | (uint32_t)fd};
    if (!readable && !writable)
        epoll_ctl(channel->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(channel->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0)
        epoll_ctl(channel->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* c-ares takes servers as text; the port is set the same for UDP and TCP. */
static bool set_server(ares_channel ares, const struct sockaddr *address)
{
    char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 16];
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    bool is_v6 = address->sa_family == AF_INET6;
    inet_ntop(address->sa_family,
              is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, ip,
              sizeof ip);
    snprintf(text, sizeof text, is_v6 ? "[%s]:%u" : "%s:%u", ip,
             ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
    return ares_set_servers_ports_csv(ares, text) == ARES_SUCCESS;
}

/* IGNTC: truncation is ours to see, the TCP attempt ours to make. NOCHECKRESP:
 * SERVFAIL and REFUSED arrive with their EDE. No EDNS flag: the OPT is in our
 * message, and with the flag c-ares would drop it on FORMERR; without it old
 * c-ares cuts UDP responses at 512 octets, see flight.c. */
static bool init(ares_channel *ares, struct channel *channel, int extra_flags,
                 const struct sockaddr *address, int timeout_ms)
{
    int version = 0;
    ares_version(&version);
    struct ares_options options = {
        .flags = ARES_FLAG_IGNTC | ARES_FLAG_STAYOPEN | ARES_FLAG_NOSEARCH |
                 ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | extra_flags,
        .timeout = timeout_ms + FORGET_MARGIN_MS,
        /* Since 1.32 the timeout is a hint that may be far shorter. */
        .tries = version >= 0x012000 ? 8 : 1,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = channel,
        .lookups = (char[]){"b"},
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
               ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;
#ifdef ARES_OPT_QUERY_CACHE
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_UDP_MAX_QUERIES
    /* A response that a newer c-ares cannot read closes its socket: keep the
     * number of queries that go down with it small. */
    options.udp_max_queries = 16;
    mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
    if (ares_init_options(ares, &options, mask) != ARES_SUCCESS)
        return false;
    if (set_server(*ares, address))
        return true;
    ares_destroy(*ares);
    return false;
}

enum caa_err channel_create(const struct sockaddr *address, int epoll_fd, uint32_t tag,
                            int timeout_ms, struct channel **out)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return CAA_ENOMEM;
    channel->epoll_fd = epoll_fd;
    channel->tag = tag;
    if (!init(&channel->udp, channel, 0, address, timeout_ms))
        goto no_udp;
    if (!init(&channel->tcp, channel, ARES_FLAG_USEVC, address, timeout_ms))
        goto no_tcp;
    *out = channel;
    return CAA_OK;
no_tcp:
    ares_destroy(channel->udp);
no_udp:
    free(channel);
    return CAA_EIO;
}

void channel_destroy(struct channel *channel)
{
    if (!channel)
        return;
    ares_destroy(channel->udp);
    ares_destroy(channel->tcp);
    free(channel);
}

static enum channel_status status_of(int ares_status)
{
    switch (ares_status) {
    case ARES_SUCCESS:
        return CHANNEL_ANSWERED;
    case ARES_ETIMEOUT:
        return CHANNEL_TIMED_OUT;
    case ARES_EBADRESP:
        return CHANNEL_UNREADABLE;
    case ARES_ENOMEM:
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
        return CHANNEL_FAILED;
    default:
        return CHANNEL_UNREACHABLE;
    }
}

static void on_ares_done(void *arg, int ares_status, int timeouts, unsigned char *abuf,
                         int alen)
{
    (void)timeouts;
    struct channel_query query = *(struct channel_query *)arg;
    free(arg);
    struct bytes message = {abuf, abuf && alen > 0 ? (size_t)alen : 0};
    if (query.done)
        query.done(query.arg, status_of(ares_status), message);
}

enum caa_err channel_send(struct channel *channel, enum caa_transport transport,
                          struct bytes message, channel_done *done, void *arg,
                          struct channel_query **out)
{
    struct channel_query *query = malloc(sizeof *query);
    if (!query)
        return CAA_ENOMEM;
    *query = (struct channel_query){done, arg};
    *out = query;
    ares_send(transport == CAA_TRANSPORT_TCP ? channel->tcp : channel->udp, message.data,
              (int)message.len, on_ares_done, query);
    return CAA_OK;
}

void channel_abandon(struct channel_query *query)
{
    query->done = NULL;
}

void channel_process(struct channel *channel, int descriptor, bool readable,
                     bool writable)
{
    ares_socket_t read_fd = readable ? descriptor : ARES_SOCKET_BAD;
    ares_socket_t write_fd = writable ? descriptor : ARES_SOCKET_BAD;
    ares_process_fd(channel->udp, read_fd, write_fd);
    ares_process_fd(channel->tcp, read_fd, write_fd);
}
