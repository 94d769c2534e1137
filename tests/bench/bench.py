#!/usr/bin/python3
"""What caad costs, against what the machine can do: each row runs its sides in
short alternating rounds and gives the median of the rounds' ratios, so that a
figure from a busy or a slow machine still means something. Everything is on
loopback, in one temporary directory, and ends with the run.

rows:
  a  cached names against an nng echo of the same sizes
  b  uncached names against dnsperf, both at the same NSD
  c  CPU time of caad a name (from the rounds of a and b)
  d  100 names a request against 1
  e  1 thousand, 100 thousand, 1 million cached names: throughput, memory
  f  time to the answer with 1 in flight against the echo and one DNS query
  g  a name of 5 levels, 20 ms away, against one DNS query
  h  audit in SQLite and in PostgreSQL against none
  i  growth with names, levels, concurrency, daemons (only when asked for)
"""
import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time

import rows
from clients import BenchError
from servers import Servers
from zones import LabError

HEAD = "%-3s %-58s %12s %12s %8s  %s"


def number(value):
    if value is None:
        return ""
    return "{:,.0f}".format(value) if value >= 1000 else "%.3g" % value


def print_line(line):
    reach = "" if line.reach is None else "%s %g: %s" % (
        line.reach + ("reached" if line.reached() else "NOT reached",))
    print(HEAD % (line.row, line.text + ", " + line.unit, number(line.value), number(line.base),
                  "" if line.ratio is None else "%.2f" % line.ratio, reach), flush=True)


def chosen(text):
    """The functions for rows such as "a,c"."""
    wanted = []
    for letter in text.replace(",", ""):
        if letter not in rows.ROWS and letter not in rows.ALSO:
            raise argparse.ArgumentTypeError("there is no row %r" % letter)
        wanted += rows.ALSO.get(letter, (letter,))
    return [function for letter, function in rows.ROWS.items() if letter in wanted]


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                          cwd=os.path.dirname(os.path.abspath(__file__)), check=False)
    return done.stdout.strip()


def measure(args):
    started = time.time()
    print(HEAD % ("row", "what", "caad", "against", "ratio", "to reach"), flush=True)
    lines = []
    with Servers(os.path.abspath(args.build)) as servers:
        bench = rows.Bench(servers, args.quick)
        for function in args.rows:
            for line in function(bench):
                print_line(line)
                lines.append(line)
    return {"commit": commit(), "quick": args.quick, "started_at": int(started),
            "seconds": round(time.time() - started, 1), "cores": os.cpu_count(),
            "load_average": os.getloadavg()[0], "kernel": platform.release(),
            "lines": [line.as_json() for line in lines]}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="fewer and shorter rounds, no million names: about a minute")
    parser.add_argument("--rows", type=chosen, default="abdefgh", metavar="a,b,...",
                        help="only these")
    parser.add_argument("--json", metavar="FILE", default="build/bench.json",
                        help="write all figures there (default: %(default)s)")
    parser.add_argument("--build", metavar="DIR", default="build/release",
                        help="an optimized build (default: %(default)s)")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        found = measure(args)
    except KeyboardInterrupt:
        return 130
    except (BenchError, LabError, OSError) as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    os.makedirs(os.path.dirname(os.path.abspath(args.json)), exist_ok=True)
    with open(args.json, "w", encoding="ascii") as file:
        json.dump(found, file, indent=1)
        file.write("\n")
    print("%.0f s; all figures are in %s" % (found["seconds"], args.json))
    return 0


if __name__ == "__main__":
    sys.exit(main())
