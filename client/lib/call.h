/* call.h - one call on its way: chosen server, attempts, deadline.
 *
 *   start -> SENT -> ANSWERED -> done
 *     ^       |         |
 *     |       +-> LOST -+--- connection broke, UNAVAILABLE, try later
 *     |       +-> LATE ---- the deadline came first -> done
 *     +---- WAITING (no server connected)  BACKOFF (pause before a retry)
 *
 * What ends SENT, a reply, a loss or the deadline (deadlines.h), is noted in the
 * state, once. A reply's step follows on the thread that received it, together
 * with all that came in the same read; every other step is the completion of the
 * call's own timer, which runs in each state but SENT and ANSWERED. So two steps of
 * a call never run at once. The client's lock guards the steps; the completion
 * callback runs without it. A finished call goes back to the client's pool and is
 * freed with the client, because an aio cannot be freed in its own callback.
 * Threads: caa_call_begin any; the rest runs on nng's threads. */
#ifndef CAA_CLIENT_CALL_H
#define CAA_CLIENT_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "caa_client.h"
#include "deadlines.h"

struct caa_call;

/* error is never NULL; reply is borrowed until the callback returns. */
typedef void (*caa_call_done_fn)(void *arg, const struct caa_client_error *error,
                                 const uint8_t *reply, size_t reply_len);

/* Looks at the payload of an OK reply before it is believed: OK, or what is
 * wrong with it. */
typedef enum caa_client_code (*caa_call_verify_fn)(const uint8_t *request,
                                                   size_t request_len,
                                                   const char *request_id,
                                                   const uint8_t *reply, size_t reply_len,
                                                   struct caa_client_error *error);

struct caa_call_spec {
    /* Copied. */
    const char *method;
    const void *payload;
    size_t payload_len;
    /* NULL or empty: made here. Copied. */
    const char *request_id;
    /* 0: the client's. */
    uint32_t timeout_ms;
    /* NULL: any payload will do. */
    caa_call_verify_fn verify;
    caa_call_done_fn done;
    void *arg;
};

/* OK: done will be called once. Otherwise *error is filled, done never called:
 * INVALID_ARGUMENT, RESOURCE_EXHAUSTED, CANCELLED. */
enum caa_client_code caa_call_begin(struct caa_client *client,
                                    const struct caa_call_spec *spec,
                                    struct caa_client_error *error);

/* What links report. Client's lock held. */
void caa_call_server_up_locked(struct caa_client *client);
void caa_call_server_down_locked(struct caa_client *client, size_t server);
/* The call that waits for this reply, ANSWERED now; NULL: none does. */
struct caa_call *caa_call_reply_locked(struct caa_client *client, size_t server,
                                       uint32_t id, const uint8_t *body, size_t len);
/* The next step of an ANSWERED call; without the lock. */
void caa_call_answered(struct caa_call *call);
/* The deadline of a SENT call has come. */
void caa_call_late_locked(struct caa_deadline *deadline);

/* The client is closing: hurry every call to its end. Client's lock held. */
void caa_call_cancel_all_locked(struct caa_client *client);

/* No call may be outstanding any more: first waits until every callback has
 * returned, which may still use a link; then, with the links gone, frees the
 * pool. Not from a callback. */
void caa_call_stop_pool(struct caa_client *client);
void caa_call_free_pool(struct caa_client *client);

#endif
