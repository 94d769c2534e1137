/* The health of the CA's own resolvers: what the self-test sees, who is asked,
 * and whose fault silence is. */
#include "dns/rig.h"

#include "base/clock.h"
#include "check/fixture.h"

#include <string.h>
#include <unistd.h>

/* Silent for names in silent.test, an RRset for the rest. */
static int answer_but_silent_test(void *arg, const struct peer_question *question,
                                  struct message *reply)
{
    if (strstr(question->name, "silent.test"))
        return PEER_SILENT;
    return rig_answer_rrset(arg, question, reply);
}

static int answer_without_ad(void *arg, const struct peer_question *question,
                             struct message *reply)
{
    (void)arg;
    peer_reply(reply, question, RECURSIVE, RIG_RRSET);
    return 0;
}

/* Opens with the first peer in the given health. */
static void start(struct rig *rig, enum peer_health health,
                  const struct rig_options *options)
{
    rig_open_peers(rig, options);
    peer_set_health(rig->peers[0], health);
    rig_create_resolver(rig, options);
}

static const struct rig_options strict = {.script = rig_answer_rrset};
static const struct rig_options lax = {.script = rig_answer_rrset, .any_resolver = true};
static const struct rig_options two = {.script = rig_answer_rrset, .peers = 2};

/* ---------------------------------------------------------------------- states */

/* [RFC 4035 3.2.3] */
static void ad_for_the_root_makes_a_resolver_ready(void **state)
{
    (void)state;
    struct rig rig;
    start(&rig, PEER_VALIDATES, &strict);
    rig_await_state(&rig, 0, UPSTREAM_VALIDATING);
    assert_true(resolver_is_ready(rig.resolver));
    assert_true(resolver_is_tested(rig.resolver));
    assert_true(resolver_is_alive(rig.resolver));
    rig_stop(&rig);
}

static void without_ad_it_is_asked_nothing(void **state)
{
    (void)state;
    struct rig rig;
    start(&rig, PEER_DOES_NOT_VALIDATE, &strict);
    rig_await_state(&rig, 0, UPSTREAM_NOT_VALIDATING);
    assert_false(resolver_is_ready(rig.resolver));
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RESOLVER_UNAVAILABLE);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 0);
    rig_stop(&rig);
}

static void without_ad_it_will_do_where_dnssec_is_not_required(void **state)
{
    (void)state;
    struct rig rig;
    start(&rig, PEER_DOES_NOT_VALIDATE, &lax);
    rig_await_state(&rig, 0, UPSTREAM_NOT_VALIDATING);
    assert_true(resolver_is_ready(rig.resolver));
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RRSET);
    rig_stop(&rig);
}

static void silence_is_unreachable_within_two_seconds(void **state)
{
    (void)state;
    struct rig rig;
    int64_t started_us = clock_mono_us();
    start(&rig, PEER_MUTE, &lax);
    assert_false(resolver_is_tested(rig.resolver));
    rig_await_state(&rig, 0, UPSTREAM_UNREACHABLE);
    assert_in_range(clock_mono_us() - started_us, 0, 2000000);
    assert_false(resolver_is_ready(rig.resolver));
    rig_stop(&rig);
}

static void servfail_for_the_root_is_unreachable(void **state)
{
    (void)state;
    struct rig rig;
    start(&rig, PEER_FAILS, &lax);
    rig_await_state(&rig, 0, UPSTREAM_UNREACHABLE);
    assert_false(resolver_is_ready(rig.resolver));
    rig_stop(&rig);
}

static void a_closed_port_is_seen_at_once_and_so_is_its_return(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &strict);
    peer_set_open(rig.peers[0], false);
    rig_await_state(&rig, 0, UPSTREAM_UNREACHABLE);
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RESOLVER_UNAVAILABLE);
    peer_set_open(rig.peers[0], true);
    rig_await_state(&rig, 0, UPSTREAM_VALIDATING);
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RRSET);
    rig_stop(&rig);
}

static void a_resolver_that_falls_silent_and_speaks_again_is_back(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &strict);
    peer_set_health(rig.peers[0], PEER_MUTE);
    rig_await_state(&rig, 0, UPSTREAM_UNREACHABLE);
    peer_set_health(rig.peers[0], PEER_VALIDATES);
    rig_await_state(&rig, 0, UPSTREAM_VALIDATING);
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RRSET);
    rig_stop(&rig);
}

static void a_resolver_that_loses_its_anchor_is_out_of_rotation(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &two);
    peer_set_health(rig.peers[0], PEER_DOES_NOT_VALIDATE);
    rig_await_state(&rig, 0, UPSTREAM_NOT_VALIDATING);
    unsigned before = peer_udp_questions(rig.peers[0]);
    for (int i = 0; i < 20; i++)
        assert_outcome(&rig, (char[]){'a', (char)('a' + i), 0}, CAA_OUTCOME_RRSET);
    assert_int_equal(peer_udp_questions(rig.peers[0]), before);
    assert_int_equal(peer_udp_questions(rig.peers[1]), 20);
    assert_true(resolver_is_ready(rig.resolver));
    rig_stop(&rig);
}

struct change {
    atomic_uint count;
    atomic_int from, to;
};

static void on_change(void *arg, const struct upstream *upstream,
                      enum upstream_state from, enum upstream_state to)
{
    struct change *change = arg;
    (void)upstream;
    atomic_store(&change->from, (int)from);
    atomic_store(&change->to, (int)to);
    atomic_fetch_add(&change->count, 1);
}

static void each_change_is_reported_once(void **state)
{
    (void)state;
    struct rig rig;
    struct change change = {0};
    rig_start(&rig, &(struct rig_options){.script = rig_answer_rrset,
                                          .arg = &change,
                                          .changed = on_change});
    assert_int_equal(atomic_load(&change.count), 1);
    assert_int_equal(atomic_load(&change.from), UPSTREAM_UNTESTED);
    assert_int_equal(atomic_load(&change.to), UPSTREAM_VALIDATING);
    peer_set_open(rig.peers[0], false);
    rig_await_state(&rig, 0, UPSTREAM_UNREACHABLE);
    usleep(1500000);
    assert_int_equal(atomic_load(&change.count), 2);
    assert_int_equal(atomic_load(&change.from), UPSTREAM_VALIDATING);
    assert_int_equal(atomic_load(&change.to), UPSTREAM_UNREACHABLE);
    rig_stop(&rig);
}

/* ---------------------------------------------------------------- whose fault is it */

static void silence_is_the_domains_while_the_resolver_speaks(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &(struct rig_options){.script = answer_but_silent_test});
    assert_outcome(&rig, "www.silent.test", CAA_OUTCOME_TIMEOUT);
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RRSET);
    rig_stop(&rig);
}

/* A timeout longer than a round of self-tests: they were not answered either. */
static void silence_is_the_resolvers_when_it_is_dead(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &(struct rig_options){
                        .script = rig_answer_rrset, .timeout_ms = 1800, .attempts = 1});
    peer_set_health(rig.peers[0], PEER_MUTE);
    assert_outcome(&rig, "www.example.test", CAA_OUTCOME_RESOLVER_UNAVAILABLE);
    rig_stop(&rig);
}

/* The question finds out before the self-test does. */
static void a_closed_port_sends_the_retry_to_the_other_resolver(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &two);
    peer_set_open(rig.peers[0], false);
    for (int i = 0; i < 10; i++)
        assert_outcome(&rig, (char[]){'a', (char)('a' + i), 0}, CAA_OUTCOME_RRSET);
    assert_int_equal(peer_udp_questions(rig.peers[0]), 0);
    rig_stop(&rig);
}

static void a_mute_resolver_costs_a_retry_but_no_answer(void **state)
{
    (void)state;
    struct rig rig;
    rig_start(&rig, &two);
    peer_set_health(rig.peers[1], PEER_MUTE);
    for (int i = 0; i < 10; i++)
        assert_outcome(&rig, (char[]){'a', (char)('a' + i), 0}, CAA_OUTCOME_RRSET);
    rig_stop(&rig);
}

/* ------------------------------------------------------------------------- DNSSEC */

/* [RFC 4035 3.2.3] No AD says INSECURE only from one that validates. */
static void insecure_needs_a_resolver_that_validates(void **state)
{
    (void)state;
    struct rig_options options = {.script = answer_without_ad, .any_resolver = true};
    struct rig rig;
    struct ask ask;
    rig_start(&rig, &options);
    ask_now(&rig, &ask, "www.example.test");
    assert_int_equal(ask.held->answer.dnssec, CAA_DNSSEC_INSECURE);
    ask_fini(&ask);
    rig_stop(&rig);
    start(&rig, PEER_DOES_NOT_VALIDATE, &options);
    rig_await_state(&rig, 0, UPSTREAM_NOT_VALIDATING);
    ask_now(&rig, &ask, "www.example.test");
    assert_int_equal(ask.held->answer.dnssec, CAA_DNSSEC_INDETERMINATE);
    ask_fini(&ask);
    rig_stop(&rig);
}

static void each_state_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(upstream_state_name(UPSTREAM_UNTESTED), "UNTESTED");
    assert_string_equal(upstream_state_name(UPSTREAM_VALIDATING), "VALIDATING");
    assert_string_equal(upstream_state_name(UPSTREAM_NOT_VALIDATING), "NOT_VALIDATING");
    assert_string_equal(upstream_state_name(UPSTREAM_UNREACHABLE), "UNREACHABLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ad_for_the_root_makes_a_resolver_ready),
        cmocka_unit_test(without_ad_it_is_asked_nothing),
        cmocka_unit_test(without_ad_it_will_do_where_dnssec_is_not_required),
        cmocka_unit_test(silence_is_unreachable_within_two_seconds),
        cmocka_unit_test(servfail_for_the_root_is_unreachable),
        cmocka_unit_test(a_closed_port_is_seen_at_once_and_so_is_its_return),
        cmocka_unit_test(a_resolver_that_falls_silent_and_speaks_again_is_back),
        cmocka_unit_test(a_resolver_that_loses_its_anchor_is_out_of_rotation),
        cmocka_unit_test(each_change_is_reported_once),
        cmocka_unit_test(silence_is_the_domains_while_the_resolver_speaks),
        cmocka_unit_test(silence_is_the_resolvers_when_it_is_dead),
        cmocka_unit_test(a_closed_port_sends_the_retry_to_the_other_resolver),
        cmocka_unit_test(a_mute_resolver_costs_a_retry_but_no_answer),
        cmocka_unit_test(insecure_needs_a_resolver_that_validates),
        cmocka_unit_test(each_state_has_its_name),
    };
    return cmocka_run_group_tests_name("upstream", tests, NULL, NULL);
}
