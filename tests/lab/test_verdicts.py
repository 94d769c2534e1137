"""test_verdicts.py - the verdict tables follow from what the lab serves.

A second, slow and simple reading of the rules, kept apart from the daemon's:
where the two disagree, one of them is wrong.  It reads the answers through the
lab's resolver, so it also shows that the zones say what the tables think.
"""
import os
import re

import dns.flags
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

from lab import Lab
from zones import encloses

HERE = os.path.dirname(os.path.abspath(__file__))
US = b"globalsign.com"
KNOWN = {b"issue", b"issuewild", b"issuemail", b"issuevmc", b"iodef", b"contactemail", b"contactphone"}
PRODUCTS = {"DV": "issue", "EV": "issue", "PersonalSign": "issuemail", "Mark": "issuevmc"}
SAME_METHOD = {"ca-tbr-7": "dns-01", "ca-tbr-19": "http-01", "ca-tbr-20": "tls-alpn-01"}

# RFC 8659 section 4.2, word for word
LABEL = rb"[A-Za-z0-9](?:-*[A-Za-z0-9])*"
PARAMETER = rb"(%s)[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)" % LABEL
PARAMETERS = rb"%s(?:[ \t]*;[ \t]*%s)*" % (PARAMETER, PARAMETER)
ISSUE_VALUE = re.compile(rb"[ \t]*(?:(%s(?:\.%s)*)[ \t]*)?(?:;[ \t]*(?:(%s)[ \t]*)?)?\Z"
                         % (LABEL, LABEL, PARAMETERS))


def rows(file):
    with open(os.path.join(HERE, file), encoding="utf-8") as table:
        for line in table:
            if not line.startswith("#"):
                name, options, *rest = line.rstrip("\n").split("\t")
                words = [] if options == "-" else [word.split("=", 1) for word in options.split()]
                yield (name, words, *rest)


def row_id(row):
    return " ".join([row[0][:60]] + ["=".join(word) for word in row[1]])


# -- policy -----------------------------------------------------------------

def permits(parameters, accounts, method):
    """None, or the reason why a property that names us does not count."""
    values = {}
    for key, value in parameters:
        values.setdefault(key.lower().decode(), []).append(value.decode())
    uris = values.get("accounturi", [])
    if uris and (len(uris) > 1 or ":" not in uris[0] or uris[0] not in accounts):
        return "ACCOUNT_NOT_AUTHORIZED"
    for listed in values.get("validationmethods", []):
        labels = listed.split(",")
        legal = all(re.fullmatch("[A-Za-z0-9-]+", label) for label in labels)
        if not legal or len(values["validationmethods"]) > 1:
            return "METHOD_NOT_AUTHORIZED"
        if method not in labels and SAME_METHOD.get(method, method) not in [
                SAME_METHOD.get(label, label) for label in labels]:
            return "METHOD_NOT_AUTHORIZED"
    return None


def policy(records, wildcard, words):
    """records: (flags, tag, value) -> (verdict, reason)"""
    product = dict(words).get("product", "DV")
    accounts = [value for key, value in words if key == "account_uri"]
    method = dict(words).get("method", "")
    if any(flags & 128 and tag.lower() not in KNOWN for flags, tag, _ in records):
        return "DENIED", "CRITICAL_UNKNOWN_PROPERTY"
    tag = PRODUCTS[product].encode()
    if tag == b"issue" and wildcard and any(t.lower() == b"issuewild" for _, t, _ in records):
        tag = b"issuewild"
    values = [value for _, t, value in records if t.lower() == tag]
    if not values:
        return "PERMITTED", "NO_RESTRICTING_PROPERTY"
    reasons = set()
    for value in values:
        found = ISSUE_VALUE.match(value)
        if not found:
            reasons.add("MALFORMED_PROPERTY")
        elif not found.group(1):
            reasons.add("ISSUANCE_FORBIDDEN")
        elif found.group(1).lower() != US:
            reasons.add("ISSUER_NOT_AUTHORIZED")
        else:
            parameters = re.findall(rb"(?:^|;)[ \t]*" + PARAMETER, found.group(2) or b"")
            reason = permits(parameters, accounts, method)
            if reason is None:
                return "PERMITTED", "ISSUER_AUTHORIZED"
            reasons.add(reason)
    for reason in ("ACCOUNT_NOT_AUTHORIZED", "METHOD_NOT_AUTHORIZED", "ISSUER_NOT_AUTHORIZED",
                   "ISSUANCE_FORBIDDEN", "MALFORMED_PROPERTY"):
        if reason in reasons:
            return "DENIED", reason
    raise AssertionError("no reason")


# -- climb ------------------------------------------------------------------

def split(rdata):
    """(flags, tag, value), or None where RDATA cannot be split."""
    octets = rdata.to_wire()
    if len(octets) < 2 or len(octets) < 2 + octets[1]:
        return None
    return octets[0], octets[2:2 + octets[1]], octets[2 + octets[1]:]


def judge(ask, name, words):
    """(verdict, reason, dnssec, found_at) by the rules.  ask(name, cd=False) asks
    for CAA, with its retry, and gives a message or None."""
    wildcard = name.startswith("*.")
    labels = name.removeprefix("*.").rstrip(".").lower().encode("idna").decode().split(".")
    weakest = "SECURE"
    for level in (".".join(labels[i:]) for i in range(len(labels))):
        reply = ask(level)
        if reply is None:
            return "LOOKUP_FAILED", "TIMEOUT", "INDETERMINATE", "-"
        if reply.rcode() == dns.rcode.SERVFAIL:
            again = ask(level, cd=True)
            if again is not None and again.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return "LOOKUP_FAILED", "DNSSEC_BOGUS", "BOGUS", "-"
            return "LOOKUP_FAILED", "SERVFAIL", "INDETERMINATE", "-"
        if not reply.flags & dns.flags.AD:
            weakest = "INSECURE"
        rrsets = [rrset for rrset in reply.answer if rrset.rdtype == dns.rdatatype.CAA]
        if rrsets:
            records = [split(rdata) for rdata in rrsets[0]]
            if None in records:
                return "LOOKUP_FAILED", "MALFORMED_RESPONSE", weakest, "-"
            return (*policy(records, wildcard, words), weakest, level)
    return "PERMITTED", "NO_CAA_RECORDS", weakest, "-"


@pytest.fixture(scope="module")
def lab():
    with Lab() as started:
        yield started


@pytest.fixture
def octets(monkeypatch):
    """CAA RDATA as octets: dnspython refuses the odd tags that are on show here."""
    monkeypatch.setitem(dns.rdata._rdata_classes, (dns.rdataclass.IN, dns.rdatatype.CAA),
                        dns.rdata.GenericRdata)


def agrees(wanted, got):
    return wanted == "*" or got in wanted.split("|")


RESOLVER_ROWS = [row for row in rows("verdicts.tsv") if row[2] not in ("EXEMPT", "INVALID_NAME")]


@pytest.mark.parametrize("row", RESOLVER_ROWS, ids=row_id)
def test_the_table_is_what_the_rules_say(lab, octets, row):
    name, words, verdict, reason, dnssec, found_at, _note = row

    def ask(level, cd=False):
        # caad's own patience: two attempts of two seconds
        return (lab.ask("resolver", level, timeout=2, checking_disabled=cd)
                or lab.ask("resolver", level, timeout=2, checking_disabled=cd))
    got = judge(ask, name, words)
    for wanted, have in zip((verdict, reason, dnssec, found_at), got):
        assert agrees(wanted, have), "rules say %s" % (got,)


# What this reader cannot do: tell a forged reply, or retry an unreadable one.
DIRECT_ROWS = [row for row in rows("verdicts_direct.tsv") if row[2] in ("PERMITTED", "DENIED")
               and not re.match("spoof|.*rdshort|ttlneg|tcpart", row[0])]


@pytest.mark.parametrize("row", DIRECT_ROWS, ids=row_id)
def test_the_fault_servers_good_answers(lab, octets, row):
    name, words, verdict, reason, _dnssec, found_at, _note = row

    def ask(level, cd=False):
        for _ in range(2):
            reply = lab.ask("fault", level, timeout=1, checking_disabled=cd)
            if reply is not None and reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                break
        return reply
    lab.reset()
    got = judge(ask, name, words)
    assert (verdict, reason, found_at) == (got[0], got[1], got[3])


def test_every_record_of_the_lab_is_in_the_table(lab):
    """A name added to a zone needs its row: no CAA RRset goes unlisted."""
    listed = {row[0].removeprefix("*.").rstrip(".").lower() for row in rows("verdicts.tsv")}
    listed |= {row[5] for row in rows("verdicts.tsv")}
    missing = set()
    for zone in lab.zones.zones.values():
        for line in open(lab.zones.signed_path(zone), encoding="latin-1"):
            owner, _, _, rtype = line.split()[:4]
            plain = owner.rstrip(".").lower()
            if rtype in ("TYPE257", "CNAME") and plain not in listed and not re.search(r"-\d+\.alias|\*|^@$", plain):
                missing.add(plain)
    # These zones have one name for each use in a test; the rest is for their edits.
    spare = ("expired.test", "notyet.test", "unsigned.test", "mismatch.test", "noproof.test",
             "target.test", "dname.example")
    assert {name for name in missing if not any(encloses(zone, name) for zone in spare)} == set()
