"""/metrics and /healthz as Prometheus and its people need them, and the alert
rules and the dashboard that build on them."""
import http.client
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from daemon import Daemon
from doors import free_port

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy")
PROMTOOL = os.environ.get("CAAD_PROMTOOL") or shutil.which("promtool")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="needs promtool (package prometheus)")
LINE = re.compile(r'^([a-z_]+)(?:\{([a-z_]+)="([^"]*)"\})? (\S+)$')


class Page:
    """series: {(name, label value): number}; types, helps: by family."""

    def __init__(self, text):
        self.text = text
        self.series, self.types, self.helps, self.labels = {}, {}, {}, set()
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                assert family not in self.types, f"{family} is in two places"
                self.types[family] = kind
            elif line.startswith("# HELP "):
                _, _, family, text = line.split(" ", 3)
                self.helps[family] = text
            else:
                found = LINE.match(line)
                assert found, line
                name, label, value, number = found.groups()
                assert (name, value) not in self.series, line
                self.series[name, value] = float(number)
                self.labels.add(label)

    def family(self, name):
        if name in self.types:
            return name
        return re.sub(r"_(bucket|sum|count)$", "", name)


class Metered(Daemon):
    def __init__(self, servers, **config):
        self.address = f"127.0.0.1:{free_port()}"
        super().__init__(servers, metrics={"listen": f"http://{self.address}"}, **config)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def page(self):
        return Page(self.get("/metrics")[2])


@pytest.fixture(scope="module")
def caad(lab, tmp_path_factory):
    store = tmp_path_factory.mktemp("audit")
    with Metered([lab.resolver, lab.resolver2],
                 audit={"store": f"sqlite:{store}/audit.db"}) as running:
        running.first = running.page()
        yield running


def use_everything(caad):
    caad.check("www.example.test", "denied.policy.test", "bogus.alias.test", "192.0.2.1", "a..test")
    caad.check("--product", "IntranetSSL", "www.example.test")
    caad.check("--order", "again", "none.test")
    caad.json("explain", "forbid.policy.test")
    caad.caactl("call", "no.such/Method")


def test_every_series_is_there_from_the_start(caad):
    use_everything(caad)
    assert set(caad.page().series) == set(caad.first.series)


def test_the_reasons_verdicts_and_outcomes_are_those_of_the_schema(caad):
    with open(os.path.join(DEPLOY, "../proto/caa/v1/caa.proto"), encoding="utf-8") as file:
        proto = file.read()

    def names(enum):
        body = re.search(r"enum %s \{(.*?)\n\s*\}" % enum, proto, re.S).group(1)
        return set(re.findall(r"^\s*([A-Z_]+) = (?!0)", body, re.M))
    for family, enum in (("caad_results_total", "Reason"), ("caad_verdicts_total", "Verdict"),
                         ("caad_decisions_total", "Decision"), ("caad_dns_lookups_total", "Outcome")):
        assert {value for name, value in caad.first.series if name == family} == names(enum)


def test_every_family_has_its_help_and_type(caad):
    families = {caad.first.family(name) for name, _ in caad.first.series}
    assert families == set(caad.first.types) == set(caad.first.helps)
    for family, kind in caad.first.types.items():
        assert (kind == "counter") == family.endswith("_total")
        assert re.fullmatch(r"(caad|process)_[a-z_]+", family)
        assert not re.search(r"_(ms|us|milliseconds|minutes|kib|mb)(_|$)", family)


def test_no_label_says_which_names_were_asked(caad):
    use_everything(caad)
    assert not re.search(r"example\.test|policy\.test", caad.page().text)
    assert caad.page().labels <= {None, "decision", "verdict", "reason", "le", "transport", "outcome",
                                  "code", "resolver", "version"}


def test_counters_only_grow(caad):
    before = caad.page()
    use_everything(caad)
    after = caad.page()
    for (name, value), number in before.series.items():
        if before.types[before.family(name)] != "gauge":
            assert after.series[name, value] >= number, name
    assert after.series["caad_checks_total", None] >= before.series["caad_checks_total", None] + 3


def test_the_histogram_is_well_formed(caad):
    use_everything(caad)
    page = caad.page()
    buckets = [(value, number) for (name, value), number in page.series.items()
               if name == "caad_check_duration_seconds_bucket"]
    bounds = [float(value) for value, _ in buckets]
    counts = [number for _, number in buckets]
    assert bounds == sorted(bounds) and counts == sorted(counts)
    assert bounds[0] == 50e-6 and bounds[-2] == 30 and buckets[-1][0] == "+Inf"
    assert counts[-1] == page.series["caad_check_duration_seconds_count", None] > 0
    assert page.series["caad_check_duration_seconds_sum", None] > 0


def test_getstats_says_the_same(caad):
    page, stats = caad.page(), caad.stats()
    own = {name for name, _ in page.series if name.startswith("caad_")}
    assert {name.partition("{")[0] for name in stats} == own


@needs_promtool
def test_promtool_finds_nothing_to_say(caad):
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=caad.page().text,
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_healthz_and_the_answers_to_others(caad):
    status, headers, body = caad.get("/healthz")
    assert (status, body) == (200, "SERVING\n") and headers["Content-Type"].startswith("text/plain")
    assert caad.get("/metrics")[1]["Content-Type"].startswith("text/plain; version=0.0.4")
    assert caad.get("/nothing")[0] == 404
    connection = http.client.HTTPConnection(caad.address, timeout=5)
    connection.request("POST", "/metrics", body="x")
    assert connection.getresponse().status == 405
    assert caad.get("/healthz")[0] == 200


def test_healthz_says_what_is_wrong():
    with Metered(["127.0.0.1:1"], ready=False) as caad:
        status, _, body = caad.get("/healthz")
        assert status == 503 and body.startswith("NOT_SERVING: ") and "resolver" in body


# ------------------------------------------------------------- what builds on it

KNOWN_ELSEWHERE = {"up"}


def metrics_in(expression):
    """The names that a PromQL expression reads."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without)\s*\([^)]*\)', " ", expression)
    words = re.findall(r"[a-z_:][a-z0-9_:]*(?!\s*\(|[a-z0-9_])", bare)
    return {word for word in words if "_" in word or word == "up"} - {"label_values"}


def test_the_alerts_name_metrics_that_exist(caad):
    with open(os.path.join(DEPLOY, "prometheus-alerts.yml"), encoding="utf-8") as file:
        text = file.read()
    expressions = re.findall(r"expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", text)
    known = {name for name, _ in caad.first.series} | KNOWN_ELSEWHERE
    assert len(expressions) == text.count("- alert:") > 8
    for expression in expressions:
        used = metrics_in("".join(expression))
        assert used and used <= known, used - known


def test_the_dashboard_names_metrics_that_exist(caad):
    with open(os.path.join(DEPLOY, "grafana-dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    known = {name for name, _ in caad.first.series} | KNOWN_ELSEWHERE
    shown = set()
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            used = metrics_in(target["expr"])
            assert used and used <= known, (panel["title"], used - known)
            shown |= used
    assert {name for name in known if not name.startswith("process_max")} - KNOWN_ELSEWHERE == \
        shown - KNOWN_ELSEWHERE, "a metric is on no panel"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


@needs_promtool
@pytest.mark.parametrize("args", [["check", "rules", "prometheus-alerts.yml"],
                                  ["test", "rules", "prometheus-alerts.test.yml"]],
                         ids=["rules", "their tests"])
def test_promtool_accepts_the_alerts(args):
    done = subprocess.run([PROMTOOL, *args], cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
