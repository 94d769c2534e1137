"""zones.py - reads the lab's zone files, makes keys, signs.

A zone file is an ordinary master file named after its zone (root.zone is
".").  What the lab does with it stands in comments, so that the file still
loads elsewhere:

    ; lab: sign=nsec3                how to sign: nsec (default), nsec3, none
    ; lab: ds=other                  DS in the parent: own (default when signed),
                                     other (of a key the zone lacks), none
    ; lab: valid=20200101-20200201   the signatures' lifetime
    ; lab: strip=nsec                leave the proofs of non-existence out
    ; lab: forge=WAS:IS              replace a word in CAA records *after* signing
    ; stub: NAME TARGET              delegate NAME to a faulty authority

Delegations (NS, DS) to the other zone files and to the stubs are added here,
so a new zone is one new file.  $GENERATE is expanded as BIND does it, because
neither ldns-signzone nor NSD knows it.
"""
import concurrent.futures
import glob
import os
import re
import subprocess

NAMESERVER = "ns.lab.test."
OPTION = re.compile(r"^; lab:(.*)$", re.M)
STUB = re.compile(r"^; stub:\s+(\S+)\s+(\S+)", re.M)
GENERATE = re.compile(r"^\$GENERATE\s+(\d+)-(\d+)\s+(.*)$", re.M)
GENERIC = re.compile(r"^(\S+)\s+TYPE257\s+(\\#.*)$", re.M)
CAA_LINE = re.compile(r'^(\S+\s+\d+\s+IN\s+)CAA\s+(\d+) (\S*) "(.*)"\s*$')


class LabError(Exception):
    """The lab cannot do what was asked; the text says why."""


def absolute(name):
    return name if name.endswith(".") else name + "."


def encloses(zone, name):
    """Whether name is at or below zone; both absolute."""
    return zone == "." or name == zone or name.endswith("." + zone)


def run(argv, cwd=None):
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise LabError("%s: %s" % (" ".join(argv), (done.stderr + done.stdout).strip()))
    return done.stdout


def unescape(text):
    """The octets of a quoted string in a master file."""
    out = bytearray()
    i = 0
    raw = text.encode("latin-1")
    while i < len(raw):
        if raw[i:i + 1] != b"\\":
            out.append(raw[i])
            i += 1
        elif raw[i + 1:i + 4].isdigit():
            out.append(int(raw[i + 1:i + 4]))
            i += 4
        else:
            out.append(raw[i + 1])
            i += 2
    return bytes(out)


def generic_caa(line):
    """A CAA record in the generic form of RFC 3597.

    NSD's reader refuses tags with capitals and tags of more than 15 octets,
    which the lab must serve; in generic form it takes them."""
    found = CAA_LINE.match(line)
    if not found:
        return line
    head, flags, tag, value = found.groups()
    tag = unescape(tag)
    rdata = bytes([int(flags), len(tag)]) + tag + unescape(value)
    return "%sTYPE257 \\# %d %s" % (head, len(rdata), rdata.hex())


def expand_generate(text):
    """$ is the number, ${0,2,x} the number in two hexadecimal digits."""
    def lines(found):
        first, last, template = found.groups()
        return "\n".join(template.replace("${0,2,x}", "%02x" % n).replace("$", str(n))
                         for n in range(int(first), int(last) + 1))
    return GENERATE.sub(lines, text)


class Zone:
    def __init__(self, source):
        stem = os.path.basename(source)[:-len(".zone")]
        self.name = "." if stem == "root" else stem + "."
        self.stem = stem
        self.source = source
        self.serial = 0
        self.key = None             # base name of the key files
        self.other_key = None       # a key whose DS the zone cannot meet
        self.overrides = {}         # (owner, type) -> [(ttl, rdata)], from set_records

    def text(self):
        with open(self.source, encoding="utf-8") as file:
            return file.read()

    def options(self):
        """Read anew each time: a test may edit them like any other line."""
        options = {"sign": "nsec"}
        for line in OPTION.findall(self.text()):
            options.update(word.split("=", 1) for word in line.split())
        options.setdefault("ds", "none" if options["sign"] == "none" else "own")
        return options

    def stubs(self):
        return [(absolute(name), target) for name, target in STUB.findall(self.text())]

    def ds(self):
        """The DS record to publish in the parent, as text, or nothing."""
        key = {"own": self.key, "other": self.other_key, "none": None}[self.options()["ds"]]
        if key is None:
            return ""
        with open(key + ".ds", encoding="ascii") as file:
            return file.read()


class ZoneSet:
    """All zones of one lab, in directory/zones, directory/keys."""

    def __init__(self, source_dir, directory):
        self.zone_dir = os.path.join(directory, "zones")
        self.key_dir = os.path.join(directory, "keys")
        os.makedirs(self.zone_dir)
        os.makedirs(self.key_dir)
        self.zones = {}
        for source in sorted(glob.glob(os.path.join(source_dir, "*.zone"))):
            copy = os.path.join(self.zone_dir, os.path.basename(source))
            with open(source, encoding="utf-8") as old, open(copy, "w", encoding="utf-8") as new:
                new.write(old.read())
            zone = Zone(copy)
            self.zones[zone.name] = zone

    def closest(self, name):
        """The zone that holds name's records."""
        name = absolute(name).lower()
        return max((z for z in self.zones.values() if encloses(z.name, name)),
                   key=lambda z: len(z.name))

    def parent(self, zone):
        if zone.name == ".":
            return None
        rest = zone.name.split(".", 1)[1]
        return self.closest(rest or ".")

    def stubs(self):
        return [stub for zone in self.zones.values() for stub in zone.stubs()]

    def root_anchor(self):
        with open(self.zones["."].key + ".ds", encoding="ascii") as file:
            return file.read()

    def signed_path(self, zone):
        return os.path.join(self.zone_dir, zone.stem + ".signed")

    # -- keys and signatures ------------------------------------------------

    def make_all(self):
        # Key and signature makers are programs of their own, so threads that
        # wait for them are enough to use every core.
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(self.make_keys, self.zones.values()))
            list(pool.map(self.make, self.zones.values()))

    def make_keys(self, zone):
        """The keys that the zone's options need and it does not have yet."""
        options = zone.options()
        if options["sign"] != "none" and zone.key is None:
            zone.key = self.make_key(zone)
        if options["ds"] == "other" and zone.other_key is None:
            zone.other_key = self.make_key(zone)

    def make_key(self, zone):
        # One key for both jobs (KSK and ZSK): half the work at start.
        argv = ["ldns-keygen", "-r", "/dev/urandom", "-a", "ECDSAP256SHA256", "-k", zone.name]
        return os.path.join(self.key_dir, run(argv, cwd=self.key_dir).strip())

    def plain_text(self, zone):
        """The zone before signing: serial, generated names, delegations."""
        zone.serial += 1
        text = expand_generate(zone.text())
        text = re.sub(r"(\sSOA\s+\S+\s+\S+\s+)\d+", r"\g<1>%d" % zone.serial, text, count=1)
        for child in self.zones.values():
            if self.parent(child) is zone:
                text += "\n%s NS %s\n%s" % (child.name, NAMESERVER, child.ds())
        for name, _target in zone.stubs():
            text += "\n%s NS %s" % (name, NAMESERVER)
        return "$ORIGIN %s\n$TTL 300\n%s\n" % (zone.name, text)

    def override(self, zone, plain):
        """Put the RRsets of set_records in the place of the file's own."""
        lines = run(["ldns-read-zone", plain]).splitlines()
        kept = []
        for line in lines:
            fields = line.split()
            if (fields[0].lower(), fields[3]) not in zone.overrides:
                kept.append(line)
        for (owner, rtype), records in zone.overrides.items():
            kept += ["%s %d IN %s %s" % (owner, ttl, rtype, rdata) for ttl, rdata in records]
        with open(plain, "w", encoding="utf-8") as file:
            file.write("\n".join(kept) + "\n")

    def make(self, zone):
        """Write the zone as NSD will serve it."""
        options = zone.options()
        plain = os.path.join(self.zone_dir, zone.stem + ".plain")
        raw = os.path.join(self.zone_dir, zone.stem + ".raw")
        with open(plain, "w", encoding="utf-8") as file:
            file.write(self.plain_text(zone))
        if zone.overrides:
            self.override(zone, plain)
        if options["sign"] == "none":
            with open(raw, "w", encoding="utf-8") as file:
                file.write(run(["ldns-read-zone", plain]))
        else:
            argv = ["ldns-signzone", "-o", zone.name, "-f", raw]
            argv += ["-n"] if options["sign"] == "nsec3" else []
            if "valid" in options:
                inception, expiration = options["valid"].split("-")
                argv += ["-i", inception, "-e", expiration]
            run(argv + [plain, zone.key])
        self.finish(zone, raw, options)

    def finish(self, zone, raw, options):
        """Damage the signed zone where its options say so."""
        was, _, now = options.get("forge", ":").partition(":")
        final = self.signed_path(zone)
        with open(raw, encoding="latin-1") as old, open(final + ".new", "w", encoding="latin-1") as new:
            for line in old:
                fields = line.split()
                if options.get("strip") == "nsec" and "NSEC" in fields[3:5]:
                    continue
                if was and fields[3:4] == ["CAA"]:
                    line = line.replace(was, now)
                new.write(generic_caa(line.rstrip("\n")) + "\n")
            # ldns signs a CAA record with an odd or empty tag but forgets to
            # print it.  NSD drops those that now stand here twice.
            for owner, rdata in GENERIC.findall(zone.text()):
                owner = owner if owner.endswith(".") else owner + "." + zone.name
                if (owner.lower(), "CAA") not in zone.overrides:
                    new.write("%s 300 IN TYPE257 %s\n" % (owner, rdata))
        os.replace(final + ".new", final)
