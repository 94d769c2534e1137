/* upstream.h - one of the CA's own validating resolvers and what we know of
 * its health. Seen to validate: it set AD for the root's SOA, which only a
 * resolver with the root's trust anchor does. One that does not answer, or
 * (where DNSSEC is required) does not validate, is out of rotation until the
 * self-test, once a second, sees it well again.
 * Threads: any; the fields are atomic. Only the first worker runs self-tests. */
#ifndef CAA_DNS_UPSTREAM_H
#define CAA_DNS_UPSTREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Numbers of caa.v1 GetServerInfoResponse.Resolver.State. */
enum upstream_state {
    UPSTREAM_UNTESTED = 1,
    UPSTREAM_VALIDATING = 2,
    UPSTREAM_NOT_VALIDATING = 3,
    UPSTREAM_UNREACHABLE = 4,
};

enum {
    UPSTREAM_TEST_INTERVAL_US = 1000000,
    /* One lost packet is no outage. */
    UPSTREAM_TEST_FAILURES = 2,
};

struct upstream {
    char text[64]; /* "address:port" */
    struct sockaddr_storage address;
    atomic_int state;
    atomic_llong since_ms;       /* wall clock of the last change of state */
    atomic_llong last_answer_us; /* monotonic clock of the last response */
    atomic_uint test_failures;   /* in a row */
    atomic_bool test_wanted;     /* somebody waits in vain: test it now */
};

/* Called on a change of state, from a worker thread. */
typedef void upstream_changed(void *arg, const struct upstream *upstream,
                              enum upstream_state from, enum upstream_state to);

bool upstream_in_rotation(const struct upstream *upstream, bool require_dnssec);
/* A response of any kind came. */
void upstream_answered(struct upstream *upstream, int64_t now_us);
/* Whether it has answered anything since then (monotonic clock). */
bool upstream_alive_since(const struct upstream *upstream, int64_t since_us);
/* Sets the state; true if it changed. */
bool upstream_set_state(struct upstream *upstream, enum upstream_state state,
                        enum upstream_state *from);
const char *upstream_state_name(enum upstream_state state);

#endif
