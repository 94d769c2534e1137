/* link.h - the connection to one server, made again whenever it is gone.
 *
 *   RESTING -> DIALLING -> GREETING -> UP -> BREAKING -> RESTING ...
 *                  |           |______________^  |
 *                  +--> RESTING                  +--> CLOSED
 *
 * It speaks to a REP socket as a REQ socket does (frame.h), but on nng's byte
 * streams instead of its REQ socket: in nng 1.5 a connection that breaks while
 * messages arrive can leave its receive without completion; the library's one
 * reaper thread then waits for it for ever, no connection of the process is made
 * again and nng_close never returns. Streams have no such step, and they tell why
 * a connection failed.
 *
 * Rules that keep nng's aio sound here: an aio has one operation at a time, is
 * never stopped before it rests, and what has slept (timer) does nothing else. A
 * stream is closed to end its operations, and freed by whoever lets go of it
 * last.
 * Threads: everything is guarded by the lock given at creation; functions named
 * _locked expect it held, the others not. */
#ifndef CAA_CLIENT_LINK_H
#define CAA_CLIENT_LINK_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "url.h"

struct caa_link;

/* Called with the lock held, but for work. */
struct caa_link_events {
    void *arg;
    /* Which link it is, for the owner. */
    size_t index;
    void (*up)(void *arg, size_t index);
    void (*down)(void *arg, size_t index);
    /* body is borrowed for the call. */
    void (*reply)(void *arg, size_t index, uint32_t id, const uint8_t *body, size_t len);
    /* After the last reply of a read: what is to be done about them, for work, which
     * the same thread calls next. NULL: nothing. Requests that work queues are
     * sent together when it returns. */
    void *(*take)(void *arg, size_t index);
    void (*work)(void *taken);
};

/* tls: NULL unless tls+tcp. url, lock and the strings of parsed outlive the
 * link. 0 or an nng error; *out untouched on failure. */
int caa_link_create(const char *url, const struct caa_url *parsed, nng_tls_config *tls,
                    size_t max_reply, pthread_mutex_t *lock,
                    const struct caa_link_events *events, struct caa_link **out);
/* Begins to dial. Once. */
void caa_link_start(struct caa_link *link);
/* Disconnects and waits until nothing is under way, then frees. Not from a
 * callback. NULL is fine. */
void caa_link_destroy(struct caa_link *link);

bool caa_link_is_up_locked(const struct caa_link *link);
bool caa_link_is_ipc(const struct caa_link *link);
/* Why it is not up, in a few words; empty: not known, or it is. */
const char *caa_link_cause_locked(const struct caa_link *link);

/* Queues a request and takes the frame over. Pre: the link is up.
 * caa_link_kick, after the lock is released, sends it. */
void caa_link_send_locked(struct caa_link *link, struct caa_frame *frame);
void caa_link_kick(struct caa_link *link);
/* Takes a request out of the queue again, if no byte of it has been sent. */
void caa_link_withdraw_locked(struct caa_link *link, uint32_t id);

#endif
