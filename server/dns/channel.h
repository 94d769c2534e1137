/* channel.h - the way from one worker to one resolver: two c-ares channels,
 * UDP and TCP, driven by the worker's epoll set. c-ares matches responses to
 * queries by id, address and question; times, retries and the choice of
 * transport are the flight's (flight.h), so that every attempt is on record.
 * Threads: owner only. */
#ifndef CAA_DNS_CHANNEL_H
#define CAA_DNS_CHANNEL_H

#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"
#include "check/answer.h"

struct channel;

enum channel_status {
    CHANNEL_ANSWERED,    /* message holds the response */
    CHANNEL_TIMED_OUT,   /* c-ares gave up first */
    CHANNEL_UNREACHABLE, /* refused, no route, closed */
    CHANNEL_UNREADABLE,  /* a newer c-ares found the response malformed */
    CHANNEL_FAILED,      /* out of memory or closing */
};

/* message is borrowed for the call. */
typedef void channel_done(void *arg, enum channel_status status, struct bytes message);

/* One query on its way. */
struct channel_query;

/* epoll_data of every descriptor is tag << 32 | descriptor. */
CAA_MUSTCHECK enum caa_err channel_create(const struct sockaddr *address, int epoll_fd,
                                          uint32_t tag, int timeout_ms,
                                          struct channel **out);
/* Queries on their way are done with CHANNEL_FAILED first. NULL is fine. */
void channel_destroy(struct channel *channel);

/* Sends message. *out is set before done can be called; done is called exactly
 * once, perhaps before this returns, unless the query is abandoned. */
CAA_MUSTCHECK enum caa_err channel_send(struct channel *channel,
                                        enum caa_transport transport,
                                        struct bytes message, channel_done *done,
                                        void *arg, struct channel_query **out);
/* done will not be called. */
void channel_abandon(struct channel_query *query);

/* A descriptor of this channel is ready; also call it without one (-1) from
 * time to time, to let c-ares drop what it still waits for. */
void channel_process(struct channel *channel, int descriptor, bool readable,
                     bool writable);

#endif
