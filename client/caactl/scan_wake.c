#include "scan_wake.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "verb.h"

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
#define CAUGHT_LEN (sizeof(caught) / sizeof(caught[0]))

struct scan_wake {
    int fd;
    struct sigaction before[CAUGHT_LEN];
};

/* A signal handler can be given nothing else. */
static volatile sig_atomic_t signal_came;
static volatile sig_atomic_t signal_fd = -1;

static void write_one(int fd)
{
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof(one));
    (void)ignored;
}

static void on_signal(int number)
{
    int problem = errno;
    signal_came = number;
    if (signal_fd >= 0)
        write_one(signal_fd);
    errno = problem;
}

struct scan_wake *scan_wake_create(void)
{
    struct scan_wake *wake = must_alloc(sizeof(*wake));
    wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake->fd < 0) {
        complain("cannot open an event descriptor: %s", strerror(errno));
        exit(EXIT_OUTPUT);
    }
    signal_came = 0;
    signal_fd = wake->fd;
    for (size_t i = 0; i < CAUGHT_LEN; i++) {
        struct sigaction action = {.sa_handler =
                                       caught[i] == SIGPIPE ? SIG_IGN : on_signal};
        sigaction(caught[i], NULL, &wake->before[i]);
        /* nohup's wish stands. */
        if (wake->before[i].sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    }
    return wake;
}

void scan_wake_destroy(struct scan_wake *wake)
{
    for (size_t i = 0; i < CAUGHT_LEN; i++)
        sigaction(caught[i], &wake->before[i], NULL);
    signal_fd = -1;
    close(wake->fd);
    free(wake);
}

int scan_wake_fd(const struct scan_wake *wake)
{
    return wake->fd;
}

void scan_wake_up(struct scan_wake *wake)
{
    write_one(wake->fd);
}

void scan_wake_clear(struct scan_wake *wake)
{
    uint64_t count;
    ssize_t ignored = read(wake->fd, &count, sizeof(count));
    (void)ignored;
}

int scan_wake_signal(const struct scan_wake *wake)
{
    (void)wake;
    return signal_came;
}

int64_t scan_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
