#include "dns/rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "check/fixture.h"

enum { PATIENCE_S = 60 };

void rig_open_peers(struct rig *rig, const struct rig_options *options)
{
    pthread_condattr_t attributes;
    memset(rig, 0, sizeof *rig);
    pthread_mutex_init(&rig->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&rig->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    for (unsigned i = 0; i < (options->peers ? options->peers : 1); i++)
        rig->peers[i] = peer_create(options->script, options->arg);
}

static unsigned or_default(unsigned value, unsigned fallback)
{
    return value ? value : fallback;
}

void rig_create_resolver(struct rig *rig, const struct rig_options *options)
{
    struct sockaddr_storage servers[RIG_PEERS_MAX];
    const char *texts[RIG_PEERS_MAX];
    size_t count = 0;
    for (; count < RIG_PEERS_MAX && rig->peers[count]; count++) {
        servers[count] = peer_address(rig->peers[count]);
        texts[count] = peer_text(rig->peers[count]);
    }
    struct resolver_options resolver = {
        .servers = servers,
        .server_texts = texts,
        .server_count = count,
        .workers = or_default(options->workers, 1),
        .timeout_ms = or_default(options->timeout_ms, 300),
        .attempts = or_default(options->attempts, 2),
        .require_dnssec = !options->any_resolver,
        .cache_max_entries = options->cache_max_entries,
        .cache_max_ttl_s = 28800,
        .changed = options->changed,
        .changed_arg = options->arg,
    };
    assert_int_equal(resolver_create(&resolver, &rig->resolver), CAA_OK);
}

void rig_start(struct rig *rig, const struct rig_options *options)
{
    rig_open_peers(rig, options);
    rig_create_resolver(rig, options);
    for (int ms = 0; ms < 6000 && !resolver_is_tested(rig->resolver); ms++)
        usleep(1000);
    assert_true(resolver_is_tested(rig->resolver));
}

void rig_stop(struct rig *rig)
{
    resolver_destroy(rig->resolver);
    for (size_t i = 0; i < RIG_PEERS_MAX; i++)
        peer_destroy(rig->peers[i]);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->lock);
}

void rig_await_state(struct rig *rig, size_t upstream, enum upstream_state state)
{
    const struct upstream *seen = resolver_upstream(rig->resolver, upstream);
    for (int ms = 0; ms < 6000 && atomic_load(&seen->state) != (int)state; ms++)
        usleep(1000);
    assert_string_equal(
        upstream_state_name((enum upstream_state)atomic_load(&seen->state)),
        upstream_state_name(state));
}

/* ------------------------------------------------------------------- questions */

static void on_done(struct resolver_query *query, struct held_answer *held,
                    bool from_cache)
{
    struct ask *ask = (struct ask *)(void *)query;
    struct rig *rig = ask->rig;
    pthread_mutex_lock(&rig->lock);
    ask->held = held;
    ask->from_cache = from_cache;
    ask->done++;
    ask->done_us = clock_mono_us();
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

void ask_init(struct rig *rig, struct ask *ask, const char *name)
{
    memset(ask, 0, sizeof *ask);
    ask->rig = rig;
    strncpy(ask->name, name, sizeof ask->name - 1);
    resolver_query_init(rig->resolver, &ask->query,
                        (struct caa_fqdn){ask->name, strlen(ask->name)});
    ask->query.asked_us = clock_mono_us();
    ask->query.deadline_us = ask->query.asked_us + 30 * 1000000LL;
    ask->query.done = on_done;
}

void ask_start(struct ask *ask)
{
    resolver_ask(ask->rig->resolver, &ask->query);
}

void ask_wait(struct ask *ask)
{
    struct rig *rig = ask->rig;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_S;
    int err = 0;
    pthread_mutex_lock(&rig->lock);
    while (!ask->done && err == 0)
        err = pthread_cond_timedwait(&rig->changed, &rig->lock, &until);
    unsigned done = ask->done;
    pthread_mutex_unlock(&rig->lock);
    assert_int_equal(done, 1);
    assert_non_null(ask->held);
}

void ask_fini(struct ask *ask)
{
    held_unref(ask->held);
    ask->held = NULL;
}

void ask_now(struct rig *rig, struct ask *ask, const char *name)
{
    ask_init(rig, ask, name);
    ask_start(ask);
    ask_wait(ask);
}

void assert_outcome(struct rig *rig, const char *name, enum caa_outcome outcome)
{
    struct ask ask;
    ask_now(rig, &ask, name);
    enum caa_outcome found = ask.held->answer.outcome;
    ask_fini(&ask);
    assert_string_equal(caa_outcome_name(found), caa_outcome_name(outcome));
}

int rig_answer_rrset(void *arg, const struct peer_question *question,
                     struct message *reply)
{
    (void)arg;
    peer_reply(reply, question, RECURSIVE | AD, RIG_RRSET);
    return 0;
}
