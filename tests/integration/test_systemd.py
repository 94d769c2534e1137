"""Life under systemd: what it is told and when, and the files it is given."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from daemon import BIN, Daemon
from doors import make_pki

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(HERE, "../../deploy")


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


class Manager:
    """The service manager's end of NOTIFY_SOCKET; said: (seconds, message)."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.settimeout(0.05)
        self.said = []

    def listen(self, seconds, until=None):
        """Collects for so long, or until a message has this line."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self.socket.recv(4096).decode()
            except TimeoutError:
                continue
            self.said.append((time.monotonic(), message))
            if until and until in message.splitlines():
                return message
        assert not until, f"no {until} in {self.said}"
        return None

    def count(self, line):
        return sum(line in message.splitlines() for _, message in self.said)


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, monkeypatch):
    address = (str(tmp_path / "notify") if request.param == "path"
               else f"@caad-test-{os.getpid()}-{time.monotonic_ns()}")
    running = Manager(address)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    yield running
    running.socket.close()


def test_ready_reloading_stopping(lab, manager):
    with Daemon([lab.resolver]) as caad:
        ready = manager.listen(5, until="READY=1")
        assert re.search(r"^STATUS=.", ready, re.M)
        caad.process.send_signal(signal.SIGHUP)
        reloading = manager.listen(5, until="RELOADING=1")
        stamp = int(re.search(r"^MONOTONIC_USEC=(\d+)$", reloading, re.M).group(1))
        assert abs(time.clock_gettime(time.CLOCK_MONOTONIC) - stamp / 1e6) < 5
        manager.listen(5, until="READY=1")
        caad.write_config()
        with open(caad.config_path, "a", encoding="utf-8") as file:
            file.write("}")     # no YAML any more: the old configuration stays
        caad.process.send_signal(signal.SIGHUP)
        manager.listen(5, until="RELOADING=1")
        manager.listen(5, until="READY=1")
        caad.stop()
        manager.listen(5, until="STOPPING=1")
    assert manager.count("READY=1") == 3 and manager.count("WATCHDOG=1") == 0


def test_not_ready_before_a_resolver_validates(lab, manager):
    with Daemon([lab.nonvalidating], ready=False):
        manager.listen(2)
    assert manager.count("READY=1") == 0


def test_ready_as_soon_as_the_resolver_is_there(lab, manager):
    lab.stop("resolver2")
    try:
        with Daemon([lab.resolver2], ready=False):
            manager.listen(1.5)
            assert manager.count("READY=1") == 0
            lab.start("resolver2")
            manager.listen(5, until="READY=1")
    finally:
        lab.start("resolver2")


def test_the_watchdog_is_fed_at_half_its_time(lab, manager, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    with Daemon([lab.resolver]) as caad:
        manager.listen(5, until="READY=1")
        manager.said.clear()
        manager.listen(4)
        assert 6 <= manager.count("WATCHDOG=1") <= 9
        manager.said.clear()
        caad.process.send_signal(signal.SIGSTOP)    # as a daemon that hangs
        manager.listen(1.5)
        assert manager.count("WATCHDOG=1") <= 1
        caad.process.send_signal(signal.SIGCONT)
        manager.listen(2, until="WATCHDOG=1")


def test_the_watchdog_of_another_process_is_not_ours(lab, manager, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    with Daemon([lab.resolver]):
        manager.listen(1)
    assert manager.count("WATCHDOG=1") == 0


def test_a_socket_that_is_not_there_stops_nothing(lab, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    with Daemon([lab.resolver]) as caad:
        assert caad.caactl("health").returncode == 0


# ------------------------------------------------------------------------- files

@pytest.fixture
def unit(tmp_path):
    """The unit as CMake installs it, with the program where it is now."""
    with open(os.path.join(DEPLOY, "caad.service.in"), encoding="utf-8") as file:
        text = file.read().replace("@CMAKE_INSTALL_FULL_SBINDIR@", os.path.abspath(BIN))
    path = tmp_path / "caad.service"
    path.write_text(text)
    return str(path)


@needs("systemd-analyze")
def test_the_unit_leaves_little_exposed(unit):
    done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=true",
                           "--threshold=20", unit], capture_output=True, text=True, check=False)
    score = re.search(r"Overall exposure level for \S+: (\S+)", done.stdout)
    print(f"\nsystemd-analyze security: {score.group(1)}")
    assert done.returncode == 0 and float(score.group(1)) <= 2.0


@needs("systemd-analyze")
def test_systemd_understands_the_unit(unit):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit],
                          capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "caad.service" in line]
    assert ours == [], ours


@needs("systemd-sysusers")
@needs("systemd-tmpfiles")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make files of others")
def test_the_user_and_the_directories_are_made(tmp_path):
    root = tmp_path / "root"
    for directory in "etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d":
        (root / directory).mkdir(parents=True)
    shutil.copy(os.path.join(DEPLOY, "caad.sysusers"), root / "usr/lib/sysusers.d/caad.conf")
    shutil.copy(os.path.join(DEPLOY, "caad.tmpfiles"), root / "usr/lib/tmpfiles.d/caad.conf")
    dry = subprocess.run(["systemd-sysusers", f"--root={root}", "--dry-run"],
                         capture_output=True, text=True, check=False)
    assert dry.returncode == 0 and "caad" in dry.stdout + dry.stderr, dry
    subprocess.run(["systemd-sysusers", f"--root={root}"], check=True)
    user = re.search(r"^caad:x:(\d+):(\d+):.*:/usr/sbin/nologin$",
                     (root / "etc/passwd").read_text(), re.M)
    assert user
    subprocess.run(["systemd-tmpfiles", f"--root={root}", "--create", "caad.conf"], check=True)
    for path, mode, owner in (("etc/caad", 0o750, 0), ("run/caad", 0o750, int(user.group(1))),
                              ("var/lib/caad", 0o700, int(user.group(1)))):
        info = os.stat(root / path)
        assert (info.st_mode & 0o777, info.st_uid) == (mode, owner), path
        assert info.st_gid == int(user.group(2))


@pytest.mark.parametrize("example", ["caad.yaml", "caad-cluster.yaml"])
def test_the_examples_are_valid(example, tmp_path):
    pki = make_pki(str(tmp_path))
    for name, source in (("server.pem", pki.cert("server")), ("server.key", pki.key("server")),
                         ("clients.pem", pki.cert("ca"))):
        if not (tmp_path / name).exists():
            shutil.copy(source, tmp_path / name)
    with open(os.path.join(DEPLOY, example), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("sqlite:/var/lib/caad/", f"sqlite:{tmp_path}/")
    (tmp_path / example).write_text(text)
    done = subprocess.run([os.path.join(BIN, "caad"), "--check-config", "--config",
                           str(tmp_path / example)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
