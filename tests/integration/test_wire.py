"""The envelope, byte for byte: what is no call gets its status, and the daemon goes on."""
import pytest

import raw
import wire
from daemon import Daemon

GOOD = "www.example.test"


@pytest.fixture(scope="module")
def peer(caad):
    with wire.Caller.to(caad.url) as connection:
        yield connection


@pytest.fixture(autouse=True)
def still_answers(caad):
    """Whatever a test sends, the next caller is served."""
    yield
    with wire.Caller.to(caad.url) as other:
        assert wire.results(other.check(GOOD))[GOOD][0] == "PERMITTED"


def test_health_and_info_are_answered(peer, lab):
    health = wire.answer(peer.call(raw.HEALTH), wire.MESSAGES["caa.v1.HealthCheckResponse"])
    assert health.status == 1
    assert [part.part for part in health.parts] == ["", "resolver", "audit"]
    assert {part.status for part in health.parts} == {1}
    info = wire.answer(peer.call(wire.INFO), wire.MESSAGES["caa.v1.GetServerInfoResponse"])
    assert list(info.issuer_domain_names) == ["globalsign.com"]
    assert [product.name for product in info.products] == [
        "DV", "EV", "IntranetSSL", "PersonalSign", "Mark"]
    assert [product.exempt for product in info.products] == [False, False, True, False, False]
    assert [resolver.address for resolver in info.resolvers] == [lab.resolver, lab.resolver2]
    assert {resolver.in_rotation for resolver in info.resolvers} == {True}
    assert {"nng", "c-ares", "protobuf-c"} <= {library.name for library in info.libraries}


@pytest.mark.parametrize("part, code", [
    ("", "OK"), ("resolver", "OK"), ("audit", "OK"), ("cache", "NOT_FOUND")])
def test_health_is_asked_by_part(peer, part, code):
    request = wire.MESSAGES["caa.v1.HealthCheckRequest"](part=part)
    response = peer.call(raw.HEALTH, request)
    assert wire.status(response) == (code, "part" if code == "NOT_FOUND" else "")


@pytest.mark.parametrize("method", [
    "", "CheckDomains", "caa.v1.CaaService", "caa.v1.CaaService/", "/caa.v1.CaaService/CheckDomains",
    "caa.v1.CaaService/checkdomains", "caa.v1.CaaService/CheckDomains/", "caa.v2.CaaService/CheckDomains",
    "caa.v1.CaaService/CheckDomains ", "x" * 60000, "%s%n/%s%n"], ids=lambda text: text[:40])
def test_an_unknown_method_is_unimplemented(peer, method):
    response = peer.call(method)
    assert wire.status(response) == ("UNIMPLEMENTED", "method")
    assert "package.Service/Method" in response.status.message
    assert not response.payload


@pytest.mark.parametrize("octets", [
    b"\xff", b"\x0a", b"\x0a\x05abc", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80" * 11, b"\0", b"\x0b\x0c", b"\x0f", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 40],
    ids=lambda octets: repr(octets)[:40])
def test_octets_that_are_no_envelope_are_refused(peer, octets):
    response = peer.ask(octets)
    assert wire.Status.Code.Name(response.status.code) in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
    assert response.status.message


def test_an_empty_message_is_a_call_of_no_method(peer):
    assert wire.status(peer.ask(b"")) == ("UNIMPLEMENTED", "method")


def test_the_envelope_s_text_is_text(peer):
    for number, field in ((1, "method"), (2, "request_id")):
        response = peer.ask(raw.field(number, b"a\0b"))
        assert wire.status(response) == ("INVALID_ARGUMENT", field)
    response = peer.ask(raw.field(4, raw.field(1, b"\xff")))
    assert wire.status(response) == ("INVALID_ARGUMENT", "metadata[0].key")


def test_the_envelope_s_limits_are_told(peer):
    response = peer.call(raw.HEALTH, request_id="r" * 129)
    assert wire.status(response) == ("INVALID_ARGUMENT", "request_id")
    pair = {"key": "caller", "value": "test"}
    assert wire.status(peer.call(raw.HEALTH, metadata=[pair] * 32)) == ("OK", "")
    assert wire.status(peer.call(raw.HEALTH, metadata=[pair] * 33)) == (
        "INVALID_ARGUMENT", "metadata")


@pytest.mark.parametrize("payload", [b"\xff", b"\x32\x05abc", b"\x32\xff\xff\xff\xff\x0f", b"\x0b"],
                         ids=repr)
def test_a_payload_that_is_no_request_is_refused(peer, payload):
    response = peer.call(wire.CHECK, payload)
    assert wire.status(response) == ("INVALID_ARGUMENT", "payload")
    assert "CheckDomainsRequest" in response.status.message


def test_a_message_over_the_limit_is_refused_in_words(peer):
    response = peer.ask(b"\0" * (1048576 + 1))
    assert wire.status(response) == ("RESOURCE_EXHAUSTED", "")
    assert "1048577 octets" in response.status.message and "1048576" in response.status.message


def test_a_message_far_over_the_limit_closes_its_connection_alone(caad, peer):
    with wire.Caller.to(caad.url) as other:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            other.ask(b"\0" * (3 * 1048576))
    assert wire.status(peer.call(raw.HEALTH)) == ("OK", "")


def test_a_message_of_the_most_octets_is_answered(peer):
    room = 1048576 - len(wire.Request(method=wire.CHECK, payload=b"x" * 1040000).SerializeToString())
    payload = wire.CheckDomainsRequest(names=[GOOD, "x" * (1040000 + room - 60)])
    message = wire.Request(method=wire.CHECK, payload=payload.SerializeToString(), timeout_ms=20000)
    octets = message.SerializeToString()
    octets += raw.field(4, b"") * ((1048576 - len(octets)) // 2)
    assert 1048570 < len(octets) <= 1048576
    found = wire.results(peer.ask(octets))
    assert [pair[0] for pair in found.values()] == ["PERMITTED", "INVALID_NAME"]


# ------------------------------------------------------------------- hanging up

@pytest.mark.parametrize("sent", [b"", raw.GREETING[:3], raw.GREETING, raw.GREETING + b"\x01\0\0"],
                         ids=["nothing", "half", "greeting", "message"])
def test_a_caller_that_hangs_up_harms_no_later_one(caad, sent):
    """nng 1.5 stops listening for good when its own greeting finds nobody."""
    for _ in range(5):
        with raw.dial(caad.url) as stream:
            stream.sendall(sent)
        for _ in range(3):
            with wire.Caller.to(caad.url) as peer:
                assert wire.status(peer.call(raw.HEALTH)) == ("OK", "")


# ------------------------------------------------------------------ deadlines

def test_the_deadline_answers_before_the_caller_s_time_is_up(lab):
    """An authority that is silent for longer than the caller waits."""
    with Daemon([lab.fault], resolver={"timeout_ms": 5000}) as caad:
        with wire.Caller.to(caad.url, timeout=30) as peer:
            response = peer.check("www.silent.direct", "192.0.2.1", timeout_ms=1200)
            found = wire.answer(response).results
            assert [wire.verdict(result) for result in found] == [
                ("LOOKUP_FAILED", "DEADLINE_EXCEEDED"), ("EXEMPT", "IP_ADDRESS")]
            assert found[0].retryable
            assert "our side" in found[0].message
            assert wire.decision(response) == "LOOKUP_FAILED"
            begun = wire.answer(peer.check("192.0.2.1")).checked_at_ms
            response = wire.answer(peer.check("x.silent.direct", timeout_ms=1200))
            # Our own clock may be late; the daemon's own times are what counts.
            assert response.checked_at_ms - begun < 1200 + 2000


def test_a_call_without_time_left_still_gets_its_reply(peer):
    response = peer.check("late.example.test", timeout_ms=1)
    assert wire.results(response)["late.example.test"] in (
        ("LOOKUP_FAILED", "DEADLINE_EXCEEDED"), ("PERMITTED", "ISSUER_AUTHORIZED"))


def test_a_caller_that_names_no_time_gets_the_server_s(peer):
    assert wire.results(peer.check(GOOD, timeout_ms=0))[GOOD][0] == "PERMITTED"
    assert wire.results(peer.check(GOOD, timeout_ms=0xffffffff))[GOOD][0] == "PERMITTED"
