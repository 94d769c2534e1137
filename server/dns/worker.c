#include "dns/worker.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/flight.h"
#include "dns/proof.h"
#include "dns/selftest.h"

enum {
    EVENTS_AT_ONCE = 64,
    INBOX_TAG = UINT16_MAX,
    SCRATCH_BUDGET = 16 << 20, /* a 64 KiB response of the smallest records */
    CARES_SWEEP_US = 250000,
};

void worker_set_state(struct worker *worker, struct upstream *upstream,
                      enum upstream_state state)
{
    enum upstream_state from;
    const struct pool *pool = worker->pool;
    if (upstream_set_state(upstream, state, &from) && pool->changed)
        pool->changed(pool->changed_arg, upstream, from, state);
}

void worker_post(struct worker *worker, struct resolver_query *head,
                 struct resolver_query **tail)
{
    pthread_mutex_lock(&worker->inbox_lock);
    bool was_empty = worker->inbox_head == NULL;
    *worker->inbox_tail = head;
    worker->inbox_tail = tail;
    pthread_mutex_unlock(&worker->inbox_lock);
    if (was_empty)
        eventfd_write(worker->event_fd, 1);
}

/* Returns false when the worker is to stop. */
static bool read_inbox(struct worker *worker)
{
    pthread_mutex_lock(&worker->inbox_lock);
    struct resolver_query *query = worker->inbox_head;
    worker->inbox_head = NULL;
    worker->inbox_tail = &worker->inbox_head;
    bool stopping = worker->stopping;
    pthread_mutex_unlock(&worker->inbox_lock);
    while (query) {
        struct resolver_query *next = query->next;
        flight_ask(worker, query);
        query = next;
    }
    return !stopping;
}

void worker_answer(struct worker *worker, struct resolver_query *query,
                   struct held_answer *held, bool from_cache)
{
    query->held = held;
    query->from_cache = from_cache;
    query->next = NULL;
    *worker->answered_tail = query;
    worker->answered_tail = &query->next;
}

static void deliver(struct worker *worker)
{
    struct resolver_query *query = worker->answered_head;
    worker->answered_head = NULL;
    worker->answered_tail = &worker->answered_head;
    while (query) {
        struct resolver_query *next = query->next;
        query->done(query, query->held, query->from_cache);
        query = next;
    }
}

static void on_event(struct worker *worker, const struct epoll_event *event)
{
    uint32_t tag = (uint32_t)(event->data.u64 >> 32);
    if (tag == INBOX_TAG) {
        eventfd_t ignored;
        eventfd_read(worker->event_fd, &ignored);
        return;
    }
    bool readable = (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    bool writable = (event->events & EPOLLOUT) != 0;
    channel_process(worker->channels[tag], (int)(uint32_t)event->data.u64, readable,
                    writable);
}

/* c-ares must let go of queries that we have long abandoned. */
static void sweep(struct worker *worker, int64_t *last_us)
{
    if (worker->now_us - *last_us < CARES_SWEEP_US)
        return;
    *last_us = worker->now_us;
    for (size_t i = 0; i < worker->pool->upstream_count; i++)
        channel_process(worker->channels[i], -1, false, false);
}

static int wait_ms(const struct worker *worker)
{
    bool busy =
        atomic_load_explicit(&worker->counters.in_flight, memory_order_relaxed) > 0;
    return busy ? WHEEL_TICK_US / 1000 : 100;
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t swept_us = 0;
    bool goes_on = true;
    while (goes_on) {
        int count = epoll_wait(worker->epoll_fd, events, EVENTS_AT_ONCE, wait_ms(worker));
        worker->now_us = clock_mono_us();
        atomic_store_explicit(&worker->round_us, worker->now_us, memory_order_relaxed);
        for (int i = 0; i < count; i++)
            on_event(worker, &events[i]);
        wheel_advance(&worker->wheel, worker->now_us);
        sweep(worker, &swept_us);
        selftest_poll(worker);
        goes_on = read_inbox(worker);
        deliver(worker);
    }
    selftest_stop(worker);
    proof_stop(worker);
    flight_end_all(worker);
    flight_free_spare(worker);
    deliver(worker);
    return NULL;
}

static void close_channels(struct worker *worker)
{
    for (size_t i = 0; worker->channels && i < worker->pool->upstream_count; i++)
        channel_destroy(worker->channels[i]);
    free(worker->channels);
    free(worker->pacings);
}

static enum caa_err open_channels(struct worker *worker)
{
    const struct pool *pool = worker->pool;
    worker->channels = calloc(pool->upstream_count, sizeof *worker->channels);
    worker->pacings = calloc(pool->upstream_count, sizeof *worker->pacings);
    if (!worker->channels || !worker->pacings)
        return CAA_ENOMEM;
    for (size_t i = 0; i < pool->upstream_count; i++)
        pacing_init(&worker->pacings[i], &worker->wheel, pool->window, flight_send);
    enum caa_err err = CAA_OK;
    for (size_t i = 0; i < pool->upstream_count && err == CAA_OK; i++)
        err = channel_create((const struct sockaddr *)&pool->upstreams[i].address,
                             worker->epoll_fd, (uint32_t)i, (int)pool->timeout_ms,
                             &worker->channels[i]);
    return err;
}

enum caa_err worker_start(struct worker *worker, struct pool *pool, unsigned index)
{
    enum caa_err err = CAA_ENOMEM;
    worker->pool = pool;
    worker->index = index;
    worker->inbox_tail = &worker->inbox_head;
    worker->answered_tail = &worker->answered_head;
    worker->now_us = clock_mono_us();
    atomic_init(&worker->round_us, worker->now_us);
    wheel_init(&worker->wheel, worker->now_us);
    pthread_mutex_init(&worker->inbox_lock, NULL);
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->scratch = arena_create(SCRATCH_BUDGET);
    if (worker->epoll_fd < 0 || worker->event_fd < 0 || !worker->scratch)
        goto failed;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)INBOX_TAG << 32};
    epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->event_fd, &event);
    err = open_channels(worker);
    if (err == CAA_OK)
        err = proof_start(worker);
    if (err == CAA_OK && index == 0)
        err = selftest_start(worker);
    if (err == CAA_OK && pthread_create(&worker->thread, NULL, run, worker) == 0) {
        pthread_setname_np(worker->thread, "caad-dns");
        return CAA_OK;
    }
failed:
    selftest_stop(worker);
    proof_stop(worker);
    close_channels(worker);
    arena_destroy(worker->scratch);
    close(worker->epoll_fd);
    close(worker->event_fd);
    pthread_mutex_destroy(&worker->inbox_lock);
    return err == CAA_OK ? CAA_EIO : err;
}

void worker_stop(struct worker *worker)
{
    pthread_mutex_lock(&worker->inbox_lock);
    worker->stopping = true;
    pthread_mutex_unlock(&worker->inbox_lock);
    eventfd_write(worker->event_fd, 1);
    pthread_join(worker->thread, NULL);
    close_channels(worker);
    arena_destroy(worker->scratch);
    close(worker->epoll_fd);
    close(worker->event_fd);
    pthread_mutex_destroy(&worker->inbox_lock);
}
