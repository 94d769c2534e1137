"""clients.py - who asks: caactl load, the echo client, dnsperf, a DNS ping. Each
call is one short round and returns a dictionary of figures."""
import json
import os
import re
import struct
import subprocess

import dns.message
import dns.query

from servers import Costs

METHOD = "caa.v1.CaaService/CheckDomains"
ID_DIGITS = "#" * 16            # echo.c writes a number there


class BenchError(Exception):
    """A round that says nothing: the text says why."""


def run(argv, seconds):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=seconds + 60, check=False)
    if done.returncode != 0:
        raise BenchError("%s: exit %d: %s" % (" ".join(argv), done.returncode, done.stderr.strip()))
    return done.stdout


def names_file(servers, label, count, template):
    """A file of names: template with the number."""
    path = servers.path(label + ".names")
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as file:
            for number in range(count):
                file.write(template.format(n=number, p=number // 1000 % 1000) + "\n")
    return path


# -- protobuf by hand: the bench needs two messages --------------------------

def field(number, value):
    octets = value.encode() if isinstance(value, str) else value
    length = bytearray()
    rest = len(octets)
    while rest > 0x7f:
        length.append(rest & 0x7f | 0x80)
        rest >>= 7
    return bytes([number << 3 | 2]) + bytes(length) + bytes([rest]) + octets


def messages_file(servers, label, names_path, limit=1000):
    """The same requests as caactl load sends, for echo.c."""
    path = servers.path(label + ".messages")
    with open(names_path, encoding="ascii") as names, open(path, "wb") as out:
        for _, name in zip(range(limit), names):
            message = (field(1, METHOD) + field(2, "load-" + ID_DIGITS + "-" + "0" * 16)
                       + b"\x18\xac\x4d"        # timeout_ms: 9900
                       + field(4, field(1, "caller") + field(2, "caactl"))
                       + field(5, field(6, name.strip())))
            out.write(struct.pack(">I", len(message)) + message)
    return path


# -- one round each ----------------------------------------------------------

def load(servers, caad, names, seconds, in_flight=64, batch=1, requests=0, options=()):
    """caactl load; adds CPU seconds of caad and its DNS queries."""
    argv = [servers.tool("caactl"), "--server", caad.url, "load", "-O", "json",
            "--names", names, "-c", str(in_flight), "--batch", str(batch), *options]
    argv += ["-n", str(requests)] if requests else ["-z", "%dms" % round(seconds * 1000)]
    before = queries(caad)
    with Costs(caad.process.pid) as costs:
        report = json.loads(run(argv, seconds))
    asked = queries(caad) - before
    figures = report["metrics"]
    if figures["errors"] or not figures["requests"]:
        raise BenchError("caactl load: %s" % report["statuses"])
    if figures["failed"]:
        raise BenchError("caactl load: %s" % report["verdicts"])
    return dict(figures, cpu_us=1e6 * costs.cpu_s / figures["requests"],
                name_cpu_us=1e6 * costs.cpu_s / figures["names"],
                dns_rate=asked / report["seconds"], dns_per_name=asked / figures["names"])


def queries(caad):
    return caad.stats()["caad_dns_queries_total{transport=UDP}"]


def echo(servers, url, pid, messages, seconds, in_flight=64, reply=None):
    """The echo client against any server; adds the server's CPU seconds."""
    argv = [servers.tool("bench_echo"), "ask", url, str(in_flight), str(seconds), messages]
    with Costs(pid) as costs:
        figures = json.loads(run(argv + ([reply] if reply else []), seconds))
    return dict(figures, cpu_us=1e6 * costs.cpu_s / figures["answered"])


def dnsperf(servers, resolver, queries_path, seconds, in_flight=100):
    port = resolver.rpartition(":")[2]
    text = run(["dnsperf", "-s", "127.0.0.1", "-p", port, "-d", queries_path, "-l", str(seconds),
                "-e", "-D", "-q", str(in_flight)], seconds)
    rate = re.search(r"Queries per second:\s+([\d.]+)", text)
    lost = re.search(r"Queries lost:\s+(\d+)", text)
    if not rate:
        raise BenchError("dnsperf: " + text)
    return {"rate": float(rate.group(1)), "lost": int(lost.group(1)) if lost else 0}


def dns_ping(servers, resolver, names, seconds):
    address, _, port = resolver.rpartition(":")
    return json.loads(run([servers.tool("bench_dns_ping"), address, port, str(seconds), names],
                          seconds))


def record_bytes(resolver, names_path):
    """Octets of a name and of its DNS response, which the cache keeps for the audit."""
    with open(names_path, encoding="ascii") as names:
        name = names.readline().strip()
    address, _, port = resolver.rpartition(":")
    question = dns.message.make_query(name, "CAA", use_edns=0, want_dnssec=True)
    response = dns.query.udp(question, address, port=int(port), timeout=5)
    return len(name) + 1 + len(response.to_wire())


def dnsperf_file(servers, names_path, limit=200000):
    """Every level of every name, as the climb asks them."""
    path = names_path + ".dnsperf"
    if not os.path.exists(path):
        with open(names_path, encoding="ascii") as names, open(path, "w", encoding="ascii") as out:
            for _, line in zip(range(limit), names):
                labels = line.strip().split(".")
                for level in range(len(labels)):
                    out.write(".".join(labels[level:]) + " CAA\n")
    return path
