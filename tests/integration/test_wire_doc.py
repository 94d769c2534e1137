"""docs/wire.md: its client, taken from its text, works over every kind of socket, and
what the text says of the daemon is so."""
import os
import re
import subprocess
import sys

import pytest

from daemon import Daemon
from doors import free_port

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GOOD, DENIED = "www.example.test", "shop.example.test"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The names that the document's client defines."""
    out = str(tmp_path_factory.mktemp("proto"))
    subprocess.run(["protoc", f"--python_out={out}", "-I", os.path.join(ROOT, "proto"),
                    "rpc/v1/rpc.proto", "caa/v1/caa.proto"], check=True)
    with open(os.path.join(ROOT, "docs", "wire.md"), encoding="utf-8") as text:
        code = re.search(r"```python\n(.*?)```", text.read(), re.DOTALL)[1]
    sys.path.insert(0, out)
    try:
        found = {}
        exec(compile(code, "docs/wire.md", "exec"), found)
    finally:
        sys.path.remove(out)
    return found


@pytest.fixture(scope="module")
def doors(lab):
    """{scheme: URL} of one daemon; check alone over tcp."""
    tcp = f"tcp://127.0.0.1:{free_port()}"
    caad = Daemon([lab.resolver], limits={"max_message_bytes": 65536})
    caad.config["listen"].append({"url": tcp, "roles": ["check"]})
    with caad:
        yield {"ipc": caad.url, "tcp": tcp}


@pytest.fixture(params=["ipc", "tcp"])
def client(request, example, doors):
    return example["Client"](doors[request.param])


def test_the_example_checks_names(client):
    assert client.check(GOOD, DENIED, "not a name", GOOD) == {
        GOOD: "PERMITTED", DENIED: "DENIED", "not a name": "INVALID_NAME"}


def test_the_example_asks_for_the_schema_the_daemon_has(client, example):
    caa = example["caa_pb2"]
    reply = client.call("caa.v1.SchemaService/GetSchema", caa.GetSchemaRequest(),
                        caa.GetSchemaResponse)
    assert b"caa.v1" in reply.SerializeToString()


def test_replies_are_matched_by_number(client, example):
    request = example["caa_pb2"].CheckDomainsRequest
    sent = {client.send("caa.v1.CaaService/CheckDomains", request(names=[name]), name): name
            for name in (DENIED, GOOD, "192.0.2.1", "a.none.test")}
    got = dict(client.receive() for _ in sent)
    assert {number: response.request_id for number, response in got.items()} == sent


def test_the_same_id_again_is_the_same_check(lab, example, tmp_path):
    """Over another connection; other names under it are refused."""
    with Daemon([lab.resolver], audit={"store": f"sqlite:{tmp_path}/audit.db"}) as caad:
        first = example["Client"](caad.url).check(GOOD, request_id="wire-doc-1")
        again = example["Client"](caad.url)
        assert again.check(GOOD, request_id="wire-doc-1") == first
        assert caad.stats()["caad_audit_records_total"] == 1
        with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"):
            again.check(DENIED, request_id="wire-doc-1")


@pytest.mark.parametrize("kwargs, code", [
    ({"product": "nope"}, "INVALID_ARGUMENT"), ({"request_id": "r" * 129}, "INVALID_ARGUMENT")])
def test_what_is_wrong_has_its_code(client, kwargs, code):
    with pytest.raises(RuntimeError, match=code):
        client.check(GOOD, **kwargs)


def test_a_listener_offers_its_roles_only(example, doors):
    caa = example["caa_pb2"]
    ask = ("caa.v1.AdminService/GetStats", caa.GetStatsRequest(), caa.GetStatsResponse)
    example["Client"](doors["ipc"]).call(*ask)
    with pytest.raises(RuntimeError, match="PERMISSION_DENIED"):
        example["Client"](doors["tcp"]).call(*ask)


def test_too_large_is_refused_and_far_too_large_not_read(client):
    with pytest.raises(RuntimeError, match="RESOURCE_EXHAUSTED"):
        client.check("x" * 70000)
    assert client.check(GOOD) == {GOOD: "PERMITTED"}
    with pytest.raises((ConnectionError, BrokenPipeError)):
        client.check("x" * 200000)
        client.check(GOOD)


def test_a_deadline_is_answered_in_time(lab, example):
    with Daemon([lab.fault], resolver={"timeout_ms": 5000}) as caad:
        client = example["Client"](caad.url, timeout=1)
        assert client.check("www.silent.direct", "192.0.2.1") == {
            "www.silent.direct": "LOOKUP_FAILED", "192.0.2.1": "EXEMPT"}
