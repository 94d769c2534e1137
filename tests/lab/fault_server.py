#!/usr/bin/python3
"""fault_server.py - broken authorities and broken resolvers, in one process.

What is answered is chosen by the labels of the query name: the tables are in
faults.py.  This file sends the answers, spoiled as the modifiers say.

Ports: --port answers UDP and TCP; --udp-only-port answers UDP and has TCP
closed (so TC=1 there is a dead end); --silent-port takes everything on both
and never answers.  The control socket takes one JSON line {"call", "args"}
for a connection: counts, reset, set_mode.
"""
import argparse
import asyncio
import collections
import json
import os
import re
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype

import faults

# How the server behaves as a whole, whatever the name.
MODES = {
    "normal": "as the labels say; AD set",
    "nonvalidating": "AD never set; `bogus` names answer as if all were well",
    "noedns": "as a resolver that knows no EDNS: no OPT in any reply",
    "servfail": "SERVFAIL to everything", "refused": "REFUSED to everything",
    "silent": "no answer to anything",
}
POINTER = b"\xc0\x0c"       # where make_response's question name stands


class State:
    def __init__(self):
        self.counts = collections.Counter()     # "name TYPE" -> queries
        self.failed = collections.Counter()     # the same, for flaky-N and drop-N
        self.mode = "normal"


class Exchange:
    """One query and what becomes of it."""

    def __init__(self, state, wire, tcp):
        self.tcp = tcp
        self.query = dns.message.from_wire(wire, ignore_trailing=True)
        self.wire = wire
        self.question = self.query.question[0]
        self.key = "%s %s" % (self.question.name.to_text().lower(),
                              dns.rdatatype.to_text(self.question.rdtype))
        content, self.modifiers, self.zone = faults.plan(self.question.name)
        self.state = state
        self.numbers = {}       # delay-200ms -> numbers["delay"] = 200
        for label in self.modifiers:
            stem, _, rest = label.partition("-")
            self.numbers[stem] = int(re.match(r"\d*", rest).group() or 0)
        self.content = self.flaky(content)

    def flaky(self, content):
        """The content of this query, given how often it was asked before."""
        failed = self.state.failed
        for label in self.modifiers:
            stem, _, rest = label.partition("-")
            if stem not in ("flaky", "drop"):
                continue
            number, _, what = rest.partition("-")
            # A query with CD is a second look at the failure before it, not
            # another attempt: it gets the same and counts for nothing.
            look_back = 1 if self.query.flags & dns.flags.CD else 0
            if failed[self.key] - look_back < int(number):
                failed[self.key] += 1 - look_back
                return "silent" if stem == "drop" else what or "servfail"
        return content

    def has(self, modifier):
        return modifier in self.modifiers

    def reply(self):
        """The reply's octets, or None for silence."""
        mode = self.state.mode
        if mode == "silent":
            return None
        if mode in ("servfail", "refused"):
            message = faults.compose(self.query, mode, self.zone)
        elif self.question.name == dns.name.root:
            message = faults.root(self.query)
        else:
            content = self.content
            if mode == "nonvalidating" and content == "bogus":
                content = "ok" if self.question.rdtype == dns.rdatatype.CAA else "none"
            message = faults.compose(self.query, content, self.zone)
        if message is None:
            return None
        self.adjust(message)
        if self.has("oversize"):
            owner = self.question.name
            message.answer.append(faults.rrset(owner, "CAA", [faults.issue(b"pad%d.example" % n)
                                                              for n in range(200)]))
        wire = message.to_wire(max_size=65535, want_shuffle=False)
        if self.content == "ttlneg":
            wire = wire.replace(struct.pack("!I", 0x7fffffff), struct.pack("!I", 0x80000001))
        return self.spoil(self.limit(message, wire))

    def adjust(self, message):
        """Modifiers that are a matter of flags and sections."""
        mode = self.state.mode
        if self.has("noad") or mode == "nonvalidating":
            message.flags &= ~dns.flags.AD
        if self.has("noaa"):
            message.flags &= ~dns.flags.AA
        if self.has("noopt") or mode == "noedns":
            message.use_edns(False)
        if self.has("badquestion"):
            message.question[0].name = dns.name.from_text("another.example.")
        if self.has("badtype"):
            message.question[0].rdtype = dns.rdatatype.TXT
        if self.has("noquestion"):
            message.question = []
        if self.has("othername") and message.answer:
            message.answer[0].name = dns.name.from_text("another.example.")

    def limit(self, message, wire):
        """Truncation, real or feigned."""
        feigned = {"tc", "tctcp", "tcclose", "tchalf", "tcsilent", "tcpart"} & set(self.modifiers)
        room = max(512, min(self.query.payload, 1232)) if self.query.edns >= 0 else 512
        too_big = len(wire) > room and not self.has("oversize")
        if (self.tcp and not self.has("tctcp")) or not (feigned or too_big):
            return wire
        message.flags |= dns.flags.TC
        if not self.has("tcpart"):
            message.answer, message.authority = [], []
        return message.to_wire(max_size=65535)

    def spoil(self, wire):
        """Modifiers that are a matter of octets."""
        def put(position, octets):
            return wire[:position] + octets + wire[position + len(octets):]
        # The first record: behind the header and the question.
        first = 12 + len(self.question.name.to_wire()) + 4
        if self.has("badid"):
            wire = put(0, bytes([wire[0] ^ 0x55, wire[1]]))
        if self.has("qrclear"):
            wire = put(2, bytes([wire[2] & 0x7f]))
        if self.has("ptrloop"):
            wire = put(first, struct.pack("!H", 0xc000 | first))
        if self.has("ptrforward"):
            wire = put(first, b"\xff\xf0")
        if self.has("countmany"):
            wire = put(6, b"\xff\xff")
        if self.has("countmore"):
            wire = put(6, struct.pack("!H", struct.unpack("!H", wire[6:8])[0] + 1))
        if self.has("countless"):
            wire = put(6, b"\0\0")
        if self.has("rdlen"):
            wire = put(first + 10, b"\xff\xf0")
        if self.has("qr0"):
            wire = self.wire
        if self.has("cut"):
            wire = wire[:len(wire) // 2]
        if self.has("header"):
            wire = wire[:12]
        if self.has("short"):
            wire = wire[:11]
        if self.has("trailing"):
            wire += b"trailing octets"
        return wire


def exchange(state, wire, tcp):
    """Note the query; None for what is no query."""
    try:
        result = Exchange(state, wire, tcp)
    except (dns.exception.DNSException, IndexError):
        return None
    state.counts[result.key] += 1
    return result


class Udp(asyncio.DatagramProtocol):
    def __init__(self, state):
        self.state = state

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        found = exchange(self.state, data, tcp=False)
        if found is not None:
            delay = found.numbers.get("delay", 0) / 1000
            asyncio.get_running_loop().call_later(delay, self.send, found, addr)

    def send(self, found, addr):
        wire = found.reply()
        if wire is None:
            return
        if found.has("otherport") or found.has("otheraddr"):
            address = "127.0.0.2" if found.has("otheraddr") else "127.0.0.1"
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind((address, 0))
                other.sendto(wire, addr)
            return
        if found.has("spoof"):
            forged = faults.compose(found.query, "ok", found.zone).to_wire()
            self.transport.sendto(bytes([forged[0] ^ 0x55]) + forged[1:], addr)
        for _ in range(2 if found.has("dup") else 1):
            self.transport.sendto(wire, addr)


async def tcp_client(state, reader, writer):
    try:
        while True:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            found = exchange(state, await reader.readexactly(length), tcp=True)
            # Each query by itself: a late answer must not hold up the next one
            # on the same connection (RFC 7766 section 6.2.1.1).
            asyncio.ensure_future(tcp_answer(found, writer))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def tcp_answer(found, writer):
    if found is None or found.has("tcsilent"):
        return
    if found.has("tcclose"):
        writer.close()
        return
    await asyncio.sleep(found.numbers.get("delay", 0) / 1000)
    wire = found.reply()
    if wire is None or writer.is_closing():
        return
    framed = struct.pack("!H", len(wire)) + wire
    if found.has("tchalf"):
        writer.write(framed[:len(framed) // 2])
        writer.close()
        return
    writer.write(framed)


async def control_client(state, reader, writer):
    def set_mode(mode):
        if mode not in MODES:
            raise ValueError("no such mode; there are: " + ", ".join(MODES))
        state.mode = mode

    def reset():
        state.counts.clear()
        state.failed.clear()

    calls = {"counts": lambda: dict(state.counts), "reset": reset, "set_mode": set_mode}
    try:
        request = json.loads(await reader.readline())
        answer = {"result": calls[request["call"]](*request.get("args", []))}
    except (ValueError, KeyError, TypeError) as error:
        answer = {"error": "%s: %s" % (type(error).__name__, error)}
    writer.write((json.dumps(answer) + "\n").encode())
    writer.close()


def silent_sockets(port):
    """Take queries and connections and never read them."""
    held = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        held.append(socket.socket(socket.AF_INET, kind))
        held[-1].bind(("127.0.0.1", port))
    held[-1].listen(100)
    return held


async def serve(args):
    loop = asyncio.get_running_loop()
    state = State()
    held = silent_sockets(args.silent_port)
    for port in (args.port, args.udp_only_port):
        await loop.create_datagram_endpoint(lambda: Udp(state), local_addr=("127.0.0.1", port))
    await asyncio.start_server(lambda r, w: tcp_client(state, r, w), "127.0.0.1", args.port)
    if os.path.exists(args.control):
        os.unlink(args.control)
    await asyncio.start_unix_server(lambda r, w: control_client(state, r, w), args.control)
    await asyncio.Event().wait()
    del held


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--port", "--udp-only-port", "--silent-port"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--control", required=True, help="path of the control socket")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
