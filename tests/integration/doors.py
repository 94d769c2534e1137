"""doors.py - a daemon with a TLS door, and clients of every kind for it."""
import os
import re
import socket
import ssl
import subprocess
import time

import raw
from certs import Pki
from daemon import BIN, Daemon

with open(os.path.join(BIN, "caad"), "rb") as program:
    SANITIZED = re.search(rb"__[at]san_init", program.read()) is not None
# Bounds of time and memory are for the program as it is shipped.
LENIENT = 10 if SANITIZED else 1

NAME = "caad.test"      # in the daemon's certificate: mbedTLS 2 knows no addresses there


def eventually(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_pki(directory):
    """The daemon's CA and certificate, and clients good and bad."""
    pki = Pki(directory)
    for ca in "ca", "other-ca":
        pki.ca(ca)
    pki.leaf("server", "ca", san=f"DNS:{NAME}")
    pki.leaf("client", "ca")
    pki.leaf("stranger", "other-ca")
    pki.leaf("expired", "ca", days=(-3, -1))
    pki.leaf("not-yet", "ca", days=(2, 9))
    return pki


class TlsDaemon(Daemon):
    """Listens on ipc for check and admin, on tls+tcp for check."""

    def __init__(self, servers, pki, **config):
        super().__init__(servers, **config)
        self.pki = pki
        self.port = free_port()
        self.tls_url = f"tls+tcp://127.0.0.1:{self.port}"
        self.config["listen"].append({
            "url": self.tls_url, "roles": ["check"],
            "tls": {"cert": pki.cert("server"), "key": pki.key("server"),
                    "client_ca": pki.cert("ca")}})

    def tls_caactl(self, client, *args, ca="ca"):
        """caactl through the TLS door, as this client (None: no certificate)."""
        own = client and ["--tls-cert", self.pki.cert(client), "--tls-key", self.pki.key(client)]
        return subprocess.run(
            [os.path.join(BIN, "caactl"), "--server", self.tls_url, "--timeout", "3s",
             "--tls-ca", self.pki.cert(ca), "--tls-name", NAME, *(own or []), *args],
            capture_output=True, text=True, timeout=30, check=False)

    def tls_stream(self, client="client", ca="ca", **limits):
        """A TLS connection after its handshake."""
        context = ssl.create_default_context(cafile=self.pki.cert(ca))
        context.minimum_version = limits.get("minimum", ssl.TLSVersion.TLSv1_2)
        context.maximum_version = limits.get("maximum", ssl.TLSVersion.MAXIMUM_SUPPORTED)
        if "ciphers" in limits:
            context.set_ciphers(limits["ciphers"])
        if client:
            context.load_cert_chain(self.pki.cert(client), self.pki.key(client))
        plain = socket.create_connection(("127.0.0.1", self.port), 5)
        try:
            return context.wrap_socket(plain, server_hostname=NAME)
        except BaseException:
            plain.close()
            raise

    def tls_connection(self, client="client", ca="ca"):
        return raw.Connection(self.tls_stream(client, ca), is_ipc=False)

    def served_serial(self, ca="ca"):
        """Serial number of the certificate that a new connection is shown."""
        with self.tls_stream(ca=ca) as stream:
            return stream.getpeercert()["serialNumber"]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status
                        if line.startswith("VmRSS:"))
