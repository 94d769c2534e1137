"""parts.py - the lab's servers: their ports, configurations and processes."""
import ctypes
import os
import random
import signal
import socket
import subprocess
import time

from zones import LabError

HERE = os.path.dirname(os.path.abspath(__file__))
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"       # where Debian puts nsd and unbound


def free_port(taken):
    """A loopback port free for UDP and TCP, below the kernel's ephemeral range
    so that no outgoing connection can take it before its server does."""
    while True:
        port = random.randint(20000, 32000)
        if port in taken:
            continue
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind(("127.0.0.1", port))
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
                    tcp.bind(("127.0.0.1", port))
        except OSError:
            continue
        taken.add(port)
        return port


class Processes:
    """Starts programs that cannot outlive this process.

    Each is the leader of its own process group.  A guard process kills the
    groups when this process is gone, and the kernel kills the leaders
    (PR_SET_PDEATHSIG) in case the guard went first.
    Threads: start from a thread that lives as long as the program should run,
    since the kernel's signal follows the thread that forked."""

    def __init__(self, directory, remove):
        self.guard = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(HERE, "guard.py"), directory,
             "remove" if remove else "keep"],
            stdin=subprocess.PIPE, start_new_session=True, text=True, cwd="/")

    def start(self, argv, log=None, env=None, terminal=None, cwd=None):
        parent = os.getpid()

        def prepare():
            os.setpgid(0, 0)
            if terminal is not None:        # an interactive shell needs the terminal
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                os.tcsetpgrp(terminal, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:      # it died before prctl took effect
                os._exit(1)

        process = subprocess.Popen(argv, stdin=None if log is None else subprocess.DEVNULL,
                                   stdout=log, stderr=None if log is None else subprocess.STDOUT,
                                   env=env, cwd=cwd, preexec_fn=prepare)
        self.tell("+%d" % process.pid)
        return process

    def stop(self, process, wait_s=2.0):
        """Ask it to end, then make it."""
        kill_group(process.pid, signal.SIGCONT)
        if process.poll() is None:
            process.terminate()     # the leader alone, so that it can reap its own
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            pass
        kill_group(process.pid, signal.SIGKILL)
        self.tell("-%d" % process.pid)
        process.wait()

    def tell(self, line):
        try:
            self.guard.stdin.write(line + "\n")
            self.guard.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def close(self):
        self.guard.stdin.close()
        self.guard.wait()


def kill_group(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


NSD_CONF = """\
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    do-ip6: no
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{dir}"
    zonelistfile: "{dir}/nsd.zonelist"
    xfrdfile: "{dir}/nsd.xfrd"
    pidfile: "{dir}/nsd.pid"
    xfrdir: "{dir}"
    hide-version: yes
    verbosity: 1
    # Load tests ask the same name thousands of times a second.
    rrl-ratelimit: 0
    # A test edits a zone and wants it served at once, again and again.
    xfrd-reload-timeout: 0
remote-control:
    control-enable: yes
    control-interface: "{dir}/nsd.ctl"
"""

UNBOUND_CONF = """\
server:
    interface: 127.0.0.1@{port}
    do-ip6: no
    num-threads: 1
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: "{dir}/{name}.pid"
    use-syslog: no
    logfile: ""
    verbosity: 1
    log-servfail: yes
    val-log-level: 2
    ede: yes
    module-config: "{modules}"
    {anchor}
    do-not-query-localhost: no
    # These names are closed by default; here they are the lab's.
    local-zone: "test." nodefault
    local-zone: "invalid." nodefault
    # By default a reply that took longer than 1.9 s is thrown away and the
    # client sees a timeout of our own making.
    discard-timeout: 0
    # The cache keeps true TTLs (cache-max-ttl would cut the TTL that clients
    # see); an edited zone is seen at once because the lab flushes the cache.
    #
    # A dead authority becomes SERVFAIL within about a second (two tries of
    # 400 ms).  The usual back-off is many seconds, and tests would have to sit
    # through it.  Not shorter: a busy machine must not make NSD look dead.
    outbound-msg-retry: 2
    unknown-server-time-limit: 400
    infra-cache-min-rtt: 400
    infra-cache-max-rtt: 500
    infra-host-ttl: 1
    # Chains of aliases up to 20 are looked up (caad must cope with them).
    max-query-restarts: 30
remote-control:
    control-enable: yes
    control-interface: "{dir}/{name}.ctl"
    control-use-cert: no
stub-zone:
    name: "."
    stub-addr: 127.0.0.1@{nsd}
    stub-prime: no
"""


def nsd_conf(directory, port, zone_set):
    text = NSD_CONF.format(dir=directory, port=port)
    for zone in zone_set.zones.values():
        text += 'zone:\n    name: "%s"\n    zonefile: "%s"\n' % (zone.name, zone_set.signed_path(zone))
    return text


def unbound_conf(directory, name, port, zone_set, targets, validating):
    """targets: what a stub may point at -> port."""
    text = UNBOUND_CONF.format(
        dir=directory, name=name, port=port, nsd=targets["nsd"],
        modules="validator iterator" if validating else "iterator",
        anchor='trust-anchor-file: "%s/root.anchor"' % directory if validating else "")
    # Referrals carry addresses but no ports, so every zone needs its stub.
    stubs = [(zone, "nsd") for zone in zone_set.zones if zone != "."] + zone_set.stubs()
    for zone, target in stubs:
        if target not in targets:
            raise LabError("stub %s: no such target %s" % (zone, target))
        text += 'stub-zone:\n    name: "%s"\n    stub-addr: 127.0.0.1@%d\n    stub-prime: no\n' % (
            zone, targets[target])
    return text


def command(name, directory, ports):
    """The command line that runs a part in the foreground."""
    if name == "nsd":
        return ["nsd", "-d", "-c", directory + "/nsd.conf"]
    if name == "fault":
        return ["/usr/bin/python3", os.path.join(HERE, "fault_server.py"),
                "--port", str(ports["fault"]), "--udp-only-port", str(ports["fault_udp"]),
                "--silent-port", str(ports["silent"]), "--control", directory + "/fault.sock"]
    return ["unbound", "-d", "-c", "%s/%s.conf" % (directory, name)]


def wait_until(true, what, limit_s=10.0, alive=None):
    """Poll until true(); alive() raises when waiting has become pointless."""
    deadline = time.monotonic() + limit_s
    while not true():
        if alive is not None:
            alive()
        if time.monotonic() > deadline:
            raise LabError("gave up waiting for " + what)
        time.sleep(0.01)
