/* x509.h - what the examples read from CSRs and certificates. A component has
 * its own way to the names; this one takes as little code as possible.
 * Threads: any; no state. */
#ifndef EXAMPLE_X509_H
#define EXAMPLE_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct x509 {
    /* Empty when there is none. */
    char *common_name;
    /* DNS names, IP addresses, mailboxes. */
    char **names;
    size_t names_len;
    /* Of a certificate; 0 for a CSR. */
    time_t not_after;
};

/* Reads the first CSR or certificate of a PEM file. false: it cannot be read;
 * *out is then untouched. */
bool x509_read_csr(const char *path, struct x509 *out);
bool x509_read_certificate(const char *path, struct x509 *out);
void x509_free(struct x509 *x509);

/* Whether one of the names is this one, byte for byte. */
bool x509_has(const struct x509 *x509, const char *name);

#endif
