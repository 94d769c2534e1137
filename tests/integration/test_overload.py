"""Ten times the load that fits, slow names, stalled clients: who is refused is
told at once and when to come back; everybody else is served as before."""
import collections
import select
import statistics
import threading
import time

import pytest

import raw
from doors import LENIENT, TlsDaemon
from daemon import Daemon

MAX_IN_FLIGHT = 20
DELAY_MS = 100      # of each answer, so that capacity is known: 20 / 0.1 s = 200 a second
RESOURCE_EXHAUSTED = 8


class Watched(TlsDaemon):
    """A daemon whose files, threads and memory can be looked at; no TLS door."""

    def __init__(self, servers, **config):     # pylint: disable=super-init-not-called
        Daemon.__init__(self, servers, **config)


@pytest.fixture(scope="module")
def caad(lab):
    with Watched([lab.fault], limits={"max_in_flight": MAX_IN_FLIGHT}, cache={"max_entries": 0},
                 resolver={"timeout_ms": 2000}) as running:
        yield running


class Load(threading.Thread):
    """Slow checks, each of a name never asked before, at a rate or as fast as at most
    `window` of them may be outstanding."""

    serial = 0

    def __init__(self, url, seconds, rate=None, window=None):
        super().__init__()
        self.peer = raw.Connection.to(url)
        self.seconds, self.rate, self.window = seconds, rate, window
        self.codes = collections.Counter()
        self.sent_at, self.refusal_s, self.hints = {}, [], set()
        self.start()

    def send(self):
        Load.serial += 1
        name = f"overload{Load.serial}.delay-{DELAY_MS}ms.direct"
        ident = self.peer.send(raw.request(raw.CHECK, raw.check_payload(name)))
        self.sent_at[ident] = time.monotonic()

    def due(self, began, sent):
        if self.window:
            return len(self.sent_at) < self.window
        return sent < (time.monotonic() - began) * self.rate

    def take(self):
        ident, reply = self.peer.receive()
        took = time.monotonic() - self.sent_at.pop(ident)
        self.codes[reply.code] += 1
        if reply.code == RESOURCE_EXHAUSTED:
            self.refusal_s.append(took)
            self.hints.add(reply.retry_after_ms)

    def run(self):
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < self.seconds:
            while self.due(began, sent):
                self.send()
                sent += 1
            while select.select([self.peer.stream], [], [], 0.001)[0]:
                self.take()
        self.offered = sent / self.seconds
        while self.sent_at:
            self.take()
        self.peer.stream.close()


def latencies(url, method, load):
    """Of a call made over and over while the load lasts, in seconds, sorted."""
    taken = []
    with raw.Connection.to(url) as peer:
        while load.is_alive():
            began = time.monotonic()
            assert peer.call(method).code == 0
            taken.append(time.monotonic() - began)
            time.sleep(0.01)
    return sorted(taken)


def shown(taken):
    return (f"p50 {statistics.median(taken) * 1e3:.1f} ms, "
            f"p99 {taken[int(len(taken) * 0.99)] * 1e3:.1f} ms, max {taken[-1] * 1e3:.1f} ms "
            f"({len(taken)} calls)")


def test_ten_times_the_capacity(caad):
    alone = Load(caad.url, 3, window=MAX_IN_FLIGHT)
    alone.join()
    capacity = alone.codes[0] / alone.seconds
    assert set(alone.codes) == {0}
    before = caad.rss_mib()

    load = Load(caad.url, 6, rate=10 * capacity)
    health = latencies(caad.url, raw.HEALTH, load)
    load.join()
    goodput = load.codes[0] / load.seconds
    refusals = sorted(load.refusal_s)
    print(f"\ncapacity {capacity:.0f}/s, offered {load.offered:.0f}/s "
          f"({load.offered / capacity:.1f} times), goodput {goodput:.0f}/s = "
          f"{goodput / capacity:.2f} of capacity; {len(refusals)} refused"
          f"\nrefused after {shown(refusals)}\nhealth meanwhile {shown(health)}"
          f"\nmemory {before:.1f} -> {caad.rss_mib():.1f} MiB")
    assert set(load.codes) == {0, RESOURCE_EXHAUSTED} and load.hints == {100}
    assert goodput > 0.5 * capacity and len(refusals) > 2 * load.codes[0]
    assert statistics.median(refusals) < LENIENT * DELAY_MS / 2000
    assert health[int(len(health) * 0.99)] < 0.5 * LENIENT
    assert caad.rss_mib() < before + 50 * LENIENT


def test_admin_and_health_answer_during_overload(caad):
    load = Load(caad.url, 3, rate=2000)
    info = latencies(caad.url, "caa.v1.AdminService/GetServerInfo", load)
    load = Load(caad.url, 3, rate=2000)
    stats = latencies(caad.url, "caa.v1.AdminService/GetStats", load)
    print(f"\nGetServerInfo {shown(info)}\nGetStats {shown(stats)}")
    assert max(statistics.median(info), statistics.median(stats)) < 0.1 * LENIENT
    assert caad.stats()["caad_rpc_refused_total"] > 0


def test_everything_is_as_before_when_the_load_is_gone(caad):
    Load(caad.url, 1, rate=3000).join()
    with raw.Connection.to(caad.url) as peer:
        for number in range(50):
            payload = raw.check_payload(f"after{number}.ok.direct")
            assert peer.call(raw.CHECK, payload).code == 0
    stats = caad.stats()
    assert stats["caad_rpc_in_flight"] == 0 and stats["caad_dns_lookups_in_flight"] == 0


def test_slow_names_hold_up_nobody_elses(lab):
    with Watched([lab.fault], cache={"max_entries": 0}) as caad:
        def quick(number):
            began = time.monotonic()
            payload = raw.check_payload(f"quick{number}.ok.direct", fresh=True)
            assert peer.call(raw.CHECK, payload).code == 0
            return time.monotonic() - began
        with raw.Connection.to(caad.url) as peer:
            alone = statistics.median(quick(number) for number in range(100))
            slow = raw.Connection.to(caad.url)
            for number in range(100):
                slow.send(raw.request(raw.CHECK, raw.check_payload(f"s{number}.silent.direct")))
            time.sleep(0.1)
            beside = sorted(quick(number) for number in range(200, 300))
            slow.stream.close()
        print(f"\na quick name alone p50 {alone * 1e3:.1f} ms; beside 100 unanswered "
              f"{shown(beside)}")
        assert statistics.median(beside) < 0.05 * LENIENT


def test_stalled_clients_cost_others_nothing(caad):
    framed = raw.Connection.to(caad.url).frame(raw.request(raw.HEALTH))[1]
    stalled = []
    for number in range(200):       # stopped at every octet of a message
        peer = raw.Connection.to(caad.url)
        peer.stream.sendall(framed[:1 + number % (len(framed) - 1)])
        stalled.append(peer)
    with raw.Connection.to(caad.url) as peer:
        taken = []
        for _ in range(200):
            began = time.monotonic()
            assert peer.call(raw.HEALTH).code == 0
            taken.append(time.monotonic() - began)
    print(f"\nbeside 200 stalled clients {shown(sorted(taken))}")
    assert statistics.median(taken) < 0.05 * LENIENT
    for peer in stalled:
        peer.stream.close()


def test_a_claimed_length_takes_no_memory(caad):
    """A megabyte is announced a hundred times; nothing follows."""
    before = caad.rss_mib()
    peers = [raw.Connection.to(caad.url) for _ in range(100)]
    for peer in peers:
        peer.stream.sendall(b"\x01" + (1 << 20).to_bytes(8, "big"))
    time.sleep(0.5)
    print(f"\nmemory {before:.1f} -> {caad.rss_mib():.1f} MiB")
    assert caad.rss_mib() < before + 20 * LENIENT
    for peer in peers:
        peer.stream.close()
