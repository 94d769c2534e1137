#!/usr/bin/python3
"""audit_load.py - what the record costs: throughput and latency with audit none,
SQLite and PostgreSQL side by side, and what a million names take on disk.

    CAAD_BIN=build/release/bin tests/bench/audit_load.py [--seconds 5] [--rounds 5]
        [--in-flight 64] [--batch 1] [--cold] [--dir DIR]

One daemon a store, all running at once, loaded in turn, round after round, so that
what else the machine does strikes all alike; medians are shown. The names are in
the daemon's cache, where the record costs most beside the rest; with --cold each
check is for a new name, which the DNS must be asked for. Both databases sync every
commit; DIR (default: the temporary directory) is where they lie.
"""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "integration"), os.path.join(HERE, "..", "lab")]

from audit_stores import STORES  # noqa: E402
from daemon import BIN, Daemon  # noqa: E402
from lab import Lab  # noqa: E402

NAMES = ["ok.policy.test", "several.policy.test", "www.example.test", "none.test",
         "denied.policy.test", "shop.example.test"]


class NoStore:
    kind, url = "none", "none"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def what(names, args):
    if args.cold:
        return ["-d", '{"names": ["{{hex}}.none.test"]}']
    return ["--names", names, "--batch", str(args.batch)]


def load(caad, names, args):
    done = subprocess.run(
        [os.path.join(BIN, "caactl"), "--server", caad.url, "load", "-O", "json",
         *what(names, args), "-c", str(args.in_flight), "-z", f"{args.seconds}s", "--warm-up", "500ms"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    report = json.loads(done.stdout)["metrics"]
    if report["errors"]:
        raise RuntimeError(done.stdout)
    return report


def commits(caad):
    stats = caad.stats()
    return stats.get("caad_audit_commits_total", 0), stats.get("caad_audit_records_total", 0)


def on_disk(store):
    """Octets of the whole store, its log of changes brought into it."""
    if store.kind == "sqlite":
        store.query("PRAGMA wal_checkpoint(TRUNCATE)")
        return os.path.getsize(store.path)
    store.query("CHECKPOINT")
    return int(store.query("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE "
                           "relkind = 'r' AND relname LIKE 'audit_%'")[0][0])


def names_in(store):
    """Names asked about; the lab's are all indexed."""
    return int(store.query("SELECT count(*) FROM audit_name")[0][0])


def show(kinds, rounds):
    base = statistics.median(round["rate"] for round in rounds["none"])
    print(f"{'store':<12}{'checks/s':>10}{'of none':>9}{'p50 ms':>9}{'p99 ms':>9}{'records a commit':>18}")
    for kind in kinds:
        def median(key):
            return statistics.median(round[key] for round in rounds[kind])
        print(f"{kind:<12}{median('rate'):>10.0f}{median('rate') / base:>9.2f}"
              f"{median('p50_us') / 1000:>9.2f}{median('p99_us') / 1000:>9.2f}"
              f"{median('group'):>18.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--dir")
    args = parser.parse_args()
    tempfile.tempdir = args.dir or tempfile.gettempdir()
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab())
        stores = [stack.enter_context(store) for store in
                  (NoStore(), STORES["sqlite"](), STORES["postgresql"](fsync=True))]
        daemons = {store.kind: stack.enter_context(
            Daemon([lab.resolver], audit={"store": store.url}, ready=True)) for store in stores}
        run(args, stores, daemons)


def run(args, stores, daemons):
    rounds = {store.kind: [] for store in stores}
    with tempfile.NamedTemporaryFile("w", suffix=".names") as names:
        names.write("\n".join(NAMES) + "\n")
        names.flush()
        for caad in daemons.values():
            caad.check(*NAMES)
        for _ in range(args.rounds):
            for kind, caad in daemons.items():
                before = commits(caad)
                report = load(caad, names.name, args)
                groups, records = (b - a for a, b in zip(before, commits(caad)))
                report["group"] = records / groups if groups else 0
                rounds[kind].append(report)
    show(rounds, rounds)
    for store in stores[1:]:
        size, count = on_disk(store), names_in(store)
        print(f"{store.kind}: {size / count * 1e6 / 1e9:.2f} GB a million names "
              f"({count} names, {size / 1e6:.0f} MB)")


if __name__ == "__main__":
    sys.exit(main())
