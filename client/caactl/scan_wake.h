/* scan_wake.h - wakes the main thread out of poll: when answers have come, and
 * when a signal asks the program to stop.
 * Threads: scan_wake_up any; the rest owner only. One at a time in a process,
 * because signals belong to the process. */
#ifndef CAACTL_SCAN_WAKE_H
#define CAACTL_SCAN_WAKE_H

#include <stdint.h>

struct scan_wake;

/* Catches SIGINT, SIGTERM and SIGHUP, ignores SIGPIPE. Exits when there are no
 * descriptors left. */
struct scan_wake *scan_wake_create(void);
/* Signals do again what they did before. */
void scan_wake_destroy(struct scan_wake *wake);

/* To be polled for reading. */
int scan_wake_fd(const struct scan_wake *wake);
void scan_wake_up(struct scan_wake *wake);
void scan_wake_clear(struct scan_wake *wake);
/* The signal that came, 0: none. */
int scan_wake_signal(const struct scan_wake *wake);

/* A clock that never goes back. */
int64_t scan_now_ms(void);

#endif
