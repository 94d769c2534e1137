#include "dns/proof.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "dns/query.h"
#include "dns/response.h"

struct proof {
    struct worker *worker;
    size_t upstream;
    struct proof_waiter *asked;   /* by the question on its way */
    struct proof_waiter *waiting; /* for the one after it */
    struct channel_query *query;  /* NULL: none on its way */
    struct wheel_timer timeout;
};

static void begin(struct proof *proof);

static void end(struct proof *proof, bool answers, bool validates)
{
    struct proof_waiter *waiter = proof->asked;
    proof->asked = NULL;
    proof->query = NULL;
    wheel_clear(&proof->worker->wheel, &proof->timeout);
    while (waiter) {
        struct proof_waiter *next = waiter->next;
        waiter->done(waiter, answers, validates);
        waiter = next;
    }
    if (proof->waiting && !proof->query)
        begin(proof);
}

static void on_done(void *arg, enum channel_status status, struct bytes message)
{
    struct proof *proof = arg;
    struct worker *worker = proof->worker;
    struct upstream *upstream = &worker->pool->upstreams[proof->upstream];
    bool ad = false, answers = false;
    if (status == CHANNEL_ANSWERED)
        answers = response_is_noerror(message, &ad);
    if (answers && !ad)
        worker_set_state(worker, upstream, UPSTREAM_NOT_VALIDATING);
    else if (status == CHANNEL_UNREACHABLE)
        worker_set_state(worker, upstream, UPSTREAM_UNREACHABLE);
    end(proof, answers, answers && ad);
}

static void on_timeout(struct wheel_timer *timer)
{
    struct proof *proof =
        (struct proof *)(void *)((char *)timer - offsetof(struct proof, timeout));
    channel_abandon(proof->query);
    end(proof, false, false);
}

static void begin(struct proof *proof)
{
    struct worker *worker = proof->worker;
    uint8_t message[QUERY_MAX];
    size_t len = query_write(message, "", QUERY_TYPE_SOA, (uint16_t)random_u64(), false);
    proof->asked = proof->waiting;
    proof->waiting = NULL;
    wheel_set(&worker->wheel, &proof->timeout,
              clock_mono_us() + (int64_t)worker->pool->timeout_ms * 1000, on_timeout);
    if (channel_send(worker->channels[proof->upstream], CAA_TRANSPORT_UDP,
                     (struct bytes){message, len}, on_done, proof,
                     &proof->query) != CAA_OK)
        end(proof, false, false);
}

void proof_ask(struct worker *worker, size_t upstream, struct proof_waiter *waiter)
{
    struct proof *proof = &worker->proofs[upstream];
    waiter->next = proof->waiting;
    proof->waiting = waiter;
    if (!proof->query)
        begin(proof);
}

enum caa_err proof_start(struct worker *worker)
{
    size_t count = worker->pool->upstream_count;
    worker->proofs = calloc(count, sizeof *worker->proofs);
    if (!worker->proofs)
        return CAA_ENOMEM;
    for (size_t i = 0; i < count; i++)
        worker->proofs[i] = (struct proof){.worker = worker, .upstream = i};
    return CAA_OK;
}

void proof_stop(struct worker *worker)
{
    if (!worker->proofs)
        return;
    for (size_t i = 0; i < worker->pool->upstream_count; i++) {
        wheel_clear(&worker->wheel, &worker->proofs[i].timeout);
        if (worker->proofs[i].query)
            channel_abandon(worker->proofs[i].query);
    }
    free(worker->proofs);
    worker->proofs = NULL;
}
