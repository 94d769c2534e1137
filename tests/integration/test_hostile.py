"""Hostile DNS: every behaviour the fault server knows has a defined outcome, none
turns a denial into permission, and none makes other callers wait."""
import threading
import time

import pytest

import faults
import wire
from daemon import Daemon

PERMITTED = ("PERMITTED", "ISSUER_AUTHORIZED")
FAILURES = {"TIMEOUT", "SERVFAIL", "REFUSED", "OTHER_RCODE", "TRUNCATED", "DNSSEC_BOGUS",
            "MALFORMED_RESPONSE",
            # where a busy machine made the fault server too late for a self-test
            "RESOLVER_UNAVAILABLE"}

# The contents that permit, by the rules; all others must not.
PERMITTING = {"ok", "ttl-N", "ttlneg", "big-N", "tag0", "tag255", "cname", "chain-N", "dname",
              "none", "nosoa", "nx", "nxnosoa", "cnamenone"}
DENYING = {"other", "forbid", "empty", "critical", "nul", "newline", "eightbit", "xss"}
# A record beside NXDOMAIN: denied, or not believed. An alias without its target's
# part, from a resolver: an empty answer, or not believed.
EITHER = {"nxcaa": "DENIED", "cnamealone": "PERMITTED"}


def label(pattern, what="servfail"):
    """A label of this row of the fault server's tables."""
    numbers = {"ttl-N": "ttl-60", "big-N": "big-40", "chain-N": "chain-5", "rcode-N": "rcode-11",
               "delay-Nms": "delay-200ms", "drop-N": "drop-1", "flaky-N": "flaky-1",
               "flaky-N-WHAT": f"flaky-1-{what}"}
    return numbers.get(pattern, pattern)


@pytest.fixture(scope="module")
def caad(lab):
    """Asks the fault server as its resolver."""
    with Daemon([lab.fault], resolver={"timeout_ms": 250}) as running:
        yield running


@pytest.fixture
def peer(caad, lab):
    lab.reset()
    with wire.Caller.to(caad.url, timeout=60) as connection:
        yield connection


def check(peer, name):
    result = wire.one(peer.check(name))
    verdict, reason = wire.verdict(result)
    print(f"  {name:28} {verdict:14} {reason}")
    assert result.message.isprintable(), repr(result.message)
    return result, verdict, reason


@pytest.mark.parametrize("content", faults.CONTENT)
def test_every_content_has_its_outcome(peer, content):
    name = f"www.{label(content)}.hostile"
    _, verdict, reason = check(peer, name)
    if content in PERMITTING:
        assert verdict == "PERMITTED"
    elif content in DENYING:
        assert verdict == "DENIED"
    else:
        assert verdict == "LOOKUP_FAILED" and reason in FAILURES or (
            EITHER.get(content) == verdict)


@pytest.mark.parametrize("modifier", faults.MODIFIERS)
def test_no_way_of_spoiling_a_denial_permits(peer, modifier):
    """Nor may the spoiled level be passed over as if it were empty."""
    name = f"{label(modifier)}.other.hostile"
    result, verdict, reason = check(peer, name)
    assert verdict in ("DENIED", "LOOKUP_FAILED")
    if verdict == "DENIED":
        assert (reason, result.found_at) == ("ISSUER_NOT_AUTHORIZED", name)
    else:
        assert reason in FAILURES and not result.found_at


@pytest.mark.parametrize("modifier", faults.MODIFIERS)
def test_no_way_of_spoiling_an_empty_answer_hides_the_parent_s_denial(peer, modifier):
    """The level below the denial is spoiled, the denial itself is well."""
    name = f"{label(modifier, 'notimp')}.none.x.other.hostile"
    _, verdict, reason = check(peer, name)
    assert (verdict, reason) == ("DENIED", "ISSUER_NOT_AUTHORIZED") or reason in FAILURES


@pytest.mark.parametrize("spoiled", ["ok", "cname"])
@pytest.mark.parametrize("modifier", ["badid", "cut", "ptrloop", "countmany", "rdlen", "tctcp",
                                      "tchalf", "othername", "badquestion", "otheraddr", "qrclear"])
def test_a_permission_that_cannot_be_read_is_none(peer, modifier, spoiled):
    _, verdict, reason = check(peer, f"{modifier}.{label(spoiled)}.hostile")
    assert verdict == "LOOKUP_FAILED" and reason in FAILURES


def test_twenty_aliases_and_a_thousand_records_are_read(lab):
    with Daemon([lab.fault], resolver={"timeout_ms": 10000}) as caad:
        with wire.Caller.to(caad.url, timeout=60) as peer:
            result, *pair = check(peer, "www.chain-20.hostile")
            assert tuple(pair) == PERMITTED and len(result.aliases) == 20
            result, *pair = check(peer, "big-1000.hostile")
            assert tuple(pair) == PERMITTED and len(result.records) == 1000


def test_what_they_write_is_shown_escaped(peer):
    for name in ("xss.hostile", "edecontrol.hostile", "edeutf8.hostile", "edelong.hostile",
                 "nul.hostile", "newline.hostile", "eightbit.hostile", "tag255.hostile"):
        result, *_ = check(peer, name)
        texts = [record.value + record.tag for record in result.records]
        texts += [ede.text for lookup in result.lookups for ede in lookup.ede]
        for text in texts:
            assert text.isascii() and text.isprintable(), repr(text)
            assert len(text) <= 4 * 512


# --------------------------------------------------------- nobody else waits

def slowest(url, rounds):
    """Seconds of the slowest of so many checks of good names."""
    worst = 0
    with wire.Caller.to(url, timeout=60) as peer:
        for number in range(rounds):
            began = time.monotonic()
            name = f"good{number}.ok.quick"
            assert wire.results(peer.check(name)) == {name: PERMITTED}
            worst = max(worst, time.monotonic() - began)
    return worst


@pytest.mark.parametrize("fault", ["silent", "delay-3000ms.ok", "tcsilent.ok", "cut.ok"])
def test_hostile_names_of_one_caller_delay_no_other(lab, fault):
    """Two hundred of them, for far longer than the good ones may take."""
    with Daemon([lab.fault], resolver={"timeout_ms": 2500, "attempts": 1}) as caad:
        bad = {}

        def ask():
            with wire.Caller.to(caad.url, timeout=60) as peer:
                names = [f"n{number}.{fault}.hostile" for number in range(200)]
                bad.update(wire.results(peer.check(*names, timeout_ms=8000)))

        thread = threading.Thread(target=ask)
        thread.start()
        worst = slowest(caad.url, 30)
        waited = thread.is_alive()
        thread.join()
    print(f"\n  beside 200 names of {fault}: slowest good check {worst * 1e3:.0f} ms"
          f"{', theirs still not done' if waited else ''}")
    assert worst < 2.2, "a good name waited for a bad one's timeout"
    assert len(bad) == 200
    assert {verdict for verdict, _ in bad.values()} == {"LOOKUP_FAILED"}


def test_hostile_authorities_behind_the_resolver_delay_no_other(lab):
    """The same through Unbound, which waits for them in our stead."""
    with Daemon([lab.resolver]) as caad, wire.Caller.to(caad.url, timeout=60) as peer:
        slow = wire.Request(method=wire.CHECK, timeout_ms=15000, payload=wire.CheckDomainsRequest(
            names=["most.plain.test"] + [
                f"n{number}.{zone}.fault.test" for zone in ("silent", "dropcaa", "tcsilent")
                for number in range(10)]).SerializeToString())
        ident = peer.send(slow.SerializeToString())
        with wire.Caller.to(caad.url, timeout=60) as other:
            for number in range(20):
                name = f"n{number}.example.test"
                response = other.check(name, timeout_ms=2000)
                assert wire.results(response) == {name: PERMITTED}
        assert peer.receive()[0] == ident
