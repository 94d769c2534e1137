"""raw.py - the wire itself, for what no well-behaved client does: half a
handshake, garbage, a request whose reply is never read, ten times the load.

    with Connection.to(caad.url) as peer:
        reply = peer.call("caa.v1.HealthService/Check")
"""
import itertools
import socket
import struct

GREETING = b"\0SP\0\0\x30\0\0"          # of a requester (REQ0)
GREETING_BACK = b"\0SP\0\0\x31\0\0"     # of a replier (REP0)
HEALTH = "caa.v1.HealthService/Check"
CHECK = "caa.v1.CaaService/CheckDomains"


# ------------------------------------------------------------------- protobuf

def varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """A string, octets or a number, as protobuf writes field number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    octets = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(octets)) + octets


def fields(message):
    """{number: [values]}; varints as numbers, the rest as octets."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            octet = message[at]
            at += 1
            value |= (octet & 0x7f) << shift
            shift += 7
            if not octet & 0x80:
                return value

    while at < len(message):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 2:
            length = number()
            value = message[at:at + length]
            at += length
        else:
            at += 8 if key & 7 == 1 else 4
            continue
        found.setdefault(key >> 3, []).append(value)
    return found


def request(method, payload=b"", timeout_ms=10000, request_id=""):
    """An rpc.v1.Request."""
    return (field(1, method) + field(2, request_id) + field(3, timeout_ms)
            + field(5, payload))


def check_payload(*names, fresh=False, request_id="", product=""):
    """A caa.v1.CheckDomainsRequest."""
    out = field(1, request_id) + field(4, product)
    for name in names:
        out += field(6, name)
    return out + field(9, int(fresh))


class Reply:
    """An rpc.v1.Response."""

    def __init__(self, octets):
        response = fields(octets)
        status = fields(response.get(1, [b""])[0])
        self.code = status.get(1, [0])[0]
        self.message = status.get(2, [b""])[0].decode()
        self.retry_after_ms = status.get(4, [0])[0]
        self.request_id = response.get(2, [b""])[0].decode()
        self.payload = response.get(3, [b""])[0]

    @property
    def decision(self):
        return fields(self.payload).get(2, [0])[0]


# ----------------------------------------------------------------- connections

def dial(url, timeout=10):
    """A connected socket to a listener's URL, without any greeting."""
    scheme, _, rest = url.partition("://")
    if scheme == "ipc":
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(timeout)
        plain.connect(rest)
        return plain
    host, _, port = rest.rpartition(":")
    return socket.create_connection((host, int(port)), timeout)


class Connection:
    """One SP connection as REQ0 speaks it. Not for several threads."""

    def __init__(self, stream, is_ipc):
        self.stream = stream
        # nng's ipc marks each message with an octet of its own.
        self.mark = b"\x01" if is_ipc else b""
        self.ids = itertools.count(1)
        stream.sendall(GREETING)
        assert self.read(8) == GREETING_BACK

    @classmethod
    def to(cls, url, timeout=10):
        return cls(dial(url, timeout), url.startswith("ipc:"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def read(self, count):
        out = b""
        while len(out) < count:
            more = self.stream.recv(count - len(out))
            if not more:
                raise ConnectionResetError("the daemon closed the connection")
            out += more
        return out

    def frame(self, octets):
        """A message with a new request id; returns (id, what to send)."""
        ident = next(self.ids)
        return ident, (self.mark + struct.pack(">QI", len(octets) + 4, 0x80000000 | ident)
                       + octets)

    def send(self, octets):
        ident, framed = self.frame(octets)
        self.stream.sendall(framed)
        return ident

    def receive(self):
        """(id, Reply) of the next reply, whichever request it answers."""
        head = self.read(len(self.mark) + 12)
        length, ident = struct.unpack(">QI", head[len(self.mark):])
        return ident & 0x7fffffff, Reply(self.read(length - 4))

    def call(self, method, payload=b"", **options):
        sent = self.send(request(method, payload, **options))
        ident, reply = self.receive()
        assert ident == sent
        return reply
