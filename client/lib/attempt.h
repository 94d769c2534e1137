/* attempt.h - one try of a call: choose a server, send, receive, and decide
 * whether to try again (see the states in call.h).
 * Threads: functions named _locked hold the client's lock; after one has
 * returned CAA_NEXT_GOES_ON the call belongs to nng until its next step. */
#ifndef CAA_CLIENT_ATTEMPT_H
#define CAA_CLIENT_ATTEMPT_H

#include <nng/nng.h>
#include <nng/supplemental/util/platform.h>
#include <rpc/v1/rpc.pb-c.h>
#include <stdbool.h>

#include "client.h"
#include "request_id.h"

enum caa_call_state {
    CALL_IDLE,
    CALL_WAITING,
    CALL_SENDING,
    CALL_RECEIVING,
    CALL_BACKOFF
};

struct caa_call {
    struct caa_client *client;
    struct caa_call *next;
    struct caa_call *previous;
    nng_aio *aio;
    /* For pauses only: once an aio has slept, nng 1.5 reports its later timeouts
     * as success. */
    nng_aio *timer;
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
    /* Where the present or last attempt went. */
    size_t server;
    nng_ctx ctx;
    bool has_ctx;

    /* Why the last attempt failed; OK before the first. */
    struct caa_client_error error;
    Rpc__V1__Response *response;
};

/* What a step decides. */
enum caa_next { CAA_NEXT_GOES_ON, CAA_NEXT_FINISHED };

/* Sends to the best server, or waits for one. */
enum caa_next caa_attempt_start_locked(struct caa_call *call);
/* The request was handed over, or rv says why not. */
enum caa_next caa_attempt_sent_locked(struct caa_call *call, int rv);
/* No answer came, for the reason rv. */
enum caa_next caa_attempt_lost_locked(struct caa_call *call, int rv);
/* caa_attempt_read has left its findings in the call. */
enum caa_next caa_attempt_answered_locked(struct caa_call *call);

/* Reads and verifies a reply, which for a large one takes a while: without the
 * lock. Takes msg over. */
void caa_attempt_read(struct caa_call *call, nng_msg *msg);

/* Starts the time a call may wait while no server is connected. */
void caa_attempt_set_connect_deadline(struct caa_call *call, nng_time now);

#endif
