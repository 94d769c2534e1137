"""The Nth allocation fails, for N from the first on until a check needs no more:
whatever fails, in caad or in a library that it calls, the answer is right or a
clear refusal, nothing crashes, and the next check is answered as ever. The leak
check of a sanitizer build comes with the daemon's end."""
import itertools
import socket
import time

import pytest

import raw
import wire
from alloc_fault import CAAD, CARES, NNG, OTHER, PROTOBUF_C, SQLITE, FaultyDaemon

GetCheckRequest = wire.MESSAGES["caa.v1.GetCheckRequest"]
GetCheckResponse = wire.MESSAGES["caa.v1.GetCheckResponse"]

OURS = CAAD | CARES | PROTOBUF_C | OTHER
EVERYWHERE = OURS | NNG

TRUTH = {
    "www.example.test": ("PERMITTED", "ISSUER_AUTHORIZED"),
    "*.example.test": ("PERMITTED", "ISSUER_AUTHORIZED"),
    "b\u00fccher.example.test": ("PERMITTED", "ISSUER_AUTHORIZED"),
    "shop.example.test": ("DENIED", "ISSUER_NOT_AUTHORIZED"),
    "to-bogus.alias.test": ("LOOKUP_FAILED", "DNSSEC_BOGUS"),
    "192.0.2.1": ("EXEMPT", "IP_ADDRESS"),
    "not a name": ("INVALID_NAME", "SYNTAX"),
    "many.big.test": ("PERMITTED", "ISSUER_AUTHORIZED"),
    "www.denied.big.test": ("DENIED", "ISSUER_NOT_AUTHORIZED"),
}
BIG = ("many.big.test", "www.denied.big.test")
NAMES = tuple(name for name in TRUTH if name not in BIG)
# Everything else that a name's result may be while memory is short.
FAILED = {("LOOKUP_FAILED", "RESOLVER_UNAVAILABLE"), ("LOOKUP_FAILED", "TIMEOUT"),
          ("LOOKUP_FAILED", "SERVFAIL")}
REFUSED = {"RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE"}
PATIENCE_S = 4


def call(peer, names, **fields):
    """The response, else what came instead."""
    try:
        return peer.check(*names, timeout_ms=PATIENCE_S * 1000, **fields)
    except socket.timeout:
        return "no reply"
    except ConnectionError:
        return "hung up"


def ask(caad, names, **fields):
    """The same on a connection of its own."""
    try:
        with wire.Caller.to(caad.url, timeout=PATIENCE_S) as peer:
            return call(peer, names, **fields)
    except socket.timeout:
        return "no reply"
    except ConnectionError:
        return "hung up"


def settle(caad, names):
    """A check without faults is right; at once unless the resolver was put out
    of rotation, which the next self-test mends."""
    end = time.monotonic() + 20
    while True:
        assert caad.process.poll() is None, "caad ended"
        response = ask(caad, names, fresh=True)
        if judge(response, names) == "right":
            return
        assert time.monotonic() < end, f"not well again: {response}"
        time.sleep(0.1)


def judge(response, names):
    """What came of it, in a word; fails if it must not be."""
    if isinstance(response, str):
        return response
    code, _ = wire.status(response)
    if code != "OK":
        assert code in REFUSED, response.status
        return code
    found = wire.results(response)
    assert list(found) == list(names)
    for name, verdict in found.items():
        assert verdict in FAILED | {TRUTH[name]}, (name, verdict)
    if wire.decision(response) == "PERMITTED":
        assert {TRUTH[name][0] for name in names} <= {"PERMITTED", "EXEMPT"}
    return "right" if all(found[name] == TRUTH[name] for name in found) else "lookup failed"


def until_none_fails(caad, where, names, length=1, after=None, **fields):
    """Fails call after call of one check; returns {outcome: how often}.
    fields: of the request; a function is called for each. after(request,
    response): looks at what the check left behind."""
    settle(caad, names)
    outcomes, idle, first = {}, 0, 0
    while idle < 3:     # the self-test may allocate in between, so once is not enough
        request = {key: value() if callable(value) else value for key, value in fields.items()}
        with wire.Caller.to(caad.url, timeout=PATIENCE_S) as peer:
            peer.call(raw.HEALTH)   # the connection is made
            with caad.failing(where, first, length) as fault:
                response = call(peer, names, **{"fresh": True, **request})
        assert caad.process.poll() is None, f"call {first} at {fault.at}: {caad.log_text()[-4000:]}"
        try:
            outcome = judge(response, names)
        except AssertionError as error:
            raise AssertionError(f"call {first} at {fault.at}: {error}") from error
        idle = 0 if fault.failed else idle + 1
        if fault.failed:
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if outcome != "right":
            settle(caad, names)
        if after:
            after(request, response)
        first += 1
    settle(caad, names)
    return outcomes


def report(what, outcomes):
    print(f"\nallocation failures, {what}: {sum(outcomes.values())} tried: " + ", ".join(
        f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("names", [NAMES[:1], NAMES], ids=["one name", "many names"])
def test_of_a_check(lab, names, length):
    with FaultyDaemon([lab.resolver]) as caad:
        outcomes = until_none_fails(caad, OURS, names, length)
    report(f"{len(names)} names, {length} in a row", outcomes)
    assert sum(outcomes.values()) > 10
    assert outcomes["right"] > 0 and outcomes.keys().isdisjoint({"no reply", "hung up"})


def test_of_nng_in_a_check(lab):
    """What nng cannot take in it hangs up on; what was taken in is answered."""
    with FaultyDaemon([lab.resolver]) as caad:
        outcomes = until_none_fails(caad, NNG, NAMES[:1])
    report("nng's", outcomes)
    assert "no reply" not in outcomes


def test_of_a_connection(lab):
    with FaultyDaemon([lab.resolver]) as caad:
        outcomes, idle, first = {}, 0, 0
        while idle < 3:
            with caad.failing(EVERYWHERE, first) as fault:
                outcome = judge(ask(caad, NAMES[:1]), NAMES[:1])
            idle = 0 if fault.failed else idle + 1
            if fault.failed:
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
            settle(caad, NAMES[:1])
            first += 1
    report("on a new connection", outcomes)


def test_of_a_check_over_tcp(lab):
    with FaultyDaemon([lab.resolver]) as caad:
        outcomes = until_none_fails(caad, OURS, BIG)
    report("1,000 records over TCP", outcomes)
    assert outcomes["right"] > 0


def test_of_a_check_from_the_cache(lab):
    with FaultyDaemon([lab.resolver]) as caad:
        outcomes = until_none_fails(caad, OURS, NAMES, fresh=False)
    report("from the cache", outcomes)
    assert outcomes["right"] > 0


def test_of_a_check_on_record(lab, tmp_path):
    """What was answered is on record as it was answered; the chain is whole."""
    ids = map("r{}".format, itertools.count())

    def is_on_record(request, response):
        if isinstance(response, str) or response.status.code != 0:
            return
        with wire.Caller.to(caad.url) as peer:
            found = peer.call("caa.v1.CaaService/GetCheck",
                              GetCheckRequest(request_id=request["request_id"]))
        record = wire.answer(found, GetCheckResponse).check
        assert record.response == wire.answer(response)

    with FaultyDaemon([lab.resolver], audit={"store": f"sqlite:{tmp_path}/audit.db"}) as caad:
        outcomes = until_none_fails(caad, OURS | SQLITE, NAMES[:1], request_id=lambda: next(ids),
                                    after=is_on_record)
        assert caad.caactl("history", "--verify").returncode == 0
    report("with a record", outcomes)
    assert outcomes["right"] > 0 and outcomes.keys().isdisjoint({"no reply", "hung up"})


def test_of_an_answer_from_the_record(lab, tmp_path):
    with FaultyDaemon([lab.resolver], audit={"store": f"sqlite:{tmp_path}/audit.db"}) as caad:
        assert wire.decision(ask(caad, NAMES[:1], request_id="known")) == "PERMITTED"
        outcomes = until_none_fails(caad, OURS | SQLITE, NAMES[:1], request_id="known")
    report("from the record", outcomes)
    assert outcomes["right"] > 0
