"""Our own resolvers stop, hang, come back and are replaced under a running load:
nothing is wrongly permitted, no customer is blamed, and nothing needs a restart.
Health states are printed with their times (-s)."""
import os
import time

import pytest

import wire
from daemon import Daemon
from lab import Lab
from load import Load, Watch

GOOD, UNSIGNED = "www.example.test", "www.plain.test"
DENIED, BOGUS = "shop.example.test", "ok.expired.test"
NAMES = (GOOD, UNSIGNED, DENIED, BOGUS)
# What may be said of a good name while our own resolver is away.
OURS = {"RESOLVER_UNAVAILABLE", "DEADLINE_EXCEEDED"}


def validating(lab, part, wanted):
    """Replace a resolver by one that validates, or by one that does not."""
    path = os.path.join(lab.dir, part + ".conf")
    with open(path, encoding="ascii") as file:
        text = file.read()
    modules = {True: '"validator iterator"', False: '"iterator"'}
    lab.stop(part)
    with open(path, "w", encoding="ascii") as file:
        file.write(text.replace(f"module-config: {modules[not wanted]}",
                                f"module-config: {modules[wanted]}"))
    lab.start(part)


@pytest.fixture(scope="module")
def own_lab():
    with Lab() as running:
        yield running


@pytest.fixture
def lab(own_lab):
    """Not the one of the other tests: its parts are stopped and replaced."""
    yield own_lab
    validating(own_lab, "resolver", True)


def judge(load):
    """Every answer given, whatever was going on."""
    for moment, name, verdict, reason in load.answers:
        said = (round(moment, 2), name, verdict, reason)
        if name in (DENIED, BOGUS):
            assert verdict in ({"DENIED", "LOOKUP_FAILED"} if name == DENIED
                               else {"LOOKUP_FAILED"}), said
        elif verdict != "PERMITTED":
            assert verdict == "LOOKUP_FAILED" and reason in OURS, said


def report(title, load, watch):
    print(f"\n{title}\n{watch.table()}")
    for name, mix in load.mix().items():
        print(f"  {name:20}" + ", ".join(f"{verdict} {reason} {count}"
                                         for (verdict, reason), count in sorted(mix.items())))


def test_one_resolver_through_every_trouble(lab):
    address = lab.resolver
    with Daemon([address], resolver={"timeout_ms": 500}) as caad:
        with Load(caad, NAMES) as load, Watch(caad) as watch:
            load.wait_for(GOOD, "PERMITTED")

            lab.stop("resolver")
            watch.wait_for(address, "UNREACHABLE")
            load.wait_for(GOOD, "LOOKUP_FAILED")
            lab.start("resolver")
            watch.wait_for(address, "VALIDATING")
            load.wait_for(GOOD, "PERMITTED")

            lab.pause("resolver")
            watch.wait_for(address, "UNREACHABLE")
            load.wait_for(GOOD, "LOOKUP_FAILED")
            lab.resume("resolver")
            watch.wait_for(address, "VALIDATING")
            load.wait_for(GOOD, "PERMITTED")

            validating(lab, "resolver", False)
            watch.wait_for(address, "NOT_VALIDATING")
            load.wait_for(GOOD, "LOOKUP_FAILED")
            time.sleep(0.5)     # it stays that way
            assert not [answer for answer in load.since(load.now() - 0.3)
                        if answer[2] == "PERMITTED"]
            validating(lab, "resolver", True)
            watch.wait_for(address, "VALIDATING")
            load.wait_for(GOOD, "PERMITTED")
            load.wait_for(UNSIGNED, "PERMITTED")
        report("one resolver: stopped, hung, replaced by one that does not validate", load, watch)
        judge(load)
        healths = [change[1] for change in watch.changes]
        assert healths[0] == healths[-1] == "SERVING" and healths.count("NOT_SERVING") >= 3
        changes = [line for line in caad.log() if line["msg"] == "resolver changed state"]
        assert {line["to"] for line in changes} == {"VALIDATING", "NOT_VALIDATING", "UNREACHABLE"}


@pytest.mark.parametrize("trouble", ["stopped", "hung", "not-validating"])
def test_the_second_resolver_answers_while_the_first_is_in_trouble(lab, trouble):
    with Daemon([lab.resolver, lab.resolver2], resolver={"timeout_ms": 1000}) as caad:
        with Load(caad, NAMES) as load, Watch(caad) as watch:
            load.wait_for(GOOD, "PERMITTED")
            if trouble == "stopped":
                lab.stop("resolver")
            elif trouble == "hung":
                lab.pause("resolver")
            else:
                validating(lab, "resolver", False)
            watch.wait_for(lab.resolver,
                           "NOT_VALIDATING" if trouble == "not-validating" else "UNREACHABLE")
            settled = load.now()
            time.sleep(1)
            load.wait_for(GOOD, "PERMITTED")
            # Requests begun before it was noticed may still end a while after.
            late = [answer for answer in load.since(settled + 0.9) if answer[1] in (GOOD, UNSIGNED)]
            assert {answer[2] for answer in late} <= {"PERMITTED"}, late
            if trouble == "hung":
                lab.resume("resolver")
            elif trouble == "stopped":
                lab.start("resolver")
            else:
                validating(lab, "resolver", True)
            watch.wait_for(lab.resolver, "VALIDATING")
        report(f"two resolvers, the first {trouble}", load, watch)
        judge(load)
        assert {change[1] for change in watch.changes} == {"SERVING"}


def test_a_resolver_replaced_between_two_self_tests_is_not_believed(lab):
    """Nothing was asked meanwhile, so only the answer itself can give it away."""
    with Daemon([lab.resolver]) as caad, wire.Caller.to(caad.url) as peer:
        assert wire.results(peer.check(UNSIGNED))[UNSIGNED][0] == "PERMITTED"
        validating(lab, "resolver", False)
        found = wire.results(peer.check(BOGUS, UNSIGNED, GOOD, fresh=True))
        assert {verdict for verdict, _ in found.values()} == {"LOOKUP_FAILED"}, found


def test_without_require_dnssec_a_resolver_that_does_not_validate_is_used(lab):
    with Daemon([lab.nonvalidating], resolver={"require_dnssec": False}) as caad:
        with wire.Caller.to(caad.url) as peer:
            result = wire.one(peer.check(GOOD))
            assert wire.verdict(result) == ("PERMITTED", "ISSUER_AUTHORIZED")
            # Nobody vouches for it, so it is neither secure nor insecure.
            assert result.dnssec == wire.Result.INDETERMINATE


def test_a_hung_name_server_is_not_taken_for_a_hung_resolver(lab):
    """The resolver answers others, so the silence is the domain's own."""
    with Daemon([lab.fault], resolver={"timeout_ms": 300}) as caad, Watch(caad) as watch:
        with wire.Caller.to(caad.url) as peer:
            found = wire.results(peer.check("www.silent.direct", "www.ok.direct"))
        assert found == {"www.silent.direct": ("LOOKUP_FAILED", "TIMEOUT"),
                         "www.ok.direct": ("PERMITTED", "ISSUER_AUTHORIZED")}
        assert {change[1] for change in watch.changes} == {"SERVING"}
