/* attempt.h - one try of a call: choose a server, send, and decide whether to
 * try again (see the states in call.h).
 * Threads: functions named _locked hold the client's lock; after one has
 * returned CAA_NEXT_GOES_ON the call's next step follows by itself. */
#ifndef CAA_CLIENT_ATTEMPT_H
#define CAA_CLIENT_ATTEMPT_H

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <rpc/v1/rpc.pb-c.h>
#include <stdbool.h>

#include "client.h"
#include "deadlines.h"
#include "request_id.h"

enum caa_call_state {
    CALL_IDLE,
    CALL_WAITING,
    CALL_SENT,
    CALL_ANSWERED,
    CALL_LATE,
    CALL_LOST,
    CALL_BACKOFF
};

struct caa_call {
    struct caa_client *client;
    struct caa_call *next;
    struct caa_call *previous;
    /* SENT: in the client's deadlines. */
    struct caa_deadline due;
    /* ANSWERED: of those that came in one read. */
    struct caa_call *answered_next;
    nng_aio *timer;
    /* Its place in client->slots, for life. */
    uint32_t slot;
    enum caa_call_state state;

    char *method;
    uint8_t *payload;
    size_t payload_len;
    char request_id[CAA_REQUEST_ID_MAX + 1];
    uint32_t timeout_ms;
    nng_time deadline;
    caa_call_verify_fn verify;
    caa_call_done_fn done;
    void *arg;

    /* Counts waiting without any server; starts anew when one was connected. */
    nng_time connect_deadline;
    unsigned attempts;
    /* Where the present or last attempt went, and its id on the wire: the slot
     * and a number that grows, so that a late reply finds nobody. */
    size_t server;
    uint32_t id;
    /* A whole Response as it came; NULL also when memory ran out. */
    uint8_t *reply;
    size_t reply_len;

    /* Why the last attempt failed; OK before the first. */
    struct caa_client_error error;
    Rpc__V1__Response *response;
};

/* What a step decides. */
enum caa_next { CAA_NEXT_GOES_ON, CAA_NEXT_FINISHED };

/* Sends to the best server, or waits for one. When the call is then SENT, its
 * server's link wants a kick without the lock. */
enum caa_next caa_attempt_start_locked(struct caa_call *call);
/* The deadline came first. */
enum caa_next caa_attempt_late_locked(struct caa_call *call);
/* The connection broke before the answer came. */
enum caa_next caa_attempt_lost_locked(struct caa_call *call);
/* caa_attempt_read has left its findings in the call. */
enum caa_next caa_attempt_answered_locked(struct caa_call *call);

/* Reads and verifies the reply, which for a large one takes a while: without the
 * lock. */
void caa_attempt_read(struct caa_call *call);

/* Starts the time a call may wait while no server is connected. */
void caa_attempt_set_connect_deadline(struct caa_call *call, nng_time now);

#endif
