/* Any octets as an issue value: what is read lies inside it and is made of what
 * the grammar allows, and no octet outside the grammar is ever let through. */
#include "check/issue_value.h"

#include "require.h"

static bool is_inside(struct bytes slice, struct bytes value)
{
    return slice.len == 0 ||
           (slice.data >= value.data && slice.data + slice.len <= value.data + value.len);
}

static void check_readable(struct bytes value, const struct caa_issue_value *read)
{
    struct bytes issuer = read->issuer_domain_name;
    require(is_inside(issuer, value));
    require(is_inside(read->accounturi.value, value));
    require(is_inside(read->validationmethods.value, value));
    for (size_t i = 0; i < value.len; i++)
        require((value.data[i] >= 0x20 && value.data[i] <= 0x7e) ||
                value.data[i] == '\t');
    for (size_t i = 0; i < issuer.len; i++)
        require(ascii_is_alnum(issuer.data[i]) || issuer.data[i] == '-' ||
                issuer.data[i] == '.');
    if (issuer.len) {
        require(ascii_is_alnum(issuer.data[0]));
        require(ascii_is_alnum(issuer.data[issuer.len - 1]));
    }
    /* The issuer alone reads as itself. */
    struct caa_issue_value again;
    require(caa_issue_value_read(issuer, &again));
    require(bytes_equal(again.issuer_domain_name, issuer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes value = {data, size};
    struct caa_issue_value read;
    if (caa_issue_value_read(value, &read)) {
        check_readable(value, &read);
        caa_validationmethods_include(read.validationmethods.value, bytes_of("dns-01"));
        caa_accounturi_is_uri(read.accounturi.value);
    }
    /* The octets as a list, as a method and as a URI, too. */
    if (caa_validationmethods_include(value, bytes_of("dns-01")))
        require(size >= strlen("dns-01"));
    if (caa_validationmethod_is_label(value))
        require(caa_validationmethods_include(value, value));
    caa_accounturi_is_uri(value);
    return 0;
}
