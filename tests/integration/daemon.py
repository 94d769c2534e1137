"""daemon.py - the real caad and caactl, against the lab.

    with Lab() as lab, Daemon([lab.resolver]) as caad:
        response = caad.check("www.example.test")
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("CAAD_BIN") or os.path.join(HERE, "..", "..", "build", "dev", "bin")

PRODUCTS = [
    {"name": "DV"},
    {"name": "EV"},
    {"name": "IntranetSSL", "caa": "exempt"},
    {"name": "PersonalSign", "certificate": "smime"},
    {"name": "Mark", "certificate": "vmc"},
]


def caa_queries(lab):
    """{name: CAA queries that reached the fault server} since its last reset."""
    counts = {key.rpartition(" ")[::2]: count for key, count in lab.counts().items()}
    return {name.rstrip("."): count for (name, rtype), count in counts.items() if rtype == "CAA"}


class Daemon:
    """A running caad. config: keys laid over the defaults below (JSON is YAML)."""

    program = os.path.join(BIN, "caad")
    environment = None      # the test's own

    def __init__(self, servers, ready=True, **config):
        self.dir = tempfile.mkdtemp(prefix="caad-it-")
        self.url = f"ipc://{self.dir}/caad.sock"
        self.ready = ready
        self.process = None
        self.config = {
            "issuer_domain_names": ["globalsign.com"],
            "instance": "test",
            "listen": [{"url": self.url, "mode": "0600", "roles": ["check", "admin"]}],
            "resolver": {"servers": list(servers)},
            "products": PRODUCTS,
            "audit": {"store": "none"},
            "metrics": {"listen": "none"},
        }
        for key, value in config.items():
            if isinstance(value, dict) and isinstance(self.config.get(key), dict):
                self.config[key] = {**self.config[key], **value}
            else:
                self.config[key] = value

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.process and self.process.poll() is None:
                self.stop()
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.dir, ignore_errors=True)

    def write_config(self):
        self.config_path = os.path.join(self.dir, "caad.yaml")
        with open(self.config_path, "w", encoding="utf-8") as file:
            json.dump(self.config, file)

    def start(self):
        self.write_config()
        self.log_path = os.path.join(self.dir, "log")
        with open(self.log_path, "ab") as log:
            earlier = log.tell()     # what an earlier run wrote is not this one's
            self.process = subprocess.Popen(
                [self.program, "--config", self.config_path], stderr=log, env=self.environment)
        self.wait_for("ready" if self.ready else "listening", since=earlier)

    def wait_for(self, message, seconds=15, since=0):
        """Waits for a log line with this message, after the first since octets."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(line.get("msg") == message for line in self.log(since)):
                return
            if self.process.poll() is not None:
                raise AssertionError(f"caad ended: {self.log_text()}")
            time.sleep(0.02)
        raise AssertionError(f"no log line {message!r}: {self.log_text()}")

    def log_text(self, since=0):
        with open(self.log_path, "rb") as file:
            file.seek(since)
            return file.read().decode(errors="replace")

    def log(self, since=0):
        lines = []
        for line in self.log_text(since).splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                pass
        return lines

    def stop(self, seconds=30):
        """SIGTERM; the exit status must be 0 (a sanitizer's report changes it)."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        assert status == 0, f"caad exited {status}: {self.log_text()}"

    def kill(self):
        """What a sanitizer had to say cannot change the exit status then."""
        self.process.kill()
        self.process.wait()
        text = self.log_text()
        assert "Sanitizer" not in text and "runtime error" not in text, text

    def caactl(self, *args, timeout=60, **options):
        return subprocess.run(
            [os.path.join(BIN, "caactl"), "--server", self.url, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, check=False,
            text=True, **options)

    def json(self, *args, status=(0, 1, 2)):
        done = self.caactl("--json", *args)
        assert done.returncode in status, (args, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def check(self, *args):
        return self.json("check", *args)

    def result(self, *args):
        results = self.check(*args)["results"]
        assert len(results) == 1
        return results[0]

    def stats(self):
        """{"name" or "name{labels}": value}"""
        return {
            stat["name"] + ("{%s}" % ",".join(stat["labels"]) if stat["labels"] else ""):
                stat["value"]
            for stat in self.json("stats")["stats"]
        }
