"""caactl load against the real daemon: what the report counts is what was asked and
answered, a template comes from the served schema, and a gate's answer is the exit status."""
import json
import os
import subprocess
import xml.dom.minidom

import pytest

from daemon import BIN

CAACTL = os.path.join(BIN, "caactl")
# One of each verdict that an order can meet.
MIX = {"www.example.test": "permitted", "shop.example.test": "denied",
       "192.0.2.1": "exempt", "bad name": "invalid", "to-bogus.alias.test": "failed"}


def load(caad, *args, code=0, **options):
    done = subprocess.run([CAACTL, "--server", caad.url, "load", *map(str, args)],
                          capture_output=True, text=True, timeout=60, check=False, **options)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def report(caad, *args, **options):
    return json.loads(load(caad, *args, "-O", "json", **options))


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    path = tmp_path_factory.mktemp("load") / "names"
    path.write_text("".join(name + "\n" for name in MIX))
    return path


def test_the_report_counts_what_the_daemon_counted(caad, names):
    before = caad.stats()
    metrics = report(caad, "--names", names, "-n", 100, "-c", 8)["metrics"]
    after = caad.stats()
    assert metrics["requests"] == metrics["names"] == 100 and metrics["errors"] == 0
    for verdict in MIX.values():
        assert metrics[verdict] == 20, metrics
    grown = {key: after[key] - before.get(key, 0) for key in after if "verdict" in key}
    assert sum(grown.values()) == 100 and sorted(filter(None, grown.values())) == [20] * 5


def test_names_in_long_requests(caad, names):
    metrics = report(caad, "--names", names, "-n", 10, "--batch", 5)["metrics"]
    assert metrics["requests"] == 10 and metrics["names"] == 50


def test_a_template_from_the_served_schema(caad):
    template = subprocess.run([CAACTL, "--server", caad.url, "template", "CheckDomains"],
                              capture_output=True, text=True, check=True).stdout
    asked = json.loads(template)
    asked.clear()
    asked.update(product="DV", names=["{{hex}}.none.test"], event="ORDER")
    metrics = report(caad, "-d", json.dumps(asked), "-n", 50)["metrics"]
    assert metrics["permitted"] == 50
    assert 0 < metrics["min_us"] <= metrics["p50_us"] <= metrics["p99_us"] <= metrics["max_us"]


def test_another_method(caad):
    metrics = report(caad, "-m", "caa.v1.HealthService/Check", "-d", "{}", "-n", 20)["metrics"]
    assert metrics["requests"] == 20 and metrics["errors"] == 0


def test_open_loop_keeps_its_rate_and_says_what_it_skipped(caad):
    name = '{"names": ["{{hex}}.delay-100ms.fault.test"]}'
    found = report(caad, "-d", name, "-r", 200, "-z", "1s", "-c", 2)["metrics"]
    assert found["requests"] + found["skipped"] == pytest.approx(200, abs=5)
    assert found["skipped"] > found["requests"]


def test_gates_and_comparison(caad, names, tmp_path):
    load(caad, "--names", names, "-n", 20, "--fail-if", "p99>30s")
    load(caad, "--names", names, "-n", 20, "--fail-if", "rate<1000000000", code=1)
    for side in "ab":
        (tmp_path / side).write_text(load(caad, "--names", names, "-n", 20, "-O", "json"))
    shown = load(caad, "--compare", tmp_path / "a", tmp_path / "b")
    assert "p99" in shown and "rate" in shown
    load(caad, "--compare", tmp_path / "a", tmp_path / "b", "--fail-if", "p99>1000x")
    load(caad, "--compare", tmp_path / "a", tmp_path / "b", "--fail-if", "rate>0.0001x", code=1)


def test_reports_for_people(caad, names):
    assert load(caad, "--names", names, "-n", 20, "-O", "csv").count("\n") > 1
    page = load(caad, "--names", names, "-n", 200, "-O", "html")
    assert page.count("<svg") == 3 and "http://" not in page.replace("http://www.w3.org", "")
    for part in page.split("<svg")[1:]:
        xml.dom.minidom.parseString("<svg" + part.split("</svg>")[0] + "</svg>")


def test_a_daemon_that_is_not_there(tmp_path, names):
    done = subprocess.run([CAACTL, "--server", f"ipc://{tmp_path}/none", "--timeout", "300ms",
                           "load", "--names", names, "-n", "2"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 78 and not done.stdout        # 64 + UNAVAILABLE
    assert f"{tmp_path}/none" in done.stderr
