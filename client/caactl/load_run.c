#include "load_run.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "output.h"

/* Enough that two threads seldom want the same. */
#define SHARDS       8u
#define TICK_NS      (INT64_C(200) * 1000 * 1000)
#define INTERRUPT_MS 1000
/* "load-", 16 digits of the run, "-", 16 of the request, NUL */
#define ID_SIZE 40

struct shard {
    pthread_mutex_t lock;
    struct load_tally tally;
};

struct slot {
    struct run *run;
    struct caa_client *client;
    struct shard *shard;
    struct load_request *request;
    struct load_turn turn;
    char id[ID_SIZE];
    /* Free ones, in an open loop. */
    struct slot *next;
};

struct run {
    const struct load_run_options *options;
    struct load_schedule schedule;
    int64_t measured_from;
    struct shard *shards;
    struct slot *slots;

    pthread_mutex_t lock;
    /* Signalled when nothing is out any more. */
    pthread_cond_t idle;
    unsigned out;
    struct slot *free;
};

/* A signal handler has no argument. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* -------------------------------------------------------------------- one call */

static void put_digits(char *to, uint64_t number)
{
    for (int i = 15; i >= 0; i--, number >>= 4)
        to[i] = "0123456789abcdef"[number & 15u];
}

static void record(struct slot *slot, int64_t ended_ns,
                   const struct caa_client_error *error, const uint8_t *reply, size_t len)
{
    struct run *run = slot->run;
    struct shard *shard = slot->shard;
    /* Broken off by us, so it says nothing about the server. */
    if (!slot->turn.measured || error->code == CAA_CLIENT_CANCELLED)
        return;
    pthread_mutex_lock(&shard->lock);
    load_tally_ended(&shard->tally, ended_ns - run->measured_from,
                     ended_ns - slot->turn.intended_ns, error);
    if (error->code == CAA_CLIENT_OK)
        load_tally_reply(&shard->tally, &run->options->verdict_field, reply, len);
    pthread_mutex_unlock(&shard->lock);
}

static void on_done(void *arg, const struct caa_client_error *error, const void *reply,
                    size_t len);

/* Sends the slot's turn. false: refused, and recorded as such. Otherwise the
 * slot belongs to on_done, which may have run already. */
static bool send_turn(struct slot *slot)
{
    const struct load_run_options *options = slot->run->options;
    struct caa_client_call_options call = {.timeout_ms = options->timeout_ms,
                                           .request_id = slot->id};
    struct caa_client_error error;
    size_t len = 0;
    put_digits(slot->id + 22, slot->turn.number);
    const uint8_t *payload = load_request_make(slot->request, slot->turn.number, &len);
    if (caa_client_call_async(slot->client, options->method, payload, len, &call, on_done,
                              slot, &error) == CAA_CLIENT_OK)
        return true;
    record(slot, now_ns(), &error, NULL, 0);
    return false;
}

static void retire(struct slot *slot)
{
    struct run *run = slot->run;
    pthread_mutex_lock(&run->lock);
    slot->next = run->free;
    run->free = slot;
    if (--run->out == 0)
        pthread_cond_signal(&run->idle);
    pthread_mutex_unlock(&run->lock);
}

/* The slot's next request in a closed loop; gives the slot back at the end. */
static void go_on(struct slot *slot, int64_t now)
{
    while (load_schedule_next(&slot->run->schedule, now, 0, &slot->turn) == LOAD_SEND) {
        if (send_turn(slot))
            return;
        now = now_ns();
    }
    retire(slot);
}

static void on_done(void *arg, const struct caa_client_error *error, const void *reply,
                    size_t len)
{
    struct slot *slot = arg;
    int64_t now = now_ns();
    record(slot, now, error, reply, len);
    if (slot->run->schedule.plan.rate > 0)
        retire(slot);
    else
        go_on(slot, now);
}

/* -------------------------------------------------------------------- progress */

static void show_progress(struct run *run, int64_t now)
{
    uint64_t calls = 0;
    uint64_t errors = 0;
    for (unsigned i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&run->shards[i].lock);
        calls += load_tally_calls(&run->shards[i].tally);
        errors += load_tally_errors(&run->shards[i].tally);
        pthread_mutex_unlock(&run->shards[i].lock);
    }
    double seconds = (double)(now - run->measured_from) / 1e9;
    if (seconds <= 0)
        fprintf(stderr, "\r\033[Kwarming up, %.1f s to go", -seconds);
    else
        fprintf(stderr, "\r\033[K%.1f s  %llu answers  %.0f/s  %llu errors", seconds,
                (unsigned long long)(calls - errors), (double)(calls - errors) / seconds,
                (unsigned long long)errors);
}

/* Looks at the signal and the terminal. Returns when to look again. */
static int64_t tick(struct run *run, int64_t now)
{
    if (interrupted)
        load_schedule_stop(&run->schedule);
    if (run->options->progress)
        show_progress(run, now);
    return now + TICK_NS;
}

/* ------------------------------------------------------------------- the loops */

static struct slot *take_free(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    struct slot *slot = run->free;
    run->free = slot->next;
    run->out++;
    pthread_mutex_unlock(&run->lock);
    return slot;
}

static unsigned count_out(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    unsigned out = run->out;
    pthread_mutex_unlock(&run->lock);
    return out;
}

static void sleep_until(int64_t ns)
{
    struct timespec until = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void open_loop(struct run *run)
{
    struct load_turn turn;
    enum load_step step;
    int64_t look = 0;
    do {
        int64_t now = now_ns();
        if (now >= look)
            look = tick(run, now);
        step = load_schedule_next(&run->schedule, now, count_out(run), &turn);
        if (step == LOAD_WAIT) {
            sleep_until(turn.until_ns < look ? turn.until_ns : look);
        } else if (step == LOAD_SEND) {
            struct slot *slot = take_free(run);
            slot->turn = turn;
            if (!send_turn(slot))
                retire(slot);
        }
    } while (step != LOAD_OVER);
}

static void closed_loop(struct run *run)
{
    for (unsigned i = 0; i < run->schedule.plan.in_flight_max; i++)
        go_on(take_free(run), now_ns());
}

/* Until nothing is out; once interrupted not for long. */
static void wait_idle(struct run *run)
{
    int64_t give_up = INT64_MAX;
    int64_t now = now_ns();
    pthread_mutex_lock(&run->lock);
    while (run->out > 0 && now < give_up) {
        pthread_mutex_unlock(&run->lock);
        int64_t look = tick(run, now);
        if (interrupted && give_up == INT64_MAX)
            give_up = now + INT64_C(1000000) * INTERRUPT_MS;
        struct timespec until = {.tv_sec = look / 1000000000,
                                 .tv_nsec = look % 1000000000};
        pthread_mutex_lock(&run->lock);
        if (run->out > 0)
            pthread_cond_clockwait(&run->idle, &run->lock, CLOCK_MONOTONIC, &until);
        now = now_ns();
    }
    pthread_mutex_unlock(&run->lock);
}

/* -------------------------------------------------------------- setting it up */

static void set_up(struct run *run, const struct load_run_options *options,
                   const struct load_plan *plan)
{
    *run = (struct run){.options = options};
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->idle, NULL);
    run->shards = must_alloc(SHARDS * sizeof(*run->shards));
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_init(&run->shards[i].lock, NULL);
    run->slots = must_alloc(plan->in_flight_max * sizeof(*run->slots));
    for (unsigned i = plan->in_flight_max; i-- > 0;) {
        struct slot *slot = &run->slots[i];
        *slot = (struct slot){.run = run,
                              .client = options->clients[i % options->clients_len],
                              .shard = &run->shards[i % SHARDS],
                              .request = load_request_create(options->template),
                              .next = run->free};
        memcpy(slot->id, "load-", 5);
        put_digits(slot->id + 5, options->template->seed);
        slot->id[21] = '-';
        run->free = slot;
    }
}

static void tear_down(struct run *run)
{
    for (unsigned i = 0; i < run->schedule.plan.in_flight_max; i++)
        load_request_destroy(run->slots[i].request);
    for (unsigned i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&run->shards[i].lock);
    free(run->shards);
    free(run->slots);
    pthread_cond_destroy(&run->idle);
    pthread_mutex_destroy(&run->lock);
}

static void collect(struct run *run, struct load_result *result)
{
    for (unsigned i = 0; i < SHARDS; i++)
        load_tally_merge(result->tally, &run->shards[i].tally);
    result->seconds = (double)result->tally->last_ns / 1e9;
    result->skipped = atomic_load(&run->schedule.skipped);
    result->warm_up = atomic_load(&run->schedule.warm_up);
    result->interrupted = interrupted != 0;
}

void load_run(const struct load_run_options *options, struct load_result *result)
{
    struct run run;
    struct sigaction act = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    set_up(&run, options, &result->plan);
    sigaction(SIGINT, &act, NULL);
    /* The kernel may wake us 50 us late by default; then so are the requests. */
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);

    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    load_schedule_start(&run.schedule, &result->plan, now_ns());
    run.measured_from = load_schedule_measured_from(&run.schedule);
    result->started_at_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000 +
                            result->plan.warm_up_ns / 1000000;
    if (result->plan.rate > 0)
        open_loop(&run);
    else
        closed_loop(&run);
    wait_idle(&run);
    result->unanswered = count_out(&run);
    for (unsigned i = 0; i < options->clients_len; i++) {
        caa_client_destroy(options->clients[i]);
        options->clients[i] = NULL;
    }
    if (options->progress)
        fputs("\r\033[K", stderr);
    collect(&run, result);
    tear_down(&run);
}
