/* What a certificate may hold as a name, RFC 5280 section 4.2.1.6 and BR
 * 7.1.2.7.12 in short: LDH labels (RFC 5890 section 2.3.1), A-labels for
 * others, one wildcard label in front. Left out: whether a top-level domain
 * exists; the DNS says that. */
#include "check/name.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>

#include "base/text.h"

/* No label that fits in 63 octets needs more UTF-8 than this, and libidn2's
 * work grows faster than its input. */
enum { LABEL_INPUT_MAX = 1024 };

/* Octets of a label shown when it is at fault. */
enum { LABEL_SHOWN_MAX = 40, DETAIL_SIZE = 320 };

/* The name while its labels are gathered in lookup form. */
struct reading {
    struct arena *arena;
    char text[CAA_FQDN_MAX + 1];
    size_t len;
    unsigned label; /* the one being read, from 1; a wildcard's "*" counts */
    bool wildcard;
    enum caa_reason fault; /* UNSPECIFIED while all is well */
    const char *detail;    /* NULL with a fault: out of memory */
};

static const char ACCEPTED[] =
    "accepted are domain names such as www.example.com, labels of 1 to 63 letters, "
    "digits and hyphens, with \"*.\" only as the whole first label";

static void reading_fault(struct reading *reading, enum caa_reason fault,
                          const char *detail)
{
    if (reading->fault)
        return;
    reading->fault = fault;
    reading->detail = detail;
}

/* As above, and says which label it is. */
static void label_fault(struct reading *reading, enum caa_reason fault,
                        struct bytes label, const char *what)
{
    char buffer[DETAIL_SIZE];
    struct text detail = text_of(buffer, sizeof buffer);
    text_addf(&detail, "label %u", reading->label);
    if (label.len) {
        text_add(&detail, " (\"");
        text_add_escaped(&detail, label, LABEL_SHOWN_MAX);
        text_add(&detail, "\")");
    }
    text_addf(&detail, " %s; %s", what, ACCEPTED);
    reading_fault(reading, fault, arena_strdup(reading->arena, buffer));
}

/* What is wrong with an ASCII label, or NULL. RFC 5890 section 2.3.1: LDH. */
static const char *ldh_fault(struct bytes label)
{
    if (label.len == 0)
        return "is empty, two dots stand together or one stands first";
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.data[i];
        if (ascii_is_alnum(c) || c == '-')
            continue;
        switch (c) {
        case '*':
            return "holds an asterisk, a wildcard is \"*.\" and then the name";
        case '_':
            return "holds an underscore, which no certificate may";
        case '@':
            return "holds \"@\", mailbox addresses are accepted for S/MIME products only";
        case ':':
        case '/':
            return "holds \":\" or \"/\", give the name alone, without scheme, port or "
                   "path";
        case '[':
        case ']':
            return "holds a bracket, an IP address is given without brackets";
        case ' ':
            return "holds a blank";
        default:
            return "holds a character that a host name may not";
        }
    }
    if (label.data[0] == '-' || label.data[label.len - 1] == '-')
        return "starts or ends with a hyphen";
    return label.len > CAA_LABEL_MAX ? "is longer than 63 octets" : NULL;
}

static void reading_append(struct reading *reading, struct bytes label)
{
    const char *what = ldh_fault(label);
    if (what) {
        label_fault(reading, CAA_REASON_SYNTAX, label, what);
        return;
    }
    size_t dot = reading->len > 0;
    size_t prefix = reading->wildcard ? 2 : 0;
    if (prefix + reading->len + dot + label.len > CAA_FQDN_MAX) {
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "it is longer than 253 octets, the longest name of the DNS");
        return;
    }
    if (dot)
        reading->text[reading->len++] = '.';
    for (size_t i = 0; i < label.len; i++)
        reading->text[reading->len++] = (char)ascii_lower(label.data[i]);
    reading->text[reading->len] = '\0';
}

/* UTS 46 non-transitional, then IDNA2008 (RFC 5891). *out is set on IDN2_OK and
 * goes to idn2_free.
 *
 * libidn2's STD3 flag refuses nothing: it takes the characters that STD3 forbids
 * out of the label, so that "\u00fc_" would be looked up as "\u00fc". Without it
 * they stay. A label that has any is one on which the two disagree. */
static int to_a_label(const uint8_t *u_label, uint8_t **out)
{
    enum { FLAGS = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL };
    uint8_t *kept = NULL, *taken_out = NULL;
    int rc = idn2_lookup_u8(u_label, &kept, FLAGS);
    if (rc == IDN2_OK)
        rc = idn2_lookup_u8(u_label, &taken_out, FLAGS | IDN2_USE_STD3_ASCII_RULES);
    if (rc == IDN2_OK && strcmp((const char *)kept, (const char *)taken_out) != 0)
        rc = IDN2_DISALLOWED;
    idn2_free(taken_out);
    if (rc == IDN2_OK)
        *out = kept;
    else
        idn2_free(kept);
    return rc;
}

static enum caa_err append_u_label(struct reading *reading, struct bytes label)
{
    uint8_t input[LABEL_INPUT_MAX + 1];
    uint8_t *a_label;
    if (label.len > LABEL_INPUT_MAX) {
        label_fault(reading, CAA_REASON_IDNA, label, "is longer than 63 octets");
        return CAA_OK;
    }
    memcpy(input, label.data, label.len);
    input[label.len] = '\0';
    int rc = to_a_label(input, &a_label);
    if (rc == IDN2_MALLOC)
        return CAA_ENOMEM;
    if (rc != IDN2_OK) {
        char what[160];
        snprintf(what, sizeof what,
                 "is no internationalized label (IDNA2008, UTS 46: %s)",
                 idn2_strerror(rc));
        label_fault(reading, CAA_REASON_IDNA, label, what);
        return CAA_OK;
    }
    struct bytes mapped = bytes_of((const char *)a_label);
    if (ldh_fault(mapped))
        label_fault(reading, CAA_REASON_IDNA, label,
                    "is no host name label once mapped (UTS 46)");
    else
        reading_append(reading, mapped);
    idn2_free(a_label);
    return CAA_OK;
}

static bool is_ascii(struct bytes label)
{
    for (size_t i = 0; i < label.len; i++)
        if (label.data[i] >= 0x80)
            return false;
    return true;
}

static enum caa_err append_label(struct reading *reading, struct bytes label)
{
    /* ASCII is taken as given, an A-label too: what is in the DNS under that
     * name counts, whether or not it decodes. */
    if (!is_ascii(label))
        return append_u_label(reading, label);
    reading_append(reading, label);
    return CAA_OK;
}

/* UTS 46 section 2.3: the full stop and its three relatives U+3002, U+FF0E and
 * U+FF61 part labels. Its length in UTF-8 at text[at], 0 if there is none. */
static size_t separator_len(struct bytes text, size_t at)
{
    static const uint8_t wide[][3] = {
        {0xe3, 0x80, 0x82}, {0xef, 0xbc, 0x8e}, {0xef, 0xbd, 0xa1}};
    if (text.data[at] == '.')
        return 1;
    if (text.len - at < 3)
        return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (memcmp(text.data + at, wide[i], 3) == 0)
            return 3;
    return 0;
}

/* The text up to the next separator, which is taken off too. Pre: text.len. */
static struct bytes take_label(struct bytes *text, size_t *separator)
{
    size_t end = 0;
    *separator = 0;
    while (end < text->len && !(*separator = separator_len(*text, end)))
        end++;
    struct bytes label = {text->data, end};
    end += *separator;
    *text = (struct bytes){text->data + end, text->len - end};
    return label;
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

/* Takes the "*." off; false: only that, or less, was there. */
static bool take_wildcard(struct reading *reading, struct bytes *text)
{
    struct bytes rest = *text;
    size_t separator;
    if (!bytes_equal(take_label(&rest, &separator), bytes_of("*")))
        return true;
    reading->wildcard = true;
    reading->label = 1;
    *text = rest;
    return rest.len > 0;
}

static enum caa_err read_labels(struct reading *reading, struct bytes text)
{
    size_t separator;
    do {
        reading->label++;
        enum caa_err err = append_label(reading, take_label(&text, &separator));
        if (err)
            return err;
        /* What follows the last separator is the root: one is dropped. */
    } while (text.len > 0 && !reading->fault);
    return CAA_OK;
}

static struct caa_fqdn reading_fqdn(const struct reading *reading)
{
    return (struct caa_fqdn){reading->text, reading->len};
}

static bool last_label_is_number(struct caa_fqdn fqdn)
{
    size_t digits = 0;
    while (digits < fqdn.len && fqdn.text[fqdn.len - 1 - digits] >= '0' &&
           fqdn.text[fqdn.len - 1 - digits] <= '9')
        digits++;
    return digits > 0 && (digits == fqdn.len || fqdn.text[fqdn.len - 1 - digits] == '.');
}

/* Names that are well-formed and still none of the DNS's. */
static void check_whole(struct reading *reading)
{
    struct caa_fqdn fqdn = reading_fqdn(reading);
    if (reading->fault)
        return;
    if (last_label_is_number(fqdn))
        reading_fault(
            reading, CAA_REASON_SYNTAX,
            "its last label is a number, yet it is no IP address; accepted are "
            "192.0.2.1 or 2001:db8::1, without brackets, port, wildcard or final "
            "dot");
    /* BR 4.2.2: refused before the DNS is asked. */
    if (caa_fqdn_is_within(fqdn, "in-addr.arpa") || caa_fqdn_is_within(fqdn, "ip6.arpa"))
        reading_fault(
            reading, CAA_REASON_REVERSE_NAME,
            "it lies in the reverse zone in-addr.arpa or ip6.arpa, for which no "
            "certificate may be issued (BR 4.2.2); give the IP address itself or "
            "a host name");
    if (!reading->wildcard && strcmp(fqdn.text, "onion") == 0)
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "\"onion\" alone names no onion service; accepted is "
                      "ADDRESS.onion (RFC 7686)");
}

static enum caa_err read_name(struct reading *reading, struct bytes text)
{
    if (text.len == 0) {
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "it is empty; accepted are domain names such as www.example.com");
        return CAA_OK;
    }
    if (has_control(text)) {
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "it holds a control character, such as a line end or tab; give one "
                      "name alone, such as www.example.com");
        return CAA_OK;
    }
    if (separator_len(text, 0) == text.len) {
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "it is a dot alone, the root; accepted are domain names such as "
                      "www.example.com");
        return CAA_OK;
    }
    if (!take_wildcard(reading, &text)) {
        reading_fault(
            reading, CAA_REASON_SYNTAX,
            "no name follows the asterisk; accepted is \"*.\" and then a domain "
            "name, such as *.example.com");
        return CAA_OK;
    }
    enum caa_err err = read_labels(reading, text);
    check_whole(reading);
    return err;
}

/* The domain part of a mailbox (RFC 9495 section 4): after the last "@". */
static struct bytes take_mailbox(struct reading *reading, struct bytes text)
{
    const uint8_t *at = memrchr(text.data, '@', text.len);
    if (!at)
        return text;
    struct bytes local = {text.data, (size_t)(at - text.data)};
    struct bytes domain = {at + 1, text.len - local.len - 1};
    if (local.len == 0 || has_control(local))
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "the part before \"@\" is empty or holds a control character; "
                      "accepted is user@example.com");
    else if (domain.len && domain.data[0] == '*')
        reading_fault(reading, CAA_REASON_SYNTAX,
                      "a mailbox is in one domain, not in a wildcard; accepted is "
                      "user@example.com");
    return domain;
}

/* The canonical text of an IPv4 or IPv6 address; false: asked is none. */
static bool read_ip_address(const char *asked, char canonical[INET6_ADDRSTRLEN])
{
    unsigned char address[sizeof(struct in6_addr)];
    int family = strchr(asked, ':') ? AF_INET6 : AF_INET;
    return inet_pton(family, asked, address) == 1 &&
           inet_ntop(family, address, canonical, INET6_ADDRSTRLEN);
}

static enum caa_err finish_invalid(const struct reading *reading, struct caa_name *name)
{
    if (!reading->detail)
        return CAA_ENOMEM;
    name->kind = CAA_NAME_INVALID;
    name->ascii_name = "";
    name->fault = reading->fault;
    name->detail = reading->detail;
    return CAA_OK;
}

static enum caa_err finish_name(const struct reading *reading, struct caa_name *name)
{
    const char *prefix = reading->wildcard ? "*." : "";
    const char *ascii_name = arena_concat(reading->arena, prefix, reading->text);
    if (!ascii_name)
        return CAA_ENOMEM;
    name->ascii_name = ascii_name;
    name->wildcard = reading->wildcard;
    /* RFC 7686 section 2: never in the DNS. */
    if (caa_fqdn_is_within(reading_fqdn(reading), "onion")) {
        name->kind = CAA_NAME_ONION;
        return CAA_OK;
    }
    name->kind = CAA_NAME_DOMAIN;
    /* RFC 8659 section 3: *.X is looked up as X. */
    name->fqdn = (struct caa_fqdn){ascii_name + strlen(prefix), reading->len};
    return CAA_OK;
}

enum caa_err caa_name_read(struct arena *arena, const char *asked,
                           enum caa_certificate certificate, struct caa_name *out)
{
    struct caa_name name = {.asked = asked};
    struct reading reading = {.arena = arena};
    char address[INET6_ADDRSTRLEN];
    if (read_ip_address(asked, address)) {
        name.kind = CAA_NAME_IP_ADDRESS;
        name.ascii_name = arena_strdup(arena, address);
        if (!name.ascii_name)
            return CAA_ENOMEM;
        *out = name;
        return CAA_OK;
    }
    struct bytes text = bytes_of(asked);
    if (certificate == CAA_CERTIFICATE_SMIME)
        text = take_mailbox(&reading, text);
    enum caa_err err = reading.fault ? CAA_OK : read_name(&reading, text);
    if (!err)
        err = reading.fault ? finish_invalid(&reading, &name)
                            : finish_name(&reading, &name);
    if (!err)
        *out = name;
    return err;
}
