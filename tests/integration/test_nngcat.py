"""A client nobody here wrote: protoc writes and reads the messages, nngcat (of
Debian's nng-utils) carries them."""
import os
import subprocess

import wire

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")


def protoc(option, kind, octets):
    file = "rpc/v1/rpc.proto" if kind.startswith("rpc.") else "caa/v1/caa.proto"
    return subprocess.run(["protoc", "-I", PROTO, f"--{option}={kind}", file], input=octets,
                          check=True, capture_output=True).stdout


def escaped(octets):
    """As protoc's text format writes bytes."""
    return "".join("\\%03o" % octet for octet in octets)


def nngcat(url, octets):
    return subprocess.run(
        ["nngcat", "--req", "--dial", url, "--file", "-", "--raw", "--recv-timeout", "20"],
        input=octets, check=True, capture_output=True, timeout=30).stdout


def call(url, method, payload):
    request = f'method: "{method}" request_id: "cat-1" timeout_ms: 15000 payload: "{escaped(payload)}"'
    reply = nngcat(url, protoc("encode", "rpc.v1.Request", request.encode()))
    return reply, protoc("decode", "rpc.v1.Response", reply).decode()


def payload_of(reply):
    """The octets that protoc shows, escaped, as text."""
    return wire.Response.FromString(reply).payload


def test_protoc_and_nngcat_get_a_check_answered(caad):
    names = b'names: "www.example.test" names: "shop.example.test" event: ORDER product: "DV"'
    payload = protoc("encode", "caa.v1.CheckDomainsRequest", names)
    reply, text = call(caad.url, "caa.v1.CaaService/CheckDomains", payload)
    assert 'request_id: "cat-1"' in text and "code" not in text     # OK is the default
    answer = protoc("decode", "caa.v1.CheckDomainsResponse", payload_of(reply)).decode()
    print(answer)
    for words in ('name: "www.example.test"', "verdict: PERMITTED", "reason: ISSUER_AUTHORIZED",
                  'name: "shop.example.test"', "verdict: DENIED", "reason: ISSUER_NOT_AUTHORIZED",
                  "decision: DENIED"):
        assert words in answer


def test_protoc_and_nngcat_read_a_refusal(caad):
    payload = protoc("encode", "caa.v1.CheckDomainsRequest", b'names: "a.test" product: "Gold"')
    _, text = call(caad.url, "caa.v1.CaaService/CheckDomains", payload)
    assert "code: INVALID_ARGUMENT" in text and 'field: "product"' in text


def test_protoc_and_nngcat_ask_for_health(caad):
    reply, _ = call(caad.url, "caa.v1.HealthService/Check", b"")
    answer = protoc("decode", "caa.v1.HealthCheckResponse", payload_of(reply)).decode()
    assert answer.startswith("status: SERVING")
