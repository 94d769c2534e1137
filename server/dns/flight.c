#include "dns/flight.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "dns/proof.h"
#include "dns/query.h"
#include "dns/response.h"

enum {
    /* Every attempt may be UDP then TCP; the CD question likewise. */
    ATTEMPTS_RECORDED = 2 * RESOLVER_ATTEMPTS_MAX + 2,
    /* c-ares before 1.22 cuts a longer UDP response to this. */
    UDP_CUT = 512,
    SPARE_MAX = 1024,
};

struct flight {
    struct worker *worker;
    struct flight *next_in_bucket;
    uint64_t hash;
    int64_t started_us;
    struct resolver_query *waiters;

    size_t attempt_count;
    unsigned tries; /* attempts used, TCP after truncation not counted */
    size_t first_upstream, upstream;
    enum caa_transport transport;
    bool checking_disabled;
    int64_t sent_us;
    struct channel_query *query; /* NULL: none on its way */
    struct wheel_timer timeout;
    struct paced paced;

    /* An answer without AD, until its upstream is seen to validate. */
    struct held_answer *unproven;
    struct proof_waiter proof;

    /* The most telling failure so far, without attempts. */
    struct held_answer *failure;

    /* Not cleared for the next flight. */
    char name[CAA_FQDN_MAX + 1];
    struct caa_attempt attempts[ATTEMPTS_RECORDED];
};

#define FLIGHT_OF(timer_pointer, member)                                                 \
    ((struct flight *)(void *)((char *)(timer_pointer)-offsetof(struct flight, member)))

static void send_query(struct flight *flight);

/* ------------------------------------------------------------------ waiters */

static void waiter_unlink(struct resolver_query *query)
{
    struct flight *flight = query->flight;
    *(query->prev ? &query->prev->next : &flight->waiters) = query->next;
    if (query->next)
        query->next->prev = query->prev;
    wheel_clear(&flight->worker->wheel, &query->deadline);
}

/* The flight goes on for those who have more time, and for the cache. */
static void on_waiter_deadline(struct wheel_timer *timer)
{
    struct resolver_query *query =
        (struct resolver_query *)(void *)((char *)timer -
                                          offsetof(struct resolver_query, deadline));
    struct flight *flight = query->flight;
    waiter_unlink(query);
    struct caa_answer draft = {.name = flight->name,
                               .outcome = CAA_OUTCOME_DEADLINE_EXCEEDED,
                               .dnssec = CAA_DNSSEC_INDETERMINATE,
                               .retrieved_at_ms = clock_wall_ms(),
                               .attempts = flight->attempts,
                               .attempt_count = flight->attempt_count};
    worker_answer(flight->worker, query, held_create(&draft), false);
}

static void waiter_add(struct flight *flight, struct resolver_query *query)
{
    query->flight = flight;
    query->prev = NULL;
    query->next = flight->waiters;
    if (query->next)
        query->next->prev = query;
    flight->waiters = query;
    query->deadline = (struct wheel_timer){0};
    if (query->deadline_us < INT64_MAX)
        wheel_set(&flight->worker->wheel, &query->deadline, query->deadline_us,
                  on_waiter_deadline);
}

/* ------------------------------------------------------------------- ending */

static void flight_unlink(struct flight *flight)
{
    struct flight **link = &flight->worker->flights[flight->hash % FLIGHT_BUCKETS];
    while (*link != flight)
        link = &(*link)->next_in_bucket;
    *link = flight->next_in_bucket;
}

static void release(struct flight *flight)
{
    struct worker *worker = flight->worker;
    if (worker->spare_count == SPARE_MAX) {
        free(flight);
        return;
    }
    flight->next_in_bucket = worker->spare;
    worker->spare = flight;
    worker->spare_count++;
}

static struct flight *allocate(struct worker *worker)
{
    struct flight *flight = worker->spare;
    if (!flight)
        return malloc(sizeof *flight);
    worker->spare = flight->next_in_bucket;
    worker->spare_count--;
    return flight;
}

static void count_answer(struct worker *worker, const struct caa_answer *answer)
{
    atomic_fetch_add_explicit(&worker->counters.lookups[answer->outcome], 1,
                              memory_order_relaxed);
    for (size_t i = 0; i < answer->ede_count; i++) {
        unsigned code = answer->ede[i].code < 31 ? answer->ede[i].code : 31;
        atomic_fetch_add_explicit(&worker->counters.ede[code], 1, memory_order_relaxed);
    }
}

/* Hands the answer, NULL if out of memory, to all who wait and takes the flight
 * away. */
static void end_with(struct flight *flight, struct held_answer *held)
{
    struct worker *worker = flight->worker;
    if (held)
        count_answer(worker, &held->answer);
    flight_unlink(flight);
    wheel_clear(&worker->wheel, &flight->timeout);
    if (held)
        cache_put(worker->pool->cache, flight->hash, held, flight->started_us,
                  worker->now_us);
    while (flight->waiters) {
        struct resolver_query *query = flight->waiters;
        waiter_unlink(query);
        worker_answer(worker, query, held ? held_ref(held) : NULL, false);
    }
    held_unref(held);
    held_unref(flight->failure);
    held_unref(flight->unproven);
    release(flight);
    atomic_fetch_sub_explicit(&worker->counters.in_flight, 1, memory_order_relaxed);
}

static struct held_answer *hold(const struct flight *flight, struct caa_answer *draft)
{
    draft->name = flight->name;
    draft->attempts = flight->attempts;
    draft->attempt_count = flight->attempt_count;
    return held_create(draft);
}

static void end(struct flight *flight, struct caa_answer *draft)
{
    end_with(flight, hold(flight, draft));
}

static void end_failed(struct flight *flight, enum caa_outcome outcome)
{
    struct caa_answer draft = {0};
    if (flight->failure)
        draft = flight->failure->answer;
    draft.outcome = outcome;
    draft.dnssec =
        outcome == CAA_OUTCOME_DNSSEC_BOGUS ? CAA_DNSSEC_BOGUS : CAA_DNSSEC_INDETERMINATE;
    draft.retrieved_at_ms = clock_wall_ms();
    end(flight, &draft);
}

/* -------------------------------------------------------- after each attempt */

/* Failures in which something came back say more than silence. */
static bool says_more(enum caa_outcome outcome)
{
    return outcome != CAA_OUTCOME_TIMEOUT && outcome != CAA_OUTCOME_RESOLVER_UNAVAILABLE;
}

static bool has_ede_text(const struct caa_answer *answer)
{
    for (size_t i = 0; i < answer->ede_count; i++)
        if (answer->ede[i].text.len > 0)
            return true;
    return false;
}

/* Unbound tells why validation failed once; while it remembers the failure,
 * the retry is answered with a bare EDE 6. */
static bool tells_more(const struct caa_answer *kept, const struct caa_answer *draft)
{
    if (says_more(kept->outcome) != says_more(draft->outcome))
        return says_more(kept->outcome);
    return kept->outcome == draft->outcome && has_ede_text(kept) && !has_ede_text(draft);
}

static void keep_failure(struct flight *flight, const struct caa_answer *draft)
{
    if (flight->checking_disabled)
        return; /* asked only to explain the failure kept */
    if (flight->failure && tells_more(&flight->failure->answer, draft))
        return;
    struct held_answer *held = held_create(draft);
    if (!held)
        return;
    held_unref(flight->failure);
    flight->failure = held;
}

/* The resolver asked last has answered something else since, and was in
 * rotation all the while: it was well, and the silence is not its own. */
static bool spoke_to_others(const struct flight *flight)
{
    const struct pool *pool = flight->worker->pool;
    const struct upstream *upstream = &pool->upstreams[flight->upstream];
    int64_t waited_ms = (clock_mono_us() - flight->sent_us) / 1000;
    return upstream_alive_since(upstream, flight->sent_us) &&
           upstream_in_rotation(upstream, pool->require_dnssec) &&
           atomic_load(&upstream->since_ms) < clock_wall_ms() - waited_ms;
}

static void give_up(struct flight *flight)
{
    enum caa_outcome outcome = flight->failure ? flight->failure->answer.outcome
                                               : CAA_OUTCOME_RESOLVER_UNAVAILABLE;
    if (flight->checking_disabled) {
        end_failed(flight, outcome);
        return;
    }
    if (outcome == CAA_OUTCOME_SERVFAIL) {
        flight->checking_disabled = true;
        flight->transport = CAA_TRANSPORT_UDP;
        send_query(flight);
        return;
    }
    /* Silence is the domain's only if our resolver speaks otherwise. */
    if (outcome == CAA_OUTCOME_TIMEOUT && !spoke_to_others(flight))
        outcome = CAA_OUTCOME_RESOLVER_UNAVAILABLE;
    end_failed(flight, outcome);
}

/* The next upstream in rotation after the one used; the same if it is the
 * only one. false: none is in rotation. */
static bool choose_upstream(struct flight *flight)
{
    const struct pool *pool = flight->worker->pool;
    for (size_t i = 0; i < pool->upstream_count; i++) {
        size_t index =
            (flight->first_upstream + flight->tries + i) % pool->upstream_count;
        if (upstream_in_rotation(&pool->upstreams[index], pool->require_dnssec)) {
            flight->upstream = index;
            return true;
        }
    }
    return false;
}

static void next_attempt(struct flight *flight)
{
    if (flight->tries == flight->worker->pool->attempts || !choose_upstream(flight)) {
        give_up(flight);
        return;
    }
    flight->tries++;
    flight->transport = CAA_TRANSPORT_UDP;
    send_query(flight);
}

static void after_failure(struct flight *flight, const struct caa_answer *draft)
{
    keep_failure(flight, draft);
    if (flight->checking_disabled)
        give_up(flight);
    else
        next_attempt(flight);
}

static void on_proved(struct proof_waiter *waiter, bool answers, bool validates)
{
    struct flight *flight = FLIGHT_OF(waiter, proof);
    struct held_answer *unproven = flight->unproven;
    (void)answers;
    flight->unproven = NULL;
    if (validates) {
        end_with(flight, unproven);
        return;
    }
    held_unref(unproven);
    struct caa_answer draft = {.name = flight->name,
                               .outcome = CAA_OUTCOME_RESOLVER_UNAVAILABLE,
                               .dnssec = CAA_DNSSEC_INDETERMINATE};
    after_failure(flight, &draft);
}

/* Without AD it is insecure if the upstream validates and worth nothing if it
 * does not, so that is asked before the answer counts (BR 4.2.2.1). */
static void await_proof(struct flight *flight, struct caa_answer *draft)
{
    flight->unproven = hold(flight, draft);
    if (!flight->unproven) {
        end_with(flight, NULL);
        return;
    }
    flight->proof.done = on_proved;
    proof_ask(flight->worker, flight->upstream, &flight->proof);
}

static void after_answer(struct flight *flight, struct caa_answer *draft)
{
    const struct upstream *upstream = &flight->worker->pool->upstreams[flight->upstream];
    if (flight->checking_disabled) {
        /* It has an answer but will not vouch for it. */
        end_failed(flight, CAA_OUTCOME_DNSSEC_BOGUS);
        return;
    }
    if (draft->dnssec == CAA_DNSSEC_INSECURE &&
        atomic_load(&upstream->state) != UPSTREAM_VALIDATING)
        draft->dnssec = CAA_DNSSEC_INDETERMINATE;
    draft->retrieved_at_ms = clock_wall_ms();
    if (flight->worker->pool->require_dnssec && draft->dnssec != CAA_DNSSEC_SECURE)
        await_proof(flight, draft);
    else
        end(flight, draft);
}

/* Closes the record of the attempt on its way. */
static struct caa_attempt *close_attempt(struct flight *flight, enum caa_outcome outcome,
                                         uint16_t rcode)
{
    struct caa_attempt *attempt = &flight->attempts[flight->attempt_count - 1];
    attempt->outcome = outcome;
    attempt->rcode = rcode;
    attempt->duration_us = clock_mono_us() - flight->sent_us;
    return attempt;
}

/* After truncation over UDP whatever goes wrong over TCP means that no whole
 * answer could be had. */
static enum caa_outcome failure_outcome(const struct flight *flight,
                                        enum caa_outcome outcome)
{
    bool silent = !says_more(outcome) || outcome == CAA_OUTCOME_MALFORMED_RESPONSE;
    return flight->transport == CAA_TRANSPORT_TCP && silent ? CAA_OUTCOME_TRUNCATED
                                                            : outcome;
}

static void fail_attempt(struct flight *flight, enum caa_outcome outcome)
{
    close_attempt(flight, outcome, 0);
    struct caa_answer draft = {.name = flight->name,
                               .outcome = failure_outcome(flight, outcome),
                               .dnssec = CAA_DNSSEC_INDETERMINATE};
    after_failure(flight, &draft);
}

static bool must_ask_over_tcp(const struct flight *flight, enum caa_outcome outcome,
                              size_t len)
{
    if (flight->transport == CAA_TRANSPORT_TCP)
        return false;
    return outcome == CAA_OUTCOME_TRUNCATED ||
           (outcome == CAA_OUTCOME_MALFORMED_RESPONSE && len == UDP_CUT);
}

static void on_message(struct flight *flight, struct bytes message)
{
    struct worker *worker = flight->worker;
    struct caa_answer draft = {.name = flight->name};
    if (response_read(worker->scratch, message, flight->name, &draft) != CAA_OK) {
        fail_attempt(flight, CAA_OUTCOME_MALFORMED_RESPONSE);
        arena_reset(worker->scratch);
        return;
    }
    if (must_ask_over_tcp(flight, draft.outcome, message.len)) {
        close_attempt(flight, CAA_OUTCOME_TRUNCATED, draft.rcode);
        flight->transport = CAA_TRANSPORT_TCP;
        send_query(flight);
    } else if (caa_outcome_is_failure(draft.outcome)) {
        close_attempt(flight, draft.outcome, draft.rcode);
        draft.outcome = failure_outcome(flight, draft.outcome);
        after_failure(flight, &draft);
    } else {
        close_attempt(flight, draft.outcome, draft.rcode);
        after_answer(flight, &draft);
    }
    arena_reset(worker->scratch);
}

static void on_channel_done(void *arg, enum channel_status status, struct bytes message)
{
    struct flight *flight = arg;
    struct worker *worker = flight->worker;
    struct upstream *upstream = &worker->pool->upstreams[flight->upstream];
    flight->query = NULL;
    wheel_clear(&worker->wheel, &flight->timeout);
    pacing_read(&flight->paced);
    switch (status) {
    case CHANNEL_ANSWERED:
        upstream_answered(upstream, worker->now_us);
        on_message(flight, message);
        return;
    case CHANNEL_UNREADABLE:
        upstream_answered(upstream, worker->now_us);
        fail_attempt(flight, CAA_OUTCOME_MALFORMED_RESPONSE);
        return;
    case CHANNEL_TIMED_OUT:
        fail_attempt(flight, CAA_OUTCOME_TIMEOUT);
        return;
    case CHANNEL_UNREACHABLE:
        /* A closed port means that it is gone or being replaced: back only
         * after a self-test. Over TCP it may just not serve TCP. */
        if (flight->transport == CAA_TRANSPORT_UDP)
            worker_set_state(worker, upstream, UPSTREAM_UNREACHABLE);
        fail_attempt(flight, CAA_OUTCOME_RESOLVER_UNAVAILABLE);
        return;
    case CHANNEL_FAILED:
        fail_attempt(flight, CAA_OUTCOME_RESOLVER_UNAVAILABLE);
        return;
    }
}

static void on_attempt_timeout(struct wheel_timer *timer)
{
    struct flight *flight = FLIGHT_OF(timer, timeout);
    channel_abandon(flight->query);
    on_channel_done(flight, CHANNEL_TIMED_OUT, (struct bytes){NULL, 0});
}

/* ------------------------------------------------------------------ sending */

static void record_attempt(struct flight *flight)
{
    struct worker *worker = flight->worker;
    bool tcp = flight->transport == CAA_TRANSPORT_TCP;
    flight->sent_us = clock_mono_us();
    /* The answer to a test while a retry waits says whose silence it is. */
    if (flight->tries > 1)
        atomic_store(&worker->pool->upstreams[flight->upstream].test_wanted, true);
    flight->attempts[flight->attempt_count++] =
        (struct caa_attempt){.server = worker->pool->upstreams[flight->upstream].text,
                             .transport = flight->transport,
                             .outcome = CAA_OUTCOME_DEADLINE_EXCEEDED,
                             .checking_disabled = flight->checking_disabled};
    atomic_fetch_add_explicit(tcp ? &worker->counters.tcp_queries
                                  : &worker->counters.udp_queries,
                              1, memory_order_relaxed);
}

static void send_query(struct flight *flight)
{
    struct worker *worker = flight->worker;
    struct pacing *pacing = &worker->pacings[flight->upstream];
    bool udp = flight->transport == CAA_TRANSPORT_UDP;
    if (udp && !pacing_admit(pacing, &flight->paced))
        return;
    uint8_t message[QUERY_MAX];
    size_t len = query_write(message, flight->name, QUERY_TYPE_CAA,
                             (uint16_t)random_u64(), flight->checking_disabled);
    record_attempt(flight);
    wheel_set(&worker->wheel, &flight->timeout,
              flight->sent_us + (int64_t)worker->pool->timeout_ms * 1000,
              on_attempt_timeout);
    if (udp)
        pacing_sent(pacing, &flight->paced, flight->sent_us);
    if (channel_send(worker->channels[flight->upstream], flight->transport,
                     (struct bytes){message, len}, on_channel_done, flight,
                     &flight->query) != CAA_OK)
        on_channel_done(flight, CHANNEL_FAILED, (struct bytes){NULL, 0});
}

void flight_send(struct paced *paced)
{
    send_query(FLIGHT_OF(paced, paced));
}

/* ----------------------------------------------------------------- starting */

/* A fresh question must not be answered by one asked before it, nor any by one
 * asked before the last flush: the customer may have changed the record in between. */
static struct flight *find(struct worker *worker, const struct resolver_query *query)
{
    int64_t flushed_us = cache_flushed_us(worker->pool->cache);
    struct flight *flight = worker->flights[query->hash % FLIGHT_BUCKETS];
    while (flight &&
           (flight->hash != query->hash || strcmp(flight->name, query->fqdn.text) != 0 ||
            (query->fresh && flight->started_us < query->asked_us) ||
            flight->started_us <= flushed_us))
        flight = flight->next_in_bucket;
    return flight;
}

static struct flight *start(struct worker *worker, const struct resolver_query *query)
{
    struct flight *flight = allocate(worker);
    if (!flight)
        return NULL;
    memset(flight, 0, offsetof(struct flight, name));
    flight->worker = worker;
    flight->hash = query->hash;
    flight->started_us = clock_mono_us();
    flight->first_upstream = (query->hash >> 20) % worker->pool->upstream_count;
    memcpy(flight->name, query->fqdn.text, query->fqdn.len);
    flight->name[query->fqdn.len] = '\0';
    struct flight **bucket = &worker->flights[query->hash % FLIGHT_BUCKETS];
    flight->next_in_bucket = *bucket;
    *bucket = flight;
    atomic_fetch_add_explicit(&worker->counters.in_flight, 1, memory_order_relaxed);
    return flight;
}

void flight_ask(struct worker *worker, struct resolver_query *query)
{
    struct held_answer *held = query->fresh ? NULL
                                            : cache_get(worker->pool->cache, query->hash,
                                                        query->fqdn.text, worker->now_us);
    if (held) {
        worker_answer(worker, query, held, true);
        return;
    }
    struct flight *flight = find(worker, query);
    if (flight) {
        atomic_fetch_add_explicit(&worker->counters.shared, 1, memory_order_relaxed);
        waiter_add(flight, query);
        return;
    }
    flight = start(worker, query);
    if (!flight) {
        worker_answer(worker, query, NULL, false);
        return;
    }
    waiter_add(flight, query);
    next_attempt(flight);
}

void flight_end_all(struct worker *worker)
{
    for (size_t i = 0; i < worker->pool->upstream_count; i++)
        pacing_forget(&worker->pacings[i]);
    for (size_t i = 0; i < FLIGHT_BUCKETS; i++) {
        while (worker->flights[i]) {
            struct flight *flight = worker->flights[i];
            if (flight->query)
                channel_abandon(flight->query);
            pacing_read(&flight->paced);
            end_failed(flight, CAA_OUTCOME_RESOLVER_UNAVAILABLE);
        }
    }
}

void flight_free_spare(struct worker *worker)
{
    while (worker->spare)
        free(allocate(worker));
}
