"""Equal lookups in flight are asked once, and nobody's deadline is another's."""
import threading
import time

import pytest

import wire
from daemon import Daemon, caa_queries

DEADLINE = ("LOOKUP_FAILED", "DEADLINE_EXCEEDED")
PERMITTED = ("PERMITTED", "ISSUER_AUTHORIZED")


@pytest.fixture(scope="module")
def caad(lab):
    with Daemon([lab.fault], resolver={"timeout_ms": 15000}, cache={"max_entries": 0}) as running:
        yield running


class Callers:
    """Threads that each make one call and keep its results."""

    def __init__(self, url):
        self.url = url
        self.threads = []
        self.found = []

    def start(self, *names, timeout_ms=30000, **fields):
        found = {}
        self.found.append(found)

        def ask():
            with wire.Caller.to(self.url, timeout=60) as peer:
                found.update(wire.results(peer.check(*names, timeout_ms=timeout_ms, **fields)))

        self.threads.append(threading.Thread(target=ask))
        self.threads[-1].start()

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.found


def until_asked(lab, name, seconds=20):
    end = time.monotonic() + seconds
    while not caa_queries(lab).get(name):
        assert time.monotonic() < end, name + " was never asked"
        time.sleep(0.02)


def test_concurrent_requests_ask_an_equal_lookup_once(caad, lab):
    lab.reset()
    before = caad.stats()["caad_dns_lookups_shared_total"]
    callers = Callers(caad.url)
    for _ in range(20):
        callers.start("www.delay-2000ms.ok.direct")
    assert callers.join() == [{"www.delay-2000ms.ok.direct": PERMITTED}] * 20
    counts = caa_queries(lab)
    shared = caad.stats()["caad_dns_lookups_shared_total"] - before
    print(f"\n20 concurrent requests for one name: asked {counts}, shared {shared:.0f}")
    # The levels above may be asked anew by a caller who comes after their answer.
    assert counts["www.delay-2000ms.ok.direct"] == 1
    assert shared >= 19


def test_names_that_share_levels_share_their_lookups(caad, lab):
    lab.reset()
    callers = Callers(caad.url)
    names = [f"n{n}.delay-2000ms.none.direct" for n in range(10)]
    for name in names:
        callers.start(name)
    callers.join()
    counts = caa_queries(lab)
    assert {name: counts[name] for name in names} == {name: 1 for name in names}
    assert counts["delay-2000ms.none.direct"] == 1


@pytest.mark.parametrize("short_first", [True, False], ids=["short-first", "short-second"])
def test_a_short_deadline_ends_its_own_wait_alone(caad, lab, short_first):
    name = f"{'a' if short_first else 'b'}.delay-2500ms.ok.direct"
    lab.reset()
    callers = Callers(caad.url)
    times = (500, 30000) if short_first else (30000, 500)
    callers.start(name, timeout_ms=times[0])
    until_asked(lab, name)
    callers.start(name, timeout_ms=times[1])
    found = [result[name] for result in callers.join()]
    assert found == ([DEADLINE, PERMITTED] if short_first else [PERMITTED, DEADLINE])
    assert caa_queries(lab)[name] == 1


def test_a_caller_that_hangs_up_cancels_nobody(caad, lab):
    name = "gone.delay-2000ms.ok.direct"
    lab.reset()
    callers = Callers(caad.url)
    with wire.Caller.to(caad.url) as gone:
        request = wire.Request(method=wire.CHECK, timeout_ms=30000,
                               payload=wire.CheckDomainsRequest(names=[name]).SerializeToString())
        gone.send(request.SerializeToString())
        until_asked(lab, name)
    callers.start(name)
    assert callers.join() == [{name: PERMITTED}]
    assert caa_queries(lab)[name] == 1


def test_a_failure_is_shared_by_those_who_waited_for_it(caad, lab):
    name = "bad.delay-1000ms.servfail.direct"
    lab.reset()
    callers = Callers(caad.url)
    callers.start(name)
    until_asked(lab, name)
    for _ in range(9):
        callers.start(name)
    assert callers.join() == [{name: ("LOOKUP_FAILED", "SERVFAIL")}] * 10
    assert caa_queries(lab)[name] == 3      # two attempts, and the look with CD


def test_a_fresh_question_is_not_answered_by_an_older_one(caad, lab):
    """The record may have been changed after the older one was asked."""
    name = "changed.delay-2000ms.ok.direct"
    lab.reset()
    callers = Callers(caad.url)
    callers.start(name)
    until_asked(lab, name)
    callers.start(name, fresh=True)
    assert callers.join() == [{name: PERMITTED}] * 2
    assert caa_queries(lab)[name] == 2
