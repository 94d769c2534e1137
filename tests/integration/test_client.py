"""What the components do: order, reissue and renewal with certificates made by openssl,
and a client of two daemons, one of which dies under load."""
import json
import os
import subprocess
import threading
import time

import pytest

from audit_stores import STORES, count
from certs import openssl
from daemon import BIN, Daemon

EXAMPLES = os.path.join(BIN, "..", "client", "examples")
CERTIFICATES = 500
NAMES = 30000


def example(name, *args, timeout=60):
    return subprocess.run([os.path.join(EXAMPLES, name), *map(str, args)], text=True,
                          capture_output=True, timeout=timeout, check=False)


def san(names):
    return "subjectAltName=" + ",".join("DNS:" + name for name in names)


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key.pem"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    return path


def make_csr(path, key, *names):
    openssl("req", "-new", "-key", key, "-subj", f"/CN={names[0]}", "-addext", san(names),
            "-out", path)
    return path


def make_certificate(path, key, days, *names):
    openssl("req", "-x509", "-new", "-key", key, "-subj", f"/CN={names[0]}", "-addext",
            san(names), "-days", str(days), "-out", path)
    return path


def test_an_order_names_what_may_be_issued(caad, key, tmp_path):
    good = make_csr(tmp_path / "good.pem", key, "www.example.test", "a.b.example.test")
    done = example("order", caad.url, "order-1", good)
    assert done.returncode == 0, done.stderr
    assert "issue   www.example.test (ISSUER_AUTHORIZED)" in done.stdout
    bad = make_csr(tmp_path / "bad.pem", key, "www.example.test", "shop.example.test",
                   "www.none.test")
    done = example("order", caad.url, "order-2", bad)
    print(done.stdout)
    assert done.returncode == 1
    assert "issue   www.none.test (NO_CAA_RECORDS)" in done.stdout
    assert "refuse  shop.example.test (ISSUER_NOT_AUTHORIZED)" in done.stdout
    assert 'CAA 0 issue "globalsign.com"' in done.stdout


def test_a_reissue_says_what_was_added(caad, key, tmp_path):
    old = make_certificate(tmp_path / "old.pem", key, 90, "www.example.test", "old.none.test")
    csr = make_csr(tmp_path / "new.pem", key, "www.example.test", "shop.example.test")
    done = example("reissue", caad.url, "order-3", old, csr)
    print(done.stdout)
    assert done.returncode == 1, done.stderr
    assert "kept    issue   www.example.test" in done.stdout
    assert "added   refuse  shop.example.test" in done.stdout
    assert "dropped         old.none.test" in done.stdout


@pytest.fixture(scope="session")
def folder(key, tmp_path_factory):
    """Of every ten certificates one will be refused, and two end only next year."""
    path = tmp_path_factory.mktemp("certificates")
    for number in range(CERTIFICATES):
        name = "shop.example.test" if number % 10 == 0 else f"c{number}.none.test"
        make_certificate(path / f"c{number:03}.pem", key, 365 if number % 10 > 7 else 20,
                         name, f"www{number}.example.test")
    return path


def test_a_folder_of_certificates_is_checked_for_renewal(caad, folder):
    begin = time.monotonic()
    done = example("renewal", caad.url, 30, folder)
    took = time.monotonic() - begin
    print(f"renewal: {CERTIFICATES} certificates in {took * 1000:.0f} ms: "
          + done.stdout.splitlines()[-1])
    assert done.returncode == 1, done.stderr
    expiring, refused = CERTIFICATES * 8 // 10, CERTIFICATES // 10
    assert (f"{expiring} certificates checked, {refused} would be refused, 0 could not be "
            "checked, 0 files not readable") in done.stdout
    assert done.stdout.count("shop.example.test: DENIED") == refused
    assert took < 10


def test_renewal_tells_of_files_it_cannot_read(caad, key, tmp_path):
    make_certificate(tmp_path / "good.pem", key, 5, "www.example.test")
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")
    done = example("renewal", caad.url, 30, tmp_path)
    assert done.returncode == 2
    assert "broken.pem is no certificate" in done.stderr
    assert "1 certificates checked" in done.stdout


class Arrivals:
    """Reads a scan's output and notes the longest time without a line."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self.longest = 0
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        before = None
        for line in self.process.stdout:
            now = time.monotonic()
            if before:
                self.longest = max(self.longest, now - before)
            before = now
            self.lines.append(json.loads(line)["line"])

    def wait_for(self, count):
        end = time.monotonic() + 60
        while len(self.lines) < count and time.monotonic() < end:
            time.sleep(0.005)
        assert len(self.lines) >= count


@pytest.mark.parametrize("kind", sorted(STORES))
def test_a_daemon_that_dies_under_load_loses_and_doubles_nothing(lab, kind):
    """Both daemons write to one store; the client has both, and one request in ten names."""
    with STORES[kind]() as store, Daemon([lab.resolver], audit={"store": store.url}) as one, \
            Daemon([lab.resolver2], instance="test2", audit={"store": store.url}) as two:
        process = subprocess.Popen(
            [os.path.join(BIN, "caactl"), "--server", one.url, "--server", two.url, "scan", "-",
             "--batch", "10", "--concurrency", "32"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        arrivals = Arrivals(process)
        feeder = threading.Thread(target=feed, args=(process.stdin,))
        feeder.start()
        arrivals.wait_for(NAMES // 3)
        one.kill()
        feeder.join()
        arrivals.thread.join(120)
        message = process.stderr.read()
        assert process.wait() == 0, message
        records = count(store)
        distinct = int(store.query(
            "SELECT count(DISTINCT request_id) FROM audit_record")[0][0])
        requests = NAMES // 10
        print(f"{kind}: {requests} requests, lost {NAMES - len(set(arrivals.lines))} names, "
              f"records {records}, doubled {records - distinct}, longest pause "
              f"{arrivals.longest * 1000:.0f} ms")
        assert sorted(arrivals.lines) == list(range(1, NAMES + 1))
        assert records == distinct == requests
        assert arrivals.longest < 5


def feed(stream):
    with stream:
        for number in range(NAMES):
            stream.write(f"h{number % 5000}.none.test\n")
