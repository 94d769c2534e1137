"""No verdict without its record: what a record holds, that it is made once, what
happens when the store fails, and that nobody can change it unseen."""
import concurrent.futures
import csv
import datetime
import io
import json
import os
import subprocess
import time
import uuid

import pytest

import audit_stores
import raw
import wire
from audit_stores import STORES, count
from daemon import Daemon
from relay import Relay

CheckRecord = wire.MESSAGES["caa.v1.CheckRecord"]
GetCheckRequest = wire.MESSAGES["caa.v1.GetCheckRequest"]
GetCheckResponse = wire.MESSAGES["caa.v1.GetCheckResponse"]
HealthCheckResponse = wire.MESSAGES["caa.v1.HealthCheckResponse"]
NOT_SERVING = 2
UNAVAILABLE, INVALID_ARGUMENT, NOT_FOUND, DATA_LOSS = 14, 3, 5, 15
VerifyRequest = wire.MESSAGES["caa.v1.VerifyAuditRequest"]
VerifyResponse = wire.MESSAGES["caa.v1.VerifyAuditResponse"]
GET_CHECK = "caa.v1.CaaService/GetCheck"
VERIFY = "caa.v1.AdminService/VerifyAudit"


@pytest.fixture(scope="module", params=list(STORES))
def store(request):
    with STORES[request.param]() as running:
        yield running


@pytest.fixture
def caad(lab, store):
    """Each test its own stream, so that a broken chain stays its own."""
    with Daemon([lab.resolver], instance="s-" + uuid.uuid4().hex[:8],
                audit={"store": store.url}) as running:
        yield running


def new_id():
    return uuid.uuid4().hex


def get_check(peer, request_id):
    response = peer.call(GET_CHECK, GetCheckRequest(request_id=request_id))
    return wire.answer(response, GetCheckResponse).check


def health(caad):
    """{part: SERVING or NOT_SERVING}, and the whole under ""."""
    answer = caad.json("health", status=(0, 1))
    return {"": answer["status"], **{part["part"]: part["status"]
                                     for part in answer["parts"]}}


def eventually(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def records(caad, *args):
    done = caad.caactl("--json", "history", *args)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ids(caad, *args):
    """Of the records that can be read."""
    return [record["request"]["request_id"] for record in records(caad, *args)
            if record["request"]]


# ------------------------------------------------------------ what a record holds

def test_a_record_holds_the_question_the_answer_and_the_evidence(lab, store):
    with Relay(lab.resolver) as relay, \
         Daemon([relay.address], instance=new_id()[:8], audit={"store": store.url}) as caad, \
         wire.Caller.to(caad.url) as peer:
        asked = {"request_id": new_id(), "order_id": "o-77", "event": 2, "product": "EV",
                 "account_uris": ["https://ca.example/acct/1"],
                 "validation_method": "dns-01", "common_name": "www.example.test"}
        names = ["denied.policy.test", "*.bücher.example.test", "192.0.2.1", "a_b.test"]
        request = wire.CheckDomainsRequest(names=names, **asked)
        answer = wire.answer(peer.call(
            wire.CHECK, request, metadata=[{"key": "caller", "value": "order-service"}]))
        record = get_check(peer, asked["request_id"])
        info = caad.json("info")

        assert record.response == answer
        assert record.request == request
        assert "order-service" in record.caller
        assert (record.version, list(record.issuer_domain_names), record.stream) == \
            (info["version"], ["globalsign.com"], caad.config["instance"])
        assert [len(result.lookups) > 0 for result in record.response.results] == \
            [True, True, True, False, False]
        assert all(lookup.attempts or lookup.from_cache
                   for result in record.response.results for lookup in result.lookups)
        # Byte for byte what the resolver sent, and one for each deciding level.
        levels = {lookup.name for result in record.response.results
                  for lookup in result.lookups}
        assert levels == {raw.name for raw in record.raw_responses}
        assert all(raw.message in relay.answers for raw in record.raw_responses)
        assert len(record.hash) == len(record.previous_hash) == 32


def test_a_failed_lookup_is_recorded_as_one(caad):
    """With its attempts: 'checked, empty' is not what happened."""
    request_id = new_id()
    caad.check("--request-id", request_id, "servfail.fault.test")
    result = records(caad, "servfail.fault.test")[0]["response"]["results"][0]
    assert (result["verdict"], result["reason"]) == ("LOOKUP_FAILED", "SERVFAIL")
    attempts = result["lookups"][0]["attempts"]
    assert [attempt["outcome"] for attempt in attempts[:2]] == ["SERVFAIL", "SERVFAIL"]


def test_a_record_from_the_cache_holds_the_answer_it_was_made_from(caad):
    caad.check("ok.policy.test")
    with wire.Caller.to(caad.url) as peer:
        request_id = new_id()
        peer.check("ok.policy.test", request_id=request_id)
        record = get_check(peer, request_id)
    assert record.response.results[0].from_cache
    assert len(record.raw_responses) == 1 and len(record.raw_responses[0].message) > 12


# ---------------------------------------------------------- one id, one record

def test_the_same_request_id_is_the_same_check(lab, caad, store):
    request_id, before = new_id(), count(store)
    first = caad.check("--request-id", request_id, "--fresh", "ok.policy.test")
    lab.set_records("ok.policy.test", ['0 issue "other-ca.example"'])
    try:
        again = caad.check("--request-id", request_id, "--fresh", "ok.policy.test")
    finally:
        lab.set_records("ok.policy.test", ['0 issue "globalsign.com"'])
    assert again == first
    assert count(store) == before + 1


def test_also_after_a_restart(lab, caad, store):
    request_id, before = new_id(), count(store)
    first = caad.check("--request-id", request_id, "ok.policy.test")
    lab.set_records("ok.policy.test", ['0 issue "other-ca.example"'])
    try:
        caad.stop()
        caad.start()
        again = caad.check("--request-id", request_id, "--fresh", "ok.policy.test")
    finally:
        lab.set_records("ok.policy.test", ['0 issue "globalsign.com"'])
    assert again == first
    assert count(store) == before + 1


def test_a_request_id_of_other_names_is_refused(caad):
    request_id = new_id()
    with wire.Caller.to(caad.url) as peer:
        assert peer.check("ok.policy.test", request_id=request_id).status.code == 0
        other = peer.check("denied.policy.test", request_id=request_id)
    assert other.status.code == INVALID_ARGUMENT and other.status.field == "request_id"


def test_two_daemons_on_one_database_answer_an_id_once(lab):
    """Asked at the same moment; whoever comes second gives the other's answer."""
    with STORES["postgresql"]() as store, \
         Daemon([lab.resolver], instance="one", audit={"store": store.url}) as one, \
         Daemon([lab.resolver], instance="two", audit={"store": store.url}) as two, \
         concurrent.futures.ThreadPoolExecutor(8) as pool:
        def ask(url, request_ids):
            with wire.Caller.to(url) as peer:
                return [wire.answer(peer.check("denied.policy.test", request_id=request_id))
                        for request_id in request_ids]
        request_ids = [new_id() for _ in range(60)]
        asked = [pool.submit(ask, daemon.url, request_ids)
                 for daemon in (one, two, one, two)]
        answers = [future.result() for future in asked]
        assert all(answer == answers[0] for answer in answers)
        assert count(store) == len(request_ids)
        streams = {answer.instance for answer in answers[0]}
        assert streams <= {"one", "two"}
        for stream in ("one", "two"):
            assert one.caactl("history", "--verify", stream).returncode == 0


# ------------------------------------------------------------ the store fails

def test_without_the_store_there_is_no_verdict_and_service_returns_with_it(caad, store):
    assert health(caad)[""] == "SERVING"
    before = count(store)
    store.fail()
    try:
        with wire.Caller.to(caad.url) as peer:
            response = peer.check("ok.policy.test", request_id=new_id())
            assert response.status.code == UNAVAILABLE
            assert "audit record could not be written" in response.status.message
            assert response.payload == b"" and response.status.retry_after_ms > 0
        parts = health(caad)
        assert (parts[""], parts["audit"], parts["resolver"]) == \
            ("NOT_SERVING", "NOT_SERVING", "SERVING")
        done = caad.caactl("check", "ok.policy.test")
        assert done.returncode == 64 + UNAVAILABLE and "PERMITTED" not in done.stdout
    finally:
        store.mend()
    eventually(lambda: health(caad)[""] == "SERVING")
    assert caad.result("ok.policy.test")["verdict"] == "PERMITTED"
    assert count(store) == before + 1


def test_a_full_disk_stops_verdicts_until_there_is_room(lab, tmp_path):
    where = str(tmp_path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "caad-test", where],
                             capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("mounting a tmpfs needs root")
    try:
        with Daemon([lab.resolver], audit={"store": f"sqlite:{where}/audit.db"}) as caad:
            fill_and_empty(caad, where)
    finally:
        subprocess.run(["umount", "-l", where], check=True)


def fill_and_empty(caad, where):
    ballast = where + "/ballast"
    answered = [new_id()]
    caad.check("--request-id", answered[0], "ok.policy.test")
    try:
        with open(ballast, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        pass
    refused = 0
    with wire.Caller.to(caad.url) as peer:
        for _ in range(400):
            request_id = new_id()
            response = peer.check("ok.policy.test", request_id=request_id)
            if response.status.code == 0:
                answered.append(request_id)
                continue
            assert response.status.code == UNAVAILABLE, response.status
            refused += 1
            if refused == 3:
                break
        # At once: 100 ms later the store is tried again, and may take a little.
        parts = wire.answer(peer.call(raw.HEALTH), HealthCheckResponse).parts
    assert refused == 3
    assert [part.status for part in parts if part.part == "audit"] == [NOT_SERVING]
    os.unlink(ballast)
    eventually(lambda: health(caad)[""] == "SERVING")
    assert caad.result("ok.policy.test")["verdict"] == "PERMITTED"
    assert set(answered) <= set(ids(caad))
    assert caad.caactl("history", "--verify").returncode == 0


# ----------------------------------------------------------------- the history

@pytest.fixture(scope="module")
def told(lab):
    """A daemon with a history: (daemon, request ids oldest first, times)."""
    with STORES["sqlite"]() as store, \
         Daemon([lab.resolver], instance="told", audit={"store": store.url}) as caad:
        made = []
        for number in range(25):
            names = ["ok.policy.test", "denied.policy.test"][:1 + number % 2]
            made.append(caad.check("--request-id", f"t-{number:02}", "--order",
                                   f"o-{number // 5}", "--event", "renewal", *names))
        caad.check("--request-id", "idn", "--order", "odd", "--account-uri",
                   "https://ca.example/acct/9", "--method", "dns-01",
                   "bücher.example.test", "account.policy.test", "a_b.test")
        caad.check("--request-id", "failed", "--order", "odd", "servfail.fault.test")
        yield caad, [answer["request_id"] for answer in made], made


def test_get_check_gives_one_record(told):
    caad, made, answers = told
    with wire.Caller.to(caad.url) as peer:
        assert get_check(peer, made[3]).request.order_id == "o-0"
        missing = peer.call(GET_CHECK, GetCheckRequest(request_id="nothing"))
        assert missing.status.code == NOT_FOUND
    done = caad.caactl("history", "--id", made[3])
    assert done.returncode == 0
    assert "denied.policy.test" in done.stdout and "Raw DNS responses" in done.stdout
    assert caad.json("history", "--id", made[3])["response"] == answers[3]
    assert caad.caactl("history", "--id", "nothing").returncode == 64 + NOT_FOUND


def test_history_by_order_is_newest_first(told):
    caad, made, _ = told
    assert ids(caad, "--order", "o-2") == made[10:15][::-1]
    assert ids(caad, "--order", "none") == []


def test_history_by_name_takes_the_name_as_asked(told):
    caad, made, _ = told
    assert ids(caad, "denied.policy.test") == made[1::2][::-1]
    assert ids(caad, "DENIED.Policy.Test.") == made[1::2][::-1]
    assert ids(caad, "BÜCHER.example.test") == ["idn"]
    assert ids(caad, "xn--bcher-kva.example.test") == ["idn"]
    done = caad.caactl("history", "a_b.test")
    assert done.returncode == 64 + INVALID_ARGUMENT and "underscore" in done.stderr


def test_history_by_verdict_and_decision(told):
    caad, made, _ = told
    assert ids(caad, "--denied") == ["idn"] + made[1::2][::-1]
    assert ids(caad, "--verdict", "invalid_name") == ["idn"]
    assert ids(caad, "--verdict", "lookup_failed") == ["failed"]
    assert ids(caad, "--decision", "permitted") == made[::2][::-1]
    assert ids(caad, "ok.policy.test", "--verdict", "permitted") == made[::-1]
    assert ids(caad, "ok.policy.test", "--denied") == []


def test_history_by_time(told):
    caad, made, answers = told
    def at(number, plus_ms=0):
        moment = int(answers[number]["checked_at_ms"]) + plus_ms
        return datetime.datetime.fromtimestamp(
            moment / 1000, datetime.timezone(datetime.timedelta(hours=5.5))
        ).isoformat(timespec="milliseconds")
    assert ids(caad, "--since", at(5), "--until", at(9)) == made[5:9][::-1]
    assert ids(caad, "--since", at(5), "--until", at(8, 1)) == made[5:9][::-1]
    assert ids(caad, "--until", "1h") == []
    assert len(ids(caad, "--since", "12h")) == 27


def test_pages_neither_skip_nor_repeat(told):
    caad, made, _ = told
    found, token = [], ""
    with wire.Caller.to(caad.url) as peer:
        while True:
            page = wire.answer(peer.call(
                "caa.v1.CaaService/ListChecks",
                wire.MESSAGES["caa.v1.ListChecksRequest"](page_size=4, page_token=token)),
                wire.MESSAGES["caa.v1.ListChecksResponse"])
            assert len(page.checks) <= 4
            found += [record.request.request_id for record in page.checks]
            token = page.next_page_token
            if not token:
                break
        wrong = peer.call("caa.v1.CaaService/ListChecks",
                          wire.MESSAGES["caa.v1.ListChecksRequest"](page_token="7"))
        assert wire.status(wrong) == ("INVALID_ARGUMENT", "page_token")
    assert found == ["failed", "idn"] + made[::-1]
    assert ids(caad, "--limit", "3") == ["failed", "idn", made[-1]]


def test_a_person_sees_a_table_and_a_script_json_lines(told):
    caad, _, _ = told
    table = caad.caactl("history", "--limit", "2").stdout
    assert table.startswith("CHECKED AT") and "account.policy.test: DENIED" in table
    exported = caad.caactl("history", "--export")
    assert len(exported.stdout.splitlines()) == 27 and exported.stderr == ""


def test_the_report_of_prevented_issuances(told):
    caad, made, _ = told
    done = caad.caactl("history", "--denied", "--since", "30d", "--report", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["request_id"] for row in rows] == ["idn"] + made[1::2][::-1]
    row = rows[0]
    assert (row["name"], row["verdict"], row["reason"], row["found_at"], row["order_id"]) == \
        ("account.policy.test", "DENIED", "ACCOUNT_NOT_AUTHORIZED", "account.policy.test", "odd")
    assert row["records"] == \
        '0 issue "globalsign.com; accounturi=https://acme.example/acct/1"'
    assert (row["issuer_domain_names"], row["account_uris"], row["validation_method"]) == \
        ("globalsign.com", "https://ca.example/acct/9", "dns-01")
    # The product in force, though none was named.
    assert row["product"] == "DV" and row["caller"] and row["checked_at"].endswith("Z")
    assert (rows[1]["event"], rows[1]["name"]) == ("RENEWAL", "denied.policy.test")

    done = caad.caactl("history", "--denied", "--since", "30d", "--report", "json")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert objects[0]["records"] == [row["records"]]
    assert [one["request_id"] for one in objects] == [one["request_id"] for one in rows]


# -------------------------------------------------------------------- the chain

def twelve(caad):
    made = [new_id() for _ in range(12)]
    for request_id in made:
        caad.check("--request-id", request_id, "ok.policy.test")
    return made


def verify(caad):
    done = caad.caactl("history", "--verify")
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


def test_a_whole_chain_is_intact(caad):
    twelve(caad)
    assert verify(caad)[0] == 0
    answer = caad.json("history", "--verify")
    assert (answer["checked"], answer["finding_count"], answer["complete"]) == ("12", "0", True)
    assert caad.caactl("history", "--verify", "nosuch").returncode == 64 + NOT_FOUND


def test_a_long_chain_is_read_in_parts(caad, store):
    """Each call gets a millisecond, so it reads a chunk of 256 records."""
    made = [new_id() for _ in range(600)]
    with wire.Caller.to(caad.url) as peer:
        for request_id in made:
            assert peer.check("ok.policy.test", request_id=request_id).status.code == 0
        audit_stores.change_byte(store, made[299])
        asked, parts = VerifyRequest(), []
        while not parts or not parts[-1].complete:
            parts.append(wire.answer(peer.call(VERIFY, asked, timeout_ms=1), VerifyResponse))
            asked.after, asked.after_hash = parts[-1].read_to, parts[-1].read_to_hash
    assert len(parts) >= 3 and sum(part.checked for part in parts) == 600
    found = [finding.request_id for part in parts for finding in part.findings]
    assert found == [made[299]]
    assert [part.first for part in parts[1:]] == [part.read_to + 1 for part in parts[:-1]]
    with wire.Caller.to(caad.url) as peer:
        asked.after_hash = b"short"
        refused = peer.call(VERIFY, asked)
        assert refused.status.code == INVALID_ARGUMENT and refused.status.field == "after_hash"
        asked.after, asked.after_hash = 10, bytes(32)
        wrong = wire.answer(peer.call(VERIFY, asked), VerifyResponse)
    assert [one.sequence for one in wrong.findings] == [10, 300]


def test_a_changed_byte_is_found_and_named(caad, store):
    made = twelve(caad)
    audit_stores.change_byte(store, made[4])
    status, text = verify(caad)
    assert status == 1 and "CHANGED" in text and made[4] in text and "sequence 5" in text
    assert all(other not in text for other in made if other != made[4])


@pytest.mark.parametrize("change", [audit_stores.change_byte, audit_stores.spoil,
                                    audit_stores.permit])
def test_a_changed_record_answers_nobody(caad, store, change):
    """Nor does the id get a second check, which would hide what was done to the first."""
    request_id = new_id()
    assert caad.check("ok.policy.test")["decision"] == "PERMITTED"
    assert caad.check("--request-id", request_id, "denied.policy.test")["decision"] == "DENIED"
    change(store, request_id)
    for _ in range(2):
        with wire.Caller.to(caad.url) as peer:
            again = peer.check("denied.policy.test", request_id=request_id)
        assert again.status.code == DATA_LOSS and request_id not in again.status.message
    done = caad.caactl("history", "--id", request_id)
    assert done.returncode == 64 + DATA_LOSS and "not what was written" in done.stderr


def test_a_record_that_cannot_be_read_is_not_hidden(caad, store):
    """The list has a record without content in its place."""
    made = twelve(caad)
    audit_stores.spoil(store, made[4])
    broken = [record for record in records(caad)
              if not record["request"] and record["stream"] == caad.config["instance"]]
    assert [record["sequence"] for record in broken] == ["5"]
    done = caad.caactl("history")
    assert f"record 5 of stream {caad.config['instance']} cannot be read" in done.stderr
    status, text = verify(caad)
    assert status == 1 and "CHANGED" in text and made[4] in text


def test_a_deleted_row_is_found_and_named(caad, store):
    made = twelve(caad)
    audit_stores.delete(store, made[6])
    status, text = verify(caad)
    assert status == 1 and "MISSING" in text and "sequence 7" in text


def test_two_swapped_rows_are_found_and_named(caad, store):
    made = twelve(caad)
    audit_stores.swap(store, made[2], made[8])
    status, text = verify(caad)
    assert status == 1 and "REORDERED" in text
    assert made[2] in text and made[8] in text


# --------------------------------------------------------------------- retention

def test_old_days_go_and_the_rest_still_verifies(lab, store):
    instance, made = new_id()[:8], []
    with Daemon([lab.resolver], instance=instance, audit={"store": store.url}) as caad:
        made = twelve(caad)
    audit_stores.age(store, made[:8], days=3)
    with Daemon([lab.resolver], instance=instance,
                audit={"store": store.url, "keep_days": 1}) as caad:
        eventually(lambda: not set(made[:8]) & set(ids(caad, "ok.policy.test")))
        assert set(made[8:]) <= set(ids(caad, "ok.policy.test"))
        caad.check("--request-id", new_id(), "ok.policy.test")
        status, text = verify(caad)
        assert status == 0 and "5 records read" in text, text
