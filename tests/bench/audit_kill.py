#!/usr/bin/python3
"""audit_kill.py - every verdict that left has its record, however the daemon or
the database ended.

    CAAD_BIN=build/release/bin tests/bench/audit_kill.py [--rounds 50] [--stops 20]
        [--store sqlite|postgresql|all]

Each round loads a daemon, kills it with SIGKILL at some moment, starts it again,
asks anew for what had no answer, and then reads the record of every verdict that
reached a client. With --stops PostgreSQL itself is stopped and started under
load, in order and by a crash in turn. Prints both sides' counts; exits 1 if a
record is missing or differs.
"""
import argparse
import os
import random
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "lab")]

import audit_stores  # noqa: E402
import wire  # noqa: E402
from daemon import Daemon  # noqa: E402
from lab import Lab  # noqa: E402

CONNECTIONS, IN_FLIGHT = 8, 8
NAMES = ["ok.policy.test", "denied.policy.test", "www.example.test", "none.test"]
GET_CHECK = "caa.v1.CaaService/GetCheck"
GetCheckRequest = wire.MESSAGES["caa.v1.GetCheckRequest"]
GetCheckResponse = wire.MESSAGES["caa.v1.GetCheckResponse"]
UNAVAILABLE, NOT_FOUND = 14, 5


class Told:
    """What clients were told. One a round."""

    def __init__(self):
        self.verdicts = {}      # request id: CheckDomainsResponse
        self.open = {}          # request id: name, asked and not answered
        self.refused = 0
        self.lock = threading.Lock()

    def asked(self, request_id, name):
        with self.lock:
            self.open[request_id] = name

    def answered(self, request_id, response):
        with self.lock:
            self.open.pop(request_id, None)
            if response.status.code == 0:
                self.verdicts[request_id] = wire.answer(response)
                return
            assert response.status.code == UNAVAILABLE, response.status
            assert response.payload == b"", "a refusal with a verdict"
            self.refused += 1


class Loader(threading.Thread):
    """Keeps IN_FLIGHT checks of new ids on one connection until told to stop or
    the connection breaks."""

    def __init__(self, url, told):
        super().__init__()
        self.url, self.told, self.ended = url, told, threading.Event()
        self.fault = None

    def run(self):
        waiting = {}
        try:
            with wire.Caller.to(self.url) as peer:
                for _ in range(IN_FLIGHT):
                    self.ask(peer, waiting)
                while waiting:
                    ident, response = peer.receive()
                    self.told.answered(waiting.pop(ident), response)
                    if not self.ended.is_set():
                        self.ask(peer, waiting)
        except (ConnectionError, FileNotFoundError, BrokenPipeError):
            pass        # killed; what is open was never answered
        except BaseException as fault:  # noqa: B902 - shown by the main thread
            self.fault = fault

    def ask(self, peer, waiting):
        request_id, name = uuid.uuid4().hex, random.choice(NAMES)
        self.told.asked(request_id, name)
        request = wire.CheckDomainsRequest(names=[name], request_id=request_id)
        ident = peer.send(wire.Request(
            method=wire.CHECK, payload=request.SerializeToString(),
            timeout_ms=20000).SerializeToString())
        waiting[ident] = request_id


def start_load(url, told):
    loaders = [Loader(url, told) for _ in range(CONNECTIONS)]
    for loader in loaders:
        loader.start()
    return loaders


def end_load(loaders):
    for loader in loaders:
        loader.ended.set()
    for loader in loaders:
        loader.join(60)
        if loader.is_alive() or loader.fault:
            raise AssertionError(f"a client did not end well: {loader.fault}")


class Count:
    """Both sides, over all rounds."""

    def __init__(self):
        self.verdicts = self.equal = self.missing = self.different = 0
        self.refused = self.again = self.again_recorded = 0

    def ok(self):
        return self.verdicts > 0 and self.verdicts == self.equal

    def compare(self, peer, told):
        for request_id, verdict in told.verdicts.items():
            response = peer.call(GET_CHECK, GetCheckRequest(request_id=request_id))
            self.verdicts += 1
            if response.status.code == NOT_FOUND:
                self.missing += 1
            elif wire.answer(response, GetCheckResponse).check.response == verdict:
                self.equal += 1
            else:
                self.different += 1
        self.refused += told.refused

    def ask_again(self, peer, told):
        """What broke off is asked for once more with its id, as clients do; a
        record made before the kill must then be the answer."""
        for request_id, name in list(told.open.items()):
            before = peer.call(GET_CHECK, GetCheckRequest(request_id=request_id))
            response = peer.check(name, request_id=request_id)
            self.again += 1
            if before.status.code == 0:
                self.again_recorded += 1
                recorded = wire.answer(before, GetCheckResponse).check.response
                assert wire.answer(response) == recorded, "recorded, then decided anew"
            told.answered(request_id, response)

    def show(self, what, store, caad):
        records = audit_stores.count(store)
        whole = caad.caactl("history", "--verify", timeout=600).returncode == 0
        print(f"{what}\n"
              f"  clients: {self.verdicts} verdicts received, {self.refused} refused "
              f"UNAVAILABLE,\n"
              f"           {self.again} checks broken off and asked again "
              f"({self.again_recorded} of them already recorded)\n"
              f"  store:   {records} records; of the verdicts received {self.equal} equal, "
              f"{self.missing} missing, {self.different} different; chain "
              f"{'intact' if whole else 'BROKEN'}", flush=True)
        return self.ok() and whole


def start_again(caad):
    os.rename(caad.log_path, caad.log_path + ".old")
    caad.start()


def kill_rounds(lab, store, rounds):
    count = Count()
    with Daemon([lab.resolver], instance="kill", audit={"store": store.url}) as caad:
        for _ in range(rounds):
            told = Told()
            loaders = start_load(caad.url, told)
            time.sleep(random.uniform(0.05, 0.5))
            caad.kill()
            end_load(loaders)
            start_again(caad)
            with wire.Caller.to(caad.url) as peer:
                count.ask_again(peer, told)
                count.compare(peer, told)
        whole = count.show(f"kill -9 of caad, {rounds} times, {store.kind}", store, caad)
        return whole and audit_stores.count(store) == count.verdicts


def stop_rounds(lab, store, stops):
    count = Count()
    with Daemon([lab.resolver], instance="stop", audit={"store": store.url}) as caad:
        told = Told()
        loaders = start_load(caad.url, told)
        for number in range(stops):
            time.sleep(random.uniform(0.1, 0.5))
            store.stop("immediate" if number % 2 else "fast")
            time.sleep(random.uniform(0.05, 0.3))
            store.start()
            wait_for_service(caad)
        end_load(loaders)
        with wire.Caller.to(caad.url) as peer:
            count.compare(peer, told)
        # A refused check may have left a record: the commit's answer was lost.
        lost = audit_stores.count(store) - count.verdicts - 1     # the probe's
        print(f"{lost} records belong to checks that were refused: the commit's answer "
              "was lost with the connection")
        whole = count.show(f"PostgreSQL stopped and started {stops} times under load",
                           store, caad)
        return whole and 0 <= lost <= count.refused


def wait_for_service(caad, seconds=20):
    end = time.monotonic() + seconds
    with wire.Caller.to(caad.url) as peer:
        while peer.check("ok.policy.test", request_id="probe").status.code != 0:
            assert time.monotonic() < end, "service did not return"
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--store", choices=["all", *audit_stores.STORES], default="all")
    args = parser.parse_args()
    kinds = audit_stores.STORES if args.store == "all" else [args.store]
    ok = True
    with Lab() as lab:
        for kind in kinds:
            with audit_stores.STORES[kind]() as store:
                ok = kill_rounds(lab, store, args.rounds) and ok
        if "postgresql" in kinds and args.stops:
            with audit_stores.PgStore(fsync=True) as store:
                ok = stop_rounds(lab, store, args.stops) and ok
    print("every verdict has its record" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
