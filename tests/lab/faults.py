"""faults.py - what the fault server answers, chosen by labels of the query name.

Read a name's labels from the left.  The first CONTENT label says what the
answer is; MODIFIERS to the left of it say how it is spoiled on the way.
Unknown labels count for nothing; a name without content is `ok` if it has a
modifier, else `none`.  So:

    ok.x                  a good CAA record
    www.refused.x         REFUSED, as refused.x
    badid.other.x         another CA's record, in a reply with a wrong id
    flaky-2.ok.servfail.x SERVFAIL twice, then ok; the parent ok.servfail.x is
                          good at once; its parent servfail.x never answers well

The same names work with the server as a resolver (RD set: RA, and AD unless
told otherwise) and as an authority (RD clear: AA).
"""
import re
import struct

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

US, OTHER = "globalsign.com", "other-ca.example"

# Content: label (or pattern) -> what the answer is.  "CAA only" means other
# types get NODATA; the rest answers every type alike.
CONTENT = {
    # good answers, CAA only
    "ok":         'issue "globalsign.com"',
    "other":      'issue "other-ca.example"',
    "forbid":     'issue ";"',
    "empty":      'issue "" (legal: names nobody)',
    "critical":   'flag 128 and an unknown tag',
    "ttl-N":      "ok, with TTL N",
    "ttlneg":     "ok, TTL with its top bit set (counts as 0, RFC 2181 section 8)",
    "big-N":      "ok among N records",
    "nul":        'issue "globalsign.com\\000.evil.example"',
    "newline":    'issue "globalsign.com\\010"',
    "eightbit":   'issue "globalsign.com\\255"',
    "xss":        "issue with a script element and terminal escapes",
    "tag0":       "a property whose tag is empty, beside ok",
    "tag255":     "a property whose tag has 255 octets, beside ok",
    # RDATA that cannot be split into flags, tag and value
    "rd0":        "RDATA of no octets",
    "rdshort":    "RDATA of one octet",
    "tagover":    "the tag's length points beyond the RDATA",
    "rdmixed":    "ok, and beside it a record that cannot be split",
    # empty answers
    "none":       "NODATA with SOA",
    "nosoa":      "NODATA without SOA",
    "nx":         "NXDOMAIN with SOA",
    "nxnosoa":    "NXDOMAIN without SOA",
    "nxcaa":      "NXDOMAIN, yet with a CAA record (other)",
    "wrongtype":  "a TXT record as the answer",
    "wrongclass": "a CAA record of class CH",
    "referral":   "NS in the authority section, neither AA nor RA nor SOA",
    # aliases, CAA only
    "cname":      "CNAME to a name with CAA (ok)",
    "cnamenone":  "CNAME to a name without CAA (NODATA with SOA)",
    "cnamealone": "CNAME, and nothing of its target",
    "cnameloop":  "two CNAMEs that name each other",
    "chain-N":    "N CNAMEs, then CAA (ok)",
    "dname":      "DNAME and the CNAME made from it, then CAA (ok)",
    # errors
    "servfail": "", "refused": "", "notimp": "", "formerr": "", "yxdomain": "",
    "rcode-N":    "rcode N (11: unassigned; above 15 needs EDNS)",
    "badvers":    "rcode 16",
    "ede":        "SERVFAIL with EDE 22 and a text",
    "edecontrol": "SERVFAIL, EDE text of control characters and escapes",
    "edeutf8":    "SERVFAIL, EDE text that is not UTF-8",
    "edelong":    "SERVFAIL, EDE text of 1,000 octets",
    "edemany":    "SERVFAIL with 20 EDE options",
    "edeshort":   "SERVFAIL, EDE option of one octet",
    "bogus":      "SERVFAIL with EDE 6 unless CD is set, then ok",
    "silent":     "never an answer",
    "dropcaa":    "never an answer to CAA; NODATA for other types",
}

# Modifiers: label (or pattern) -> what happens to the answer.
MODIFIERS = {
    # seen by resolver only
    "noad": "AD clear", "noopt": "no OPT in the reply", "noaa": "AA clear",
    # the wrong reply
    "badid": "another id", "badquestion": "another name in the question",
    "badtype": "another type in the question", "noquestion": "no question",
    "othername": "the answer's owner is another name", "qr0": "the query itself",
    "qrclear": "the answer, with QR clear", "otherport": "from another port",
    "otheraddr": "from another address (127.0.0.2)",
    "spoof": "a forged ok with a wrong id first, then the answer",
    "dup": "the answer twice",
    # broken bytes
    "cut": "the first half of the octets", "header": "only the 12 octets of the header",
    "short": "11 octets", "ptrloop": "the owner's pointer points at itself",
    "ptrforward": "the owner's pointer points beyond the message",
    "countmany": "ANCOUNT says 65535", "countmore": "ANCOUNT is one too many",
    "countless": "ANCOUNT is 0, the records are there",
    "rdlen": "RDLENGTH reaches beyond the message", "trailing": "octets after the message",
    # size
    "tc": "TC and no records over UDP; the whole answer over TCP",
    "tctcp": "TC over UDP and over TCP", "tcclose": "TC; TCP closed without a reply",
    "tchalf": "TC; half a reply over TCP, then closed", "tcsilent": "TC; TCP silent",
    "tcpart": "TC, but with the records",
    "oversize": "more octets over UDP than the client allows, without TC",
    # time
    "delay-Nms": "late by N ms", "drop-N": "the first N queries get no answer",
    "flaky-N": "the first N queries get SERVFAIL", "flaky-N-WHAT": "... get that content",
}


def pattern(keys):
    """One regular expression for labels such as flaky-N-WHAT."""
    parts = [re.escape(key).replace("WHAT", "[a-z0-9]+").replace("N", r"\d+")
             if re.search(r"\bN", key) else re.escape(key) for key in keys]
    return re.compile("(?:%s)$" % "|".join(parts))


IS_CONTENT, IS_MODIFIER = pattern(CONTENT), pattern(MODIFIERS)
RCODES = {"servfail": 2, "refused": 5, "notimp": 4, "formerr": 1, "yxdomain": 6, "badvers": 16}
EVERY_TYPE = set(RCODES) | {"rcode", "ede", "edecontrol", "edeutf8", "edelong", "edemany", "edeshort",
                            "bogus", "silent", "nx", "nxnosoa", "referral", "nosoa"}


def plan(name):
    """(content, modifiers, zone): zone is the suffix from the last known label,
    where a stub would put the zone cut; it owns the SOA of empty answers."""
    labels = [label.decode("latin-1").lower() for label in name.labels[:-1]]
    content, modifiers = None, []
    for label in labels:
        if IS_CONTENT.match(label):
            content = label
            break
        if IS_MODIFIER.match(label):
            modifiers.append(label)
    known = [i for i, label in enumerate(labels) if IS_CONTENT.match(label) or IS_MODIFIER.match(label)]
    depth = len(labels) - known[-1] + 1 if known else min(len(labels), 1) + 1
    zone = name.split(depth)[1]
    return content or ("ok" if modifiers else "none"), modifiers, zone


# -- answers ----------------------------------------------------------------

def caa(flags, tag, value):
    return bytes([flags, len(tag)]) + tag + value


def issue(value):
    return caa(0, b"issue", value)


def rrset(owner, rtype, rdatas, ttl=300, rclass="IN"):
    """rdatas: text, or octets to send as they are."""
    rtype = dns.rdatatype.from_text(rtype)
    rclass = dns.rdataclass.from_text(rclass)
    result = dns.rrset.RRset(owner, rclass, rtype)
    for rdata in rdatas:
        if isinstance(rdata, bytes):
            result.add(dns.rdata.GenericRdata(rclass, rtype, rdata), ttl)
        else:
            result.add(dns.rdata.from_text(rclass, rtype, rdata), ttl)
    return result


def caa_sets(content, number):
    """The RDATA of the contents that are plain CAA RRsets."""
    ok = issue(US.encode())
    return {
        "ok": [ok], "other": [issue(OTHER.encode())], "forbid": [issue(b";")], "empty": [issue(b"")],
        "critical": [ok, caa(128, b"unheardof", b"x")], "ttl": [ok], "ttlneg": [ok],
        "nul": [issue(US.encode() + b"\0.evil.example")],
        "newline": [issue(US.encode() + b"\n")], "eightbit": [issue(US.encode() + b"\xff")],
        "xss": [issue(b"<script>alert(1)</script>\x1b]0;owned\x07\x1b[2J")],
        "tag0": [ok, caa(0, b"", b"x")], "tag255": [ok, caa(0, b"a" * 255, b"x")],
        "rd0": [b""], "rdshort": [b"\0"], "tagover": [b"\0\x0aissue"], "rdmixed": [ok, b"\0\x0aissue"],
        "big": [ok] + [issue(b"ca%d.example" % n) for n in range(1, number)],
    }.get(content)


def ede(code, text):
    return dns.edns.GenericOption(15, struct.pack("!H", code) + text)


def ede_options(content):
    return {
        "ede": [ede(22, b"no server of example.test answered")],
        "edecontrol": [ede(22, b"a\0b\x1b[31mred\x1b]0;owned\x07\r\n<b>\x7f\x9b")],
        "edeutf8": [ede(22, b"bad \xff\xfe\xc3( end")], "edelong": [ede(22, b"x" * 1000)],
        "edemany": [ede(n, b"option %d" % n) for n in range(20)],
        "edeshort": [dns.edns.GenericOption(15, b"\0")],
        "bogus": [ede(6, b"signature does not match")],
    }.get(content, [])


def soa(zone):
    return rrset(zone, "SOA", ["ns.fault.test. hostmaster.fault.test. 1 3600 600 86400 300"])


def alias(reply, name, content, number):
    """CNAME chains; the records stand in the order a resolver sends them."""
    def link(owner, target):
        reply.answer.append(rrset(owner, "CNAME", [target.to_text()]))

    def target(n):
        return dns.name.from_text("target%d" % n, name)
    last = target(1)
    if content == "cnameloop":
        link(name, last)
        link(last, name)
        return
    if content == "dname":
        # From the label `dname` on everything moves to moved.example.
        old = name
        while old.labels[0] != b"dname":
            old = old.parent()
        # A DNAME does not move its own owner, only what is below.
        if old == name:
            reply.authority.append(soa(old))
            return
        new = dns.name.from_text("moved.example.")
        last = name.relativize(old).concatenate(new)
        reply.answer.append(rrset(old, "DNAME", [new.to_text()]))
        link(name, last)
    elif content == "chain":
        owner = name
        for n in range(1, number + 1):
            link(owner, target(n))
            owner = target(n)
        last = owner
    else:
        link(name, last)
    if content == "cnamenone":
        reply.authority.append(soa(last))
    elif content != "cnamealone":
        reply.answer.append(rrset(last, "CAA", [issue(US.encode())]))


def compose(query, content, zone, cd_shows_data=True):
    """The answer before any modifier: a dns.message.Message, or None."""
    question = query.question[0]
    name, is_caa = question.name, question.rdtype == dns.rdatatype.CAA
    content, _, number = content.partition("-")
    number = int(number or 0)
    if content == "silent" or (content == "dropcaa" and is_caa):
        return None
    if not is_caa and content not in EVERY_TYPE:
        content = "none"

    reply = dns.message.make_response(query, recursion_available=bool(query.flags & dns.flags.RD),
                                      our_payload=1232)
    if query.flags & dns.flags.CD and content == "bogus" and cd_shows_data:
        content = "ok" if is_caa else "none"
    options = ede_options(content)
    if query.edns >= 0:
        reply.use_edns(0, query.ednsflags & dns.flags.DO, 1232, options=options)
    if content in RCODES or content == "rcode" or options:
        rcode = RCODES.get(content, number if content == "rcode" else 2)
        if rcode > 15 and query.edns < 0:
            rcode = 2
        reply.set_rcode(rcode)
        return reply

    if query.flags & dns.flags.RD:
        reply.flags |= dns.flags.AD
    else:
        reply.flags |= dns.flags.AA
    records = caa_sets(content, number)
    if records is not None:
        ttl = {"ttl": number, "ttlneg": 0x80000001}.get(content, 300)
        reply.answer.append(rrset(name, "CAA", records, min(ttl, 0x7fffffff)))
    elif content in ("none", "nx", "dropcaa"):
        reply.authority.append(soa(zone))
    elif content == "nxcaa":
        reply.answer.append(rrset(name, "CAA", [issue(OTHER.encode())]))
    elif content == "wrongtype":
        reply.answer.append(rrset(name, "TXT", ['"no CAA here"']))
    elif content == "wrongclass":
        reply.answer.append(rrset(name, "CAA", [issue(US.encode())], rclass="CH"))
    elif content == "referral":
        reply.flags &= ~(dns.flags.AA | dns.flags.RA | dns.flags.AD)
        reply.authority.append(rrset(zone, "NS", ["ns.elsewhere.example."]))
    elif content in ("cname", "cnamenone", "cnamealone", "cnameloop", "chain", "dname"):
        alias(reply, name, content, number)
    if content in ("nx", "nxnosoa", "nxcaa"):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


def root(query):
    """What a validating resolver says of the root: a self-test asks for it."""
    reply = dns.message.make_response(query, recursion_available=True, our_payload=1232)
    if query.edns >= 0:
        reply.use_edns(0, query.ednsflags & dns.flags.DO, 1232)
    reply.flags |= dns.flags.AD
    here = dns.name.root
    answers = {
        dns.rdatatype.SOA: soa(here), dns.rdatatype.NS: rrset(here, "NS", ["ns.fault.test."]),
        dns.rdatatype.DNSKEY: rrset(here, "DNSKEY", ["257 3 13 " + "A" * 86 + "=="]),
    }
    if query.question[0].rdtype in answers:
        reply.answer.append(answers[query.question[0].rdtype])
    else:
        reply.authority.append(soa(here))
    return reply
