/* rig.h - a resolver whose servers are peers of the test, and questions whose
 * answers a test can wait for.
 * Threads: the test's own. */
#ifndef CAA_TEST_DNS_RIG_H
#define CAA_TEST_DNS_RIG_H

#include <pthread.h>

#include "dns/peer.h"
#include "dns/resolver.h"

enum { RIG_PEERS_MAX = 2 };

struct rig {
    struct peer *peers[RIG_PEERS_MAX];
    struct resolver *resolver;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

struct rig_options {
    peer_script *script; /* of every peer */
    void *arg;
    unsigned peers, workers, timeout_ms, attempts; /* 0: 1, 1, 300, 2 */
    bool any_resolver; /* one that does not validate will do */
    size_t cache_max_entries;
    upstream_changed *changed;
};

/* Opens the peers and the resolver, and waits until every peer is tested. */
void rig_start(struct rig *rig, const struct rig_options *options);
/* Only the peers; *out is what resolver_create then takes. */
void rig_open_peers(struct rig *rig, const struct rig_options *options);
void rig_create_resolver(struct rig *rig, const struct rig_options *options);
void rig_stop(struct rig *rig);

/* Waits until the first resolver's state is this; fails after 6 s. */
void rig_await_state(struct rig *rig, size_t upstream, enum upstream_state state);

/* One question. */
struct ask {
    struct resolver_query query; /* first: a query is its ask */
    struct rig *rig;
    struct held_answer *held;
    bool from_cache;
    unsigned done; /* how many times */
    int64_t done_us;
    char name[CAA_FQDN_MAX + 1];
};

/* Prepares a question with a deadline of 30 s. */
void ask_init(struct rig *rig, struct ask *ask, const char *name);
/* Asks one; it is the resolver's until done. */
void ask_start(struct ask *ask);
void ask_wait(struct ask *ask);
/* Lets go of the answer. */
void ask_fini(struct ask *ask);

/* Asks and waits. */
void ask_now(struct rig *rig, struct ask *ask, const char *name);
/* Asks, waits, compares the outcome and lets go. */
void assert_outcome(struct rig *rig, const char *name, enum caa_outcome outcome);

/* A script that answers every question with one CAA record. */
int rig_answer_rrset(void *arg, const struct peer_question *question,
                     struct message *reply);

#define RIG_RRSET   "AN @12 300 CAA 0 issue ca.test\nAR . 0 OPT 0\n"
#define RIG_NODATA  "NS test 300 SOA 300\nAR . 0 OPT 0\n"
#define RIG_NOTHING "AR . 0 OPT 0\n"

#endif
