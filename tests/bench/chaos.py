#!/usr/bin/python3
"""chaos.py - breaks whatever caad stands on, at random and under load, and then
looks whether what must always hold did hold.

    CAAD_BIN=build/release/bin tests/bench/chaos.py [--seconds 180] [--seed N]

Three daemons share PostgreSQL; two of them are killed too, the third is only
stopped and started by its surroundings, so that it would show a leak. Meanwhile
resolvers, name server, database and clients are killed, paused and confused.

What must hold: no name is PERMITTED that the zones forbid or break, none DENIED
that they allow; one result a name, in the order asked; the same request_id never
has two answers; every verdict delivered is in the audit, equal to the octet; the
daemon that lived through all of it has no more descriptors, threads or memory than before.
"""
import argparse
import collections
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "lab")]

import raw  # noqa: E402
import wire  # noqa: E402
from audit_stores import PgStore, count  # noqa: E402
from doors import LENIENT, TlsDaemon, make_pki  # noqa: E402
from lab import Lab  # noqa: E402

CLIENTS, IN_FLIGHT, PAUSE_S = 9, 4, 0.02
GET_CHECK = "caa.v1.CaaService/GetCheck"
MAY_REFUSE = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}


def expected():
    """{name: verdicts that may be given}: what the zones say, or that they could
    not be read."""
    allowed = {}
    with open(os.path.join(HERE, "../lab/verdicts.tsv"), encoding="utf-8") as table:
        for line in table:
            fields = line.rstrip("\n").split("\t")
            if len(fields) > 5 and not line.startswith("#") and fields[1] == "-":
                allowed[fields[0]] = set(fields[2].split("|")) | {"LOOKUP_FAILED"}
    # These take the resolver's whole patience, which is no fault of ours.
    return {name: verdicts for name, verdicts in allowed.items()
            if "*" not in verdicts and not name.endswith("fault.test")}


class Ledger:
    """What clients were told, and what was wrong with it."""

    def __init__(self):
        self.allowed = expected()
        self.names = sorted(self.allowed)
        self.lock = threading.Lock()
        self.told = {}              # request id: CheckDomainsResponse
        self.asked = {}             # request id: names
        self.refused, self.verdicts = collections.Counter(), collections.Counter()
        self.broken_off = self.asked_again = 0
        self.faults = []

    def new_request(self, chance):
        """An id and its names; now and then those of before."""
        with self.lock:
            if self.asked and chance.random() < 0.1:
                self.asked_again += 1
                return chance.choice(list(self.asked.items())[-200:])
            request_id = uuid.UUID(int=chance.getrandbits(128)).hex
            names = [chance.choice(self.names) for _ in range(chance.choice((1, 1, 2, 5)))]
            self.asked[request_id] = names
            return request_id, names

    def fault(self, *what):
        with self.lock:
            self.faults.append(" ".join(map(str, what)))

    def answered(self, request_id, names, response):
        code = wire.status(response)[0]
        if code != "OK":
            self.refused[code] += 1
            if code not in MAY_REFUSE or response.payload:
                self.fault("refused with", code, response.status.message)
            return
        answer = wire.answer(response)
        if [result.name for result in answer.results] != list(dict.fromkeys(names)):
            self.fault("not one result a name:", names, answer.results)
        for result in answer.results:
            verdict, reason = wire.verdict(result)
            with self.lock:
                self.verdicts[verdict] += 1
            if verdict not in self.allowed[result.name]:
                self.fault(result.name, "is", verdict, reason, "but the zones allow",
                           self.allowed[result.name])
        with self.lock:
            before = self.told.setdefault(request_id, answer)
        if before != answer:
            self.fault("two answers to", request_id)


class Client(threading.Thread):
    """Keeps some checks in flight on one connection; makes another when it breaks."""

    def __init__(self, number, caad, ledger, seed):
        super().__init__(daemon=True)
        self.number, self.caad, self.ledger = number, caad, ledger
        self.chance = random.Random(seed)
        self.ended = threading.Event()

    def connect(self):
        if self.number % 3 == 2:
            return wire.Caller(self.caad.tls_stream(), is_ipc=False)
        return wire.Caller.to(self.caad.url)

    def run(self):
        while not self.ended.is_set():
            waiting = {}
            try:
                with self.connect() as peer:
                    peer.stream.settimeout(30)
                    self.talk(peer, waiting)
            except TimeoutError:
                if waiting:
                    self.ledger.fault("no answer in 30 s from", self.caad.config["instance"])
            except (OSError, AssertionError):
                time.sleep(0.05)
            self.ledger.broken_off += len(waiting)

    def talk(self, peer, waiting):
        end = time.monotonic() + self.chance.uniform(0.2, 8)
        while waiting or (time.monotonic() < end and not self.ended.is_set()):
            while len(waiting) < IN_FLIGHT and time.monotonic() < end:
                request_id, names = self.ledger.new_request(self.chance)
                request = wire.CheckDomainsRequest(names=names, request_id=request_id)
                ident = peer.send(wire.Request(method=wire.CHECK, timeout_ms=10000,
                                               payload=request.SerializeToString())
                                  .SerializeToString())
                waiting[ident] = request_id, names
            if not waiting:
                return
            ident, response = peer.receive()
            self.ledger.answered(*waiting.pop(ident), response)
            time.sleep(PAUSE_S)


class Chaos:
    """Everything that can go wrong, one thing at a time, each put right again."""

    def __init__(self, lab, store, mortal, immortal, chance):
        self.lab, self.store, self.chance = lab, store, chance
        self.mortal, self.immortal = mortal, immortal
        self.done = collections.Counter()

    def some_time(self, most=1.5):
        time.sleep(self.chance.uniform(0.05, most))

    def resolver(self):
        return self.chance.choice(["resolver", "resolver2"])

    def stop_resolver(self):
        part = self.resolver()
        self.lab.stop(part)
        self.some_time()
        self.lab.start(part)

    def pause_resolver(self):
        part = self.resolver()
        self.lab.pause(part)
        self.some_time(3)
        self.lab.resume(part)

    def stop_both_resolvers(self):
        for part in "resolver", "resolver2":
            self.lab.stop(part)
        self.some_time()
        for part in "resolver", "resolver2":
            self.lab.start(part)

    def pause_name_server(self):
        self.lab.pause("nsd")
        self.some_time(2)
        self.lab.resume("nsd")

    def forget(self):
        for part in "resolver", "resolver2":
            self.lab.stop(part)
            self.lab.start(part)

    def stop_store(self):
        self.store.stop(self.chance.choice(["fast", "immediate"]))
        self.some_time()
        self.store.start()

    def kill_daemon(self):
        caad = self.chance.choice(self.mortal)
        caad.kill()
        self.start_again(caad)

    def end_daemon(self):
        caad = self.chance.choice(self.mortal)
        caad.stop()
        self.start_again(caad)

    def start_again(self, caad):
        os.rename(caad.log_path, caad.log_path + ".old")
        caad.start()

    def freeze_daemon(self):
        caad = self.chance.choice(self.mortal + [self.immortal])
        caad.process.send_signal(signal.SIGSTOP)
        self.some_time(1)
        caad.process.send_signal(signal.SIGCONT)

    def reload_daemon(self):
        self.chance.choice(self.mortal + [self.immortal]).process.send_signal(signal.SIGHUP)

    def rude_clients(self):
        """Hang up at once, after half a greeting, inside a message, without reading."""
        for _ in range(30):
            for octets in (b"", raw.GREETING[:4], raw.GREETING + b"\x01\0\0\0\0\0\0\0\x40half",
                           self.chance.randbytes(64)):
                with raw.dial(self.immortal.url) as stream:
                    stream.sendall(octets)
            with socket.create_connection(("127.0.0.1", self.immortal.port)) as stream:
                stream.sendall(self.chance.randbytes(200))
            peer = raw.Connection.to(self.immortal.url)
            for _ in range(40):
                peer.send(raw.request(raw.HEALTH))
            peer.stream.close()

    def silent_clients(self):
        streams = [socket.create_connection(("127.0.0.1", self.immortal.port)) for _ in range(20)]
        streams += [raw.dial(self.immortal.url) for _ in range(20)]
        self.some_time()
        for stream in streams:
            stream.close()

    def something(self):
        actions = [self.stop_resolver, self.pause_resolver, self.stop_both_resolvers,
                   self.pause_name_server, self.forget, self.stop_store, self.kill_daemon,
                   self.end_daemon, self.freeze_daemon, self.reload_daemon, self.rude_clients,
                   self.silent_clients]
        action = self.chance.choice(actions)
        action()
        self.done[action.__name__] += 1


class Use:
    """Of the machine by a daemon that has nothing to do."""

    def __init__(self, caad):
        self.descriptors, self.threads = caad.descriptors(), caad.threads()
        self.memory_mib = caad.rss_mib()

    def __str__(self):
        return (f"{self.descriptors} descriptors, {self.threads} threads, "
                f"{self.memory_mib:.1f} MiB")


def load_for(seconds, clients, meanwhile):
    for client in clients:
        client.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        meanwhile()
        time.sleep(0.2)
    for client in clients:
        client.ended.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive(), "a client hangs"


def wait_until_it_serves(caad, seconds=30):
    end = time.monotonic() + seconds
    while caad.caactl("health").returncode != 0:
        assert time.monotonic() < end, "service did not return"
        time.sleep(0.1)


def missing_records(caad, ledger):
    missing = []
    with wire.Caller.to(caad.url) as peer:
        for request_id, told in ledger.told.items():
            request = wire.MESSAGES["caa.v1.GetCheckRequest"](request_id=request_id)
            response = peer.call(GET_CHECK, request)
            if (response.status.code != 0 or told != wire.answer(
                    response, wire.MESSAGES["caa.v1.GetCheckResponse"]).check.response):
                missing.append(request_id)
    return missing


def run(args, lab, store, daemons, chance):
    ledger, immortal = Ledger(), daemons[2]

    def clients():
        return [Client(number, daemons[number % 3], ledger, chance.random())
                for number in range(CLIENTS)]
    load_for(min(8, args.seconds / 4), clients(), lambda: None)
    time.sleep(12 if args.seconds > 60 else 1)      # half-open connections have ended
    before = Use(immortal)
    chaos = Chaos(lab, store, daemons[:2], immortal, chance)
    load_for(args.seconds, clients(), chaos.something)
    for caad in daemons:
        wait_until_it_serves(caad)
    time.sleep(12)
    after = Use(immortal)
    missing = missing_records(immortal, ledger)
    whole = [caad.caactl("history", "--verify", timeout=300).returncode == 0 for caad in daemons]
    leaks = (after.descriptors > before.descriptors + 6 or after.threads > before.threads
             or after.memory_mib > before.memory_mib + 40 * LENIENT)
    good = not (ledger.faults or missing or leaks) and all(whole) and ledger.told

    print(f"seed {args.seed}, {args.seconds} s: "
          + ", ".join(f"{number} {name}" for name, number in sorted(chaos.done.items())))
    print(f"checks answered   {len(ledger.told)}, of names "
          + ", ".join(f"{number} {name}" for name, number in ledger.verdicts.most_common()))
    print("refused           " + (", ".join(f"{number} {name}" for name, number in
                                            ledger.refused.items()) or "none")
          + f"; {ledger.broken_off} broken off, {ledger.asked_again} asked again")
    print(f"wrong answers     {len(ledger.faults)}")
    for fault in ledger.faults[:20]:
        print("    " + fault[:300])
    print(f"in the audit      {len(ledger.told) - len(missing)} of {len(ledger.told)} delivered, "
          f"{count(store)} records; chains {'intact' if all(whole) else 'BROKEN'}")
    print(f"use of machine    before {before}\n                  after  {after}")
    print("all held" if good else "FAILED", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    args = parser.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as scratch, Lab() as lab, PgStore() as store:
        pki = make_pki(os.path.join(scratch, "pki"))

        def daemon(name, *resolvers):
            return TlsDaemon(resolvers, pki, instance=name, audit={"store": store.url},
                             cache={"max_entries": 200}, resolver={"timeout_ms": 700})
        with daemon("one", lab.resolver, lab.resolver2) as one, \
                daemon("two", lab.resolver2, lab.resolver) as two, \
                daemon("three", lab.resolver, lab.resolver2) as three:
            good = run(args, lab, store, [one, two, three], chance)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
