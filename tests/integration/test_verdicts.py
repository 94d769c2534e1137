"""Every name of the lab's tables gets the verdict the table says: through the
validating resolver, and from the fault server asked as a resolver."""
import os

import pytest

from daemon import Daemon

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab")


def rows(file):
    with open(os.path.join(LAB, file), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


def arguments(name, options):
    flags = {"product": "--product", "account_uri": "--account-uri", "method": "--method"}
    args = []
    for word in [] if options == "-" else options.split():
        key, value = word.split("=", 1)
        args += [flags[key], value]
    return args + ["--", name]


def agrees(expected, got):
    return expected == "*" or got in expected.split("|")


def compare(result, verdict, reason, dnssec, found_at):
    got = (result["verdict"], result["reason"], result["dnssec"], result["found_at"] or "-")
    wanted = (verdict, reason, dnssec.replace("-", "DNSSEC_UNSPECIFIED"), found_at)
    assert all(map(agrees, wanted, got)), (wanted, got, result["message"])


@pytest.mark.parametrize("row", rows("verdicts.tsv"), ids=lambda row: f"{row[0][:60]} {row[1]}")
def test_through_the_validating_resolver(caad, row):
    name, options, verdict, reason, dnssec, found_at = row[:6]
    compare(caad.result(*arguments(name, options)), verdict, reason, dnssec, found_at)


@pytest.fixture(scope="module")
def direct(lab):
    with Daemon([lab.fault], resolver={"timeout_ms": 800}) as running:
        yield running


@pytest.mark.parametrize("row", rows("verdicts_direct.tsv"),
                         ids=lambda row: f"{row[0][:60]} {row[1]}")
def test_of_a_resolver_that_misbehaves(direct, row):
    name, options, verdict, reason, dnssec, found_at = row[:6]
    compare(direct.result(*arguments(name, options)), verdict, reason, dnssec, found_at)
