"""Certificates change while the TLS door is open."""
import os
import signal
import socket
import ssl
import time

import pytest

import raw
from doors import TlsDaemon, eventually, make_pki


def reload_and_wait(caad, message):
    done = sum(line["msg"] == message for line in caad.log())
    caad.process.send_signal(signal.SIGHUP)
    eventually(lambda: sum(line["msg"] == message for line in caad.log()) > done, 5)


@pytest.fixture
def movable(lab, tmp_path):
    """A daemon whose certificates may be changed."""
    pki = make_pki(str(tmp_path / "pki"))
    pki.leaf("next", "ca", san="DNS:caad.test")
    with TlsDaemon([lab.resolver], pki) as running:
        yield running


def replace_certificate(pki, name):
    os.replace(pki.cert(name), pki.cert("server"))
    os.replace(pki.key(name), pki.key("server"))


def test_sighup_brings_a_new_certificate_and_drops_no_connection(movable):
    before = movable.served_serial()
    with movable.tls_connection() as standing:
        assert standing.call(raw.HEALTH).code == 0
        replace_certificate(movable.pki, "next")
        assert movable.served_serial() == before
        reload_and_wait(movable, "configuration reloaded")
        time.sleep(0.1)
        assert movable.served_serial() != before
        assert standing.call(raw.HEALTH).code == 0
    assert movable.tls_caactl("client", "health").returncode == 0


def test_sighup_brings_another_client_ca(movable):
    os.replace(movable.pki.cert("other-ca"), movable.pki.cert("ca"))
    reload_and_wait(movable, "configuration reloaded")
    time.sleep(0.1)
    with pytest.raises((OSError, AssertionError)):
        movable.tls_connection("client", ca="server").call(raw.HEALTH)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(movable.pki.cert("stranger"), movable.pki.key("stranger"))
    stream = context.wrap_socket(socket.create_connection(("127.0.0.1", movable.port)))
    with raw.Connection(stream, is_ipc=False) as client:
        assert client.call(raw.HEALTH).code == 0


def test_a_key_that_does_not_fit_changes_nothing(movable):
    before = movable.served_serial()
    os.replace(movable.pki.cert("next"), movable.pki.cert("server"))
    movable.process.send_signal(signal.SIGHUP)
    eventually(lambda: "the old ones stay" in movable.log_text(), 5)
    assert movable.served_serial() == before
    assert movable.tls_caactl("client", "health").returncode == 0


def test_no_start_with_a_key_that_does_not_fit(lab, tmp_path):
    pki = make_pki(str(tmp_path / "pki"))
    os.replace(pki.key("client"), pki.key("server"))
    with pytest.raises(AssertionError, match="tls.cert or tls.key"):
        TlsDaemon([lab.resolver], pki).__enter__()


def test_a_reload_under_load_fails_no_call(movable):
    calls = 0
    end = time.monotonic() + 3
    with movable.tls_connection() as standing, raw.Connection.to(movable.url) as local:
        while time.monotonic() < end:
            movable.process.send_signal(signal.SIGHUP)
            for _ in range(50):
                for client in standing, local:
                    reply = client.call(raw.CHECK, raw.check_payload("www.example.test"))
                    assert (reply.code, reply.decision) == (0, 1), reply.message
                    calls += 1
            with movable.tls_connection() as fresh:
                assert fresh.call(raw.HEALTH).code == 0
    reloads = sum(line["msg"] == "configuration reloaded" for line in movable.log())
    print(f"\n{calls} calls over {reloads} reloads, none failed")
    assert reloads > 3
