#!/usr/bin/python3
"""lab.py - a small Internet on loopback, for tests and demonstrations.

    lab.py run [--dir DIR] -- COMMAND ARGS...   run COMMAND inside a lab
    lab.py up [--dir DIR]                       stay until a signal
    lab.py call DIR METHOD ARGS...              steer a running lab

NSD serves a signed root, TLDs and zones (zones/*.zone); two Unbounds validate
from that root's key, a third answers without validating; fault_server.py plays
broken authorities and broken resolvers.  See README.md.
"""
import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import dns.flags
import dns.message
import dns.query

import parts
from zones import LabError, ZoneSet, absolute

HERE = os.path.dirname(os.path.abspath(__file__))
RESOLVERS = ("resolver", "resolver2", "nonvalidating")
PARTS = ("nsd",) + RESOLVERS + ("fault",)
# 127.0.0.1:1 needs root to listen on and nothing does: a closed port that
# stays closed.
CLOSED_PORT = 1


class Lab:
    """with Lab() as lab: ... lab.resolver, lab.edit(...), lab.stop("nsd") ...

    Addresses are "127.0.0.1:port" strings; env() has the same as variables.
    Threads: any may call the methods, one at a time (they lock)."""

    def __init__(self, directory=None, zone_dir=None, keep=False):
        self.zone_dir = zone_dir or os.path.join(HERE, "zones")
        self.wanted_dir = directory
        self.keep = keep or directory is not None
        self.lock = threading.RLock()
        self.running = {}
        self.processes = None
        self.control = None

    # -- start and end ------------------------------------------------------

    def __enter__(self):
        # Someone else may take a port between our look and our use of it.
        for attempt in (1, 2, 3):
            try:
                self.build()
                return self
            except LabError:
                self.close()
                if attempt == 3:
                    raise
            except BaseException:
                self.close()
                raise

    def __exit__(self, *_):
        self.close()

    def build(self):
        if self.wanted_dir:
            self.dir = os.path.abspath(self.wanted_dir)
            os.makedirs(self.dir, exist_ok=True)
            for entry in ("zones", "keys"):
                subprocess.run(["rm", "-rf", os.path.join(self.dir, entry)], check=True)
        else:
            self.dir = tempfile.mkdtemp(prefix="caad-lab-")
        if len(self.dir) > 80:      # a socket's path must fit 107 octets
            raise LabError("directory name too long for sockets: " + self.dir)
        self.processes = parts.Processes(self.dir, remove=not self.keep)
        self.zones = ZoneSet(self.zone_dir, self.dir)

        taken = set()
        self.ports = {name: parts.free_port(taken) for name in PARTS + ("fault_udp", "silent")}
        self.start("fault", wait=False)
        self.zones.make_all()
        self.configure()
        for name in PARTS[:-1]:
            self.start(name, wait=False)
        for name in PARTS:
            self.wait_for(name)
        self.listen()

    def close(self):
        if self.control is not None:
            self.control.close()
            self.control = None
        with self.lock:
            for name in list(self.running):
                self.processes.stop(self.running.pop(name), wait_s=0.5)
            if self.processes is not None:
                self.processes.close()      # the guard removes the directory
                self.processes = None

    def configure(self):
        def write(name, text):
            with open(os.path.join(self.dir, name), "w", encoding="ascii") as file:
                file.write(text)
        targets = dict(self.ports, closed=CLOSED_PORT)
        write("root.anchor", self.zones.root_anchor())
        write("nsd.conf", parts.nsd_conf(self.dir, self.ports["nsd"], self.zones))
        for name in RESOLVERS:
            write(name + ".conf", parts.unbound_conf(
                self.dir, name, self.ports[name], self.zones, targets, name != "nonvalidating"))

    # -- addresses ----------------------------------------------------------

    def address(self, name):
        return "127.0.0.1:%d" % self.ports[name]

    resolver = property(lambda self: self.address("resolver"))
    resolver2 = property(lambda self: self.address("resolver2"))
    nonvalidating = property(lambda self: self.address("nonvalidating"))
    nsd = property(lambda self: self.address("nsd"))
    fault = property(lambda self: self.address("fault"))
    fault_udp = property(lambda self: self.address("fault_udp"))
    silent = property(lambda self: self.address("silent"))

    def env(self):
        names = ("resolver", "resolver2", "nonvalidating", "nsd", "fault", "fault_udp", "silent")
        variables = {"CAAD_LAB_" + name.upper(): self.address(name) for name in names}
        variables["CAAD_LAB_DIR"] = self.dir
        return variables

    # -- parts --------------------------------------------------------------

    def start(self, part, wait=True):
        with self.lock:
            if part in self.running:
                return
            env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":" + parts.SEARCH_PATH)
            with open(os.path.join(self.dir, part + ".log"), "ab") as log:
                self.running[part] = self.processes.start(
                    parts.command(part, self.dir, self.ports), log=log, env=env, cwd=self.dir)
            if wait:
                self.wait_for(part)

    def stop(self, part):
        """End a part: its port is then closed (ICMP unreachable)."""
        with self.lock:
            if part in self.running:
                self.processes.stop(self.running.pop(part))

    def pause(self, part):
        """Freeze a part: its port stays open and silent."""
        parts.kill_group(self.running[part].pid, signal.SIGSTOP)

    def resume(self, part):
        parts.kill_group(self.running[part].pid, signal.SIGCONT)

    def log_of(self, part):
        with open(os.path.join(self.dir, part + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for(self, part):
        process = self.running[part]

        def alive():
            if process.poll() is not None:
                raise LabError("%s ended:\n%s" % (part, self.log_of(part)[-2000:]))

        # Against a frozen or stopped NSD a resolver says SERVFAIL; it runs, and
        # that is all that may be asked of it.
        parts.wait_until(lambda: self.ask(part, ".", "SOA", timeout=0.3) is not None, part, alive=alive)

    def ask(self, part, name, rtype="CAA", timeout=3.0, checking_disabled=False):
        """One UDP query (TCP when truncated) with DO and AD; the reply, or None
        (none in time, or none that dnspython can read: it refuses odd tags)."""
        query = dns.message.make_query(name, rtype, want_dnssec=True)
        query.flags |= dns.flags.AD
        query.flags |= dns.flags.CD if checking_disabled else 0
        try:
            return dns.query.udp_with_fallback(
                query, "127.0.0.1", port=self.ports[part], timeout=timeout)[0]
        except (dns.exception.DNSException, OSError, EOFError):
            return None

    # -- zones --------------------------------------------------------------

    def edit(self, zone, old, new):
        """Replace text in a zone file, as a customer would; then publish it.

        old must occur exactly once.  The comment lines of options (README.md)
        may be edited too: new signatures, another DS."""
        with self.lock:
            zone = self.zones.zones[absolute(zone)]
            text = zone.text()
            if text.count(old) != 1:
                raise LabError("%s: found %d times: %s" % (zone.name, text.count(old), old))
            options = zone.options()
            with open(zone.source, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new))
            changed = [zone]
            if zone.options() != options and zone.name != ".":
                changed.append(self.zones.parent(zone))     # its DS may be another
            self.publish(changed)

    def set_records(self, name, rdatas, rtype="CAA", ttl=300):
        """Make rdatas (text; [] = none) the whole RRset of name; publish it."""
        with self.lock:
            zone = self.zones.closest(name)
            zone.overrides[(absolute(name).lower(), rtype)] = [(ttl, rdata) for rdata in rdatas]
            self.publish([zone])

    def publish(self, zones):
        """Sign, have NSD load it, forget what the resolvers remember."""
        for zone in zones:
            self.zones.make_keys(zone)
            self.zones.make(zone)
            self.nsd_control("reload", zone.name)
        for zone in zones:
            parts.wait_until(lambda z=zone: self.served_serial(z) == z.serial, "NSD to load " + zone.name)
        self.flush()

    def served_serial(self, zone):
        reply = self.ask("nsd", zone.name, "SOA", timeout=0.5)
        return reply.answer[0][0].serial if reply is not None and reply.answer else None

    def nsd_control(self, *words):
        self.tool(["nsd-control", "-c", self.dir + "/nsd.conf"] + list(words))

    def flush(self):
        """Empty the caches of all running Unbounds."""
        for name in RESOLVERS:
            if name in self.running:
                for words in (["flush_zone", "."], ["flush_infra", "all"], ["flush_bogus"]):
                    self.tool(["unbound-control", "-c", "%s/%s.conf" % (self.dir, name)] + words)

    @staticmethod
    def tool(argv):
        env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":" + parts.SEARCH_PATH)
        done = subprocess.run(argv, capture_output=True, text=True, env=env)
        if done.returncode != 0:
            raise LabError("%s: %s" % (" ".join(argv), done.stdout + done.stderr))

    # -- the fault server's control socket ----------------------------------

    def fault_call(self, verb, *args):
        return talk(os.path.join(self.dir, "fault.sock"), {"call": verb, "args": args})

    def counts(self):
        """{"name TYPE": queries seen} since the last reset, names in lower case."""
        return self.fault_call("counts")

    def reset(self):
        """Forget the counts and which flaky names have failed how often."""
        return self.fault_call("reset")

    def set_mode(self, mode):
        """How the fault server behaves as a whole: see MODES in fault_server.py."""
        return self.fault_call("set_mode", mode)

    # -- steering from another process --------------------------------------

    CALLS = ("edit", "set_records", "stop", "start", "pause", "resume", "flush",
             "counts", "reset", "set_mode", "env")

    def listen(self):
        """Serve CALLS on dir/lab.sock: one JSON line in, one out."""
        path = os.path.join(self.dir, "lab.sock")
        if os.path.exists(path):
            os.unlink(path)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(path)
        self.control.listen()
        # One thread for all callers: what it starts must not die with it.
        threading.Thread(target=self.serve, args=(self.control,), daemon=True).start()

    def serve(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:         # closed: the lab ends
                return
            with client, client.makefile("rw", encoding="utf-8") as stream:
                with contextlib.suppress(OSError, ValueError):
                    stream.write(json.dumps(self.answer(stream.readline())) + "\n")

    def answer(self, line):
        try:
            request = json.loads(line)
            if request["call"] not in self.CALLS:
                raise LabError("no such method; there are: " + ", ".join(self.CALLS))
            return {"result": getattr(self, request["call"])(*request.get("args", []))}
        except Exception as error:      # whatever it was, the caller must hear it
            return {"error": "%s: %s" % (type(error).__name__, error)}


def talk(path, request):
    """One JSON line to a control socket; its result."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(path)
        with client.makefile("rw", encoding="utf-8") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            reply = json.loads(stream.readline())
    if "error" in reply:
        raise LabError(reply["error"])
    return reply.get("result")


# -- command line -----------------------------------------------------------

class Ended(BaseException):
    """A signal asked us to end; carries its number."""


def on_signal(number, _frame):
    # Cleaning up must not be cut short by a second Ctrl-C.
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Ended(number)


def run(args):
    with Lab(args.dir) as lab:
        terminal = 0 if os.isatty(0) else None
        child = lab.processes.start(args.command, env=dict(os.environ, **lab.env()), terminal=terminal)
        try:
            status = child.wait()
        finally:
            parts.kill_group(child.pid, signal.SIGTERM)     # what it left running, too
            lab.processes.stop(child)
            if terminal is not None:
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                os.tcsetpgrp(terminal, os.getpgrp())
    return status if status >= 0 else 128 - status


def up(args):
    with Lab(args.dir) as lab:
        for variable in lab.env().items():
            print("%s=%s" % variable)
        print("ready", flush=True)
        while True:
            signal.pause()


def call(args):
    words = []
    for word in args.args:      # JSON where it is JSON (lists), else a string
        try:
            words.append(json.loads(word))
        except ValueError:
            words.append(word)
    result = talk(os.path.join(args.directory, "lab.sock"), {"call": args.method, "args": words})
    if result is not None:
        print(json.dumps(result, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    for function in (run, up):
        verb = verbs.add_parser(function.__name__)
        verb.add_argument("--dir", help="work here and leave it behind (default: a temporary directory)")
        verb.set_defaults(function=function)
        if function is run:
            verb.add_argument("command", nargs="+", metavar="COMMAND", help="after --")
    verb = verbs.add_parser("call")
    verb.add_argument("directory", metavar="DIR")
    verb.add_argument("method", metavar="METHOD")
    verb.add_argument("args", nargs=argparse.REMAINDER, metavar="ARG")
    verb.set_defaults(function=call)
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        return args.function(args) or 0
    except Ended as ended:
        return 128 + ended.args[0]
    except (LabError, OSError) as error:
        print("lab: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
