/* x509_make.h - CSRs and certificates for the tests.
 * Threads: any. */
#ifndef TEST_X509_MAKE_H
#define TEST_X509_MAKE_H

#include <stdbool.h>

/* Writes to path; common_name and sans may be NULL; sans is in OpenSSL's form,
 * "DNS:a.test,IP:192.0.2.1". days: until the certificate ends, may be negative.
 * Aborts the test when it cannot. */
void x509_make_csr(const char *path, bool der, const char *common_name, const char *sans);
void x509_make_certificate(const char *path, bool der, const char *common_name,
                           const char *sans, int days);
void x509_make_key(const char *path);
/* A self-signed certificate and its key, in PEM, good as its own CA. */
void x509_make_identity(const char *certificate, const char *key,
                        const char *common_name);

#endif
