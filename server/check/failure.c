#include "check/failure.h"

#include "check/phrase.h"
#include "check/remedy.h"

enum { EDE_SHOWN_MAX = 2, EDE_TEXT_SHOWN_MAX = 120 };

struct failure_words {
    const char *what;   /* as customers know it */
    const char *cause;  /* what may be behind it */
    const char *next;   /* for whoever runs the name's zone */
    const char *option; /* what dig's second run adds */
    bool ours;          /* the customer has no part in it */
};

static const struct failure_words *failure_words(enum caa_outcome outcome)
{
    static const struct failure_words TIMEOUT = {
        "timeout (read udp: i/o timeout)",
        "Its nameservers did not answer in time: they are down, unreachable, or a "
        "firewall drops CAA questions.",
        "Make every nameserver of the zone answer CAA questions, with an empty answer if "
        "there are no records, then try again.",
        "+tcp",
        false,
    };
    static const struct failure_words SERVFAIL = {
        "servfail response",
        "Its nameservers gave no usable answer: they return errors, do not serve the "
        "zone, or cannot be reached.",
        "A nameserver need not know CAA, but must answer NOERROR without records. "
        "Correct "
        "that at the DNS host, then try again.",
        "+cd",
        false,
    };
    static const struct failure_words REFUSED = {
        "refused response",
        "The question was refused (REFUSED).",
        "Make the nameservers answer CAA questions from everywhere, then try again.",
        "+tcp",
        false,
    };
    static const struct failure_words OTHER_RCODE = {
        "error response",
        "The question was answered with an error.",
        "A nameserver need not know CAA, but must answer NOERROR without records. "
        "Correct "
        "that at the DNS host, then try again.",
        "+tcp",
        false,
    };
    static const struct failure_words TRUNCATED = {
        "truncated response",
        "The answer was cut short and no whole one came over TCP.",
        "Make the nameservers answer over TCP port 53, or publish fewer CAA records, "
        "then "
        "try again.",
        "+tcp",
        false,
    };
    static const struct failure_words DNSSEC_BOGUS = {
        "DNSSEC validation failed (servfail response)",
        "The zone is signed, but its signatures do not prove the answer; with validation "
        "switched off (+cd) there is one.",
        "Correct the zone's DNSSEC at the DNS host, or the DS record at the registrar.",
        "+cd",
        false,
    };
    static const struct failure_words MALFORMED = {
        "malformed response",
        "An answer came that cannot be read as CAA records (RFC 8659).",
        "Correct the CAA records or the nameserver software, then try again.",
        "+tcp",
        false,
    };
    static const struct failure_words RESOLVER = {
        "our own DNS resolver is not available",
        "The fault is on our side, not with your domain.",
        "Nothing has to be changed; try again later.",
        "+tcp",
        true,
    };
    static const struct failure_words DEADLINE = {
        "the time allowed for this check ran out",
        "The fault is on our side, not with your domain.",
        "Nothing has to be changed; try again later.",
        "+tcp",
        true,
    };
    switch (outcome) {
    case CAA_OUTCOME_TIMEOUT:
        return &TIMEOUT;
    case CAA_OUTCOME_REFUSED:
        return &REFUSED;
    case CAA_OUTCOME_OTHER_RCODE:
        return &OTHER_RCODE;
    case CAA_OUTCOME_TRUNCATED:
        return &TRUNCATED;
    case CAA_OUTCOME_DNSSEC_BOGUS:
        return &DNSSEC_BOGUS;
    case CAA_OUTCOME_MALFORMED_RESPONSE:
        return &MALFORMED;
    case CAA_OUTCOME_RESOLVER_UNAVAILABLE:
        return &RESOLVER;
    case CAA_OUTCOME_DEADLINE_EXCEEDED:
        return &DEADLINE;
    case CAA_OUTCOME_SERVFAIL:
    case CAA_OUTCOME_RRSET:
    case CAA_OUTCOME_NODATA:
    case CAA_OUTCOME_NXDOMAIN:
        break;
    }
    return &SERVFAIL;
}

/* RFC 8914 section 4, in plain words for those that are met most. */
static const struct {
    uint16_t code;
    const char *name;
    const char *words;
} EDE_WORDS[] = {
    {1, "Unsupported DNSKEY Algorithm", NULL},
    {2, "Unsupported DS Digest Type", NULL},
    {3, "Stale Answer", NULL},
    {5, "DNSSEC Indeterminate", NULL},
    {6, "DNSSEC Bogus",
     "the signatures do not fit the data or the DS record at the registrar"},
    {7, "Signature Expired", "the zone's signatures have run out, sign it again"},
    {8, "Signature Not Yet Valid",
     "the zone's signatures start in the future, check the signer's clock"},
    {9, "DNSKEY Missing",
     "the DS record at the registrar names a key that the zone does not have"},
    {10, "RRSIGs Missing",
     "the zone should be signed, but a nameserver serves it without signatures"},
    {11, "No Zone Key Bit Set", NULL},
    {12, "NSEC Missing", "the proof is missing that there are no CAA records"},
    {13, "Cached Error", NULL},
    {14, "Not Ready", NULL},
    {18, "Prohibited", NULL},
    {20, "Not Authoritative", NULL},
    {22, "No Reachable Authority", "none of the zone's nameservers answered"},
    {23, "Network Error", "a nameserver could not be reached over the network"},
    {24, "Invalid Data", NULL},
};

static void add_ede(struct text *text, const struct caa_ede *ede)
{
    const char *words = NULL;
    text_addf(text, " The resolver says: extended DNS error %u", ede->code);
    for (size_t i = 0; i < sizeof EDE_WORDS / sizeof EDE_WORDS[0]; i++)
        if (EDE_WORDS[i].code == ede->code) {
            text_addf(text, " (%s)", EDE_WORDS[i].name);
            words = EDE_WORDS[i].words;
        }
    if (ede->text.len) {
        text_add(text, ", \"");
        text_add_escaped(text, ede->text, EDE_TEXT_SHOWN_MAX);
        text_add(text, "\"");
    }
    if (words)
        text_addf(text, ": %s", words);
    text_add(text, ".");
}

/* RFC 6895 section 2.3. */
static const char *rcode_name(uint16_t rcode)
{
    switch (rcode) {
    case 1:
        return "FORMERR";
    case 4:
        return "NOTIMP";
    case 6:
        return "YXDOMAIN";
    case 7:
        return "YXRRSET";
    case 8:
        return "NXRRSET";
    case 9:
        return "NOTAUTH";
    case 10:
        return "NOTZONE";
    case 16:
        return "BADVERS";
    case 23:
        return "BADCOOKIE";
    default:
        return "unassigned or unusual";
    }
}

static size_t attempts_made(const struct caa_answer *answer)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->attempt_count; i++)
        if (!answer->attempts[i].checking_disabled)
            count++;
    return count;
}

static void add_head(struct text *text, const struct caa_result *result,
                     const struct failure_words *words)
{
    size_t attempts = attempts_made(result->failed);
    text_add(text, words->what);
    if (result->failed->outcome == CAA_OUTCOME_OTHER_RCODE)
        text_addf(text, " (rcode %u, %s)", result->failed->rcode,
                  rcode_name(result->failed->rcode));
    text_add(text, words->ours ? ", while asking for the CAA records of "
                               : " for the CAA records of ");
    caa_phrase_level(text, result, result->failed);
    if (attempts > 0)
        text_addf(text, ", after %zu attempt%s", attempts, attempts == 1 ? "" : "s");
    text_add(text, ".");
}

static void add_step(struct text *text, const struct caa_result *result,
                     const struct failure_words *words)
{
    if (words->ours) {
        text_addf(text, " %s", words->next);
    } else if (caa_remedy_is_above(result, result->failed)) {
        text_add(text,
                 " That is a top-level domain, above your domain, not yours to fix: "
                 "try again later.");
    } else if (caa_phrase_levels_above(result) > 0) {
        text_add(text, " That level is above the name you asked for, whoever runs ");
        caa_phrase_name(text, result->failed->name);
        text_addf(text, " has to act. %s", words->next);
    } else {
        text_addf(text, " %s", words->next);
    }
}

void caa_failure_write(const struct caa_result *result, struct text *text)
{
    const struct caa_answer *failed = result->failed;
    const struct failure_words *words = failure_words(failed->outcome);
    add_head(text, result, words);
    text_addf(text, " %s", words->cause);
    for (size_t i = 0; i < failed->ede_count && i < EDE_SHOWN_MAX; i++)
        add_ede(text, &failed->ede[i]);
    caa_phrase_aliases(text, failed);
    add_step(text, result, words);
}

void caa_failure_write_dig(const struct caa_result *result, struct text *text)
{
    const struct caa_answer *failed = result->failed;
    const struct failure_words *words = failure_words(failed->outcome);
    text_add(text, words->ours
                       ? " To see whether the name answers elsewhere: dig +dnssec "
                       : " To reproduce: dig +dnssec ");
    caa_phrase_name(text, failed->name);
    text_addf(text, " CAA; dig +dnssec %s ", words->option);
    caa_phrase_name(text, failed->name);
    text_add(text, " CAA");
}
