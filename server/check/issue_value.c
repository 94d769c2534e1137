/* RFC 8659 section 4.2, read left to right once:
 *
 *   issue-value = *WSP [issuer *WSP] [";" *WSP [parameters *WSP]]
 *   issuer      = label *("." label)
 *   parameters  = parameter *(*WSP ";" *WSP parameter)
 *   parameter   = tag *WSP "=" *WSP value
 *   label, tag  = (ALPHA / DIGIT) *(*"-" (ALPHA / DIGIT))
 *   value       = *(visible ASCII but ";")
 *
 * No choice needs a second look: what may follow is told by the next octet. */
#include "check/issue_value.h"

struct cursor {
    const uint8_t *next, *end;
};

static bool cursor_at_end(const struct cursor *cursor)
{
    return cursor->next == cursor->end;
}

static bool cursor_accept(struct cursor *cursor, uint8_t wanted)
{
    if (cursor_at_end(cursor) || *cursor->next != wanted)
        return false;
    cursor->next++;
    return true;
}

static bool cursor_at_alnum(const struct cursor *cursor)
{
    return !cursor_at_end(cursor) && ascii_is_alnum(*cursor->next);
}

/* WSP is blank or tab; no other space, no line end (RFC 5234 appendix B.1). */
static void skip_wsp(struct cursor *cursor)
{
    while (cursor_accept(cursor, ' ') || cursor_accept(cursor, '\t'))
        continue;
}

/* A label, or a parameter's tag: hyphens only inside. */
static bool read_label(struct cursor *cursor, struct bytes *out)
{
    const uint8_t *start = cursor->next;
    bool hyphen = true;
    while (!cursor_at_end(cursor)) {
        uint8_t c = *cursor->next;
        if (!ascii_is_alnum(c) && (c != '-' || cursor->next == start))
            break;
        hyphen = c == '-';
        cursor->next++;
    }
    if (hyphen) /* nothing at all, or a hyphen last */
        return false;
    *out = (struct bytes){start, (size_t)(cursor->next - start)};
    return true;
}

static bool read_issuer(struct cursor *cursor, struct bytes *out)
{
    const uint8_t *start = cursor->next;
    struct bytes label;
    do {
        if (!read_label(cursor, &label))
            return false;
    } while (cursor_accept(cursor, '.'));
    *out = (struct bytes){start, (size_t)(cursor->next - start)};
    return true;
}

static struct bytes read_value(struct cursor *cursor)
{
    const uint8_t *start = cursor->next;
    while (!cursor_at_end(cursor) && *cursor->next >= 0x21 && *cursor->next <= 0x7e &&
           *cursor->next != ';')
        cursor->next++;
    return (struct bytes){start, (size_t)(cursor->next - start)};
}

static void note_parameter(struct caa_issue_value *out, struct bytes tag,
                           struct bytes value)
{
    struct caa_parameter *parameter = NULL;
    if (bytes_equal_nocase(tag, bytes_of("accounturi")))
        parameter = &out->accounturi;
    else if (bytes_equal_nocase(tag, bytes_of("validationmethods")))
        parameter = &out->validationmethods;
    if (!parameter) /* unknown ones do not narrow (RFC 8659 section 4.2) */
        return;
    if (parameter->count++ == 0)
        parameter->value = value;
}

static bool read_parameters(struct cursor *cursor, struct caa_issue_value *out)
{
    do {
        struct bytes tag;
        skip_wsp(cursor);
        if (!read_label(cursor, &tag))
            return false;
        skip_wsp(cursor);
        if (!cursor_accept(cursor, '='))
            return false;
        skip_wsp(cursor);
        note_parameter(out, tag, read_value(cursor));
        skip_wsp(cursor);
    } while (cursor_accept(cursor, ';'));
    return true;
}

bool caa_issue_value_read(struct bytes value, struct caa_issue_value *out)
{
    static const uint8_t none[1];
    struct caa_issue_value read = {.issuer_domain_name = {none, 0}};
    struct cursor cursor = {none, none};
    if (value.len)
        cursor = (struct cursor){value.data, value.data + value.len};
    skip_wsp(&cursor);
    if (cursor_at_alnum(&cursor) && !read_issuer(&cursor, &read.issuer_domain_name))
        return false;
    skip_wsp(&cursor);
    if (cursor_accept(&cursor, ';')) {
        skip_wsp(&cursor);
        if (!cursor_at_end(&cursor) && !read_parameters(&cursor, &read))
            return false;
    }
    if (!cursor_at_end(&cursor))
        return false;
    *out = read;
    return true;
}

/* BR 4.2.2.1.2: the ACME label and ca-tbr-N, N being the last number of BR
 * 3.2.2.4.N, name the same method. */
static const struct {
    const char *ca_tbr, *acme;
} EQUAL_METHODS[] = {
    {"ca-tbr-7", "dns-01"},          {"ca-tbr-19", "http-01"},
    {"ca-tbr-20", "tls-alpn-01"},    {"ca-tbr-21", "dns-account-01"},
    {"ca-tbr-22", "dns-persist-01"},
};

static struct bytes method_canonical(struct bytes label)
{
    for (size_t i = 0; i < sizeof EQUAL_METHODS / sizeof EQUAL_METHODS[0]; i++)
        if (bytes_equal(label, bytes_of(EQUAL_METHODS[i].ca_tbr)))
            return bytes_of(EQUAL_METHODS[i].acme);
    return label;
}

bool caa_validationmethods_include(struct bytes list, struct bytes method)
{
    bool included = false;
    size_t start = 0;
    if (list.len == 0)
        return false;
    method = method_canonical(method);
    for (size_t i = 0; i <= list.len; i++) {
        if (i < list.len && list.data[i] != ',')
            continue;
        struct bytes label = {list.data + start, i - start};
        /* One bad label spoils the list (RFC 8657 section 4). */
        if (!caa_validationmethod_is_label(label))
            return false;
        if (bytes_equal(method_canonical(label), method))
            included = true;
        start = i + 1;
    }
    return included;
}

bool caa_validationmethod_is_label(struct bytes method)
{
    for (size_t i = 0; i < method.len; i++)
        if (!ascii_is_alnum(method.data[i]) && method.data[i] != '-')
            return false;
    return method.len > 0;
}

/* RFC 3986 appendix A: unreserved and reserved characters and "%". */
static bool is_uri_character(uint8_t c)
{
    return c != 0 && (ascii_is_alnum(c) || strchr("-._~:/?#[]@!$&'()*+,;=%", c));
}

static bool is_hex(uint8_t c)
{
    c = ascii_lower(c);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), RFC 3986 section 3.1.
 * Its length, 0 if there is none. */
static size_t scheme_len(struct bytes uri)
{
    size_t len = 0;
    while (len < uri.len && (ascii_is_alnum(uri.data[len]) ||
                             (uri.data[len] && strchr("+-.", uri.data[len]))))
        len++;
    bool starts_with_letter = len > 0 && ascii_lower(uri.data[0]) >= 'a';
    return starts_with_letter && len < uri.len && uri.data[len] == ':' ? len : 0;
}

bool caa_accounturi_is_uri(struct bytes uri)
{
    size_t scheme = scheme_len(uri);
    if (scheme == 0 || uri.len == scheme + 1)
        return false;
    for (size_t i = scheme + 1; i < uri.len; i++) {
        if (!is_uri_character(uri.data[i]))
            return false;
        if (uri.data[i] == '%' &&
            (uri.len - i < 3 || !is_hex(uri.data[i + 1]) || !is_hex(uri.data[i + 2])))
            return false;
    }
    return true;
}
