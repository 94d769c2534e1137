"""Each cause of a failure: its verdict, reason, DNSSEC state and message, which names
the level, whose side it is on and how to see it oneself. Print the table with -s."""
import pytest

import wire
from daemon import Daemon

DIG = "dig +dnssec"


@pytest.fixture(scope="module")
def daemons(lab):
    """Through Unbound; the fault server as the resolver; and resolvers in trouble."""
    lab.reset()
    options = {"timeout_ms": 300}
    with Daemon([lab.resolver]) as unbound, Daemon([lab.fault], resolver=options) as direct, \
         Daemon([lab.silent], ready=False, resolver=options) as silent, \
         Daemon(["127.0.0.1:1"], ready=False, resolver=options) as closed, \
         Daemon([lab.nonvalidating], ready=False) as nonvalidating:
        yield {"unbound": unbound, "direct": direct, "silent": silent, "closed": closed,
               "nonvalidating": nonvalidating}


# cause, asked through, name, reason, DNSSEC state, failing level, words of the message
CAUSES = [
    ("signatures expired", "unbound", "www.ok.expired.test", "DNSSEC_BOGUS", "BOGUS",
     "www.ok.expired.test", ["DNSSEC validation failed (servfail response)", "7 (Signature Expired)",
                             "signature expired", "have run out"]),
    ("signatures not begun", "unbound", "ok.notyet.test", "DNSSEC_BOGUS", "BOGUS",
     "ok.notyet.test", ["8 (Signature Not Yet Valid)", "check the signer's clock"]),
    ("DS but no signatures", "unbound", "ok.unsigned.test", "DNSSEC_BOGUS", "BOGUS",
     "ok.unsigned.test", ["9 (DNSKEY Missing)", "DS record at the registrar"]),
    ("DS of another key", "unbound", "ok.mismatch.test", "DNSSEC_BOGUS", "BOGUS",
     "ok.mismatch.test", ["9 (DNSKEY Missing)"]),
    ("no proof of absence", "unbound", "none.noproof.test", "DNSSEC_BOGUS", "BOGUS",
     "none.noproof.test", ["12 (NSEC Missing)", "no CAA records"]),
    ("record forged", "unbound", "ok.forged.test", "DNSSEC_BOGUS", "BOGUS",
     "ok.forged.test", ["6 (DNSSEC Bogus)"]),
    ("authority refuses", "unbound", "www.refused.fault.test", "SERVFAIL", "INDETERMINATE",
     "www.refused.fault.test", ["servfail response"]),
    ("authority not implemented", "unbound", "www.notimp.fault.test", "SERVFAIL", "INDETERMINATE",
     "www.notimp.fault.test", ["servfail response", "must answer NOERROR"]),
    ("authority unreachable", "unbound", "www.closed.fault.test", "SERVFAIL", "INDETERMINATE",
     "www.closed.fault.test", ["servfail response"]),
    ("TCP refused", "unbound", "www.tc.fault.test", "SERVFAIL", "INDETERMINATE",
     "www.tc.fault.test", ["servfail response"]),
    ("authority's RDATA unreadable", "unbound", "www.rdshort.fault.test", "MALFORMED_RESPONSE", None,
     "www.rdshort.fault.test", ["malformed response", "Correct the CAA records"]),
    ("silence", "direct", "www.silent.direct", "TIMEOUT", "INDETERMINATE",
     "www.silent.direct", ["timeout (read udp: i/o timeout)", "after 2 attempts", "firewall"]),
    ("late answers", "direct", "delay-5000ms.ok.direct", "TIMEOUT", "INDETERMINATE",
     "delay-5000ms.ok.direct", ["timeout (read udp: i/o timeout)"]),
    ("SERVFAIL", "direct", "servfail.direct", "SERVFAIL", "INDETERMINATE", "servfail.direct",
     ["servfail response", "after 2 attempts", "+cd"]),
    ("SERVFAIL with EDE", "direct", "ede.direct", "SERVFAIL", "INDETERMINATE", "ede.direct",
     ["22 (No Reachable Authority)", "no server of example.test answered"]),
    ("bogus, EDE 6", "direct", "bogus.direct", "DNSSEC_BOGUS", "BOGUS", "bogus.direct",
     ["signature does not match", "+cd"]),
    ("REFUSED", "direct", "refused.direct", "REFUSED", "INDETERMINATE", "refused.direct",
     ["refused response"]),
    ("NOTIMP", "direct", "notimp.direct", "OTHER_RCODE", "INDETERMINATE", "notimp.direct",
     ["rcode 4, NOTIMP"]),
    ("FORMERR", "direct", "formerr.direct", "OTHER_RCODE", "INDETERMINATE", "formerr.direct",
     ["rcode 1, FORMERR"]),
    ("BADVERS", "direct", "badvers.direct", "OTHER_RCODE", "INDETERMINATE", "badvers.direct",
     ["rcode 16, BADVERS"]),
    ("truncated over TCP too", "direct", "tctcp.ok.direct", "TRUNCATED", "INDETERMINATE",
     "tctcp.ok.direct", ["truncated response", "TCP port 53"]),
    ("TCP closed half way", "direct", "tchalf.ok.direct", "TRUNCATED", "INDETERMINATE",
     "tchalf.ok.direct", ["truncated response"]),
    ("unreadable octets", "direct", "cut.ok.direct", "MALFORMED_RESPONSE", "INDETERMINATE",
     "cut.ok.direct", ["malformed response"]),
    ("failing parent", "direct", "www.none.servfail.direct", "SERVFAIL", "INDETERMINATE",
     "servfail.direct", ["2 levels above www.none.servfail.direct", "whoever runs servfail.direct"]),
    ("failing TLD", "direct", "www.none.servfail", "SERVFAIL", "INDETERMINATE",
     "servfail", ["top-level domain", "above your domain, not yours to fix"]),
    ("silent TLD", "direct", "www.none.silent", "TIMEOUT", "INDETERMINATE",
     "silent", ["timeout (read udp: i/o timeout)", "not yours to fix"]),
    ("our resolver silent", "silent", "www.example.test", "RESOLVER_UNAVAILABLE", "INDETERMINATE",
     None, ["our own DNS resolver is not available", "on our side"]),
    ("our resolver gone", "closed", "www.example.test", "RESOLVER_UNAVAILABLE", "INDETERMINATE",
     None, ["our own DNS resolver is not available", "on our side"]),
    ("our resolver not validating", "nonvalidating", "www.example.test", "RESOLVER_UNAVAILABLE",
     "INDETERMINATE", None, ["our own DNS resolver is not available", "on our side"]),
    ("the caller's time was up", "direct", "time.delay-5000ms.ok.direct", "DEADLINE_EXCEEDED",
     "INDETERMINATE", None, ["the time allowed for this check ran out", "on our side"]),
]
OURS = {"RESOLVER_UNAVAILABLE", "DEADLINE_EXCEEDED"}
BLAME = ("Its nameservers", "DNS host", "registrar", "not yours to fix")


@pytest.mark.parametrize("cause, through, name, reason, dnssec, level, words", CAUSES,
                         ids=[row[0] for row in CAUSES])
def test_a_failure_tells_its_cause(lab, daemons, cause, through, name, reason, dnssec, level, words):
    timeout_ms = 150 if reason == "DEADLINE_EXCEEDED" else 20000
    lab.flush()     # Unbound tells the cause only when it finds out
    with wire.Caller.to(daemons[through].url, timeout=60) as peer:
        result = wire.one(peer.check(name, timeout_ms=timeout_ms))
    state = wire.Result.Dnssec.Name(result.dnssec)
    print(f"\n{cause}: {name}\n  {' '.join(wire.verdict(result))} {state}"
          f"{' retryable' if result.retryable else ''}\n  {result.message}")

    assert wire.verdict(result) == ("LOOKUP_FAILED", reason)
    assert dnssec in (None, state)
    assert result.message.startswith("CAA Check Failed: ")
    for word in words:
        assert word in result.message
    assert not result.remedy and not result.valid_until_ms and not result.found_at
    commands = result.message[result.message.index(DIG):]
    failing = level or name
    assert commands.count(DIG) == 2 and commands.count(f" {failing} CAA") == 2, commands
    if level:
        assert result.lookups[-1].name == level
        assert f"for the CAA records of {level}" in result.message
    if reason in OURS:
        assert result.retryable and not any(word in result.message for word in BLAME)


def test_the_table_has_every_reason_a_lookup_can_fail_for():
    reasons = {value.name for value in wire.Result.Reason.DESCRIPTOR.values
               if 20 <= value.number < 30}
    assert {row[3] for row in CAUSES} == reasons


def test_the_failure_s_attempts_are_on_record(daemons):
    with wire.Caller.to(daemons["direct"].url, timeout=60) as peer:
        result = wire.one(peer.check("seen.servfail.direct"))
    attempts = result.lookups[0].attempts
    assert [(wire.enum_name(a, "transport"), wire.enum_name(a, "outcome"), a.rcode,
             a.checking_disabled) for a in attempts] == [
        ("UDP", "SERVFAIL", 2, False), ("UDP", "SERVFAIL", 2, False), ("UDP", "SERVFAIL", 2, True)]
    assert all(a.server.startswith("127.0.0.1:") and a.duration_us > 0 for a in attempts)


def test_the_ede_is_carried_whole_and_outlives_the_retry(lab, daemons):
    lab.flush()
    with wire.Caller.to(daemons["unbound"].url, timeout=60) as peer:
        lookup = wire.one(peer.check("ok.expired.test")).lookups[0]
    assert [ede.code for ede in lookup.ede] == [7]
    assert "signature expired" in lookup.ede[0].text
    assert [a.checking_disabled for a in lookup.attempts] == [False, False, True]


def test_caactl_check_shows_the_cause(lab, daemons):
    lab.flush()
    done = daemons["unbound"].caactl("check", "ok.expired.test")
    assert done.returncode == 2
    assert "DNSSEC_BOGUS" in done.stdout and "Signature Expired" in done.stdout
    assert done.stdout.count(DIG) == 2


def test_caactl_explain_shows_each_level(daemons):
    done = daemons["unbound"].caactl("explain", "www.ok.expired.test")
    assert done.returncode in (0, 2), done.stderr
    for level in ("www.ok.expired.test", "ok.expired.test", "expired.test", "test"):
        assert level in done.stdout
