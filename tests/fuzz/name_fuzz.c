/* Any text as a requested name: it is an LDH name within its limits, an address,
 * or a fault with a printable explanation; and a lookup form is stable. */
#include "check/name.h"

#include <string.h>

#include "require.h"

static void check_domain(struct arena *arena, const struct caa_name *name)
{
    struct caa_name again;
    size_t label = 0;
    const char *prefix = name->wildcard ? "*." : "";
    require(strlen(name->ascii_name) <= CAA_FQDN_MAX);
    require(strncmp(name->ascii_name, prefix, strlen(prefix)) == 0);
    for (const char *c = name->ascii_name + strlen(prefix);; c++) {
        if (*c == '.' || *c == '\0') {
            require(label >= 1 && label <= CAA_LABEL_MAX && c[-1] != '-');
            label = 0;
            if (*c == '\0')
                break;
            continue;
        }
        require((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
                (*c == '-' && label > 0));
        label++;
    }
    require(caa_name_read(arena, name->ascii_name, CAA_CERTIFICATE_TLS, &again) ==
            CAA_OK);
    require(again.kind == name->kind);
    require(strcmp(again.ascii_name, name->ascii_name) == 0);
}

static void check_name(struct arena *arena, const char *asked,
                       enum caa_certificate certificate)
{
    struct caa_name name;
    require(caa_name_read(arena, asked, certificate, &name) == CAA_OK);
    require(name.asked == asked);
    switch (name.kind) {
    case CAA_NAME_INVALID:
        require(name.ascii_name[0] == '\0');
        require(caa_reason_verdict(name.fault) == CAA_VERDICT_INVALID_NAME);
        require(name.detail[0] != '\0' && strlen(name.detail) < 400);
        require_printable(name.detail);
        break;
    case CAA_NAME_DOMAIN:
        require(!caa_fqdn_is_within(name.fqdn, "onion"));
        require(!caa_fqdn_is_within(name.fqdn, "in-addr.arpa"));
        require(!caa_fqdn_is_within(name.fqdn, "ip6.arpa"));
        require(name.fqdn.len == strlen(name.fqdn.text));
        check_domain(arena, &name);
        break;
    case CAA_NAME_ONION:
        check_domain(arena, &name);
        break;
    case CAA_NAME_IP_ADDRESS:
        require_printable(name.ascii_name);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(1 << 20);
    char *asked = arena ? arena_strndup(arena, (const char *)data, size) : NULL;
    if (asked) {
        check_name(arena, asked, CAA_CERTIFICATE_TLS);
        check_name(arena, asked, CAA_CERTIFICATE_SMIME);
    }
    arena_destroy(arena);
    return 0;
}
