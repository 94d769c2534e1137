"""wire.py - calls made with Google's protobuf from proto/, framed by raw.py: a
client that shares no code with caad's own.

    with wire.Caller.to(caad.url) as peer:
        response = peer.check("www.example.test", request_id="r1")
        wire.results(response)      # {"www.example.test": ("PERMITTED", ...)}
"""
import os
import subprocess

from google.protobuf import descriptor_pb2, message_factory

import raw

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
FILES = ("rpc/v1/rpc.proto", "caa/v1/caa.proto")
CHECK = raw.CHECK
INFO = "caa.v1.AdminService/GetServerInfo"


def read_schema():
    """{full name: message class}, from the .proto files as they are now."""
    octets = subprocess.run(
        ["protoc", "-I", PROTO, "--descriptor_set_out=/dev/stdout", *FILES],
        check=True, capture_output=True).stdout
    return message_factory.GetMessages(descriptor_pb2.FileDescriptorSet.FromString(octets).file)


MESSAGES = read_schema()
Request = MESSAGES["rpc.v1.Request"]
Response = MESSAGES["rpc.v1.Response"]
Status = MESSAGES["rpc.v1.Status"]
CheckDomainsRequest = MESSAGES["caa.v1.CheckDomainsRequest"]
CheckDomainsResponse = MESSAGES["caa.v1.CheckDomainsResponse"]
Result = MESSAGES["caa.v1.Result"]
Lookup = MESSAGES["caa.v1.Lookup"]


class Caller(raw.Connection):
    """One connection; replies are rpc.v1.Response."""

    def receive(self):
        head = self.read(len(self.mark) + 12)
        length = int.from_bytes(head[len(self.mark):-4], "big")
        ident = int.from_bytes(head[-4:], "big") & 0x7fffffff
        return ident, Response.FromString(self.read(length - 4))

    def ask(self, octets):
        """The reply to these octets, whatever they are."""
        sent = self.send(octets)
        ident, response = self.receive()
        assert ident == sent
        return response

    def call(self, method, payload=b"", timeout_ms=20000, **envelope):
        if not isinstance(payload, bytes):
            payload = payload.SerializeToString()
        return self.ask(Request(method=method, payload=payload, timeout_ms=timeout_ms,
                                **envelope).SerializeToString())

    def check(self, *asked, timeout_ms=20000, **fields):
        return self.call(CHECK, CheckDomainsRequest(names=asked, **fields), timeout_ms)


def enum_name(message, field):
    """The name of an enum field's value."""
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return values[getattr(message, field)].name


def status(response):
    """(code's name, field)"""
    return Status.Code.Name(response.status.code), response.status.field


def answer(response, kind=CheckDomainsResponse):
    """The payload of a call that must have been answered."""
    assert response.status.code == 0, response.status
    return kind.FromString(response.payload)


def verdict(result):
    return Result.Verdict.Name(result.verdict), Result.Reason.Name(result.reason)


def results(response):
    """{name: (verdict, reason)}"""
    return {result.name: verdict(result) for result in answer(response).results}


def decision(response):
    return CheckDomainsResponse.Decision.Name(answer(response).decision)


def one(response):
    """The only result."""
    found = answer(response).results
    assert len(found) == 1
    return found[0]
