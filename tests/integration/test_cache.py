"""What the cache may answer and what it may not: counted at the fault server, which
sees every question that leaves caad. The numbers are printed with -s."""
import threading
import time

import pytest

import wire
from daemon import Daemon, caa_queries

EIGHT_HOURS = 8 * 3600
FLUSH = "caa.v1.AdminService/FlushCache"
FlushCacheRequest = wire.MESSAGES["caa.v1.FlushCacheRequest"]
FlushCacheResponse = wire.MESSAGES["caa.v1.FlushCacheResponse"]
# Patient, so that a busy machine's late answer is no second question.
PATIENT = {"timeout_ms": 5000}


@pytest.fixture(scope="module")
def caad(lab):
    with Daemon([lab.fault], resolver=PATIENT) as running:
        yield running


@pytest.fixture
def peer(caad, lab):
    lab.reset()
    with wire.Caller.to(caad.url, timeout=60) as connection:
        yield connection


def burst(url, requests):
    """Asks all at once, a connection each; every name must be permitted."""
    found = {}

    def ask(names):
        with wire.Caller.to(url, timeout=60) as peer:
            found.update(wire.results(peer.check(*names, timeout_ms=50000)))

    threads = [threading.Thread(target=ask, args=(names,)) for names in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == sum(map(len, requests))
    assert set(found.values()) == {("PERMITTED", "NO_CAA_RECORDS")}


@pytest.mark.parametrize("at_once", [1, 50], ids=["one-request", "fifty-requests"])
def test_a_thousand_names_ask_each_of_ten_parents_once(lab, at_once):
    names = [f"h{n}.p{n % 10}.burst" for n in range(1000)]
    requests = [names[n::at_once] for n in range(at_once)]
    with Daemon([lab.fault], resolver=PATIENT) as caad:
        lab.reset()
        began = time.monotonic()
        burst(caad.url, requests)
        first, took = caa_queries(lab), time.monotonic() - began
        lab.reset()
        burst(caad.url, requests)
        second = caa_queries(lab)
        stats = caad.stats()
    print(f"\n1,000 names under 10 parents in {at_once} request(s): {took:.2f} s\n"
          f"  first burst: names asked {sum(n for name, n in first.items() if name[0] == 'h')}, "
          f"each parent {[first[f'p{n}.burst'] for n in range(10)]}, TLD {first['burst']}\n"
          f"  second burst: {sum(second.values())} questions; "
          f"cache entries {stats['caad_cache_entries']:.0f}, "
          f"hits {stats['caad_cache_hits_total']:.0f}, "
          f"shared {stats['caad_dns_lookups_shared_total']:.0f}")
    expected = {name: 1 for name in names} | {f"p{n}.burst": 1 for n in range(10)} | {"burst": 1}
    assert first == expected
    assert second == {}
    assert stats["caad_cache_entries"] == 1011


def test_without_a_cache_a_san_list_still_asks_each_parent_once(lab):
    with Daemon([lab.fault], resolver=PATIENT, cache={"max_entries": 0}) as caad:
        names = [f"h{n}.p{n % 10}.off" for n in range(200)]
        for _ in range(2):
            lab.reset()
            burst(caad.url, [names])
            counts = caa_queries(lab)
            assert [counts[f"p{n}.off"] for n in range(10)] == [1] * 10
            assert counts["off"] == 1 and len(counts) == 211
        assert caad.stats()["caad_cache_entries"] == 0


# ------------------------------------------------------------ denials, changes

def test_a_denial_is_asked_afresh_every_time(lab, peer):
    for number in (1, 2, 3):
        result = wire.one(peer.check("again.other.direct"))
        assert wire.verdict(result) == ("DENIED", "ISSUER_NOT_AUTHORIZED")
        assert not result.from_cache
        assert caa_queries(lab)["again.other.direct"] == number


def test_a_record_put_right_counts_at_once(lab):
    """The customer publishes our name after a denial, with hours of TTL to go."""
    name = "customer.example.test"
    with Daemon([lab.resolver]) as caad, wire.Caller.to(caad.url, timeout=30) as peer:
        try:
            lab.set_records(name, ['0 issue "other-ca.example"'], ttl=28800)
            before = wire.one(peer.check(name))
            lab.set_records(name, ['0 issue "globalsign.com"'], ttl=28800)
            changed = time.time() * 1000
            after = wire.one(peer.check(name))
            print(f"\n{name}: {wire.verdict(before)} with {before.lookups[0].ttl_s} s of TTL left, "
                  f"then, {after.retrieved_at_ms - changed:.0f} ms after the record was changed, "
                  f"{wire.verdict(after)}")
            assert wire.verdict(before) == ("DENIED", "ISSUER_NOT_AUTHORIZED")
            assert wire.verdict(after) == ("PERMITTED", "ISSUER_AUTHORIZED")
        finally:
            lab.set_records(name, [])


def test_a_record_added_where_the_parent_denied_counts_at_once(lab):
    """The cache knows that the name has no records of its own: that alone must not
    keep the parent's denial in force."""
    with Daemon([lab.resolver]) as caad, wire.Caller.to(caad.url, timeout=30) as peer:
        name = "new.shop.example.test"
        try:
            assert wire.results(peer.check(name))[name][0] == "DENIED"
            lab.set_records(name, ['0 issue "globalsign.com"'])
            assert wire.results(peer.check(name))[name] == ("PERMITTED", "ISSUER_AUTHORIZED")
        finally:
            lab.set_records(name, [])


# ------------------------------------------------------------------------- TTL

def test_a_permission_is_served_from_the_cache_until_its_ttl_ends(lab, peer):
    for attempt in range(3):
        name = f"short{attempt}.ttl-5.direct"
        first = wire.one(peer.check(name))
        ends_ms = first.retrieved_at_ms + 5000
        assert not first.from_cache
        time.sleep(max(0, ends_ms / 1000 - 1 - time.time()))
        answer = wire.answer(peer.check(name))
        if answer.checked_at_ms > ends_ms - 300:
            continue        # this machine slept too long; again
        late = answer.results[0]
        assert late.from_cache and late.retrieved_at_ms == first.retrieved_at_ms
        assert late.valid_until_ms == first.valid_until_ms
        assert caa_queries(lab)[name] == 1
        time.sleep(max(0, ends_ms / 1000 + 1 - time.time()))
        over = wire.one(peer.check(name))
        print(f"\nTTL 5 s: from_cache {late.from_cache} at "
              f"{answer.checked_at_ms - first.retrieved_at_ms} ms, {over.from_cache} at "
              f"{over.retrieved_at_ms - first.retrieved_at_ms} ms")
        assert not over.from_cache and over.retrieved_at_ms >= ends_ms
        assert caa_queries(lab)[name] == 2
        return
    pytest.fail("the machine is too slow to tell")


def test_a_ttl_of_zero_is_never_kept(lab, peer):
    for number in (1, 2):
        assert not wire.one(peer.check("zero.ttl-0.direct")).from_cache
        assert caa_queries(lab)["zero.ttl-0.direct"] == number


def test_max_ttl_s_bounds_what_is_kept(lab):
    with Daemon([lab.fault], resolver=PATIENT, cache={"max_ttl_s": 1}) as caad:
        lab.reset()
        with wire.Caller.to(caad.url, timeout=30) as peer:
            first = wire.one(peer.check("x.ttl-86400.direct"))
            time.sleep(1.2)
            second = wire.one(peer.check("x.ttl-86400.direct"))
        assert not second.from_cache
        assert second.retrieved_at_ms > first.retrieved_at_ms
        assert caa_queries(lab)["x.ttl-86400.direct"] == 2


@pytest.mark.parametrize("name, ttl_s", [
    ("v.ok.direct", 300), ("v.ttl-86400.direct", 86400), ("v.ttl-28801.direct", 28801),
    ("v.ttl-1.direct", 1), ("v.ttl-0.direct", 0), ("v.none.direct", 300), ("v.other.direct", 300)])
def test_validity_counts_from_the_dns_answer_for_the_ttl_or_eight_hours(peer, name, ttl_s):
    """On the first answer and on a cache hit alike."""
    for _ in range(2):
        result = wire.one(peer.check(name))
        span_s = max(ttl_s, EIGHT_HOURS)
        assert result.valid_until_ms == result.retrieved_at_ms + span_s * 1000
        assert result.lookups[0].ttl_s == ttl_s


def test_the_answer_s_validity_is_its_earliest_result_s(peer):
    peer.check("a.ok.direct")
    time.sleep(0.05)
    answer = wire.answer(peer.check("b.ok.direct", "a.ok.direct", "192.0.2.1"))
    until = [result.valid_until_ms for result in answer.results]
    assert until[1] < until[0] and until[2] == 0
    assert answer.valid_until_ms == until[1]


# ------------------------------------------------------- failures, fresh, flush

@pytest.mark.parametrize("name, questions", [
    # the request, its retry, and with SERVFAIL the look with CD
    ("f.servfail.direct", 3), ("f.bogus.direct", 3), ("f.notimp.direct", 2),
    ("f.rdshort.direct", 2), ("f.tctcp.ok.direct", 4)])
def test_a_failure_is_never_kept(lab, peer, name, questions):
    for number in (1, 2):
        result = wire.one(peer.check(name))
        assert result.verdict == wire.Result.LOOKUP_FAILED and not result.from_cache
        assert caa_queries(lab)[name] == number * questions


def test_fresh_asks_again(lab, peer):
    seen = []
    for fresh in (False, False, True, True, False):
        result = wire.one(peer.check("fresh.ok.direct", fresh=fresh))
        seen.append((result.from_cache, caa_queries(lab)["fresh.ok.direct"]))
    assert seen == [(False, 1), (True, 1), (False, 2), (False, 3), (True, 3)]


def flush(peer, *names, subtree=False):
    request = FlushCacheRequest(names=names, subtree=subtree)
    return wire.answer(peer.call(FLUSH, request), FlushCacheResponse)


def test_flushing_forgets_a_name_a_subtree_or_all(peer):
    names = ["www.ok.flush", "ok.flush", "a.www.ok.flush", "ttl-300.xok.flush", "ok.other-flush"]

    def cached():
        found = {result.name: result.from_cache for result in wire.answer(peer.check(*names)).results}
        return [found[name] for name in names]

    peer.check(*names)
    assert cached() == [True] * 5
    assert flush(peer, "WWW.ok.flush.").flushed == 1
    assert cached() == [False, True, True, True, True]
    assert flush(peer, "ok.flush", subtree=True).flushed == 3
    assert cached() == [False, False, False, True, True]
    assert flush(peer, "ttl-300.xok.flush", "ok.other-flush").flushed == 2
    assert cached() == [True, True, True, False, False]
    done = flush(peer)
    assert done.flushed >= 5 and "unbound-control" in done.note
    assert cached() == [False] * 5


def test_flushing_what_is_no_name_is_refused(peer):
    response = peer.call(FLUSH, FlushCacheRequest(names=["ok.flush", "a..b"]))
    assert wire.status(response) == ("INVALID_ARGUMENT", "names[1]")


def test_caactl_flushes_too(caad, peer):
    peer.check("cli.ok.direct")
    done = caad.caactl("flush", "cli.ok.direct")
    assert done.returncode == 0, done.stderr
    assert not wire.one(peer.check("cli.ok.direct")).from_cache


def test_a_small_cache_forgets_the_least_recently_used(lab):
    with Daemon([lab.fault], resolver=PATIENT, cache={"max_entries": 160}) as caad:
        with wire.Caller.to(caad.url, timeout=60) as peer:
            peer.check(*[f"n{n}.lru" for n in range(1000)])
            assert caad.stats()["caad_cache_entries"] <= 160 + 16     # a shard may hold one more
