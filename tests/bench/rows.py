"""rows.py - what scripts/bench measures, a function a row.

Each sets up its servers, runs the sides it compares in short alternating rounds,
so that a busy moment of the machine meets all of them, and gives lines: what was
compared, the medians, the median of the rounds' ratios, and what is to be reached.
"""
import statistics

from clients import (dns_ping, dnsperf, dnsperf_file, echo, load, messages_file, names_file,
                     record_bytes)
from servers import resident_bytes

IN_FLIGHT = 64
BATCH = 100
BATCH_IN_FLIGHT = 8


class Line:
    """One comparison: value against base, in the rounds of one run."""

    def __init__(self, row, text, unit, values, base=None, reach=None, note=""):
        self.row = row
        self.text = text
        self.unit = unit
        self.value = statistics.median(values)
        self.base = statistics.median(base) if base else None
        self.ratio = (statistics.median(v / b for v, b in zip(values, base)) if base else None)
        # ("at least" or "at most", bound), on the ratio or, without one, the value.
        self.reach = reach
        self.note = note
        self.rounds = list(values)
        self.base_rounds = list(base or [])

    def reached(self):
        if self.reach is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return judged >= self.reach[1] if self.reach[0] == ">=" else judged <= self.reach[1]

    def as_json(self):
        return {"row": self.row, "what": self.text, "unit": self.unit, "value": self.value,
                "base": self.base, "ratio": self.ratio,
                "reach": "%s %g" % self.reach if self.reach else None, "reached": self.reached(),
                "note": self.note, "rounds": self.rounds, "base_rounds": self.base_rounds}


def alternate(rounds, **sides):
    """{side: [figures of round 1, ...]}, all sides once a round."""
    found = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(side())
    return found


def column(figures, key):
    return [one[key] for one in figures]


class Bench:
    """What the rows share: servers, names, how long and how often."""

    def __init__(self, servers, quick):
        self.servers = servers
        self.quick = quick
        self.rounds = 3 if quick else 5
        self.seconds = 0.6 if quick else 1.2
        self.nsd = servers.nsd()
        # A name and the parents it shares with others; three levels of its own.
        self.few = names_file(servers, "few", 1000, "h{n:07d}.p{p:03d}.bench")
        self.apart = names_file(servers, "apart", 100000, "h{n:07d}.p{n:07d}.t{n:07d}")
        self.cached = servers.caad(self.nsd)
        self.uncached = servers.caad(self.nsd, cache=0)
        self.messages = messages_file(servers, "few", self.few)
        self.fill(self.cached, self.few, 1000)
        self.echo_size = echo(servers, self.cached.url, self.cached.process.pid, self.messages,
                              0.1, in_flight=1)["reply_bytes"]
        self.echo_process, self.echo_url = servers.echo(self.echo_size)

    def fill(self, caad, names, count, batch=1000):
        """Puts the names into its cache."""
        load(self.servers, caad, names, 0, in_flight=4, batch=batch, requests=count // batch)

    def load(self, caad, names, **options):
        return load(self.servers, caad, names, self.seconds, **options)

    def echo(self, url, pid, **options):
        return echo(self.servers, url, pid, self.messages, self.seconds, **options)


# -- (a), (c), (d): the cached path --------------------------------------------

def cached_rows(bench):
    """(a) and the cached half of (c), from the same rounds."""
    caad = bench.cached
    found = alternate(
        bench.rounds,
        echo=lambda: bench.echo(bench.echo_url, bench.echo_process.pid),
        load=lambda: bench.load(caad, bench.few, in_flight=IN_FLIGHT),
        raw=lambda: bench.echo(caad.url, caad.process.pid))
    ceiling = column(found["echo"], "rate")
    size = "%d bytes back, %d in flight" % (bench.echo_size, IN_FLIGHT)
    return [
        Line("a", "cached name, caactl load, against the nng echo", "calls/s",
             column(found["load"], "rate"), ceiling, (">=", 0.80), size),
        Line("a", "cached name, the echo's client, against the nng echo", "calls/s",
             column(found["raw"], "rate"), ceiling, None, size),
        Line("c", "CPU of caad a cached call, against the echo server's", "us",
             column(found["load"], "cpu_us"), column(found["echo"], "cpu_us"), ("<=", 1.5)),
    ]


def batch_rows(bench):
    """(d) and CPU a cached name in long requests."""
    caad = bench.cached
    found = alternate(
        bench.rounds,
        one=lambda: bench.load(caad, bench.few, in_flight=IN_FLIGHT),
        many=lambda: bench.load(caad, bench.few, in_flight=BATCH_IN_FLIGHT, batch=BATCH))
    return [
        Line("d", "100 names a request against 1, cached", "names/s",
             column(found["many"], "names_rate"), column(found["one"], "names_rate"),
             (">=", 10)),
        Line("d", "CPU of caad a cached name, 100 a request", "us",
             column(found["many"], "name_cpu_us")),
    ]


# -- (b), (c): the uncached path -----------------------------------------------

def uncached_rows(bench):
    servers, caad = bench.servers, bench.uncached
    queries = dnsperf_file(servers, bench.apart)
    found = alternate(
        bench.rounds,
        dnsperf=lambda: dnsperf(servers, bench.nsd, queries, bench.seconds),
        one=lambda: bench.load(caad, bench.apart, in_flight=IN_FLIGHT),
        many=lambda: bench.load(caad, bench.apart, in_flight=BATCH_IN_FLIGHT, batch=BATCH))
    ceiling = column(found["dnsperf"], "rate")
    lookups = "%.2f lookups a name" % statistics.median(column(found["one"], "dns_per_name"))
    return [
        Line("b", "uncached, 100 names a request, against dnsperf", "queries/s",
             column(found["many"], "dns_rate"), ceiling, (">=", 0.80), lookups),
        Line("b", "uncached, one name a request, against dnsperf", "queries/s",
             column(found["one"], "dns_rate"), ceiling, None, lookups),
        Line("c", "CPU of caad an uncached name, asked singly", "us",
             column(found["one"], "name_cpu_us"), None, ("<=", 30), lookups),
        Line("c", "CPU of caad an uncached name, 100 a request", "us",
             column(found["many"], "name_cpu_us"), None, ("<=", 20), lookups),
    ]


# -- (e): a large cache --------------------------------------------------------

def size_rows(bench):
    """Throughput and memory with few and with many names in the cache."""
    servers = bench.servers
    counts = [1000, 100000] if bench.quick else [1000, 100000, 1000000]
    most = counts[-1]
    daemons, lists, grown = {}, {}, {}
    for count in counts:
        lists[count] = names_file(servers, "many-%d" % count, count, "h{n:07d}.p{p:03d}.bench")
        daemons[count] = caad = servers.caad(bench.nsd, cache=2 * most)
        # Working memory is not the cache's: the first thousand names come before.
        load(servers, caad, lists[1000], 0, in_flight=4, batch=1000, requests=4)
        before = resident_bytes(caad.process.pid)
        bench.fill(caad, lists[count], count)
        grown[count] = resident_bytes(caad.process.pid) - before
    sides = {str(count): lambda count=count: bench.load(daemons[count], lists[count],
                                                        in_flight=IN_FLIGHT)
             for count in counts}
    found = alternate(bench.rounds, **sides)
    lines = []
    for count in counts:
        full = count == 1000000
        text = "%d cached names" % count
        lines.append(Line("e", text + ", against 1000", "calls/s",
                          column(found[str(count)], "rate"), column(found["1000"], "rate"),
                          (">=", 0.90) if full else None))
        if count > 1000:
            name = grown[count] / (count - 1000)
            lines.append(Line("e", "memory a name at " + text, "bytes", [name]))
            lines.append(Line("e", "the same beyond the name and its DNS response", "bytes",
                              [name - record_bytes(bench.nsd, lists[count])],
                              None, ("<=", 250) if full else None))
    for caad in daemons.values():
        servers.stop_caad(caad)
    return lines


# -- (f), (g): latency ---------------------------------------------------------

def latency_rows(bench):
    servers = bench.servers
    found = alternate(
        bench.rounds,
        echo=lambda: bench.echo(bench.echo_url, bench.echo_process.pid, in_flight=1),
        cached=lambda: bench.load(bench.cached, bench.few, in_flight=1),
        dns=lambda: dns_ping(servers, bench.nsd, bench.apart, bench.seconds),
        uncached=lambda: bench.load(bench.uncached, bench.apart, in_flight=1))
    lines = []
    for key in ("p50", "p99"):
        at = key + "_us"
        both = [a + b for a, b in zip(column(found["echo"], at), column(found["dns"], at))]
        lines += [
            Line("f", "cached, 1 in flight, against the echo, " + key, "us",
                 column(found["cached"], at), column(found["echo"], at),
                 ("<=", 1.20) if key == "p50" else None),
            Line("f", "uncached, 1 in flight, against one DNS query, " + key, "us",
                 column(found["uncached"], at), column(found["dns"], at)),
            Line("f", "uncached, 1 in flight, against echo and DNS query, " + key, "us",
                 column(found["uncached"], at), both),
        ]
    return lines


def delay_rows(bench):
    """Five levels from an authority that answers after 20 ms."""
    servers = bench.servers
    fault = servers.fault()
    caad = servers.caad(fault, cache=0)
    deep = names_file(servers, "deep", 1000, "h{n:07d}.b.c.delay-20ms.none")
    one = names_file(servers, "one", 1000, "h{n:07d}.delay-20ms.none")
    found = alternate(
        bench.rounds,
        single=lambda: dns_ping(servers, fault, one, bench.seconds),
        deep=lambda: bench.load(caad, deep, in_flight=1))
    servers.stop_caad(caad)
    return [Line("g", "a name of 5 levels, 20 ms away, against one DNS query, p50", "us",
                 column(found["deep"], "p50_us"), column(found["single"], "p50_us"),
                 ("<=", 1.15))]


# -- (h): audit ----------------------------------------------------------------

def audit_rows(bench):
    servers = bench.servers
    stores = {"none": "none", "SQLite": "sqlite:" + servers.path("audit.db")}
    url = servers.postgresql()
    if url:
        stores["PostgreSQL"] = url
    daemons = {name: servers.caad(bench.nsd, store=store) for name, store in stores.items()}
    for caad in daemons.values():
        bench.fill(caad, bench.few, 1000)
    sides = {name: lambda caad=caad: bench.load(caad, bench.few, in_flight=IN_FLIGHT)
             for name, caad in daemons.items()}
    found = alternate(bench.rounds, **sides)
    lines = []
    for name in stores:
        if name != "none":
            lines.append(Line("h", "audit in %s against none, cached" % name, "calls/s",
                              column(found[name], "rate"), column(found["none"], "rate")))
            lines.append(Line("h", "p99 with audit in " + name, "us", column(found[name], "p99_us")))
    for caad in daemons.values():
        servers.stop_caad(caad)
    if url:
        servers.stop_postgresql()
    return lines


# -- (i): growth ----------------------------------------------------------------

def compared(row, text, figures, key, unit):
    """A line for each side but the first, against the first."""
    first, *others = figures
    return [Line(row, text % (name, first), unit, column(figures[name], key),
                 column(figures[first], key)) for name in others]


def growth_rows(bench):
    """How cost grows with names, levels, concurrency and daemons."""
    caad, lines = bench.cached, []
    found = alternate(bench.rounds, **{
        str(size): lambda size=size: bench.load(caad, bench.few, batch=size,
                                                in_flight=max(4, IN_FLIGHT // size))
        for size in (1, 10, 100, 1000)})
    lines += compared("i", "%s names a request against %s, cached", found, "name_cpu_us",
                      "us CPU a name")

    lists = {str(levels): names_file(bench.servers, "levels-%d" % levels, 100000,
                                     ".".join("l%dx{n:07d}" % i for i in range(levels)))
             for levels in (2, 4, 8, 16)}
    found = alternate(bench.rounds, **{
        levels: lambda path=path: bench.load(bench.uncached, path, in_flight=BATCH_IN_FLIGHT,
                                             batch=BATCH)
        for levels, path in lists.items()})
    lines += compared("i", "%s levels a name against %s, uncached", found, "name_cpu_us",
                      "us CPU a name")

    found = alternate(bench.rounds, **{
        str(count): lambda count=count: bench.load(caad, bench.few, in_flight=count)
        for count in (1, 8, 64, 512)})
    for key, unit in (("rate", "calls/s"), ("p99_us", "us p99")):
        lines += compared("i", "%s in flight against %s, cached", found, key, unit)

    second = bench.servers.caad(bench.nsd)
    bench.fill(second, bench.few, 1000)
    found = alternate(
        bench.rounds,
        one=lambda: bench.load(caad, bench.few, in_flight=IN_FLIGHT),
        two=lambda: bench.load(caad, bench.few, in_flight=IN_FLIGHT,
                               options=("--server", second.url)))
    bench.servers.stop_caad(second)
    return lines + compared("i", "%s daemons against %s, cached", found, "rate", "calls/s")


ROWS = {
    "a": cached_rows,
    "b": uncached_rows,
    "d": batch_rows,
    "e": size_rows,
    "f": latency_rows,
    "g": delay_rows,
    "h": audit_rows,
    "i": growth_rows,
}
# (c) comes out of the rounds of (a) and (b).
ALSO = {"c": ("a", "b")}
