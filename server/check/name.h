/* name.h - one requested name: what kind of thing it is and what to look up.
 * IDNA2008 with UTS 46 mapping through libidn2; labels that are ASCII already
 * are taken as given, A-labels too.
 * Threads: any. */
#ifndef CAA_CHECK_NAME_H
#define CAA_CHECK_NAME_H

#include "base/arena.h"
#include "check/fqdn.h"
#include "check/verdict.h"

enum caa_name_kind {
    CAA_NAME_DOMAIN,     /* to be looked up: fqdn is set */
    CAA_NAME_IP_ADDRESS, /* unbracketed IPv4 or IPv6; has no CAA */
    CAA_NAME_ONION,      /* below .onion; never sent to the DNS (RFC 7686) */
    CAA_NAME_INVALID,    /* fault and detail say why */
};

struct caa_name {
    const char *asked; /* as requested; borrowed */
    enum caa_name_kind kind;
    const char *ascii_name; /* lookup form, a wildcard with its "*."; "" if invalid.
                             * An address in its canonical text. A mailbox's domain. */
    struct caa_fqdn fqdn;   /* ascii_name without "*."; domains only */
    bool wildcard;          /* "*." was its whole first label */
    enum caa_reason fault;  /* invalid only: SYNTAX, IDNA or REVERSE_NAME */
    const char *detail;     /* invalid only: what is wrong and the accepted form */
};

/* Reads asked, valid UTF-8 of any length. For S/MIME a mailbox address is
 * accepted too and stands for its domain (RFC 9495 section 4). A name that is
 * no name is no error: out->kind says so. CAA_ENOMEM: *out untouched. */
CAA_MUSTCHECK enum caa_err caa_name_read(struct arena *arena, const char *asked,
                                         enum caa_certificate certificate,
                                         struct caa_name *out);

#endif
