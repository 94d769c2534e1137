"""Every field of CheckDomains, in its accepted and its wrong forms: the status, the
field it names, and words that say what is accepted."""
import pytest

import wire

GOOD = "www.example.test"


@pytest.fixture(scope="module")
def peer(caad):
    with wire.Caller.to(caad.url) as connection:
        yield connection


def refused(response, field, *words):
    assert wire.status(response) == ("INVALID_ARGUMENT", field), response.status
    for word in words:
        assert word in response.status.message, response.status.message
    assert not response.payload


# ------------------------------------------------------------ accepted forms

@pytest.mark.parametrize("fields", [
    {}, {"request_id": "r-" + "x" * 126}, {"order_id": "o" * 128}, {"order_id": "Auftrag Ü 7"},
    {"event": 0}, {"event": 1}, {"event": 2}, {"event": 3}, {"event": 4},
    {"product": ""}, {"product": "DV"}, {"product": "EV"},
    {"common_name": GOOD}, {"common_name": ""},
    {"account_uris": []}, {"account_uris": ["https://acme.example/acct/1"]},
    {"account_uris": [f"acct:{n}@ca.example" for n in range(64)]},
    {"account_uris": ["x:" + "y" * 2046]},
    {"validation_method": ""}, {"validation_method": "dns-01"},
    {"validation_method": "ca-tbr-7"}, {"validation_method": "DNS-01"},
    {"fresh": False}, {"fresh": True},
], ids=str)
def test_a_good_value_is_accepted(peer, fields):
    response = peer.check(GOOD, **fields)
    assert wire.results(response) == {GOOD: ("PERMITTED", "ISSUER_AUTHORIZED")}
    assert wire.decision(response) == "PERMITTED"


# --------------------------------------------------------------- wrong forms

WRONG = [
    ({"request_id": "r" * 129}, "request_id", "129 octets", "at most 128"),
    ({"request_id": "ü" * 65}, "request_id", "130 octets"),
    ({"order_id": "o" * 129}, "order_id", "129 octets", "at most 128"),
    ({"event": 5}, "event", "event 5", "ORDER, REISSUE, RENEWAL, ADD_SAN"),
    ({"event": -1}, "event", "event -1"),
    ({"event": 2147483647}, "event", "ADD_SAN"),
    ({"product": "Gold"}, "product", '"Gold"', '"DV"', "GetServerInfo"),
    ({"product": "dv"}, "product", '"dv"'),
    ({"product": "DV "}, "product", '"DV "'),
    ({"product": "x" * 100000}, "product", "no product"),
    ({"account_uris": ["acct:" + str(n) for n in range(65)]}, "account_uris", "65", "at most 64"),
    ({"account_uris": ["https://a.example/1", "no scheme"]}, "account_uris[1]", "scheme"),
    ({"account_uris": [":x"]}, "account_uris[0]", "https://ca.example/acct/1"),
    ({"account_uris": [""]}, "account_uris[0]", "URI"),
    ({"account_uris": ["x:" + "y" * 2047]}, "account_uris[0]", "at most 2048"),
    ({"validation_method": "dns 01"}, "validation_method", "dns-01"),
    ({"validation_method": "dns_01"}, "validation_method", "letters, digits and hyphens"),
    ({"validation_method": "dns-01,http-01"}, "validation_method", "ca-tbr-7"),
]


@pytest.mark.parametrize("fields, field, words", [(row[0], row[1], row[2:]) for row in WRONG],
                         ids=lambda value: str(value)[:50])
def test_a_wrong_value_is_refused_with_its_field(peer, fields, field, words):
    refused(peer.check(GOOD, **fields), field, *words)


def test_a_check_of_no_name_is_refused(peer):
    refused(peer.check(), "names", "at least one name")
    refused(peer.check(common_name=""), "names", "at least one name")


# -------------------------------------------------------------------- names

def test_the_common_name_comes_first_and_doubles_are_answered_once(peer):
    found = wire.answer(peer.check("b.example.test", GOOD, "b.example.test", "*.example.test", GOOD,
                                   common_name=GOOD)).results
    assert [result.name for result in found] == [GOOD, "b.example.test", "*.example.test"]
    assert [result.wildcard for result in found] == [False, False, True]


def test_spellings_of_one_name_are_answered_one_by_one(peer):
    spellings = ["EXAMPLE.test", "example.test", "example.test."]
    found = wire.answer(peer.check(*spellings)).results
    assert [result.name for result in found] == spellings
    assert {result.ascii_name for result in found} == {"example.test"}


def test_one_bad_name_hides_no_other(peer):
    asked = {
        "a..test": "INVALID_NAME", GOOD: "PERMITTED", "shop.example.test": "DENIED",
        "": "INVALID_NAME", "☃.example.test": "INVALID_NAME", "ok.expired.test": "LOOKUP_FAILED",
        "192.0.2.1": "EXEMPT", "*.*.example.test": "INVALID_NAME", "none.test": "PERMITTED",
        "x" * 5000: "INVALID_NAME", "1.2.0.192.in-addr.arpa": "INVALID_NAME",
    }
    response = peer.check(*asked)
    assert {name: pair[0] for name, pair in wire.results(response).items()} == asked
    assert [result.name for result in wire.answer(response).results] == list(asked)
    assert wire.decision(response) == "DENIED"


@pytest.mark.parametrize("names, decision", [
    ((GOOD, "192.0.2.1"), "PERMITTED"), ((GOOD, "a..test"), "DENIED"),
    ((GOOD, "ok.expired.test"), "LOOKUP_FAILED"),
    (("ok.expired.test", "shop.example.test"), "DENIED"),
    (("ok.expired.test", "a..test"), "DENIED"),
])
def test_the_decision_is_that_of_the_worst_name(peer, names, decision):
    assert wire.decision(peer.check(*names)) == decision


def test_a_thousand_names_are_answered_and_one_more_is_refused(peer):
    names = [f"n{n}.none.test" for n in range(1000)]
    found = wire.answer(peer.check(*names)).results
    assert [result.name for result in found] == names
    assert {wire.verdict(result) for result in found} == {("PERMITTED", "NO_CAA_RECORDS")}
    refused(peer.check(*names, GOOD), "names", "1001", "1000", "split")
    refused(peer.check(*names, common_name=GOOD), "names", "1001")


def test_doubles_count_against_the_limit(peer):
    refused(peer.check(*[GOOD] * 1001), "names", "1001")
    assert len(wire.answer(peer.check(*[GOOD] * 1000)).results) == 1


# ------------------------------------------------- octets that are no text

NO_TEXT = [b"a\0b.test", b"\0", b"\xff.test", b"\xc0\xaf.test", b"\xed\xa0\x80.test",
           b"\xf4\x90\x80\x80.test", b"caf\xc3"]


@pytest.mark.parametrize("octets", NO_TEXT, ids=repr)
def test_a_name_that_is_no_text_is_refused_by_its_position(peer, octets):
    payload = wire.CheckDomainsRequest(names=[GOOD, GOOD]).SerializeToString()
    payload += wire.raw.field(6, octets) + wire.raw.field(6, GOOD)
    refused(peer.call(wire.CHECK, payload), "names[2]", "UTF-8 text without NUL")


@pytest.mark.parametrize("number, field", [
    (1, "request_id"), (2, "order_id"), (4, "product"), (5, "common_name"),
    (6, "names[0]"), (7, "account_uris[0]"), (8, "validation_method"),
])
def test_text_fields_take_text_alone(peer, number, field):
    for octets in (b"a\0b", b"\xff"):
        refused(peer.call(wire.CHECK, wire.raw.field(number, octets)), field, "UTF-8")


@pytest.mark.parametrize("number, value, field", [
    (1, 7, "request_id"), (3, b"x", "event"), (6, 7, "names[0]"), (9, b"x", "fresh"),
])
def test_a_field_of_another_type_is_refused(peer, number, value, field):
    refused(peer.call(wire.CHECK, wire.raw.field(number, value)), field, "another type")


def test_fields_of_a_newer_schema_are_passed_over(peer):
    payload = wire.CheckDomainsRequest(names=[GOOD]).SerializeToString()
    newer = b"".join(wire.raw.field(number, "new") for number in range(100, 164))
    assert wire.results(peer.call(wire.CHECK, payload + newer))[GOOD][0] == "PERMITTED"
    refused(peer.call(wire.CHECK, payload + newer + wire.raw.field(200, "more")), "payload",
            "too many fields")


# ------------------------------------------------------------- request_id

def test_the_request_id_is_echoed_or_made(peer):
    assert wire.answer(peer.check(GOOD, request_id="mine")).request_id == "mine"
    response = peer.call(wire.CHECK, wire.CheckDomainsRequest(names=[GOOD]), request_id="outer")
    assert (response.request_id, wire.answer(response).request_id) == ("outer", "outer")
    made = [wire.answer(peer.check(GOOD)).request_id for _ in range(2)]
    assert all(made) and made[0] != made[1]


def test_the_message_s_request_id_comes_before_the_envelope_s(peer):
    response = peer.call(wire.CHECK, wire.CheckDomainsRequest(names=[GOOD], request_id="inner"),
                         request_id="outer")
    assert (response.request_id, wire.answer(response).request_id) == ("outer", "inner")


# ----------------------------------------------------- the answer's own fields

def test_every_field_of_the_answer_is_filled(peer):
    response = wire.answer(peer.check("bücher.example.test", request_id="full", fresh=True))
    assert (response.request_id, response.instance) == ("full", "test")
    result = response.results[0]
    assert (result.name, result.ascii_name) == ("bücher.example.test", "xn--bcher-kva.example.test")
    assert result.found_at == "xn--bcher-kva.example.test" and not result.from_cache
    record = result.records[0]
    assert (record.flags, record.tag, record.value, record.decisive) == (
        0, "issue", "globalsign.com", True)
    assert 0 < record.ttl_s <= 300
    assert result.valid_until_ms == result.retrieved_at_ms + 8 * 3600 * 1000
    assert response.valid_until_ms == result.valid_until_ms
    assert 0 <= response.checked_at_ms - result.retrieved_at_ms < 60000
    lookup = result.lookups[0]
    assert (lookup.name, wire.Lookup.Outcome.Name(lookup.outcome)) == (result.found_at, "RRSET")
    assert lookup.attempts and lookup.attempts[0].server.startswith("127.0.0.1:")
