#include "link.h"

#include <nng/supplemental/util/platform.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cause.h"
#include "outbox.h"

/* A daemon that restarts is found again within this time. */
#define REST_MIN_MS      20
#define REST_MAX_MS      500
#define DIAL_TIMEOUT_MS  5000
#define GREET_TIMEOUT_MS 5000
/* Work on so many bytes of replies is not waited for before the next are read. */
#define LARGE_WORK 16384
/* How long closing waits for a connection that is just being made. */
#define POLITE_MS 250

enum link_state {
    LINK_RESTING,
    LINK_DIALLING,
    LINK_GREETING,
    LINK_UP,
    LINK_BREAKING,
    LINK_CLOSED
};

struct caa_link {
    struct caa_url url;
    pthread_mutex_t *lock;
    pthread_cond_t changed;
    struct caa_link_events events;
    enum link_state state;
    bool closing;
    const char *cause;
    nng_duration rest_ms;

    nng_stream_dialer *dialer;
    nng_stream *stream;
    /* Held while an operation is begun and while the stream or the dialer is
     * closed: nng 1.5 never completes what is begun on a closed stream. Taken
     * without the lock above; recursive, should nng ever call back at once. */
    pthread_mutex_t io;
    bool stream_closed;
    bool dialer_closed;
    /* Operations under way, and threads about to begin or close one. */
    unsigned holds;
    /* Dials, greets, then receives. */
    nng_aio *main;
    nng_aio *timer;
    nng_aio *sender;
    bool sending;

    uint8_t greeting[CAA_FRAME_HEADER_LEN];
    size_t greeted;
    /* Our greeting is out, the server's is being read. */
    bool greeting_sent;
    struct caa_outbox outbox;
    struct caa_frame_buffer received;
    /* Of replies, in the read being taken apart. */
    size_t taken_bytes;
};

/* The link whose replies this thread is at work on. */
static _Thread_local const struct caa_link *at_work;

/* What the main aio does next, begun without the lock. */
enum main_next { MAIN_RESTS, MAIN_BREAKS, MAIN_SENDS_GREETING, MAIN_RECEIVES };

static void set_state_locked(struct caa_link *link, enum link_state state)
{
    link->state = state;
    pthread_cond_broadcast(&link->changed);
}

/* ----------------------------------------------------------------- going down */

/* The stream is closed by the caller, without the lock, and freed by the last
 * one who holds it. */
static void break_locked(struct caa_link *link, const char *cause)
{
    bool was_up = link->state == LINK_UP;
    link->cause = cause;
    set_state_locked(link, LINK_BREAKING);
    if (was_up)
        link->events.down(link->events.arg, link->events.index);
}

/* ------------------------------------------------------------- asking nng for it */

/* false: closed, nothing was begun. The caller holds the stream. */
static bool begin_receive(struct caa_link *link)
{
    pthread_mutex_lock(&link->io);
    bool begun = !link->stream_closed;
    if (begun)
        nng_stream_recv(link->stream, link->main);
    pthread_mutex_unlock(&link->io);
    return begun;
}

static bool begin_send(struct caa_link *link, nng_aio *aio)
{
    pthread_mutex_lock(&link->io);
    bool begun = !link->stream_closed;
    if (begun)
        nng_stream_send(link->stream, aio);
    pthread_mutex_unlock(&link->io);
    return begun;
}

static bool begin_dial(struct caa_link *link)
{
    pthread_mutex_lock(&link->io);
    bool begun = !link->dialer_closed;
    if (begun)
        nng_stream_dialer_dial(link->dialer, link->main);
    pthread_mutex_unlock(&link->io);
    return begun;
}

/* Ends what is under way. The caller holds the stream. Closing alone should do,
 * but a TLS stream can lose an operation that way. */
static void close_stream(struct caa_link *link)
{
    pthread_mutex_lock(&link->io);
    if (!link->stream_closed) {
        link->stream_closed = true;
        nng_stream_close(link->stream);
        nng_aio_abort(link->main, NNG_ECLOSED);
        nng_aio_abort(link->sender, NNG_ECLOSED);
    }
    pthread_mutex_unlock(&link->io);
}

static void close_dialer(struct caa_link *link)
{
    pthread_mutex_lock(&link->io);
    link->dialer_closed = true;
    nng_stream_dialer_close(link->dialer);
    pthread_mutex_unlock(&link->io);
}

/* One hold becomes the timer's. */
static void rest_locked(struct caa_link *link)
{
    if (link->closing) {
        link->holds--;
        set_state_locked(link, LINK_CLOSED);
        return;
    }
    set_state_locked(link, LINK_RESTING);
    nng_duration pause = link->rest_ms;
    link->rest_ms = pause * 2 < REST_MAX_MS ? pause * 2 : REST_MAX_MS;
    nng_sleep_aio(pause / 2 + (nng_duration)(nng_random() % (uint32_t)pause),
                  link->timer);
}

static void let_go_locked(struct caa_link *link)
{
    if (link->holds > 1 || link->state != LINK_BREAKING) {
        link->holds--;
        return;
    }
    nng_stream *stream = link->stream;
    link->stream = NULL;
    link->sending = false;
    caa_outbox_clear(&link->outbox);
    caa_frame_reset(&link->received);
    pthread_mutex_unlock(link->lock);
    nng_stream_free(stream);
    pthread_mutex_lock(link->lock);
    rest_locked(link);
}

static void let_go(struct caa_link *link)
{
    pthread_mutex_lock(link->lock);
    let_go_locked(link);
    pthread_mutex_unlock(link->lock);
}

/* ------------------------------------------------------------------ coming up */

static enum main_next greet_locked(struct caa_link *link, int rv)
{
    if (rv != 0) {
        break_locked(link, caa_cause_greeting(&link->url, rv));
        return MAIN_BREAKS;
    }
    link->greeted += nng_aio_count(link->main);
    if (link->greeted < CAA_FRAME_HEADER_LEN)
        return link->greeting_sent ? MAIN_RECEIVES : MAIN_SENDS_GREETING;
    if (!link->greeting_sent) {
        link->greeting_sent = true;
        link->greeted = 0;
        return MAIN_RECEIVES;
    }
    if (memcmp(link->greeting, caa_frame_rep_header, CAA_FRAME_HEADER_LEN) != 0) {
        break_locked(link, caa_cause_greeting(&link->url, 0));
        return MAIN_BREAKS;
    }
    if (link->closing) {
        break_locked(link, "");
        return MAIN_BREAKS;
    }
    link->cause = "";
    link->rest_ms = REST_MIN_MS;
    nng_aio_set_timeout(link->main, NNG_DURATION_INFINITE);
    set_state_locked(link, LINK_UP);
    link->events.up(link->events.arg, link->events.index);
    return MAIN_RECEIVES;
}

static enum main_next dialled_locked(struct caa_link *link, int rv)
{
    if (rv != 0) {
        link->cause = caa_cause_dial(&link->url, rv);
        return MAIN_RESTS;
    }
    link->stream = nng_aio_get_output(link->main, 0);
    link->stream_closed = false;
    link->greeting_sent = false;
    link->greeted = 0;
    memcpy(link->greeting, caa_frame_req_header, CAA_FRAME_HEADER_LEN);
    nng_aio_set_timeout(link->main, GREET_TIMEOUT_MS);
    set_state_locked(link, LINK_GREETING);
    return MAIN_SENDS_GREETING;
}

/* ------------------------------------------------------------------ receiving */

static enum main_next received_locked(struct caa_link *link, int rv)
{
    if (rv != 0) {
        break_locked(link, "the server hung up");
        return MAIN_BREAKS;
    }
    link->received.len += nng_aio_count(link->main);
    while (true) {
        uint32_t id = 0;
        const uint8_t *body = NULL;
        size_t len = 0;
        switch (caa_frame_take(&link->received, &id, &body, &len)) {
        case CAA_FRAME_MESSAGE:
            link->events.reply(link->events.arg, link->events.index, id, body, len);
            link->taken_bytes += len;
            break;
        case CAA_FRAME_MORE:
            return MAIN_RECEIVES;
        case CAA_FRAME_MALFORMED:
            break_locked(link, "it sent what is no nng message");
            return MAIN_BREAKS;
        case CAA_FRAME_TOO_LARGE:
            break_locked(link, "its reply is larger than max_reply_bytes");
            return MAIN_BREAKS;
        }
    }
}

static enum main_next main_step_locked(struct caa_link *link, int rv)
{
    switch (link->state) {
    case LINK_DIALLING:
        return dialled_locked(link, rv);
    case LINK_GREETING:
        return greet_locked(link, rv);
    case LINK_UP:
        return received_locked(link, rv);
    case LINK_RESTING:
    case LINK_BREAKING:
    case LINK_CLOSED:
        break;
    }
    /* Somebody else broke it. */
    return MAIN_BREAKS;
}

/* Where the next bytes go; false: out of memory. The lock is held, or the state
 * says that nobody else looks. */
static bool set_receive_buffer(struct caa_link *link)
{
    nng_iov iov;
    if (link->state == LINK_GREETING) {
        iov.iov_buf = link->greeting + link->greeted;
        iov.iov_len = CAA_FRAME_HEADER_LEN - link->greeted;
    } else {
        iov.iov_buf = caa_frame_room(&link->received, &iov.iov_len);
        if (iov.iov_buf == NULL)
            return false;
    }
    return nng_aio_set_iov(link->main, 1, &iov) == 0;
}

static void work(struct caa_link *link, void *taken)
{
    if (taken == NULL)
        return;
    at_work = link;
    link->events.work(taken);
    at_work = NULL;
    caa_link_kick(link);
}

static void on_main(void *arg)
{
    struct caa_link *link = arg;
    pthread_mutex_lock(link->lock);
    enum main_next next = main_step_locked(link, nng_aio_result(link->main));
    void *taken = link->events.take(link->events.arg, link->events.index);
    bool large = link->taken_bytes > LARGE_WORK;
    link->taken_bytes = 0;
    if ((next == MAIN_RECEIVES || next == MAIN_SENDS_GREETING) &&
        !set_receive_buffer(link)) {
        break_locked(link, "out of memory");
        next = MAIN_BREAKS;
    }
    if (next == MAIN_RESTS)
        rest_locked(link);
    pthread_mutex_unlock(link->lock);
    if (!large) {
        work(link, taken);
        taken = NULL;
    }
    /* The hold of this aio keeps the stream. */
    bool begun = (next == MAIN_SENDS_GREETING && begin_send(link, link->main)) ||
                 (next == MAIN_RECEIVES && begin_receive(link));
    work(link, taken);
    if (begun || next == MAIN_RESTS)
        return;
    close_stream(link);
    let_go(link);
}

static void on_timer(void *arg)
{
    struct caa_link *link = arg;
    pthread_mutex_lock(link->lock);
    if (link->closing) {
        link->holds--;
        set_state_locked(link, LINK_CLOSED);
        pthread_mutex_unlock(link->lock);
        return;
    }
    set_state_locked(link, LINK_DIALLING);
    nng_aio_set_timeout(link->main, DIAL_TIMEOUT_MS);
    pthread_mutex_unlock(link->lock);
    if (begin_dial(link))
        return;
    pthread_mutex_lock(link->lock);
    rest_locked(link);
    pthread_mutex_unlock(link->lock);
}

/* -------------------------------------------------------------------- sending */

/* false: nothing to send, or out of memory. */
static bool set_send_buffer_locked(struct caa_link *link)
{
    nng_iov iov;
    return caa_outbox_lend(&link->outbox, &iov) &&
           nng_aio_set_iov(link->sender, 1, &iov) == 0;
}

static void on_sent(void *arg)
{
    struct caa_link *link = arg;
    int rv = nng_aio_result(link->sender);
    bool again = false;
    bool broken = false;
    pthread_mutex_lock(link->lock);
    caa_outbox_wrote(&link->outbox, rv == 0 ? nng_aio_count(link->sender) : 0);
    if (rv == 0 && link->state == LINK_UP)
        again = set_send_buffer_locked(link);
    if (rv != 0 && link->state == LINK_UP) {
        break_locked(link, "the server hung up");
        broken = true;
    }
    link->sending = again;
    pthread_mutex_unlock(link->lock);
    if (again && begin_send(link, link->sender))
        return;
    if (broken)
        close_stream(link);
    let_go(link);
}

void caa_link_send_locked(struct caa_link *link, struct caa_frame *frame)
{
    caa_outbox_push(&link->outbox, frame);
}

void caa_link_kick(struct caa_link *link)
{
    if (link == at_work)
        return;
    pthread_mutex_lock(link->lock);
    bool begin = link->state == LINK_UP && !link->sending && set_send_buffer_locked(link);
    if (begin) {
        link->sending = true;
        link->holds++;
    }
    pthread_mutex_unlock(link->lock);
    if (begin && !begin_send(link, link->sender))
        let_go(link);
}

void caa_link_withdraw_locked(struct caa_link *link, uint32_t id)
{
    caa_outbox_withdraw(&link->outbox, id);
}

/* ----------------------------------------------------------- begin and the end */

bool caa_link_is_up_locked(const struct caa_link *link)
{
    return link->state == LINK_UP;
}

bool caa_link_is_ipc(const struct caa_link *link)
{
    return link->url.ipc_path != NULL;
}

const char *caa_link_cause_locked(const struct caa_link *link)
{
    return link->cause;
}

static int make_dialer(struct caa_link *link, const char *url, nng_tls_config *tls)
{
    int rv = nng_stream_dialer_alloc(&link->dialer, url);
    if (rv == 0 && tls != NULL)
        rv = nng_stream_dialer_set_ptr(link->dialer, NNG_OPT_TLS_CONFIG, tls);
    /* A host that died must be noticed some day; not every version can. */
    if (rv == 0 && link->url.ipc_path == NULL)
        (void)nng_stream_dialer_set_bool(link->dialer, NNG_OPT_TCP_KEEPALIVE, true);
    return rv;
}

int caa_link_create(const char *url, const struct caa_url *parsed, nng_tls_config *tls,
                    size_t max_reply, pthread_mutex_t *lock,
                    const struct caa_link_events *events, struct caa_link **out)
{
    struct caa_link *link = calloc(1, sizeof(*link));
    pthread_condattr_t monotonic;
    pthread_mutexattr_t recursive;
    if (link == NULL)
        return NNG_ENOMEM;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&link->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&link->io, &recursive);
    pthread_mutexattr_destroy(&recursive);
    link->url = *parsed;
    link->lock = lock;
    link->events = *events;
    link->state = LINK_CLOSED;
    link->cause = "";
    link->rest_ms = REST_MIN_MS;
    caa_outbox_init(&link->outbox);
    link->received =
        (struct caa_frame_buffer){.ipc = parsed->ipc_path != NULL, .max_body = max_reply};
    int rv = nng_aio_alloc(&link->main, on_main, link);
    if (rv == 0)
        rv = nng_aio_alloc(&link->timer, on_timer, link);
    if (rv == 0)
        rv = nng_aio_alloc(&link->sender, on_sent, link);
    if (rv == 0)
        rv = make_dialer(link, url, tls);
    if (rv != 0) {
        caa_link_destroy(link);
        return rv;
    }
    *out = link;
    return 0;
}

void caa_link_start(struct caa_link *link)
{
    pthread_mutex_lock(link->lock);
    link->holds = 1;
    set_state_locked(link, LINK_DIALLING);
    nng_aio_set_timeout(link->main, DIAL_TIMEOUT_MS);
    pthread_mutex_unlock(link->lock);
    (void)begin_dial(link);
}

/* A listener of nng 1.5 may take no connection ever again after one that hung up
 * before the greetings were exchanged, so a connection being made is let be for a
 * moment. */
static void be_polite_locked(struct caa_link *link)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLITE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (link->state == LINK_DIALLING || link->state == LINK_GREETING)
        if (pthread_cond_timedwait(&link->changed, link->lock, &until) != 0)
            break;
}

static void stop(struct caa_link *link)
{
    pthread_mutex_lock(link->lock);
    link->closing = true;
    be_polite_locked(link);
    if (link->state == LINK_RESTING)
        nng_aio_cancel(link->timer);
    if (link->state == LINK_DIALLING) {
        pthread_mutex_unlock(link->lock);
        close_dialer(link);
        pthread_mutex_lock(link->lock);
    }
    if (link->state == LINK_UP || link->state == LINK_GREETING) {
        break_locked(link, "");
        link->holds++;
        pthread_mutex_unlock(link->lock);
        close_stream(link);
        pthread_mutex_lock(link->lock);
        let_go_locked(link);
    }
    while (link->state != LINK_CLOSED)
        pthread_cond_wait(&link->changed, link->lock);
    pthread_mutex_unlock(link->lock);
}

static void free_aio(nng_aio *aio)
{
    if (aio == NULL)
        return;
    /* At rest, but its callback may just be returning. */
    nng_aio_stop(aio);
    nng_aio_free(aio);
}

void caa_link_destroy(struct caa_link *link)
{
    if (link == NULL)
        return;
    if (link->dialer != NULL)
        stop(link);
    free_aio(link->main);
    free_aio(link->timer);
    free_aio(link->sender);
    if (link->dialer != NULL)
        nng_stream_dialer_free(link->dialer);
    caa_outbox_clear(&link->outbox);
    caa_frame_reset(&link->received);
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->io);
    free(link);
}
