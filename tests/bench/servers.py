"""servers.py - what a bench run starts, and what it costs: NSD, the echo server,
PostgreSQL, the lab's fault server, caad."""
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lab"), os.path.join(HERE, "..", "integration")]

import daemon  # noqa: E402
import parts  # noqa: E402

# Every name below the root exists (by the wildcard) and has no CAA record, so a
# name costs as many lookups as it has labels, and there are names without end.
ROOT_ZONE = """\
$TTL 86400
. SOA ns.bench. hostmaster.bench. 1 3600 600 86400 86400
. NS ns.bench.
ns.bench. A 127.0.0.1
* TXT "bench"
*.bench. TXT "bench"
"""


def cpu_seconds(pid):
    """CPU time of a process, all its threads."""
    total = 0
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, task), encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9
    except FileNotFoundError:           # a kernel without it counts in hundredths
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    with open("/proc/%d/statm" % pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Caad(daemon.Daemon):
    """The integration tests' daemon, but it cannot outlive this process."""

    def __init__(self, processes, servers, **config):
        super().__init__(servers, **config)
        self.processes = processes

    def start(self):
        self.write_config()
        self.log_path = os.path.join(self.dir, "log")
        with open(self.log_path, "ab") as log:
            self.process = self.processes.start(
                [os.path.join(daemon.BIN, "caad"), "--config", self.config_path], log=log)

    def stop(self, seconds=30):
        self.processes.stop(self.process, wait_s=seconds)


class Servers:
    """All of a run's processes and files; none outlives it."""

    def __init__(self, bin_dir):
        self.dir = tempfile.mkdtemp(prefix="caad-bench-")
        self.processes = parts.Processes(self.dir, remove=True)
        self.running = []
        self.daemons = []
        self.taken = set()
        self.bin = bin_dir
        daemon.BIN = os.path.join(bin_dir, "bin")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.daemons:
            one.__exit__()
        for process in self.running:
            self.processes.stop(process)
        self.processes.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def tool(self, name):
        return os.path.join(self.bin, "bin", name)

    def start(self, name, argv, **options):
        env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":" + parts.SEARCH_PATH)
        with open(self.path(name + ".log"), "ab") as log:
            process = self.processes.start(argv, log=log, env=env, cwd=self.dir, **options)
        self.running.append(process)
        return process

    def wait_for_udp(self, port, name="."):
        """Until a DNS server answers there."""
        with open(self.path("probe"), "w", encoding="ascii") as file:
            file.write(name + "\n")

        def answers():
            return subprocess.run(
                [self.tool("bench_dns_ping"), "127.0.0.1", str(port), "0.01", self.path("probe")],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        parts.wait_until(answers, "a DNS server on port %d" % port)

    # -- one method a server ---------------------------------------------------

    def nsd(self):
        """An authoritative server in a resolver's place: "127.0.0.1:PORT"."""
        port = parts.free_port(self.taken)
        with open(self.path("root.zone"), "w", encoding="ascii") as file:
            file.write(ROOT_ZONE)
        with open(self.path("nsd.conf"), "w", encoding="ascii") as file:
            file.write(parts.NSD_CONF.format(dir=self.dir, port=port))
            file.write('zone:\n    name: "."\n    zonefile: "%s"\n' % self.path("root.zone"))
        self.nsd_process = self.start("nsd", ["nsd", "-d", "-c", self.path("nsd.conf")])
        self.wait_for_udp(port)
        return "127.0.0.1:%d" % port

    def fault(self):
        """The lab's fault server, which is late for names with delay-20ms."""
        ports = {name: parts.free_port(self.taken) for name in ("fault", "fault_udp", "silent")}
        self.start("fault", parts.command("fault", self.dir, ports))
        self.wait_for_udp(ports["fault"], "none.direct")
        return "127.0.0.1:%d" % ports["fault"]

    def echo(self, reply_bytes, contexts=128):
        """(process, URL) of an echo server with replies of this size."""
        url = "ipc://%s/echo-%d.sock" % (self.dir, reply_bytes)
        process = self.start("echo", [self.tool("bench_echo"), "serve", url, str(contexts),
                                      str(reply_bytes)])
        parts.wait_until(lambda: os.path.exists(url[len("ipc://"):]), "the echo server")
        return process, url

    def caad(self, resolver, cache=1000000, store="none", **config):
        """A caad on that resolver; see daemon.py."""
        one = Caad(self.processes, [resolver],
                   resolver={"require_dnssec": False}, cache={"max_entries": cache},
                   audit={"store": store}, log={"level": "warning"}, **config)
        one.start()
        self.daemons.append(one)
        parts.wait_until(lambda: serving(one), "caad to be ready")
        return one

    def stop_caad(self, one):
        self.daemons.remove(one)
        one.__exit__()

    def postgresql(self):
        """A database cluster of its own; a store URL, or None without PostgreSQL."""
        binaries = sorted(
            os.path.join("/usr/lib/postgresql", version, "bin")
            for version in (os.listdir("/usr/lib/postgresql")
                            if os.path.isdir("/usr/lib/postgresql") else []))
        if not binaries:
            return None
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        identity = {"user": user.pw_uid, "group": user.pw_gid} if user else {}
        data = tempfile.mkdtemp(prefix="caad-bench-pg-")
        if user:
            os.chown(data, user.pw_uid, user.pw_gid)
        port = parts.free_port(self.taken)
        subprocess.run([binaries[-1] + "/initdb", "-D", data + "/db", "-A", "trust", "-U", "caad",
                        "--no-sync"], stdout=subprocess.DEVNULL, check=True, cwd="/", **identity)
        process = subprocess.Popen(
            [binaries[-1] + "/postgres", "-D", data + "/db", "-k", data, "-p", str(port),
             "-c", "listen_addresses=127.0.0.1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            start_new_session=True, **identity)
        self.processes.tell("+%d" % process.pid)
        self.postgres = (process, data)
        ready = [binaries[-1] + "/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        parts.wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL")
        return "postgresql://caad@127.0.0.1:%d/postgres" % port

    def stop_postgresql(self):
        process, data = self.postgres
        process.terminate()
        process.wait(20)
        self.processes.tell("-%d" % process.pid)
        shutil.rmtree(data, ignore_errors=True)


def serving(one):
    done = one.caactl("--json", "--timeout", "1s", "health")
    return done.returncode == 0 and json.loads(done.stdout)["status"] == "SERVING"


class Costs:
    """with Costs(pid) as costs: ... costs.cpu_s, costs.seconds"""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.cpu_s = -cpu_seconds(self.pid)
        self.seconds = -time.monotonic()
        return self

    def __exit__(self, *_):
        self.cpu_s += cpu_seconds(self.pid)
        self.seconds += time.monotonic()
