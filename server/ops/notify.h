/* notify.h - tells systemd how the daemon fares (sd_notify(3)'s protocol on
 * $NOTIFY_SOCKET, without libsystemd). Everything does nothing when no service
 * manager listens, and never waits for one.
 * Threads: any after init; init and fini belong to one owner. */
#ifndef CAA_OPS_NOTIFY_H
#define CAA_OPS_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_len;
    int64_t watchdog_us; /* 0: no watchdog is asked for */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment.
 * CAA_EINVAL: NOTIFY_SOCKET is no path or abstract name; CAA_EIO: no socket.
 * After a failure *notify is one that does nothing. */
CAA_MUSTCHECK enum caa_err notify_init(struct notify *notify);
void notify_fini(struct notify *notify);

/* status: a few words for systemctl status; NULL leaves it as it is. A newline
 * in it becomes a blank. */
void notify_ready(struct notify *notify, const char *status);
/* Until notify_ready, which must follow a failed reload too. */
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify, const char *status);
void notify_status(struct notify *notify, const char *status);

/* How often to call notify_watchdog, in milliseconds: half of what systemd
 * allows. 0: not at all. */
int64_t notify_watchdog_interval_ms(const struct notify *notify);
void notify_watchdog(struct notify *notify);

#endif
