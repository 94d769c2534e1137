"""test_lab.py - the lab is what it says: it validates, it changes, it vanishes."""
import json
import os
import signal
import subprocess
import time

import dns.edns
import dns.flags
import dns.rcode
import dns.rdatatype
import pytest

from lab import Lab, LabError

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "lab.py")


@pytest.fixture(scope="module")
def lab():
    with Lab() as started:
        yield started


def texts(reply):
    return sorted(rdata.to_text() for rrset in reply.answer
                  if rrset.rdtype == dns.rdatatype.CAA for rdata in rrset)


def ad(reply):
    return bool(reply.flags & dns.flags.AD)


def ede(reply):
    """The codes of the reply's extended DNS errors (RFC 8914)."""
    return [option.code for option in reply.options if isinstance(option, dns.edns.EDEOption)]


# -- the chain of trust -----------------------------------------------------

@pytest.mark.parametrize("name", [".", "test", "example", "caatld", "example.test", "nsec3.example"])
def test_signed_zones_are_secure(lab, name):
    for part in ("resolver", "resolver2"):
        reply = lab.ask(part, name, "SOA")
        assert reply.rcode() == dns.rcode.NOERROR and ad(reply)


@pytest.mark.parametrize("name", ["none.test", "nothere.test", "ent.none.test", "nothere.nsec3.example",
                                  "ent.nsec3.example", "nothere.nosuchtld", "x.wild.none.test"])
def test_empty_answers_are_proved(lab, name):
    reply = lab.ask("resolver", name)
    assert ad(reply) and not texts(reply)


@pytest.mark.parametrize("name", ["ok.insecure", "none.insecure", "denied.plain.test", "ok.fault.test",
                                  "to-insecure.alias.test"])
def test_unsigned_answers_lack_ad(lab, name):
    reply = lab.ask("resolver", name)
    assert reply.rcode() == dns.rcode.NOERROR and not ad(reply)


@pytest.mark.parametrize("name,code", [
    ("ok.expired.test", 7), ("ok.notyet.test", 8), ("ok.unsigned.test", 9), ("ok.mismatch.test", 9),
    ("none.noproof.test", 12), ("ok.forged.test", 6), ("bogusalias.insecure", 7)])
def test_bogus_is_servfail_with_ede_and_answers_with_cd(lab, name, code):
    lab.flush()
    reply = lab.ask("resolver", name)
    assert reply.rcode() == dns.rcode.SERVFAIL and ede(reply) == [code]
    assert lab.ask("resolver", name, checking_disabled=True).rcode() == dns.rcode.NOERROR


def test_the_third_resolver_does_not_validate(lab):
    assert not ad(lab.ask("nonvalidating", "example.test"))
    assert texts(lab.ask("nonvalidating", "ok.expired.test")) == ['0 issue "globalsign.com"']


# -- content ----------------------------------------------------------------

@pytest.mark.parametrize("name,records", [
    ("example.test", ['0 issue "globalsign.com"']),
    ("empty.policy.test", ['0 issue ""']),
    ("nul.policy.test", [r'0 issue "globalsign.com\000.evil.example"']),
    ("mixedcase.policy.test", ['0 IsSuE "other-ca.example"']),
    ("twenty.alias.test", ['0 issue "other-ca.example"']),
    ("critical-130.policy.test", ['130 unheardof "x"'])])
def test_records_arrive_as_written(lab, name, records):
    assert texts(lab.ask("resolver", name)) == records


def test_big_rrsets_come_whole_over_tcp(lab):
    assert len(texts(lab.ask("resolver", "many.big.test"))) == 1000
    assert len(texts(lab.ask("resolver", "most.plain.test"))) == 4000


def test_ttls_are_kept(lab):
    for ttl in (0, 1, 60, 28799, 86400):
        assert lab.ask("resolver2", "ttl-%d.policy.test" % ttl).answer[0].ttl == ttl


def test_a_dead_authority_is_servfail_in_time(lab):
    for name in ("www.closed.fault.test", "www.silent.fault.test", "www.dropcaa.fault.test"):
        assert lab.ask("resolver", name, timeout=1.9).rcode() == dns.rcode.SERVFAIL


# -- changes ----------------------------------------------------------------

def test_an_edit_is_seen_at_once(lab):
    assert texts(lab.ask("resolver", "shop.example.test")) == ['0 issue "other-ca.example"']
    lab.edit("example.test", 'CAA  0 issue "other-ca.example"', 'CAA  0 issue "globalsign.com"')
    reply = lab.ask("resolver", "shop.example.test")
    assert ad(reply) and texts(reply) == ['0 issue "globalsign.com"']
    with pytest.raises(LabError):
        lab.edit("example.test", "no such text", "")


def test_records_can_be_set_and_removed(lab):
    assert not texts(lab.ask("resolver", "new.none.test"))
    lab.set_records("new.none.test", ['0 issue ";"', '128 Odd "x"'], ttl=7)
    reply = lab.ask("resolver", "new.none.test")
    assert ad(reply) and texts(reply) == ['0 issue ";"', '128 Odd "x"'] and reply.answer[0].ttl <= 7
    lab.set_records("new.none.test", [])
    assert not texts(lab.ask("resolver2", "new.none.test"))


@pytest.mark.parametrize("zone,old,new", [
    ("expired.test", "sign=nsec valid=20200101-20200201", "sign=nsec"),
    ("mismatch.test", "sign=nsec ds=other", "sign=nsec ds=own"),
    ("unsigned.test", "sign=none ds=other", "sign=none ds=none"),
    ("noproof.test", "sign=nsec strip=nsec", "sign=nsec")])
def test_broken_signatures_can_be_mended(lab, zone, old, new):
    assert lab.ask("resolver", "none." + zone).rcode() == dns.rcode.SERVFAIL
    lab.edit(zone, old, new)
    assert lab.ask("resolver", "none." + zone).rcode() == dns.rcode.NOERROR
    lab.edit(zone, new, old)
    assert lab.ask("resolver", "none." + zone).rcode() == dns.rcode.SERVFAIL


# -- parts ------------------------------------------------------------------

def test_parts_stop_pause_and_come_back(lab):
    for part in ("resolver", "resolver2", "nsd"):
        lab.pause(part)
        assert lab.ask(part, ".", "SOA", timeout=0.2) is None
        lab.resume(part)
        assert lab.ask(part, ".", "SOA") is not None
        lab.stop(part)
        assert lab.ask(part, ".", "SOA", timeout=0.2) is None
        lab.start(part)
        assert lab.ask(part, ".", "SOA") is not None
    lab.flush()
    assert ad(lab.ask("resolver", "example.test"))


def test_the_fault_server_counts_each_query(lab):
    lab.reset()
    for name in ("a.ok.direct", "A.OK.direct", "direct"):
        lab.ask("fault", name)
    assert lab.counts() == {"a.ok.direct. CAA": 2, "direct. CAA": 1}


def test_the_fault_server_has_modes(lab):
    assert ad(lab.ask("fault", ".", "DNSKEY")) and ad(lab.ask("fault", "ok.direct"))
    assert lab.ask("fault", "bogus.direct").rcode() == dns.rcode.SERVFAIL
    lab.set_mode("nonvalidating")
    try:
        assert not ad(lab.ask("fault", ".", "DNSKEY"))
        assert texts(lab.ask("fault", "bogus.direct"))
        lab.set_mode("silent")
        assert lab.ask("fault", "ok.direct", timeout=0.2) is None
    finally:
        lab.set_mode("normal")
    with pytest.raises(LabError):
        lab.set_mode("no such mode")


def test_flaky_names_fail_as_often_as_they_say(lab):
    lab.reset()
    replies = [lab.ask("fault", "flaky-2.ok.direct").rcode() for _ in range(2)]
    again = lab.ask("fault", "flaky-2.ok.direct", checking_disabled=True).rcode()
    assert replies + [again] == [dns.rcode.SERVFAIL] * 3
    assert texts(lab.ask("fault", "flaky-2.ok.direct"))


def test_a_running_lab_can_be_steered_from_outside(lab):
    done = subprocess.run([PROGRAM, "call", lab.dir, "env"], capture_output=True, text=True)
    assert json.loads(done.stdout) == lab.env()
    done = subprocess.run([PROGRAM, "call", lab.dir, "set_records", "far.none.test", '["0 issue \\"x.example\\""]'])
    assert done.returncode == 0
    assert texts(lab.ask("resolver", "far.none.test")) == ['0 issue "x.example"']
    done = subprocess.run([PROGRAM, "call", lab.dir, "edit", "nosuch.zone", "a", "b"], capture_output=True)
    assert done.returncode == 1


# -- the end ----------------------------------------------------------------

def survivors(directory):
    """Processes whose command line or working directory mentions the lab's."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                line = file.read().decode("latin-1")
            if directory in line or os.readlink("/proc/%s/cwd" % pid).startswith(directory):
                found.append(line.replace("\0", " "))
        except OSError:
            pass
    return found


def gone(directory, limit_s=5):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if not survivors(directory) and not os.path.exists(directory):
            return True
        time.sleep(0.02)
    return False


def started(*words):
    """A lab of its own in a process, and its directory once it is ready."""
    process = subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("CAAD_LAB_DIR="):
            directory = line.strip().split("=", 1)[1]
        if line.strip() == "ready":
            return process, directory
    raise AssertionError("the lab did not start")


INSIDE = ["run", "--", "sh", "-c", 'cd "$CAAD_LAB_DIR"; sleep 1000 & env; echo ready; wait']


@pytest.mark.parametrize("words", [["up"], INSIDE], ids=["up", "run"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_after_a_signal(words, number):
    process, directory = started(*words)
    assert len(survivors(directory)) >= 5
    process.send_signal(number)
    status = process.wait(10)
    assert gone(directory), survivors(directory)
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    process.stdout.close()


def test_run_exits_with_the_commands_status():
    for script, status in (("exit 7", 7), ("true", 0), ("kill -9 $$", 137)):
        done = subprocess.run([PROGRAM, "run", "--", "sh", "-c", "echo $CAAD_LAB_DIR; " + script],
                              capture_output=True, text=True)
        assert done.returncode == status
        assert gone(done.stdout.strip())


def test_a_lab_that_cannot_start_leaves_nothing(tmp_path):
    zone = tmp_path / "zones"
    zone.mkdir()
    (zone / "root.zone").write_text("this is no zone\n")
    lab = Lab(zone_dir=str(zone))
    with pytest.raises(LabError):
        lab.__enter__()
    assert gone(lab.dir)


def test_a_named_directory_is_left_behind(tmp_path):
    for _ in range(2):      # and can be used again
        with Lab(directory=str(tmp_path)) as lab:
            assert ad(lab.ask("resolver", "example.test"))
    assert (tmp_path / "resolver.log").exists()
    assert not survivors(str(tmp_path))
