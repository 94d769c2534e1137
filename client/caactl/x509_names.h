/* x509_names.h - the names that a CSR or a certificate asks for: common name,
 * and subject alternative names that are DNS names, IP addresses or mailboxes.
 * Signatures are not verified: reading says nothing about trust.
 * Threads: main only. */
#ifndef CAACTL_X509_NAMES_H
#define CAACTL_X509_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum x509_kind { X509_KIND_CSR, X509_KIND_CERTIFICATE };

struct x509_names {
    /* Empty: none, or it is a person's name beside mailboxes only. */
    char *common_name;
    char **names;
    size_t len;
    /* SANs of kinds that CAA knows nothing of. */
    size_t skipped;
};

/* Reads PEM or DER; path "-" is stdin. false: the problem has been printed; there
 * is nothing to free. */
bool x509_names_read(enum x509_kind kind, const char *path, struct x509_names *out);
void x509_names_free(struct x509_names *names);

#endif
