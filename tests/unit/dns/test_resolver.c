/* One question against one or two servers: what each kind of reply, or none,
 * becomes, and what was sent for it. */
#include "dns/rig.h"

#include "base/clock.h"
#include "check/fixture.h"

#include <stdio.h>
#include <string.h>

/* What a peer does: a reply a question, the last one again and again. */
struct step {
    int delay_ms; /* or PEER_SILENT, PEER_HANG_UP */
    unsigned flags;
    const char *script;
};

enum { STEPS = 6, TRIES = 6 };

struct sent {
    enum caa_transport transport;
    int outcome;
    bool cd;
};

struct row {
    const char *name;
    struct step steps[STEPS];
    int outcome; /* of enum caa_outcome */
    struct sent sent[TRIES];
};

enum {
    UDP = CAA_TRANSPORT_UDP,
    TCP = CAA_TRANSPORT_TCP,
    RRSET = CAA_OUTCOME_RRSET,
    NODATA = CAA_OUTCOME_NODATA,
    TIMEOUT = CAA_OUTCOME_TIMEOUT,
    SERVFAIL = CAA_OUTCOME_SERVFAIL,
    REFUSED = CAA_OUTCOME_REFUSED,
    OTHER = CAA_OUTCOME_OTHER_RCODE,
    TRUNCATED = CAA_OUTCOME_TRUNCATED,
    BOGUS = CAA_OUTCOME_DNSSEC_BOGUS,
    MALFORMED = CAA_OUTCOME_MALFORMED_RESPONSE,
    UNAVAILABLE = CAA_OUTCOME_RESOLVER_UNAVAILABLE,
};

#define GOOD                                                                             \
    {                                                                                    \
        0, RECURSIVE | AD, RIG_RRSET                                                     \
    }
#define EMPTY                                                                            \
    {                                                                                    \
        0, RECURSIVE | AD, RIG_NODATA                                                    \
    }
#define FAILS                                                                            \
    {                                                                                    \
        0, RECURSIVE | 2, "AR . 0 OPT 0 000f00050007676f6e\n"                            \
    }
#define REFUSES                                                                          \
    {                                                                                    \
        0, RECURSIVE | 5, RIG_NOTHING                                                    \
    }
#define CUTS                                                                             \
    {                                                                                    \
        0, RECURSIVE | TC, RIG_NOTHING                                                   \
    }
#define LIES                                                                             \
    {                                                                                    \
        0, RECURSIVE, "AN @12 300 1 7f000001\nAR . 0 OPT 0\n"                            \
    }
#define QUIET                                                                            \
    {                                                                                    \
        PEER_SILENT, 0, ""                                                               \
    }
#define HANGS_UP                                                                         \
    {                                                                                    \
        PEER_HANG_UP, 0, ""                                                              \
    }

/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wenum-conversion"
static struct row rows[] = {
    {"an RRset at the first attempt", {GOOD}, RRSET, {{UDP, RRSET}}},
    {"an empty answer at the first attempt", {EMPTY}, NODATA, {{UDP, NODATA}}},

    {"[BR 3.2.2.8] silence is asked again", {QUIET, GOOD}, RRSET, {{UDP, TIMEOUT}, {UDP, RRSET}}},
    {"[BR 3.2.2.8] REFUSED is asked again", {REFUSES, GOOD}, RRSET, {{UDP, REFUSED}, {UDP, RRSET}}},
    {"[BR 3.2.2.8] SERVFAIL is asked again", {FAILS, GOOD}, RRSET, {{UDP, SERVFAIL}, {UDP, RRSET}}},
    {"[BR 3.2.2.8] a lie is asked again", {LIES, EMPTY}, NODATA, {{UDP, MALFORMED}, {UDP, NODATA}}},
    {"[BR 3.2.2.8] NOTIMP is asked again", {{0, RECURSIVE | 4, RIG_NOTHING}, GOOD}, RRSET, {{UDP, OTHER}, {UDP, RRSET}}},

    {"twice REFUSED", {REFUSES}, REFUSED, {{UDP, REFUSED}, {UDP, REFUSED}}},
    {"twice FORMERR", {{0, RECURSIVE | 1, ""}}, OTHER, {{UDP, OTHER}, {UDP, OTHER}}},
    {"twice a lie", {LIES}, MALFORMED, {{UDP, MALFORMED}, {UDP, MALFORMED}}},
    {"a lie says more than the silence after it", {LIES, QUIET}, MALFORMED, {{UDP, MALFORMED}, {UDP, TIMEOUT}}},
    {"REFUSED says more than the silence before it", {QUIET, REFUSES}, REFUSED, {{UDP, TIMEOUT}, {UDP, REFUSED}}},

    {"[RFC 4035 3.2.2] SERVFAIL with CD too is SERVFAIL", {FAILS}, SERVFAIL, {{UDP, SERVFAIL}, {UDP, SERVFAIL}, {UDP, SERVFAIL, true}}},
    {"[RFC 4035 3.2.2] an RRset with CD is bogus", {FAILS, FAILS, GOOD}, BOGUS, {{UDP, SERVFAIL}, {UDP, SERVFAIL}, {UDP, RRSET, true}}},
    {"[RFC 4035 3.2.2] no data with CD is bogus", {FAILS, FAILS, EMPTY}, BOGUS, {{UDP, SERVFAIL}, {UDP, SERVFAIL}, {UDP, NODATA, true}}},
    {"[RFC 4035 3.2.2] silence with CD is SERVFAIL", {FAILS, FAILS, QUIET}, SERVFAIL, {{UDP, SERVFAIL}, {UDP, SERVFAIL}, {UDP, TIMEOUT, true}}},
    {"[RFC 4035 3.2.2] a lie with CD is SERVFAIL", {FAILS, FAILS, LIES}, SERVFAIL, {{UDP, SERVFAIL}, {UDP, SERVFAIL}, {UDP, MALFORMED, true}}},
    {"[RFC 4035 3.2.2] CD over TCP after truncation", {FAILS, FAILS, CUTS, GOOD}, BOGUS, {{UDP, SERVFAIL}, {UDP, SERVFAIL}, {UDP, TRUNCATED, true}, {TCP, RRSET, true}}},
    {"[RFC 4035 3.2.2] after silence SERVFAIL is final", {QUIET, FAILS, GOOD}, BOGUS, {{UDP, TIMEOUT}, {UDP, SERVFAIL}, {UDP, RRSET, true}}},

    {"[RFC 7766 5] truncation goes to TCP", {CUTS, GOOD}, RRSET, {{UDP, TRUNCATED}, {TCP, RRSET}}},
    {"[RFC 7766 5] an empty answer over TCP", {CUTS, EMPTY}, NODATA, {{UDP, TRUNCATED}, {TCP, NODATA}}},
    {"[RFC 7766 5] truncation is no attempt of its own", {CUTS, FAILS, CUTS, GOOD}, RRSET, {{UDP, TRUNCATED}, {TCP, SERVFAIL}, {UDP, TRUNCATED}, {TCP, RRSET}}},
    {"[RFC 7766 5] silence over TCP", {CUTS, QUIET, CUTS, QUIET}, TRUNCATED, {{UDP, TRUNCATED}, {TCP, TIMEOUT}, {UDP, TRUNCATED}, {TCP, TIMEOUT}}},
    {"[RFC 7766 5] TC over TCP", {CUTS}, TRUNCATED, {{UDP, TRUNCATED}, {TCP, TRUNCATED}, {UDP, TRUNCATED}, {TCP, TRUNCATED}}},
    {"[RFC 7766 5] a lie over TCP", {CUTS, LIES, CUTS, LIES}, TRUNCATED, {{UDP, TRUNCATED}, {TCP, MALFORMED}, {UDP, TRUNCATED}, {TCP, MALFORMED}}},
    {"[RFC 7766 5] TCP closed in the middle", {CUTS, HANGS_UP, CUTS, HANGS_UP}, TRUNCATED, {{UDP, TRUNCATED}, {TCP, UNAVAILABLE}, {UDP, TRUNCATED}, {TCP, UNAVAILABLE}}},
    {"[RFC 7766 5] SERVFAIL over TCP is SERVFAIL", {CUTS, FAILS, CUTS, FAILS, FAILS}, SERVFAIL, {{UDP, TRUNCATED}, {TCP, SERVFAIL}, {UDP, TRUNCATED}, {TCP, SERVFAIL}, {UDP, SERVFAIL, true}}},

    {"late, but in time", {{150, RECURSIVE | AD, RIG_RRSET}}, RRSET, {{UDP, RRSET}}},
    {"too late for one attempt, the next one is answered", {{450, RECURSIVE | AD, RIG_NODATA}, GOOD}, RRSET, {{UDP, TIMEOUT}, {UDP, RRSET}}},
};
#pragma GCC diagnostic pop
/* clang-format on */

static int follow_steps(void *arg, const struct peer_question *question,
                        struct message *reply)
{
    const struct row *row = arg;
    unsigned i = 0;
    while (i + 1 < question->number && i + 1 < STEPS && row->steps[i + 1].script)
        i++;
    const struct step *step = &row->steps[i];
    if (!question->edns || !question->ad)
        return PEER_SILENT; /* the query is not as it should be */
    peer_reply(reply, question, step->flags, step->script);
    return step->delay_ms;
}

static void assert_sent(const struct row *row, const struct caa_answer *answer)
{
    size_t count = 0;
    for (; count < TRIES && row->sent[count].transport; count++) {
        const struct caa_attempt *attempt = &answer->attempts[count];
        if (count == answer->attempt_count)
            break;
        assert_string_equal(caa_outcome_name(attempt->outcome),
                            caa_outcome_name((enum caa_outcome)row->sent[count].outcome));
        assert_int_equal(attempt->transport, row->sent[count].transport);
        assert_int_equal(attempt->checking_disabled, row->sent[count].cd);
        assert_in_range(attempt->duration_us, 0, 5000000);
    }
    assert_int_equal(answer->attempt_count, count);
}

static void becomes(void **state)
{
    struct row *row = *state;
    struct rig rig;
    struct ask ask;
    rig_start(&rig, &(struct rig_options){.script = follow_steps, .arg = row});
    ask_now(&rig, &ask, "www.example.test");
    const struct caa_answer *answer = &ask.held->answer;
    assert_string_equal(caa_outcome_name(answer->outcome),
                        caa_outcome_name((enum caa_outcome)row->outcome));
    assert_sent(row, answer);
    assert_string_equal(answer->name, "www.example.test");
    assert_string_equal(answer->attempts[0].server, peer_text(rig.peers[0]));
    if (answer->outcome == CAA_OUTCOME_DNSSEC_BOGUS) {
        assert_int_equal(answer->dnssec, CAA_DNSSEC_BOGUS);
        assert_int_equal(answer->ede[0].code, 7); /* of the SERVFAIL */
        assert_int_equal(answer->property_count, 0);
    }
    ask_fini(&ask);
    rig_stop(&rig);
}

/* -------------------------------------------------------------------- two servers */

/* The first to be asked refuses. */
static int refuse_first(void *arg, const struct peer_question *question,
                        struct message *reply)
{
    atomic_uint *count = arg;
    bool first = atomic_fetch_add(count, 1) == 0;
    peer_reply(reply, question, first ? RECURSIVE | 5 : RECURSIVE | AD,
               first ? RIG_NOTHING : RIG_RRSET);
    return 0;
}

static void a_retry_goes_to_the_other_server(void **state)
{
    (void)state;
    struct rig rig;
    struct ask ask;
    atomic_uint count = 0;
    rig_start(&rig,
              &(struct rig_options){.script = refuse_first, .arg = &count, .peers = 2});
    ask_now(&rig, &ask, "www.example.test");
    assert_int_equal(ask.held->answer.outcome, CAA_OUTCOME_RRSET);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 1);
    assert_int_equal(peer_udp_questions(rig.peers[1]), 1);
    assert_string_not_equal(ask.held->answer.attempts[0].server,
                            ask.held->answer.attempts[1].server);
    ask_fini(&ask);
    rig_stop(&rig);
}

static void names_are_spread_over_the_servers(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &(struct rig_options){.script = rig_answer_rrset, .peers = 2});
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%d.test", i);
        assert_outcome(&rig, name, CAA_OUTCOME_RRSET);
    }
    assert_in_range(peer_udp_questions(rig.peers[0]), 5, 35);
    assert_int_equal(peer_udp_questions(rig.peers[0]) + peer_udp_questions(rig.peers[1]),
                     40);
    rig_stop(&rig);
}

/* --------------------------------------------------------------------- transports */

static int cut_udp(void *arg, const struct peer_question *question, struct message *reply)
{
    (void)arg;
    peer_reply(reply, question, RECURSIVE | AD | (question->tcp ? 0 : TC),
               question->tcp ? RIG_RRSET : RIG_NOTHING);
    return 0;
}

/* [RFC 7766 5] And the resolver's health is no matter of TCP. */
static void truncation_and_no_tcp_is_truncated(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &(struct rig_options){.script = cut_udp});
    peer_refuse_tcp(rig.peers[0]);
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_TRUNCATED);
    assert_true(resolver_is_ready(rig.resolver));
    rig_stop(&rig);
}

/* count records, some 30 octets each. */
static int answer_many(void *arg, const struct peer_question *question,
                       struct message *reply)
{
    peer_reply(reply, question, RECURSIVE | AD, RIG_NOTHING);
    message_begin(reply, RECURSIVE | AD);
    char line[300];
    snprintf(line, sizeof line, "QD %s CAA\n", question->name);
    message_add(reply, line);
    for (unsigned i = 0; i < *(const unsigned *)arg; i++) {
        snprintf(line, sizeof line, "AN @12 300 CAA 0 issue ca%04u.test\n", i);
        message_add(reply, line);
    }
    message_add(reply, "AR . 0 OPT 0\n");
    return 0;
}

/* Some c-ares cut a UDP response at 512 octets without a word; whatever the
 * size, the whole RRset arrives. */
static void rrsets_of_any_size_arrive_whole(void **state)
{
    (void)state;
    for (unsigned count = 1; count < 1900; count += count < 50 ? 1 : 600) {
        struct rig rig;
        struct ask ask;
        rig_start(&rig, &(struct rig_options){.script = answer_many, .arg = &count});
        ask_now(&rig, &ask, "www.example.test");
        assert_int_equal(ask.held->answer.outcome, CAA_OUTCOME_RRSET);
        assert_int_equal(ask.held->answer.property_count, count);
        ask_fini(&ask);
        rig_stop(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retry_goes_to_the_other_server),
        cmocka_unit_test(names_are_spread_over_the_servers),
        cmocka_unit_test(truncation_and_no_tcp_is_truncated),
        cmocka_unit_test(rrsets_of_any_size_arrive_whole),
    };
    return FIXTURE_RUN("resolver", rows, becomes, tests);
}
