#include "ops/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { MESSAGE_MAX = 512 };

/* The variable's number, 0 if there is none. */
static int64_t environment_number(const char *name)
{
    const char *text = getenv(name);
    if (!text || text[0] < '0' || text[0] > '9')
        return 0;
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 ? number : 0;
}

/* An absolute path, or "@name" for the abstract namespace, where the address is
 * as long as the name and has no NUL behind it (unix(7)). */
static bool set_address(struct notify *notify, const char *name)
{
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 ||
        len >= sizeof notify->address.sun_path)
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, len);
    notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    else
        notify->address_len++;
    return true;
}

enum caa_err notify_init(struct notify *notify)
{
    *notify = (struct notify){.fd = -1};
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name || name[0] == '\0')
        return CAA_OK;
    if (!set_address(notify, name))
        return CAA_EINVAL;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0)
        return CAA_EIO;
    int64_t pid = environment_number("WATCHDOG_PID");
    if (pid == 0 || pid == getpid())
        notify->watchdog_us = environment_number("WATCHDOG_USEC");
    return CAA_OK;
}

void notify_fini(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    *notify = (struct notify){.fd = -1};
}

/* A full or vanished socket is the service manager's trouble: it will see the
 * watchdog stop. */
static void send_text(struct notify *notify, const char *text, size_t len)
{
    ssize_t sent;
    if (notify->fd < 0)
        return;
    do
        sent = sendto(notify->fd, text, len, MSG_NOSIGNAL,
                      (const struct sockaddr *)&notify->address, notify->address_len);
    while (sent < 0 && errno == EINTR);
}

/* state lines, then the status if there is one. */
static void send_state(struct notify *notify, const char *state, const char *status)
{
    char text[MESSAGE_MAX];
    int len = status ? snprintf(text, sizeof text, "%sSTATUS=%s", state, status)
                     : snprintf(text, sizeof text, "%s", state);
    size_t used = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    /* A newline would begin a statement of its own. */
    for (size_t i = strlen(state); i < used; i++)
        if (text[i] == '\n')
            text[i] = ' ';
    send_text(notify, text, used);
}

void notify_ready(struct notify *notify, const char *status)
{
    send_state(notify, "READY=1\n", status);
}

void notify_reloading(struct notify *notify)
{
    char state[64];
    /* Type=notify-reload wants to know which reload this is about. */
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
             clock_mono_us());
    send_state(notify, state, NULL);
}

void notify_stopping(struct notify *notify, const char *status)
{
    send_state(notify, "STOPPING=1\n", status);
}

void notify_status(struct notify *notify, const char *status)
{
    send_state(notify, "", status);
}

int64_t notify_watchdog_interval_ms(const struct notify *notify)
{
    return notify->watchdog_us / 2000;
}

void notify_watchdog(struct notify *notify)
{
    send_state(notify, "WATCHDOG=1\n", NULL);
}
