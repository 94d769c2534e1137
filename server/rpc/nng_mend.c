#include "rpc/nng_mend.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What nng 1.5 does wrong can be kept from it at two calls of the C library. A
 * program's own function is found before the library's. nng alone calls
 * sendmsg; the workers of dns/, which call epoll_wait too, treat a hang-up as
 * readable anyway.
 *
 * 1. It reads EPIPE as "closed". On a connection that was hung up before the
 *    greeting this ends the loop that accepts: nobody gets in any more
 *    (nanomsg/nng#1518).
 * 2. It closes a connection that cannot be written while octets of it are still
 *    being read, and then waits for that read for ever; behind it wait all that
 *    close later, and the end of the daemon.
 *
 * So what is written to a client that is gone counts as written, as nng itself
 * has it with a reply to such a client, and a hang-up is noticed by reading to
 * the end alone. */

void nng_mend(void)
{
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
    if (sent >= 0 || (errno != EPIPE && errno != ECONNRESET))
        return sent;
    sent = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        sent += (ssize_t)message->msg_iov[i].iov_len;
    return sent;
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    int count = epoll_pwait(fd, events, max, timeout, NULL);
    for (int i = 0; i < count; i++)
        if (events[i].events & (EPOLLHUP | EPOLLERR))
            events[i].events = EPOLLIN | EPOLLOUT;
    return count;
}
