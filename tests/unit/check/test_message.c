#include "check/message.h"

#include "check/fixture.h"
#include "check/remedy.h"

#include <stdio.h>
#include <string.h>

/* A result made from one level's answer, and what its words must hold. */
struct row {
    const char *name;
    const char *asked;
    size_t level; /* where the records or the failure are */
    const char *records[FIXTURE_RECORDS_MAX];
    enum caa_outcome outcome; /* of a failure */
    struct {
        enum caa_certificate certificate; /* 0: TLS */
        const char *account, *method;
        const char *aliases[6];
        uint16_t ede_code;
        const char *ede_text;
        uint16_t rcode;
    } with;
    const char *holds[6]; /* all of them in the message */
    const char *remedy;   /* the whole of it */
    const char *lacks;
};

#define WWW                "www.example.test"
#define NOTHING_TO_PUBLISH ""

/* One row a line or two; fields left out are none. */
/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static struct row rows[] = {
    {"no records", WWW, 0, .holds = {"no CAA records at www.example.test or at any level above"}, .remedy = NOTHING_TO_PUBLISH},
    {"no records at a TLD", "test", 0, .holds = {"no CAA records at test, so"}, .remedy = NOTHING_TO_PUBLISH},
    {"authorized", WWW, 1, {"0 issue ca.test", "0 issue globalsign.com"},
     .holds = {"example.test (1 level above www.example.test)", "0 issue \"globalsign.com\""}, .remedy = NOTHING_TO_PUBLISH},
    {"no restricting property", WWW, 0, {"0 iodef x"}, .holds = {"none of them restricts"}, .remedy = NOTHING_TO_PUBLISH},

    {"another issuer", WWW, 1, {"0 issue ca.test", "0 issue Other.test", "0 issue other.TEST"},
     .holds = {"CAA Check Failed: ", "example.test (1 level above www.example.test)", "allow only ca.test, Other.test to issue certificates, not globalsign.com", "add an issue record for globalsign.com there", "of your own at www.example.test", "up to 300 s"},
     .remedy = "Publish in the zone that holds example.test: example.test. CAA 0 issue \"globalsign.com\""},
    {"more issuers than one can read", WWW, 0, {"0 issue a.test", "0 issue b.test", "0 issue c.test", "0 issue d.test", "0 issue e.test", "0 issue f.test"},
     .holds = {"a.test, b.test, c.test, d.test, e.test and others"}, .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"[17] a wildcard held by issuewild", "*.example.test", 0, {"0 issue globalsign.com", "0 issuewild ca.test"},
     .holds = {"example.test (for *.example.test)", "allow only ca.test to issue wildcard certificates", "the issuewild records count, the issue records do not", "add an issuewild record"},
     .remedy = "Publish in the zone that holds example.test: example.test. CAA 0 issuewild \"globalsign.com\""},
    {"[17] a wildcard held by issue", "*.example.test", 0, {"0 issue ca.test"},
     .holds = {"wildcard certificates", "add an issue record"},
     .remedy = "Publish in the zone that holds example.test: example.test. CAA 0 issue \"globalsign.com\"", .lacks = "issuewild"},
    {"[39] S/MIME", "example.test", 0, {"0 issuemail ca.test"}, .with = {.certificate = CAA_CERTIFICATE_SMIME},
     .holds = {"S/MIME certificates", "add an issuemail record"}, .remedy = "Publish in the zone that holds example.test: example.test. CAA 0 issuemail \"globalsign.com\""},
    {"[80] a mark certificate", "example.test", 0, {"0 issuevmc ca.test"}, .with = {.certificate = CAA_CERTIFICATE_VMC},
     .holds = {"mark certificates", "add an issuevmc record"}, .remedy = "Publish in the zone that holds example.test: example.test. CAA 0 issuevmc \"globalsign.com\""},
    {"another issuer at an alias target", WWW, 0, {"0 issue ca.test"}, .with = {.aliases = {"a.cdn.test", "edge.cdn.invalid."}},
     .holds = {"www.example.test is an alias for a.cdn.test, which is an alias for edge.cdn.invalid.", "Ask whoever runs that target", "cannot stand beside a CNAME"},
     .remedy = "www.example.test is an alias for edge.cdn.invalid, and a CAA record cannot stand beside a CNAME. Ask whoever runs the zone that holds edge.cdn.invalid to publish there: edge.cdn.invalid. CAA 0 issue \"globalsign.com\""},
    {"a long chain of aliases shows its end", WWW, 0, {"0 issue ca.test"}, .with = {.aliases = {"a.test", "b.test", "c.test", "d.test", "e.test"}},
     .holds = {"an alias for a.test, which is an alias for b.test, which is an alias for (some more, then) e.test."}, .lacks = "d.test"},
    {"another issuer at the TLD", WWW, 2, {"0 issue ca.test"},
     .holds = {"test (2 levels above www.example.test)", "above your domain, not yours to fix", "of your own at www.example.test"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"forbidden", WWW, 0, {"0 issue ;"}, .holds = {"CAA Check Failed: ", "forbid every CA to issue certificates", "(0 issue \";\")"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"forbidden beside a record meant for us", WWW, 0, {"0 issue globalsign.com; a=b;", "0 issue "}, .holds = {"(0 issue \"\")", "The record 0 issue \"globalsign.com; a=b;\" cannot be read"}},

    {"[12] a trailing semicolon is explained", WWW, 0, {"0 issue globalsign.com; a=b;"},
     .holds = {"CAA Check Failed: ", "cannot be read", "0 issue \"globalsign.com; a=b;\"", "no semicolon may follow the last parameter"},
     .remedy = "Publish in the zone that holds www.example.test, in place of the record that cannot be read: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"[12] a trailing dot is explained", WWW, 0, {"0 issue globalsign.com."}, .holds = {"no dot may end the issuer's name"}},
    {"[12] a newline is explained and escaped", WWW, 0, {"0 issue globalsign.com\\010"}, .holds = {"globalsign.com\\010", "not printable ASCII"}},
    {"[12] quotation marks are explained", WWW, 0, {"0 issue \"globalsign.com\""}, .holds = {"0 issue \"\\\"globalsign.com\\\"\"", "quotation marks"}},
    {"[12] a URL is explained", WWW, 0, {"0 issue https://globalsign.com"}, .holds = {"not a URL"}},
    {"[12] a comma is explained", WWW, 0, {"0 issue globalsign.com,ca.test"}, .holds = {"a record of its own"}},
    {"[12] anything else is explained", WWW, 0, {"0 issue globalsign.com a=b"}, .holds = {"expected is ISSUER"}},
    {"[28] a blank in a list is explained", WWW, 0, {"0 issue globalsign.com; validationmethods=a, b"}, .holds = {"no blanks inside a value"}},
    {"an unreadable record beside another issuer is pointed at", WWW, 0, {"0 issue ca.test", "0 issue globalsign.com; a=b;"},
     .holds = {"allow only ca.test", "The record 0 issue \"globalsign.com; a=b;\" cannot be read and names nobody"}},

    {"[8] a critical property", WWW, 0, {"128 tbs Unknown"},
     .holds = {"CAA Check Failed: ", "critical (flags 128)", "128 tbs \"Unknown\""},
     .remedy = "Publish in the zone that holds www.example.test, in place of the critical record, or remove that: www.example.test. CAA 0 tbs \"Unknown\""},
    {"[8] two critical properties", WWW, 0, {"128 tbs a", "0 issue ca.test", "255 x b\"\\000"},
     .remedy = "Publish in the zone that holds www.example.test, in place of the critical record, or remove that: www.example.test. CAA 0 tbs \"a\" and www.example.test. CAA 0 x \"b\\\"\\000\""},
    {"[8] many critical properties", WWW, 0, {"128 a a", "128 b b", "128 c c", "128 d d"},
     .remedy = "Publish in the zone that holds www.example.test, in place of the critical record, or remove that: www.example.test. CAA 0 a \"a\" and www.example.test. CAA 0 b \"b\" and www.example.test. CAA 0 c \"c\" and the others likewise"},
    {"[10] a critical property that no zone file can hold", WWW, 0, {"128  x"}, .remedy = "Remove the critical record (flags 128) from the zone that holds www.example.test"},
    {"[8] a critical property at an alias target", WWW, 0, {"128 tbs a"}, .with = {.aliases = {"t.invalid"}},
     .holds = {"is an alias for t.invalid"},
     .remedy = "www.example.test is an alias for t.invalid, and a CAA record cannot stand beside a CNAME. Ask whoever runs the zone that holds t.invalid to publish there, in place of the critical record, or remove that: t.invalid. CAA 0 tbs \"a\""},
    {"[8] a critical property at the TLD", WWW, 2, {"128 tbs a"}, .holds = {"not yours to fix"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},

    {"[24] another account", WWW, 0, {"0 issue globalsign.com; accounturi=acct:1@g.test"}, .with = {.account = "acct:2@g.test"},
     .holds = {"CAA Check Failed: ", "allows only the account acct:1@g.test", "comes from acct:2@g.test", "that allows this account"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com; accounturi=acct:2@g.test\""},
    {"[24] no account in the request", WWW, 0, {"0 issue globalsign.com; accounturi=acct:1@g.test"},
     .holds = {"names no account"}, .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"[24] an account that fits in no value", WWW, 0, {"0 issue globalsign.com; accounturi=acct:1@g.test"}, .with = {.account = "acct:2;x"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"[25] accounturi twice", WWW, 0, {"0 issue globalsign.com; accounturi=a:1; accounturi=a:1"}, .with = {.account = "a:1"},
     .holds = {"accounturi more than once"}, .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com; accounturi=a:1\""},
    {"[25] accounturi is no URI", WWW, 0, {"0 issue globalsign.com; accounturi=123"}, .holds = {"\"123\" is no URI"}},
    {"[29] another method", WWW, 0, {"0 issue globalsign.com; validationmethods=dns-01"}, .with = {.method = "http-01"},
     .holds = {"CAA Check Failed: ", "only the validation methods dns-01", "the method http-01", "that allows this method"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com; validationmethods=http-01\""},
    {"[29] no method in the request", WWW, 0, {"0 issue globalsign.com; validationmethods=dns-01"}, .holds = {"names no method"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com\""},
    {"[28] an empty list", WWW, 0, {"0 issue globalsign.com; validationmethods="}, .with = {.method = "dns-01"}, .holds = {"are empty, which allows no method"}},
    {"[28] an ill-formed list", WWW, 0, {"0 issue globalsign.com; validationmethods=dns-01,"}, .with = {.method = "dns-01"}, .holds = {"validationmethods dns-01, cannot be read", "without blanks"}},
    {"[29] a list twice", WWW, 0, {"0 issue globalsign.com; validationmethods=a; validationmethods=a"}, .with = {.method = "a"}, .holds = {"validationmethods more than once"}},
    {"[29] a method, where the account fits", WWW, 0, {"0 issue globalsign.com; validationmethods=dns-01; accounturi=a:1"}, .with = {.account = "a:1", .method = "http-01"},
     .remedy = "Publish in the zone that holds www.example.test: www.example.test. CAA 0 issue \"globalsign.com; accounturi=a:1; validationmethods=http-01\""},
    {"[24] an account on issuewild", "*.example.test", 0, {"0 issuewild GLOBALSIGN.com; accounturi=a:1"}, .with = {.account = "a:2"},
     .remedy = "Publish in the zone that holds example.test: example.test. CAA 0 issuewild \"globalsign.com; accounturi=a:2\""},

    {"[22] timeout", WWW, 0, .outcome = CAA_OUTCOME_TIMEOUT,
     .holds = {"CAA Check Failed: timeout (read udp: i/o timeout)", "www.example.test, after 2 attempts", "dig +dnssec www.example.test CAA", "dig +dnssec +tcp www.example.test CAA"}, .remedy = NOTHING_TO_PUBLISH},
    {"[22] SERVFAIL", WWW, 0, .outcome = CAA_OUTCOME_SERVFAIL, .holds = {"CAA Check Failed: servfail response", "dig +dnssec www.example.test CAA", "dig +dnssec +cd www.example.test CAA"}, .remedy = NOTHING_TO_PUBLISH},
    {"[22] REFUSED", WWW, 0, .outcome = CAA_OUTCOME_REFUSED, .holds = {"CAA Check Failed: refused response", "dig +dnssec +tcp www.example.test CAA"}, .remedy = NOTHING_TO_PUBLISH},
    {"[22] NOTIMP", WWW, 0, .outcome = CAA_OUTCOME_OTHER_RCODE, .with = {.rcode = 4}, .holds = {"CAA Check Failed: ", "rcode 4, NOTIMP", "need not know CAA"}, .remedy = NOTHING_TO_PUBLISH},
    {"FORMERR", WWW, 0, .outcome = CAA_OUTCOME_OTHER_RCODE, .with = {.rcode = 1}, .holds = {"rcode 1, FORMERR"}},
    {"an extended rcode", WWW, 0, .outcome = CAA_OUTCOME_OTHER_RCODE, .with = {.rcode = 23}, .holds = {"rcode 23, BADCOOKIE"}},
    {"an unassigned rcode", WWW, 0, .outcome = CAA_OUTCOME_OTHER_RCODE, .with = {.rcode = 4095}, .holds = {"rcode 4095, unassigned"}},
    {"truncated", WWW, 0, .outcome = CAA_OUTCOME_TRUNCATED, .holds = {"CAA Check Failed: truncated", "TCP port 53", "dig +dnssec +tcp"}, .remedy = NOTHING_TO_PUBLISH},
    {"[53] bogus", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .holds = {"CAA Check Failed: DNSSEC validation failed (servfail response)", "DS record at the registrar", "dig +dnssec +cd www.example.test CAA"}, .remedy = NOTHING_TO_PUBLISH},
    {"malformed", WWW, 0, .outcome = CAA_OUTCOME_MALFORMED_RESPONSE, .holds = {"CAA Check Failed: malformed response", "dig +dnssec"}, .remedy = NOTHING_TO_PUBLISH},
    {"our resolver", WWW, 0, .outcome = CAA_OUTCOME_RESOLVER_UNAVAILABLE, .holds = {"CAA Check Failed: our own DNS resolver", "The fault is on our side", "Nothing has to be changed", "dig +dnssec www.example.test CAA"}, .remedy = NOTHING_TO_PUBLISH, .lacks = "nameserver"},
    {"our deadline", WWW, 2, .outcome = CAA_OUTCOME_DEADLINE_EXCEEDED, .holds = {"CAA Check Failed: the time allowed", "The fault is on our side", "Nothing has to be changed", "dig +dnssec test CAA"}, .remedy = NOTHING_TO_PUBLISH, .lacks = "not yours"},
    {"a failure one level above", WWW, 1, .outcome = CAA_OUTCOME_SERVFAIL, .holds = {"example.test (1 level above www.example.test)", "above the name you asked for, whoever runs example.test", "dig +dnssec example.test CAA"}, .lacks = "top-level"},
    {"a failure at the TLD", WWW, 2, .outcome = CAA_OUTCOME_TIMEOUT, .holds = {"for the CAA records of test (2 levels above www.example.test)", "above your domain, not yours to fix", "try again later"}, .lacks = "Make every nameserver"},
    {"a failure at a TLD asked for", "test", 0, .outcome = CAA_OUTCOME_TIMEOUT, .holds = {"Make every nameserver"}, .lacks = "not yours to fix"},
    {"a failure of a wildcard", "*.example.test", 0, .outcome = CAA_OUTCOME_SERVFAIL, .holds = {"example.test (for *.example.test)", "dig +dnssec example.test CAA"}},
    {"a failure behind an alias", WWW, 0, .outcome = CAA_OUTCOME_SERVFAIL, .with = {.aliases = {"t.invalid"}}, .holds = {"www.example.test is an alias for t.invalid."}},

    {"EDE 6", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .with = {.ede_code = 6}, .holds = {"error 6 (DNSSEC Bogus)", "signatures do not fit"}},
    {"EDE 7 with text", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .with = {.ede_code = 7, .ede_text = "validation failure <x. CAA IN>"}, .holds = {"error 7 (Signature Expired), \"validation failure <x. CAA IN>\"", "have run out"}},
    {"EDE 8", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .with = {.ede_code = 8}, .holds = {"error 8", "clock"}},
    {"EDE 9", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .with = {.ede_code = 9}, .holds = {"error 9", "DS record at the registrar names a key"}},
    {"EDE 10", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .with = {.ede_code = 10}, .holds = {"error 10", "without signatures"}},
    {"EDE 12", WWW, 0, .outcome = CAA_OUTCOME_DNSSEC_BOGUS, .with = {.ede_code = 12}, .holds = {"error 12", "there are no CAA records"}},
    {"EDE 22", WWW, 0, .outcome = CAA_OUTCOME_SERVFAIL, .with = {.ede_code = 22}, .holds = {"error 22", "none of the zone's nameservers answered"}},
    {"EDE 23", WWW, 0, .outcome = CAA_OUTCOME_SERVFAIL, .with = {.ede_code = 23}, .holds = {"error 23", "network"}},
    {"EDE of no known code", WWW, 0, .outcome = CAA_OUTCOME_SERVFAIL, .with = {.ede_code = 49152, .ede_text = "x"}, .holds = {"error 49152, \"x\"."}},
    {"EDE text cannot act on a terminal", WWW, 0, .outcome = CAA_OUTCOME_SERVFAIL, .with = {.ede_code = 0, .ede_text = "\x1b]0;x\x07\r\n\"\xff"}, .holds = {"\"\\027]0;x\\007\\013\\010\\\"\\255\""}},

    {"[4] an invalid name", "a..b", 0, .holds = {"Invalid name \"a..b\": label 2 is empty", "accepted are"}, .remedy = NOTHING_TO_PUBLISH},
    {"[68] a reverse name", "1.in-addr.arpa", 0, .holds = {"Invalid name", "reverse zone"}, .remedy = NOTHING_TO_PUBLISH},
    {"[37] a bad internationalized name", "\xe2\x98\x83.test", 0, .holds = {"Invalid name \"\\226\\152\\131.test\"", "internationalized"}, .remedy = NOTHING_TO_PUBLISH},
    {"[41] an address", "192.0.2.1", 0, .holds = {"192.0.2.1: an IP address has no CAA records"}, .remedy = NOTHING_TO_PUBLISH},
    {"[79] an onion name", "abc.onion", 0, .holds = {"abc.onion: an onion name is not in the DNS"}, .remedy = NOTHING_TO_PUBLISH},
};
#pragma GCC diagnostic pop
/* clang-format on */

/* The two promises every message keeps. */
static void assert_shape(const struct caa_result *result)
{
    assert_in_range(strlen(result->message), 1, CAA_MESSAGE_MAX);
    assert_in_range(strlen(result->remedy), 0, CAA_REMEDY_MAX);
    for (const char *c = result->message; *c; c++)
        assert_in_range(*c, 0x20, 0x7e);
    for (const char *c = result->remedy; *c; c++)
        assert_in_range(*c, 0x20, 0x7e);
    bool failed = result->verdict == CAA_VERDICT_DENIED ||
                  result->verdict == CAA_VERDICT_LOOKUP_FAILED;
    assert_int_equal(strncmp(result->message, "CAA Check Failed: ", 18) == 0, failed);
    assert_int_equal(result->remedy[0] != '\0', result->verdict == CAA_VERDICT_DENIED);
}

static void arrange(const struct row *row, struct fixture_climb *climb)
{
    static struct caa_attempt attempts[3] = {{.checking_disabled = false},
                                             {.checking_disabled = false},
                                             {.checking_disabled = true}};
    static struct caa_ede ede;
    struct caa_answer *answer = &climb->answers[row->level];
    if (row->records[0])
        fixture_climb_records(climb, row->level, row->records);
    if (row->outcome) {
        fixture_climb_fail(climb, row->level, row->outcome);
        answer->attempts = attempts;
        answer->attempt_count = 3;
        answer->rcode = row->with.rcode;
    }
    answer->aliases = row->with.aliases;
    while (answer->alias_count < 6 && row->with.aliases[answer->alias_count])
        answer->alias_count++;
    if (row->with.ede_code || row->with.ede_text) {
        ede.code = row->with.ede_code;
        ede.text = bytes_of(row->with.ede_text ? row->with.ede_text : "");
        answer->ede = &ede;
        answer->ede_count = 1;
    }
    if (row->with.certificate)
        climb->policy.certificate = row->with.certificate;
    if (row->with.method)
        climb->policy.validation_method = row->with.method;
    climb->policy.account_uris = &row->with.account;
    climb->policy.account_uri_count = row->with.account ? 1 : 0;
}

static void says(void **state)
{
    const struct row *row = *state;
    static struct fixture_climb climb;
    fixture_climb_init(&climb, row->asked);
    arrange(row, &climb);
    struct caa_result result = fixture_climb_decide(&climb);
    assert_shape(&result);
    for (size_t i = 0; i < 6 && row->holds[i]; i++)
        if (!strstr(result.message, row->holds[i]))
            fail_msg("\"%s\" lacks \"%s\"", result.message, row->holds[i]);
    if (row->lacks && strstr(result.message, row->lacks))
        fail_msg("\"%s\" has \"%s\"", result.message, row->lacks);
    if (row->remedy)
        assert_string_equal(result.remedy, row->remedy);
    fixture_climb_fini(&climb);
}

static void an_exempt_product_is_named_as_the_reason(void **state)
{
    struct fixture_climb climb;
    (void)state;
    fixture_climb_init(&climb, WWW);
    climb.policy.exempt = true;
    climb.count = 0;
    struct caa_result result = fixture_climb_decide(&climb);
    assert_string_equal(result.message,
                        "www.example.test: this product needs no CAA check.");
    fixture_climb_fini(&climb);
}

/* The published remedy, read back, authorizes: it is the record to publish. */
static void the_remedy_of_each_denial_authorizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct fixture_climb climb;
        fixture_climb_init(&climb, rows[i].asked);
        arrange(&rows[i], &climb);
        if (climb.name.kind == CAA_NAME_DOMAIN && rows[i].records[0]) {
            struct caa_result result = fixture_climb_decide(&climb);
            const char *line = strstr(result.remedy, ". CAA 0 issue");
            bool conditional = result.reason == CAA_REASON_ACCOUNT_NOT_AUTHORIZED ||
                               result.reason == CAA_REASON_METHOD_NOT_AUTHORIZED;
            if (line && result.verdict == CAA_VERDICT_DENIED && !conditional) {
                char record[300] = "0 ";
                const char *tag = line + strlen(". CAA 0 "),
                           *value = strchr(tag, '"') + 1;
                strncat(record, tag, (size_t)(value - 1 - tag));
                strncat(record, value, strcspn(value, "\""));
                const char *const published[] = {record, NULL};
                climb.policy.account_uri_count = rows[i].with.account ? 1 : 0;
                fixture_climb_records(&climb, 0, published);
                assert_int_equal(fixture_climb_decide(&climb).reason,
                                 CAA_REASON_ISSUER_AUTHORIZED);
            }
        }
        fixture_climb_fini(&climb);
    }
}

/* --------------------------------------------------------------- hostile zones */

/* 253 octets of name, three labels. */
static void make_long_name(char *name)
{
    memset(name, 'a', CAA_FQDN_MAX);
    name[63] = name[127] = name[191] = '.';
    name[CAA_FQDN_MAX] = '\0';
}

static void the_longest_names_leave_the_commands_whole(void **state)
{
    (void)state;
    char name[CAA_FQDN_MAX + 1], command[CAA_FQDN_MAX + 40];
    struct fixture_climb climb;
    make_long_name(name);
    snprintf(command, sizeof command, "dig +dnssec +cd %s CAA", name);
    const char *aliases[] = {name, name, name, name};
    struct caa_ede ede[] = {
        {7, bytes_of(name)}, {9, bytes_of(name)}, {10, bytes_of(name)}};
    fixture_climb_init(&climb, name);
    fixture_climb_fail(&climb, 0, CAA_OUTCOME_SERVFAIL);
    climb.answers[0].aliases = aliases;
    climb.answers[0].alias_count = 4;
    climb.answers[0].ede = ede;
    climb.answers[0].ede_count = 3;
    struct caa_result result = fixture_climb_decide(&climb);
    assert_shape(&result);
    assert_non_null(strstr(result.message, command));
    assert_string_equal(result.message + strlen(result.message) - strlen(command),
                        command);
    fixture_climb_fini(&climb);
}

static void octets_of_every_kind_are_escaped(void **state)
{
    (void)state;
    static const char *const tags[] = {"issue", "tbs", "issue"};
    static uint8_t octets[65000];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)i;
    for (size_t len = 0; len <= sizeof octets; len = len * 3 + 1)
        for (size_t t = 0; t < 3; t++) {
            struct fixture_climb climb;
            fixture_climb_init(&climb, WWW);
            struct caa_property property = {
                .flags = t == 1 ? 128 : 0,
                .known = t == 1 ? CAA_TAG_UNKNOWN : CAA_TAG_ISSUE,
                .tag = bytes_of(tags[t]),
                .value = {octets, len},
            };
            climb.answers[0].outcome = CAA_OUTCOME_RRSET;
            climb.answers[0].properties = &property;
            climb.answers[0].property_count = 1;
            struct caa_result result = fixture_climb_decide(&climb);
            assert_shape(&result);
            fixture_climb_fini(&climb);
        }
}

static void aliases_cannot_act_on_a_terminal(void **state)
{
    (void)state;
    static const char *const records[] = {"0 issue ca.test", NULL};
    static const char *const aliases[] = {"a\x1b[31m.test", "\xff\n\\.b.test"};
    struct fixture_climb climb;
    fixture_climb_init(&climb, WWW);
    fixture_climb_records(&climb, 0, records);
    climb.answers[0].aliases = aliases;
    climb.answers[0].alias_count = 2;
    struct caa_result result = fixture_climb_decide(&climb);
    assert_shape(&result);
    assert_non_null(strstr(result.message, "a\\027[31m.test"));
    assert_non_null(strstr(result.remedy, "\\255\\010\\.b.test. CAA 0 issue"));
    fixture_climb_fini(&climb);
}

/* Half a record would be a wrong one. */
static void a_remedy_too_long_is_left_out(void **state)
{
    (void)state;
    static const char *const records[] = {"0 issue globalsign.com; accounturi=a:1", NULL};
    static char account[CAA_REMEDY_MAX + 1];
    const char *const accounts[] = {account};
    struct fixture_climb climb;
    memset(account, 'a', CAA_REMEDY_MAX);
    account[1] = ':';
    fixture_climb_init(&climb, WWW);
    climb.policy.account_uris = accounts;
    climb.policy.account_uri_count = 1;
    fixture_climb_records(&climb, 0, records);
    struct caa_result result = fixture_climb_decide(&climb);
    assert_int_equal(result.reason, CAA_REASON_ACCOUNT_NOT_AUTHORIZED);
    assert_string_equal(result.remedy, "");
    assert_in_range(strlen(result.message), 1, CAA_MESSAGE_MAX);
    fixture_climb_fini(&climb);
}

/* [1] caatestsuite "big". */
static void a_thousand_issuers_fit(void **state)
{
    (void)state;
    enum { COUNT = 1001 };
    struct fixture_climb climb;
    fixture_climb_init(&climb, WWW);
    struct caa_property *properties = arena_array(climb.arena, COUNT, sizeof *properties);
    for (size_t i = 0; i < COUNT; i++)
        properties[i] = fixture_property(
            climb.arena, arena_printf(climb.arena, "0 issue ca%zu.test", i));
    climb.answers[0].outcome = CAA_OUTCOME_RRSET;
    climb.answers[0].properties = properties;
    climb.answers[0].property_count = COUNT;
    struct caa_result result = fixture_climb_decide(&climb);
    assert_shape(&result);
    assert_non_null(strstr(result.message, "ca4.test and others"));
    fixture_climb_fini(&climb);
}

/* In an arena too small for the words both stay as they were. */
static void without_memory_nothing_is_touched(void **state)
{
    (void)state;
    static const char *const records[] = {"0 issue ca.test", NULL};
    struct fixture_climb climb;
    fixture_climb_init(&climb, WWW);
    fixture_climb_records(&climb, 0, records);
    struct caa_result result = fixture_climb_decide(&climb);
    enum caa_err err = CAA_ENOMEM;
    for (size_t budget = 0; err == CAA_ENOMEM; budget++) {
        struct arena *arena = arena_create(budget);
        result.message = result.remedy = "untouched";
        err = caa_message_write(arena, &climb.policy, &result);
        assert_int_equal(strcmp(result.message, "untouched") == 0, err == CAA_ENOMEM);
        assert_int_equal(strcmp(result.remedy, "untouched") == 0, err == CAA_ENOMEM);
        arena_destroy(arena);
        assert_true(budget < 10000);
    }
    assert_int_equal(err, CAA_OK);
    fixture_climb_fini(&climb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exempt_product_is_named_as_the_reason),
        cmocka_unit_test(the_remedy_of_each_denial_authorizes),
        cmocka_unit_test(the_longest_names_leave_the_commands_whole),
        cmocka_unit_test(octets_of_every_kind_are_escaped),
        cmocka_unit_test(aliases_cannot_act_on_a_terminal),
        cmocka_unit_test(a_remedy_too_long_is_left_out),
        cmocka_unit_test(a_thousand_issuers_fit),
        cmocka_unit_test(without_memory_nothing_is_touched),
    };
    return FIXTURE_RUN("message", rows, says, tests);
}
