"""From start to end: configuration, signals, sockets, and resolvers that come late."""
import json
import os
import signal
import subprocess
import threading
import time

import pytest

import raw
import wire
from daemon import BIN, Daemon

GOOD = "www.example.test"
HealthCheckResponse = wire.MESSAGES["caa.v1.HealthCheckResponse"]
SERVING, NOT_SERVING = 1, 2


def health(peer):
    return wire.answer(peer.call(raw.HEALTH), HealthCheckResponse)


def until(true, what, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "gave up waiting for " + what
        time.sleep(0.05)


def run(*args, **options):
    return subprocess.run([os.path.join(BIN, "caad"), *args], capture_output=True, text=True,
                          timeout=60, check=False, **options)


# ---------------------------------------------------------------------- the end

def test_sigterm_answers_every_call_in_flight(lab):
    with Daemon([lab.fault], resolver={"timeout_ms": 8000}) as caad:
        peers = [wire.Caller.to(caad.url, timeout=40) for _ in range(12)]
        watcher = wire.Caller.to(caad.url, timeout=40)
        answers = []

        def ask(number):
            response = peers[number].check(f"n{number}.delay-1500ms.direct")
            answers.append(wire.one(response))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        until(lambda: caad.stats()["caad_rpc_in_flight"] == 12, "the calls to be in flight")
        caad.process.send_signal(signal.SIGTERM)
        until(lambda: health(watcher).status == NOT_SERVING, "draining")
        assert health(watcher).parts[0].message == "draining"
        refused = watcher.check(GOOD)
        assert wire.status(refused) == ("UNAVAILABLE", "") and "drain" in refused.status.message
        for thread in threads:
            thread.join()
        assert caad.process.wait(30) == 0, caad.log_text()
        assert [wire.verdict(result) for result in answers] == [
            ("PERMITTED", "ISSUER_AUTHORIZED")] * 12
        assert not os.path.exists(caad.url[len("ipc://"):])
        for peer in peers + [watcher]:
            peer.stream.close()


def test_sigint_ends_an_idle_daemon(lab):
    with Daemon([lab.resolver]) as caad:
        caad.process.send_signal(signal.SIGINT)
        assert caad.process.wait(30) == 0
        assert caad.log()[-1]["msg"] == "stopped"


def test_drain_ends_the_daemon(lab):
    with Daemon([lab.resolver]) as caad:
        with wire.Caller.to(caad.url) as peer:
            response = peer.call("caa.v1.AdminService/Drain")
            assert wire.answer(response, wire.MESSAGES["caa.v1.DrainResponse"]).in_flight == 0
        assert caad.process.wait(30) == 0


# -------------------------------------------------------------------- reloading

def test_sighup_loads_a_good_configuration_and_keeps_the_old_one_else(lab):
    with Daemon([lab.resolver]) as caad, wire.Caller.to(caad.url) as peer:
        assert wire.status(peer.check(GOOD, product="Gold"))[0] == "INVALID_ARGUMENT"
        caad.config["products"] = caad.config["products"] + [
            {"name": "Gold", "issuer_domain_names": ["other-ca.example"]}]
        caad.write_config()
        caad.process.send_signal(signal.SIGHUP)
        caad.wait_for("configuration reloaded")
        assert wire.results(peer.check("shop.example.test", product="Gold")) == {
            "shop.example.test": ("PERMITTED", "ISSUER_AUTHORIZED")}

        with open(caad.config_path, "w", encoding="utf-8") as file:
            file.write("issuer_domain_names: [globalsign.com]\nlimits:\n  max_names: many\n")
        caad.process.send_signal(signal.SIGHUP)
        caad.wait_for("configuration not reloaded; the old one stays")
        reason = [line for line in caad.log() if "not reloaded" in line["msg"]][0]["reason"]
        assert f"{caad.config_path}:3" in reason and "max_names" in reason
        assert wire.decision(peer.check("shop.example.test", product="Gold")) == "PERMITTED"


def test_sighup_before_the_resolver_answers_is_survived(lab):
    with Daemon([lab.silent], ready=False) as caad, wire.Caller.to(caad.url) as peer:
        for _ in range(20):
            caad.process.send_signal(signal.SIGHUP)
        caad.wait_for("configuration reloaded")
        assert health(peer).status == NOT_SERVING


# ---------------------------------------------------------------- configuration

@pytest.fixture
def config(tmp_path):
    """Writes a configuration file; returns its path."""
    def write(text):
        path = tmp_path / "caad.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)
    return write


def test_check_config_passes_a_good_file(config):
    path = config("issuer_domain_names: [globalsign.com]\naudit: {store: none}\n")
    done = run("--config", path, "--check-config")
    assert (done.returncode, done.stderr) == (0, "")
    assert path in done.stdout


BAD = [
    ("audit: {store: none}\n", 1, "issuer_domain_names"),
    ("issuer_domain_names: [globalsign.com]\nresolvers: {}\n", 2, "resolvers"),
    ("issuer_domain_names: [globalsign.com]\n\nresolver:\n  attempts: none\n", 4, "attempts"),
    ("issuer_domain_names: [globalsign.com]\nresolver: {servers: [\"dns.example:53\"]}\n", 2, "servers"),
    ("issuer_domain_names: [globalsign.com]\nlisten: [\n", 2, ""),
    ("issuer_domain_names: globalsign.com\n", 1, "issuer_domain_names"),
]


@pytest.mark.parametrize("text, line, words", BAD, ids=[row[2] or "yaml" for row in BAD])
@pytest.mark.parametrize("options", [["--check-config"], []], ids=["check", "start"])
def test_a_bad_file_ends_with_status_2_and_its_line(config, text, line, words, options):
    path = config(text)
    done = run("--config", path, *options)
    assert done.returncode == 2, done
    assert words in done.stderr and path in done.stderr
    assert any(f"{path}:{n}" in done.stderr for n in (line, line + 1)), done.stderr


@pytest.mark.parametrize("args", [[], ["--config"], ["--nonsense"], ["--config", "/nonexistent"],
                                  ["--config", "/"], ["--config", "x", "y"]], ids=" ".join)
def test_a_wrong_command_line_ends_with_status_2(args):
    done = run(*args)
    assert done.returncode == 2 and done.stderr and not done.stdout


# ---------------------------------------------------------------------- sockets

def test_a_second_daemon_on_the_socket_is_refused_without_harm(lab):
    with Daemon([lab.resolver]) as caad, wire.Caller.to(caad.url) as peer:
        done = run("--config", caad.config_path)
        assert done.returncode == 1
        last = [json.loads(line) for line in done.stderr.splitlines() if "cannot listen" in line]
        assert "another process listens there" in last[0]["reason"]
        assert wire.decision(peer.check(GOOD)) == "PERMITTED"
        with wire.Caller.to(caad.url) as newcomer:
            assert wire.decision(newcomer.check(GOOD)) == "PERMITTED"


def test_a_left_over_socket_file_is_taken_over(lab):
    with Daemon([lab.resolver]) as caad:
        caad.kill()
        assert os.path.exists(caad.url[len("ipc://"):])
        os.truncate(caad.log_path, 0)
        caad.start()
        assert caad.check(GOOD)["decision"] == "PERMITTED"


@pytest.mark.parametrize("mode", ["0600", "0660", "0666"])
def test_the_socket_has_the_mode_that_was_asked_for(lab, mode):
    with Daemon([lab.resolver]) as caad:
        caad.stop()
        caad.config["listen"][0]["mode"] = mode
        os.truncate(caad.log_path, 0)
        caad.start()
        assert oct(os.stat(caad.url[len("ipc://"):]).st_mode)[-4:] == mode


def test_a_socket_that_cannot_be_made_ends_the_daemon_with_its_url(lab, config):
    url = "ipc:///nonexistent/caad.sock"
    path = config(json.dumps({
        "issuer_domain_names": ["globalsign.com"], "listen": [{"url": url}],
        "resolver": {"servers": [lab.resolver]}, "audit": {"store": "none"},
        "metrics": {"listen": "none"}}))
    done = run("--config", path)
    assert done.returncode in (1, 2) and url in done.stderr


# -------------------------------------------------------------- late resolvers

@pytest.mark.parametrize("down, up", [
    (lambda lab: lab.stop("fault"), lambda lab: lab.start("fault")),
    (lambda lab: lab.set_mode("silent"), lambda lab: lab.set_mode("normal")),
    (lambda lab: lab.set_mode("servfail"), lambda lab: lab.set_mode("normal")),
    (lambda lab: lab.set_mode("nonvalidating"), lambda lab: lab.set_mode("normal")),
], ids=["stopped", "silent", "servfail", "nonvalidating"])
def test_without_a_good_resolver_nothing_is_permitted_until_there_is_one(lab, down, up):
    down(lab)
    try:
        with Daemon([lab.fault], ready=False) as caad, wire.Caller.to(caad.url) as peer:
            until(lambda: "being tested" not in health(peer).parts[1].message, "the first test")
            whole, resolver, audit = health(peer).parts
            assert (whole.status, resolver.status, audit.status) == (
                NOT_SERVING, NOT_SERVING, SERVING)
            assert "no configured resolver answers" in resolver.message
            result = wire.one(peer.check("www.ok.direct"))
            assert wire.verdict(result) == ("LOOKUP_FAILED", "RESOLVER_UNAVAILABLE")
            assert result.retryable and "our own DNS resolver" in result.message
            # What needs no resolver is still answered.
            assert wire.results(peer.check("192.0.2.1"))["192.0.2.1"][0] == "EXEMPT"
            up(lab)
            caad.wait_for("ready")
            assert health(peer).status == SERVING
            assert wire.decision(peer.check("www.ok.direct")) == "PERMITTED"
    finally:
        lab.start("fault")
        lab.set_mode("normal")
