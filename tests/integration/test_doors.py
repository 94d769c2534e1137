"""Who gets in, and what those can do who should not: certificates, roles, modes,
plain tcp, and connections that are opened for no good."""
import os
import random
import re
import select
import socket
import ssl
import stat
import struct
import subprocess
import time

import pytest

import raw
from daemon import BIN, Daemon
from doors import LENIENT, TlsDaemon, eventually, free_port, make_pki

HERE = os.path.dirname(os.path.abspath(__file__))
PERMISSION_DENIED = 7
NOBODY = 65534


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return make_pki(str(tmp_path_factory.mktemp("pki")))


@pytest.fixture(scope="module")
def caad(lab, pki):
    with TlsDaemon([lab.resolver], pki) as running:
        yield running


def is_closed(stream):
    """Whether the daemon has ended this connection; drops what it sent."""
    stream.settimeout(0.01)
    try:
        while stream.recv(65536):
            pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


def is_gone(stream):
    """The same without reading."""
    try:
        stream.send(b"")
        return not stream.recv(1, socket.MSG_PEEK) or hung_up(stream)
    except OSError:
        return True


def hung_up(stream):
    poll = select.poll()
    poll.register(stream, 0)
    return bool(poll.poll(0))


# ----------------------------------------------------------------- certificates

def test_a_client_with_a_good_certificate_is_answered(caad):
    done = caad.tls_caactl("client", "check", "www.example.test")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("client", [None, "stranger", "expired", "not-yet"],
                         ids=["no certificate", "wrong CA", "expired", "not yet valid"])
def test_a_client_without_a_good_certificate_is_turned_away(caad, client):
    done = caad.tls_caactl(client, "check", "www.example.test")
    assert done.returncode == 64 + 14 and done.stdout == "", done
    with pytest.raises((OSError, AssertionError)):
        caad.tls_connection(client).call(raw.HEALTH)


def test_a_client_sees_that_the_daemon_is_another(caad):
    assert caad.tls_caactl("client", "health", ca="other-ca").returncode == 64 + 14


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_no_tls_before_1_2(caad, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        caad.tls_stream(minimum=version, maximum=version, ciphers="DEFAULT@SECLEVEL=0")


def test_the_audit_names_the_tls_caller(lab, pki, tmp_path):
    with TlsDaemon([lab.resolver], pki, audit={"store": f"sqlite:{tmp_path}/audit.db"}) as caad:
        assert caad.tls_caactl("client", "check", "--order", "tls-1",
                               "www.example.test").returncode == 0
        history = caad.caactl("--json", "history", "--order", "tls-1").stdout
        assert re.search(r'"caller": ?"[^"]*address=127\.0\.0\.1"', history), history


# ------------------------------------------------------------ what is no client

PLAIN = [b"GET / HTTP/1.1\r\n\r\n", raw.GREETING + bytes(100), b"\x16\x03\x01\xff\xff",
         b"\x16\x03\x01\x00\x05\x01\x00\x00\xff\xff", b"\x80\x2e\x01\x03\x01", bytes(4096)]


def test_plain_and_garbage_bytes_to_the_tls_port_harm_nobody(caad):
    before = caad.descriptors()
    chance = random.Random(7)
    for octets in PLAIN + [chance.randbytes(chance.randrange(1, 3000)) for _ in range(200)]:
        with socket.create_connection(("127.0.0.1", caad.port)) as stream:
            stream.sendall(octets)
    assert caad.tls_caactl("client", "health").returncode == 0
    eventually(lambda: caad.descriptors() <= before + 1, 15)


def test_garbage_inside_tls_harms_nobody(caad):
    for octets in bytes(8), b"\0SP\0\0\x99\0\0", raw.GREETING + b"\xff" * 16:
        with caad.tls_stream() as stream:
            stream.sendall(octets)
            eventually(lambda: is_closed(stream), 12)
    assert caad.tls_caactl("client", "health").returncode == 0


def test_half_open_connections_end_and_cost_others_nothing(caad):
    before = caad.descriptors()
    silent = [socket.create_connection(("127.0.0.1", caad.port)) for _ in range(40)]
    silent += [raw.dial(caad.url) for _ in range(20)]
    for stream in silent[:20]:
        stream.sendall(b"\x16\x03\x01")     # a handshake that never goes on
    began = time.monotonic()
    assert caad.tls_caactl("client", "health").returncode == 0
    took = time.monotonic() - began
    eventually(lambda: all(map(is_closed, silent)), 20)
    print(f"\n60 half-open: a good client meanwhile {took * 1e3:.0f} ms; "
          f"all ended after {time.monotonic() - began:.1f} s")
    eventually(lambda: caad.descriptors() <= before, 5)


def test_a_client_that_never_reads_is_bounded(lab, pki):
    with TlsDaemon([lab.resolver], pki, limits={"max_in_flight": 16}) as caad:
        schema = raw.request("caa.v1.SchemaService/GetSchema")
        deaf = raw.Connection.to(caad.url)
        deaf.stream.settimeout(5)
        before, worst, sent = caad.rss_mib(), 0, 0
        with raw.Connection.to(caad.url) as good:
            for _ in range(100):
                for _ in range(50):
                    deaf.send(schema)
                    sent += 1
                began = time.monotonic()
                assert good.call(raw.HEALTH).code == 0
                worst = max(worst, time.monotonic() - began)
            print(f"\n{sent} requests, no reply read: others at most {worst * 1e3:.1f} ms, "
                  f"memory {before:.0f} -> {caad.rss_mib():.0f} MiB")
            eventually(lambda: is_gone(deaf.stream), 5)
        assert worst < LENIENT and caad.rss_mib() < before + 250 * LENIENT
        assert caad.tls_caactl("client", "check", "www.example.test").returncode == 0


def test_no_more_clients_than_max_connections(lab, pki):
    with TlsDaemon([lab.resolver], pki, limits={"max_connections": 4}) as caad:
        clients = [raw.Connection.to(caad.url) for _ in range(4)]
        assert all(client.call(raw.HEALTH).code == 0 for client in clients)
        with pytest.raises((OSError, AssertionError)):
            raw.Connection.to(caad.url).call(raw.HEALTH)
        assert clients[0].call(raw.HEALTH).code == 0
        assert caad.tls_caactl("client", "health").returncode == 0    # a door of its own
        clients.pop().stream.close()

        def gets_in():
            try:
                with raw.Connection.to(caad.url) as client:
                    return client.call(raw.HEALTH).code == 0
            except (OSError, AssertionError):
                return False
        eventually(gets_in, 5)


# ------------------------------------------------------------------------ roles

def admin_methods():
    with open(os.path.join(HERE, "../../proto/caa/v1/caa.proto"), encoding="utf-8") as proto:
        service = re.search(r"^service AdminService \{(.*?)^\}", proto.read(), re.M | re.S)
    return re.findall(r"^\s*rpc (\w+)", service.group(1), re.M)


@pytest.mark.parametrize("method", admin_methods())
def test_a_check_door_answers_no_admin_method(caad, method):
    with caad.tls_connection() as client:
        reply = client.call(f"caa.v1.AdminService/{method}")
        assert (reply.code, reply.payload) == (PERMISSION_DENIED, b"")
        for odd in f"caa.v1.AdminService/{method.lower()}", f"/caa.v1.AdminService/{method}":
            assert client.call(odd).code != 0
    assert caad.process.poll() is None


def test_an_admin_door_answers_nothing_else(lab):
    daemon = Daemon([lab.resolver])
    daemon.config["listen"][0]["roles"] = ["admin"]
    with daemon as caad:
        with raw.Connection.to(caad.url) as client:
            assert client.call("caa.v1.AdminService/GetStats").code == 0
            for method in raw.CHECK, raw.HEALTH, "caa.v1.SchemaService/GetSchema":
                assert client.call(method).code == PERMISSION_DENIED


# -------------------------------------------------------------------------- ipc

@pytest.mark.parametrize("umask", [0o000, 0o077])
@pytest.mark.parametrize("mode", ["0600", "0660", "0666"])
def test_the_socket_has_the_mode_of_the_configuration(lab, mode, umask):
    before = os.umask(umask)
    daemon = Daemon([lab.resolver])
    daemon.config["listen"][0]["mode"] = mode
    try:
        with daemon as caad:
            info = os.stat(caad.url.removeprefix("ipc://"))
            assert stat.S_ISSOCK(info.st_mode) and stat.S_IMODE(info.st_mode) == int(mode, 8)
    finally:
        os.umask(before)


def as_nobody(*command):
    return subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                           *command], capture_output=True, text=True, timeout=30, check=False)


CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_strangers_uid_is_refused_by_the_mode(lab):
    with Daemon([lab.resolver]) as caad:
        os.chmod(caad.dir, 0o755)
        path = caad.url.removeprefix("ipc://")
        refused = as_nobody("/usr/bin/python3", "-c", CONNECT, path)
        assert "PermissionError" in refused.stderr, refused
        os.chmod(path, 0o666)
        assert as_nobody("/usr/bin/python3", "-c", CONNECT, path).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_the_audit_names_the_uid_of_an_ipc_caller(lab, tmp_path):
    with Daemon([lab.resolver], audit={"store": f"sqlite:{tmp_path}/audit.db"}) as caad:
        os.chmod(caad.dir, 0o755)
        path = caad.url.removeprefix("ipc://")
        os.chmod(path, 0o666)
        call = (f"import sys; sys.path.insert(0, {HERE!r}); import raw\n"
                f"peer = raw.Connection.to({caad.url!r})\n"
                "print(peer.call(raw.CHECK, raw.check_payload('www.example.test',"
                " request_id='stranger-1')).code)")
        assert as_nobody("/usr/bin/python3", "-c", call).stdout == "0\n"
        history = caad.caactl("--json", "history", "www.example.test").stdout
        assert re.search(r'"caller": ?"uid=65534"', history), history


def test_a_second_daemon_on_the_socket_is_refused_and_harms_nobody(caad):
    done = subprocess.run([os.path.join(BIN, "caad"), "--config", caad.config_path],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "another process listens there" in done.stderr
    assert caad.caactl("health").returncode == 0
    assert caad.tls_caactl("client", "health").returncode == 0


def test_a_socket_left_behind_is_taken_over(lab):
    with Daemon([lab.resolver]) as caad:
        caad.kill()
        caad.start()
        assert caad.caactl("health").returncode == 0


def hang_up_at_once(url, times=50):
    """As a port scanner does: nng would write to nobody, and read it as its own end."""
    for _ in range(times):
        stream = raw.dial(url)
        if stream.family != socket.AF_UNIX:
            stream.shutdown(socket.SHUT_WR)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()


def answers(url):
    try:
        with raw.Connection.to(url, timeout=1) as client:
            return client.call(raw.HEALTH).code == 0
    except OSError:
        return False


def test_clients_that_hang_up_at_once_keep_nobody_out(lab, pki):
    tcp = f"tcp://127.0.0.1:{free_port()}"
    daemon = TlsDaemon([lab.resolver], pki)
    daemon.config["listen"].append({"url": tcp})
    with daemon as caad:
        for url in caad.url, tcp, caad.tls_url:
            hang_up_at_once(url)
            began = time.monotonic()
            if url == caad.tls_url:
                eventually(lambda: caad.tls_caactl("client", "health").returncode == 0, 10)
            else:
                eventually(lambda: answers(url), 10)
            assert time.monotonic() - began < LENIENT


FLOOD = """
import sys, threading
sys.path.insert(0, {here!r})
import raw
peer = raw.Connection.to({url!r})
some = b"".join(peer.frame(raw.request(raw.HEALTH))[1] for _ in range(200))
peer.stream.settimeout(None)
threading.Thread(target=lambda: [None for _ in iter(lambda: peer.stream.recv(65536), b"")],
                 daemon=True).start()
while True:
    peer.stream.sendall(some)
"""


def test_clients_killed_while_they_ask_and_read_leave_nothing(lab, pki):
    with TlsDaemon([lab.resolver], pki) as caad:
        before = caad.descriptors()
        for _ in range(20):
            flood = subprocess.Popen(["/usr/bin/python3", "-c",
                                      FLOOD.format(here=HERE, url=caad.url)])
            time.sleep(0.25)
            flood.kill()
            flood.wait()
        eventually(lambda: caad.descriptors() <= before + 1, 10)
        assert caad.stats()["caad_rpc_connections"] <= 2


# -------------------------------------------------------------------- plain tcp

TCP = [({"url": "tcp://127.0.0.1:{}"}, True), ({"url": "tcp://[::1]:{}"}, True),
       ({"url": "tcp://0.0.0.0:{}"}, False), ({"url": "tcp://[::]:{}"}, False),
       ({"url": "tcp://0.0.0.0:{}", "insecure": True}, True),
       ({"url": "tcp://0.0.0.0:{}", "insecure": False}, False),
       ({"url": "tcp://localhost:{}"}, False), ({"url": "tls+tcp://0.0.0.0:{}"}, False)]


@pytest.mark.parametrize("listener, accepted", TCP, ids=lambda value: str(value))
def test_plain_tcp_only_in_so_many_words(lab, listener, accepted):
    caad = Daemon([lab.resolver])
    caad.config["listen"] = [{**listener, "url": listener["url"].format(free_port())}]
    caad.write_config()
    done = subprocess.run([os.path.join(BIN, "caad"), "--check-config", "--config",
                           caad.config_path], capture_output=True, text=True, check=False)
    caad.__exit__()
    assert done.returncode == (0 if accepted else 2), done
    assert accepted or "listen" in done.stderr


def test_tcp_answers_checks_alone_unless_told_otherwise(lab):
    url = f"tcp://127.0.0.1:{free_port()}"
    with Daemon([lab.resolver], listen=[{"url": url}]):
        with raw.Connection.to(url) as client:
            assert client.call(raw.HEALTH).code == 0
            assert client.call("caa.v1.AdminService/GetStats").code == PERMISSION_DENIED
