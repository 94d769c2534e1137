#include "check/policy.h"

#include "check/fixture.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    const char *request; /* "tls", "wild", "smime", "vmc" */
    const char *records[FIXTURE_RECORDS_MAX];
    enum caa_reason reason;
    const char *decisive; /* a digit for each record */
    const char *accounts[3];
    const char *method; /* NULL: none */
};

#define A1 "acct:1@globalsign.com"
#define A2 "acct:2@globalsign.com"

/* One row a line; fields left out are none. */
/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static struct row rows[] = {
    /* ------------------------------------------- RFC 8659 section 4.2: issue */
    {"[2] our name authorizes", "tls", {"0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[2] another's name denies", "tls", {"0 issue ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[3] iodef alone does not restrict", "tls", {"0 iodef mailto:a@b.test"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[3] an unknown tag alone does not restrict", "tls", {"0 tbs unknown"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[3] issuewild alone does not restrict another name", "tls", {"0 issuewild ;"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[18] iodef of any scheme and any octets decides nothing", "tls", {"0 iodef ftp://b.test", "128 iodef \\255\\000", "0 iodef "}, CAA_REASON_NO_RESTRICTING_PROPERTY, "000"},
    {"[43] no other tag overrides issue", "tls", {"0 issue ca.test", "0 issuemail globalsign.com", "0 issuevmc globalsign.com", "0 contactemail a@globalsign.com", "0 tbs globalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "10000"},
    {"[43] the critical flag is honoured beside every known tag", "wild", {"128 issue globalsign.com", "128 issuewild globalsign.com", "128 iodef x", "128 TBS x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "0001"},
    {"[10] tags without case, ours", "tls", {"0 ISSUE globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[10] tags without case, caatestsuite uppercase-deny", "tls", {"0 ISSUE ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[10] tags without case, caatestsuite mixedcase-deny", "tls", {"0 IsSuE ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[10] a known tag in capitals is no unknown critical one", "tls", {"128 ISSUE globalsign.com", "128 IODEF x"}, CAA_REASON_ISSUER_AUTHORIZED, "10"},
    {"[2] issuer names without case", "tls", {"0 issue GlobalSign.COM"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[2] the second of our names", "tls", {"0 issue alias.GLOBALSIGN.test"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[14] one of several records", "tls", {"0 issue ca.test", "0 issue globalsign.com", "0 issue b.test"}, CAA_REASON_ISSUER_AUTHORIZED, "010"},
    {"[14] an empty issuer adds nothing", "tls", {"0 issue ;", "0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[14] a malformed one adds nothing", "tls", {"0 issue %%%%%", "0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[14] both of ours decide", "tls", {"0 issue globalsign.com", "0 issue globalsign.com; a=b"}, CAA_REASON_ISSUER_AUTHORIZED, "11"},
    {"[12] blanks around our name", "tls", {"0 issue  \\009globalsign.com \\009"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[15] an unknown parameter does not narrow", "tls", {"0 issue globalsign.com; policy=ev"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[12] a semicolon forbids all", "tls", {"0 issue ;"}, CAA_REASON_ISSUANCE_FORBIDDEN, "1"},
    {"[11] an empty value forbids all", "tls", {"0 issue "}, CAA_REASON_ISSUANCE_FORBIDDEN, "1"},
    {"[11] an empty value without a blank before", "tls", {"0 issue"}, CAA_REASON_ISSUANCE_FORBIDDEN, "1"},
    {"[12] parameters without issuer forbid all", "tls", {"0 issue ; policy=ev"}, CAA_REASON_ISSUANCE_FORBIDDEN, "1"},
    {"[13] a malformed value forbids all", "tls", {"0 issue %%%%%"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[13] a trailing semicolon after a parameter", "tls", {"0 issue globalsign.com; a=b;"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[13] two malformed values", "tls", {"0 issue a b", "0 issue globalsign.com."}, CAA_REASON_MALFORMED_PROPERTY, "11"},
    {"[3] a foreign record beside is not decisive", "tls", {"0 iodef x", "0 issue ca.test", "0 issuewild globalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "010"},
    {"[9] flag 1 is not critical", "tls", {"1 tbs x"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[9] reserved flags mean nothing on issue", "tls", {"127 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},

    /* ------------------------------------ contract: which reason when several */
    {"[13] another named beside a malformed one", "tls", {"0 issue %%", "0 issue ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "11"},
    {"[13] another named beside a semicolon", "tls", {"0 issue ;", "0 issue ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "11"},
    {"[13] a semicolon beside a malformed one", "tls", {"0 issue %%", "0 issue ;"}, CAA_REASON_ISSUANCE_FORBIDDEN, "11"},
    {"[8] critical before another issuer", "tls", {"0 issue ca.test", "128 tbs x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "01"},
    {"[8] critical before our own name", "tls", {"0 issue globalsign.com", "128 tbs x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "01"},
    {"[8] each critical one is decisive", "tls", {"128 tbs x", "0 tbs y", "255 z q"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "101"},
    {"[24] account before another issuer", "tls", {"0 issue ca.test", "0 issue globalsign.com; accounturi=" A1}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "01"},
    {"[29] method before another issuer", "tls", {"0 issue ca.test", "0 issue globalsign.com; validationmethods=dns-01"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "01"},
    {"[24] account before method in one record", "tls", {"0 issue globalsign.com; accounturi=" A1 "; validationmethods=dns-01"}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1"},
    {"[24] account before method in two records", "tls", {"0 issue globalsign.com; validationmethods=dns-01", "0 issue globalsign.com; accounturi=" A1}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "11"},
    {"[8] critical before account", "tls", {"128 tbs x", "0 issue globalsign.com; accounturi=" A1}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "10"},

    /* ---------------------------------------- RFC 8659 section 4.1: critical */
    {"[8] an unknown critical property denies", "tls", {"128 tbs Unknown"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "1"},
    {"[9] 130 is critical too, caatestsuite critical2", "tls", {"130 tbs Unknown"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "1"},
    {"[8] a known critical property does not deny", "tls", {"128 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[8] critical iodef does not deny", "tls", {"128 iodef mailto:a@b.test"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[57] critical contactemail does not deny", "tls", {"128 contactemail a@b.test"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[57] critical contactphone does not deny", "tls", {"128 contactphone +1"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[80] critical issuevmc does not deny TLS", "tls", {"128 issuevmc ca.test"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[38] critical issuemail does not deny TLS", "tls", {"128 issuemail ca.test"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[81] critical security denies", "tls", {"128 security x", "0 issue globalsign.com"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "10"},
    {"[81] security without the flag does not", "tls", {"0 security x", "0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[10] a critical empty tag denies", "tls", {"128  x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "1"},
    {"[10] an empty tag does not restrict", "tls", {"0  x"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[10] a critical tag with a hyphen denies", "tls", {"128 is-sue x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "1"},
    {"[10] a critical tag with NUL denies", "tls", {"128 issue\\000 globalsign.com"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "1"},
    {"[10] an odd tag beside another issuer does not permit", "tls", {"0 is-sue x", "0 issue ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "01"},
    {"[10] an empty tag beside another issuer does not permit", "tls", {"0  x", "0 issue ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "01"},

    /* --------------------------------------- RFC 8659 section 4.3: issuewild */
    {"[16] issuewild is ignored for another name", "tls", {"0 issue globalsign.com", "0 issuewild ca.test"}, CAA_REASON_ISSUER_AUTHORIZED, "10"},
    {"[16] issuewild does not authorize another name", "tls", {"0 issue ca.test", "0 issuewild globalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "10"},
    {"[17] issuewild governs a wildcard", "wild", {"0 issue ca.test", "0 issuewild globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[17] issuewild hides issue", "wild", {"0 issue globalsign.com", "0 issuewild ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "01"},
    {"[17] issuewild \";\" hides issue", "wild", {"0 issue globalsign.com", "0 issuewild ;"}, CAA_REASON_ISSUANCE_FORBIDDEN, "01"},
    {"[17] an empty issuewild hides issue", "wild", {"0 issue globalsign.com", "0 issuewild "}, CAA_REASON_ISSUANCE_FORBIDDEN, "01"},
    {"[17] a malformed issuewild hides issue", "wild", {"0 issue globalsign.com", "0 issuewild %%"}, CAA_REASON_MALFORMED_PROPERTY, "01"},
    {"[17] ISSUEWILD in capitals hides issue", "wild", {"0 issue globalsign.com", "0 ISSUEWILD ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "01"},
    {"[17] issue governs a wildcard without issuewild", "wild", {"0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[17] issue of another denies a wildcard", "wild", {"0 issue ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[17] issue \";\" denies a wildcard (EJBCA)", "wild", {"0 issue ;"}, CAA_REASON_ISSUANCE_FORBIDDEN, "1"},
    {"[17] issuewild alone governs a wildcard", "wild", {"0 issuewild ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[3] iodef alone does not restrict a wildcard", "wild", {"0 iodef x"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[17] issuewilds add up", "wild", {"0 issuewild ca.test", "0 issuewild globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[8] critical denies a wildcard", "wild", {"0 issuewild globalsign.com", "128 tbs x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "01"},
    {"[24] a parameter on issuewild counts", "wild", {"0 issue globalsign.com", "0 issuewild globalsign.com; accounturi=" A1}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "01", {A2}},

    /* -------------------------------------------------- look-alike issuers */
    {"[2] our name at the end of another", "tls", {"0 issue notglobalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] our name at the start of another", "tls", {"0 issue globalsign.com.evil.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] below our name", "tls", {"0 issue www.globalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] above our name", "tls", {"0 issue com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] a part of our name", "tls", {"0 issue globalsign.co"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] our name without the dot", "tls", {"0 issue globalsigncom"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] our name in a parameter", "tls", {"0 issue ca.test; a=globalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] digit for letter", "tls", {"0 issue g1obalsign.com"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[2] Cyrillic o", "tls", {"0 issue gl\\208\\190balsign.com"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[11] NUL after our name", "tls", {"0 issue globalsign.com\\000"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[11] NUL and another after our name", "tls", {"0 issue globalsign.com\\000.evil.test"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[12] newline after our name", "tls", {"0 issue globalsign.com\\010"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[12] vertical tab after our name", "tls", {"0 issue globalsign.com\\011"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[12] form feed before our name", "tls", {"0 issue \\012globalsign.com"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[12] carriage return after our name", "tls", {"0 issue globalsign.com\\013"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[12] no-break space after our name", "tls", {"0 issue globalsign.com\\194\\160"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[12] octet 160 before our name", "tls", {"0 issue \\160globalsign.com"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[11] octet 255 in iodef disturbs nobody", "tls", {"0 iodef \\255", "0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[11] octet 255 in an unknown property disturbs nobody", "tls", {"0 tbs \\255\\000", "0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01"},
    {"[12] a trailing dot after our name", "tls", {"0 issue globalsign.com."}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[2] two issuers in one record", "tls", {"0 issue globalsign.com ca.test"}, CAA_REASON_MALFORMED_PROPERTY, "1"},

    /* ----------------------------------------- RFC 8657 section 3: accounturi */
    {"[24] our account", "tls", {"0 issue globalsign.com; accounturi=" A1}, CAA_REASON_ISSUER_AUTHORIZED, "1", {A1}},
    {"[24] one of the account's URIs", "tls", {"0 issue globalsign.com; accounturi=" A2}, CAA_REASON_ISSUER_AUTHORIZED, "1", {A1, A2}},
    {"[24] another account", "tls", {"0 issue globalsign.com; accounturi=" A2}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[24] no account in the request", "tls", {"0 issue globalsign.com; accounturi=" A1}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1"},
    {"[24] byte for byte, case counts", "tls", {"0 issue globalsign.com; accounturi=ACCT:1@globalsign.com"}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[24] the beginning of our account", "tls", {"0 issue globalsign.com; accounturi=acct:1@globalsign"}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[24] more than our account", "tls", {"0 issue globalsign.com; accounturi=" A1 "/"}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[24] the tag without case", "tls", {"0 issue globalsign.com; AccountURI=" A2}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[25] absent: any account", "tls", {"0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {A1}},
    {"[25] twice, even equal", "tls", {"0 issue globalsign.com; accounturi=" A1 "; accounturi=" A1}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[25] empty", "tls", {"0 issue globalsign.com; accounturi="}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {A1}},
    {"[25] empty and the request has an empty one", "tls", {"0 issue globalsign.com; accounturi="}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {""}},
    {"[23] no URI, though the request says the same", "tls", {"0 issue globalsign.com; accounturi=12345"}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {"12345"}},
    {"[23] a scheme alone, though the request says the same", "tls", {"0 issue globalsign.com; accounturi=acct:"}, CAA_REASON_ACCOUNT_NOT_AUTHORIZED, "1", {"acct:"}},
    {"[24] one of two records for our account", "tls", {"0 issue globalsign.com; accounturi=" A2, "0 issue globalsign.com; accounturi=" A1}, CAA_REASON_ISSUER_AUTHORIZED, "01", {A1}},
    {"[26] another issuer with our account", "tls", {"0 issue ca.test; accounturi=" A1}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1", {A1}},
    {"[26] no issuer with our account", "tls", {"0 issue ; accounturi=" A1}, CAA_REASON_ISSUANCE_FORBIDDEN, "1", {A1}},
    {"[15] account_uri breaks the grammar", "tls", {"0 issue globalsign.com; account_uri=" A1}, CAA_REASON_MALFORMED_PROPERTY, "1", {A1}},

    /* ---------------------------------- RFC 8657 section 4: validationmethods */
    {"[29] our method", "tls", {"0 issue globalsign.com; validationmethods=dns-01"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {0}, "dns-01"},
    {"[29] our method among others", "tls", {"0 issue globalsign.com; validationmethods=http-01,dns-01"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {0}, "dns-01"},
    {"[29] another method", "tls", {"0 issue globalsign.com; validationmethods=http-01"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {0}, "dns-01"},
    {"[29] no method in the request", "tls", {"0 issue globalsign.com; validationmethods=dns-01"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1"},
    {"[29] absent: any method", "tls", {"0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {0}, "dns-01"},
    {"[28] an empty list", "tls", {"0 issue globalsign.com; validationmethods="}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {0}, "dns-01"},
    {"[28] an empty list and no method", "tls", {"0 issue globalsign.com; validationmethods="}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1"},
    {"[28] a blank in the list", "tls", {"0 issue globalsign.com; validationmethods=dns-01, http-01"}, CAA_REASON_MALFORMED_PROPERTY, "1", {0}, "dns-01"},
    {"[28] a comma at the end", "tls", {"0 issue globalsign.com; validationmethods=dns-01,"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {0}, "dns-01"},
    {"[29] twice, even equal", "tls", {"0 issue globalsign.com; validationmethods=dns-01; validationmethods=dns-01"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {0}, "dns-01"},
    {"[56] the BR spelling of our method", "tls", {"0 issue globalsign.com; validationmethods=ca-tbr-7"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {0}, "dns-01"},
    {"[56] our method in BR spelling", "tls", {"0 issue globalsign.com; validationmethods=http-01"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {0}, "ca-tbr-19"},
    {"[30] a method outside the registry", "tls", {"0 issue globalsign.com; validationmethods=ca-tbr-4"}, CAA_REASON_ISSUER_AUTHORIZED, "1", {0}, "ca-tbr-4"},
    {"[56] labels compare with case", "tls", {"0 issue globalsign.com; validationmethods=DNS-01"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {0}, "dns-01"},
    {"[28] the tag without case", "tls", {"0 issue globalsign.com; ValidationMethods=http-01"}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {0}, "dns-01"},
    {"[29] both satisfied", "tls", {"0 issue globalsign.com; validationmethods=dns-01; accounturi=" A1}, CAA_REASON_ISSUER_AUTHORIZED, "1", {A1}, "dns-01"},
    {"[29] account satisfied, method not", "tls", {"0 issue globalsign.com; validationmethods=dns-01; accounturi=" A1}, CAA_REASON_METHOD_NOT_AUTHORIZED, "1", {A1}, "http-01"},
    {"[29] a record without parameters beside", "tls", {"0 issue globalsign.com; validationmethods=dns-01", "0 issue globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "01", {0}, "http-01"},

    /* ----------------------------------------------------- RFC 9495: S/MIME */
    {"[39] issuemail names us", "smime", {"0 issuemail globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[39] issuemail names another", "smime", {"0 issuemail ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[39] issuemail forbids", "smime", {"0 issuemail ;"}, CAA_REASON_ISSUANCE_FORBIDDEN, "1"},
    {"[39] a malformed issuemail names nobody", "smime", {"0 issuemail %%"}, CAA_REASON_MALFORMED_PROPERTY, "1"},
    {"[38] issue does not restrict e-mail", "smime", {"0 issue ;"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[38] issuewild does not restrict e-mail", "smime", {"0 issuewild ;", "0 issuevmc ;"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "00"},
    {"[38] issue does not authorize e-mail", "smime", {"0 issue globalsign.com", "0 issuemail ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "01"},
    {"[38] issuemail does not restrict TLS", "tls", {"0 issuemail ;"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[38] issuemail does not authorize TLS", "tls", {"0 issuemail globalsign.com", "0 issue ;"}, CAA_REASON_ISSUANCE_FORBIDDEN, "01"},
    {"[40] critical counts for e-mail", "smime", {"0 issuemail globalsign.com", "128 tbs x"}, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY, "01"},
    {"[40] critical issue does not stop e-mail", "smime", {"128 issue ca.test"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
    {"[73] IssueMail without case", "smime", {"0 IssueMail ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},

    /* ---------------------------------------------------- mark certificates */
    {"[80] issuevmc names us", "vmc", {"0 issuevmc globalsign.com"}, CAA_REASON_ISSUER_AUTHORIZED, "1"},
    {"[80] issuevmc names another", "vmc", {"0 issuevmc ca.test"}, CAA_REASON_ISSUER_NOT_AUTHORIZED, "1"},
    {"[80] issue does not restrict marks", "vmc", {"0 issue ;", "0 issuemail ;"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "00"},
    {"[80] issuevmc does not restrict TLS", "tls", {"0 issuevmc ;"}, CAA_REASON_NO_RESTRICTING_PROPERTY, "0"},
};
#pragma GCC diagnostic pop
/* clang-format on */

/* Which tag governed, as the reason and the decisive records imply. */
static enum caa_tag expected_tag(const struct row *row,
                                 const struct caa_property *properties)
{
    if (row->reason == CAA_REASON_NO_RESTRICTING_PROPERTY ||
        row->reason == CAA_REASON_CRITICAL_UNKNOWN_PROPERTY)
        return CAA_TAG_UNKNOWN;
    return properties[strchr(row->decisive, '1') - row->decisive].known;
}

static struct caa_policy row_policy(const struct row *row)
{
    static const char *const issuers[] = {"globalsign.com", "alias.globalsign.test"};
    struct caa_policy policy = fixture_policy();
    policy.issuer_domain_names = issuers;
    policy.issuer_domain_name_count = 2;
    policy.certificate = strcmp(row->request, "smime") == 0 ? CAA_CERTIFICATE_SMIME
                         : strcmp(row->request, "vmc") == 0 ? CAA_CERTIFICATE_VMC
                                                            : CAA_CERTIFICATE_TLS;
    policy.account_uris = row->accounts;
    while (policy.account_uri_count < 3 && row->accounts[policy.account_uri_count])
        policy.account_uri_count++;
    policy.validation_method = row->method ? row->method : "";
    return policy;
}

static void judges(void **state)
{
    const struct row *row = *state;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct caa_policy policy = row_policy(row);
    struct caa_judgement judgement;
    size_t count;
    const struct caa_property *properties =
        fixture_properties(arena, row->records, &count);
    assert_int_equal(strlen(row->decisive), count);
    assert_int_equal(caa_policy_judge(arena, &policy, strcmp(row->request, "wild") == 0,
                                      properties, count, &judgement),
                     CAA_OK);
    assert_string_equal(caa_reason_name(judgement.reason), caa_reason_name(row->reason));
    assert_int_equal(judgement.verdict, caa_reason_verdict(row->reason));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(judgement.decisive[i], row->decisive[i] == '1');
    assert_int_equal(judgement.restricting_tag, expected_tag(row, properties));
    arena_destroy(arena);
}

/* [14] An RRset has no order. */
static void the_order_of_records_does_not_matter(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct arena *arena = arena_create(FIXTURE_BUDGET);
        struct row reversed = rows[r];
        struct caa_policy policy = row_policy(&reversed);
        struct caa_judgement judgement;
        size_t count = strlen(rows[r].decisive), properties_count;
        for (size_t i = 0; i < count; i++)
            reversed.records[i] = rows[r].records[count - 1 - i];
        const struct caa_property *properties =
            fixture_properties(arena, reversed.records, &properties_count);
        assert_int_equal(caa_policy_judge(arena, &policy,
                                          strcmp(reversed.request, "wild") == 0,
                                          properties, count, &judgement),
                         CAA_OK);
        assert_int_equal(judgement.reason, reversed.reason);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(judgement.decisive[i],
                             rows[r].decisive[count - 1 - i] == '1');
        arena_destroy(arena);
    }
}

/* [1] caatestsuite "big": 1,001 records, only the last one ours. */
static void a_thousand_records_are_all_read(void **state)
{
    (void)state;
    enum { COUNT = 1001 };
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct caa_policy policy = fixture_policy();
    struct caa_judgement judgement;
    struct caa_property properties[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        properties[i] = fixture_property(arena, "0 issue ca.test");
    assert_int_equal(
        caa_policy_judge(arena, &policy, false, properties, COUNT, &judgement), CAA_OK);
    assert_int_equal(judgement.reason, CAA_REASON_ISSUER_NOT_AUTHORIZED);
    properties[COUNT - 1] = fixture_property(arena, "0 issue globalsign.com");
    assert_int_equal(
        caa_policy_judge(arena, &policy, false, properties, COUNT, &judgement), CAA_OK);
    assert_int_equal(judgement.reason, CAA_REASON_ISSUER_AUTHORIZED);
    arena_destroy(arena);
}

/* [10] [8] */
static void a_critical_tag_of_255_octets_denies(void **state)
{
    (void)state;
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct caa_policy policy = fixture_policy();
    struct caa_judgement judgement;
    uint8_t tag[255];
    memset(tag, 'a', sizeof tag);
    struct caa_property property = {.flags = 128, .tag = {tag, sizeof tag}};
    assert_int_equal(caa_policy_judge(arena, &policy, false, &property, 1, &judgement),
                     CAA_OK);
    assert_int_equal(judgement.reason, CAA_REASON_CRITICAL_UNKNOWN_PROPERTY);
    arena_destroy(arena);
}

/* [11] */
static void a_value_of_65533_octets_is_judged(void **state)
{
    (void)state;
    enum { LEN = 65533 };
    struct arena *arena = arena_create(FIXTURE_BUDGET);
    struct caa_policy policy = fixture_policy();
    struct caa_judgement judgement;
    uint8_t *value = arena_alloc(arena, LEN);
    memset(value, ' ', LEN);
    memcpy(value + LEN - 14, "globalsign.com", 14);
    struct caa_property property = {
        .known = CAA_TAG_ISSUE, .tag = OCTETS("issue"), .value = {value, LEN}};
    assert_int_equal(caa_policy_judge(arena, &policy, false, &property, 1, &judgement),
                     CAA_OK);
    assert_int_equal(judgement.reason, CAA_REASON_ISSUER_AUTHORIZED);
    arena_destroy(arena);
}

static void without_memory_nothing_is_touched(void **state)
{
    (void)state;
    struct arena *records = arena_create(FIXTURE_BUDGET);
    struct caa_policy policy = fixture_policy();
    struct caa_property property = fixture_property(records, "0 issue ca.test");
    for (size_t budget = 0; budget < 16; budget++) {
        struct arena *arena = arena_create(budget);
        struct caa_judgement judgement = {.reason = CAA_REASON_IDNA};
        assert_int_equal(
            caa_policy_judge(arena, &policy, false, &property, 1, &judgement),
            CAA_ENOMEM);
        assert_int_equal(judgement.reason, CAA_REASON_IDNA);
        arena_destroy(arena);
    }
    arena_destroy(records);
}

static void our_name_is_found_as_it_is_configured(void **state)
{
    (void)state;
    struct caa_policy policy = fixture_policy();
    assert_string_equal(caa_policy_own_name(&policy, OCTETS("GLOBALSIGN.com")),
                        "globalsign.com");
    assert_null(caa_policy_own_name(&policy, OCTETS("globalsign.com\0")));
    assert_null(caa_policy_own_name(&policy, OCTETS("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_records_does_not_matter),
        cmocka_unit_test(a_thousand_records_are_all_read),
        cmocka_unit_test(a_critical_tag_of_255_octets_denies),
        cmocka_unit_test(a_value_of_65533_octets_is_judged),
        cmocka_unit_test(without_memory_nothing_is_touched),
        cmocka_unit_test(our_name_is_found_as_it_is_configured),
    };
    return FIXTURE_RUN("policy", rows, judges, tests);
}
