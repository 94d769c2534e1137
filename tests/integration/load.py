"""load.py - threads that check names without end while a test breaks things, and
a watcher that notes how health and resolvers change.

    with Load(caad, NAMES) as load, Watch(caad) as watch: ...
    load.answers    [(seconds, name, verdict, reason)]
    watch.changes   [(seconds, health, {resolver: state})]
"""
import threading
import time

import raw
import wire

HealthCheckResponse = wire.MESSAGES["caa.v1.HealthCheckResponse"]
InfoResponse = wire.MESSAGES["caa.v1.GetServerInfoResponse"]


class Worker:
    """A thread that repeats step(peer) until the block ends; its error is ours."""

    def __init__(self, caad, count):
        self.url = caad.url
        self.began = time.monotonic()
        self.stopping = threading.Event()
        self.errors = []
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors

    def run(self):
        try:
            with wire.Caller.to(self.url, timeout=60) as peer:
                while not self.stopping.is_set():
                    self.step(peer)
        except Exception as error:      # pylint: disable=broad-except
            self.errors.append(error)

    def now(self):
        return time.monotonic() - self.began

    def step(self, peer):
        raise NotImplementedError


class Load(Worker):
    def __init__(self, caad, names, threads=3):
        super().__init__(caad, threads)
        self.names = names
        self.answers = []

    def step(self, peer):
        """All names in one request, fresh: the cache must not hide an outage."""
        results = wire.answer(peer.check(*self.names, fresh=True)).results
        self.answers += [(self.now(), result.name, *wire.verdict(result)) for result in results]

    def since(self, moment):
        return [answer for answer in self.answers if answer[0] >= moment]

    def wait_for(self, name, verdict, seconds=20):
        """Until an answer that came after now gives name this verdict."""
        begun = self.now()
        while not any(answer[1:3] == (name, verdict) for answer in self.since(begun)):
            assert self.now() < begun + seconds, (name, verdict, self.since(begun)[-8:])
            time.sleep(0.05)

    def mix(self):
        """{name: {(verdict, reason): answers}}"""
        mix = {name: {} for name in self.names}
        for _, name, *pair in self.answers:
            mix[name][tuple(pair)] = mix[name].get(tuple(pair), 0) + 1
        return mix


class Watch(Worker):
    def __init__(self, caad):
        super().__init__(caad, 1)
        self.changes = []

    def step(self, peer):
        health = wire.answer(peer.call(raw.HEALTH), HealthCheckResponse)
        info = wire.answer(peer.call(wire.INFO), InfoResponse)
        seen = (wire.enum_name(health, "status"),
                {resolver.address: wire.enum_name(resolver, "state") for resolver in info.resolvers})
        if not self.changes or self.changes[-1][1:] != seen:
            self.changes.append((self.now(), *seen))
        time.sleep(0.02)

    def wait_for(self, address, state, seconds=20):
        end = self.now() + seconds
        while not self.changes or self.changes[-1][2][address] != state:
            assert self.now() < end, (address, state, self.changes)
            time.sleep(0.02)

    def table(self):
        return "\n".join(f"  {moment:6.2f} s  {health:12} {' '.join(states.values())}"
                         for moment, health, states in self.changes)
