"""The same request_id again is the same check: answered once, recorded once, and
never an answer to another question."""
import os
import threading

import pytest

import wire
from daemon import Daemon, caa_queries

GOOD = "www.example.test"
DENIED = "shop.example.test"


@pytest.fixture(scope="module")
def recording(lab, tmp_path_factory):
    store = os.path.join(tmp_path_factory.mktemp("audit"), "audit.db")
    with Daemon([lab.resolver], audit={"store": "sqlite:" + store}) as running:
        yield running


@pytest.fixture
def peer(recording):
    with wire.Caller.to(recording.url) as connection:
        yield connection


def test_a_known_request_id_gets_its_first_answer(recording, peer):
    before = recording.stats()
    first = peer.check(GOOD, DENIED, request_id="again", order_id="o-1")
    second = peer.check(GOOD, DENIED, request_id="again", order_id="o-1")
    assert second.payload == first.payload
    after = recording.stats()
    for counter, grown in (("caad_audit_records_total", 1), ("caad_recorded_answers_total", 1),
                           ("caad_decisions_total{decision=DENIED}", 1)):
        assert after[counter] - before[counter] == grown, counter


def test_an_answer_outlives_the_daemon(lab, tmp_path):
    store = {"store": f"sqlite:{tmp_path}/audit.db"}
    answers = []
    for _ in range(2):
        with Daemon([lab.resolver], audit=store) as caad, wire.Caller.to(caad.url) as peer:
            answers.append(peer.check(GOOD, request_id="kept").payload)
    assert answers[0] == answers[1]


def test_copies_in_flight_are_answered_by_one_check(lab):
    lab.reset()
    with Daemon([lab.fault], resolver={"timeout_ms": 5000}) as caad:
        payloads = []

        def ask():
            with wire.Caller.to(caad.url, timeout=30) as peer:
                payloads.append(peer.check("www.delay-900ms.ok.direct", request_id="twin").payload)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stats = caad.stats()
    assert len(payloads) == 8
    assert len(set(payloads)) == 1
    assert stats["caad_decisions_total{decision=PERMITTED}"] == 1
    assert caa_queries(lab)["www.delay-900ms.ok.direct"] == 1


@pytest.mark.parametrize("first, second", [
    ({"names": [GOOD]}, {"names": [DENIED]}),
    ({"names": [GOOD]}, {"names": [GOOD, DENIED]}),
    ({"names": [GOOD, DENIED]}, {"names": [GOOD]}),
    ({"names": [GOOD, DENIED]}, {"names": [DENIED, GOOD]}),
    ({"names": [DENIED], "product": "IntranetSSL"}, {"names": [DENIED], "product": "DV"}),
    ({"names": ["account.policy.test"], "account_uris": ["https://acme.example/acct/1"]},
     {"names": ["account.policy.test"], "account_uris": ["https://acme.example/acct/2"]}),
    ({"names": ["account.policy.test"], "account_uris": ["https://acme.example/acct/1"]},
     {"names": ["account.policy.test"]}),
    ({"names": ["method.policy.test"], "validation_method": "dns-01"},
     {"names": ["method.policy.test"], "validation_method": "http-01"}),
], ids=lambda fields: "+".join(fields))
def test_a_request_id_answers_no_other_question(request, peer, first, second):
    """Or a permission would be lent to a check that would have been denied."""
    request_id = request.node.name[-128:]

    def check(fields):
        message = wire.CheckDomainsRequest(request_id=request_id, **fields)
        return peer.call(wire.CHECK, message)

    assert check(first).status.code == 0
    response = check(second)
    assert wire.status(response) == ("INVALID_ARGUMENT", "request_id")
    assert "a new one" in response.status.message


def test_checks_without_an_id_are_all_made(recording, peer):
    before = recording.stats()["caad_audit_records_total"]
    ids = {wire.answer(peer.check(GOOD)).request_id for _ in range(3)}
    assert len(ids) == 3
    assert recording.stats()["caad_audit_records_total"] - before == 3
