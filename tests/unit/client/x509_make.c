#include "x509_make.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static EVP_PKEY *new_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key != NULL);
    return key;
}

static FILE *new_file(const char *path)
{
    FILE *file = fopen(path, "wbe");
    must(file != NULL);
    return file;
}

static void set_name(X509_NAME *name, const char *common_name)
{
    if (common_name != NULL)
        must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)common_name, -1, -1,
                                        0) == 1);
}

static X509_EXTENSION *san_extension(const char *sans)
{
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, sans);
    must(extension != NULL);
    return extension;
}

void x509_make_csr(const char *path, bool der, const char *common_name, const char *sans)
{
    X509_REQ *csr = X509_REQ_new();
    EVP_PKEY *key = new_key();
    must(csr != NULL);
    set_name(X509_REQ_get_subject_name(csr), common_name);
    if (sans != NULL) {
        STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
        sk_X509_EXTENSION_push(extensions, san_extension(sans));
        must(X509_REQ_add_extensions(csr, extensions) == 1);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    }
    must(X509_REQ_set_pubkey(csr, key) == 1);
    must(X509_REQ_sign(csr, key, EVP_sha256()) > 0);
    FILE *file = new_file(path);
    must((der ? i2d_X509_REQ_fp(file, csr) : PEM_write_X509_REQ(file, csr)) == 1);
    fclose(file);
    EVP_PKEY_free(key);
    X509_REQ_free(csr);
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name, const char *sans,
                             int days)
{
    X509 *certificate = X509_new();
    must(certificate != NULL);
    must(X509_set_version(certificate, X509_VERSION_3) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L * 90);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
    set_name(X509_get_subject_name(certificate), common_name);
    if (sans != NULL) {
        X509_EXTENSION *extension = san_extension(sans);
        must(X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    must(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1);
    must(X509_set_pubkey(certificate, key) == 1);
    must(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

void x509_make_certificate(const char *path, bool der, const char *common_name,
                           const char *sans, int days)
{
    EVP_PKEY *key = new_key();
    X509 *certificate = new_certificate(key, common_name, sans, days);
    FILE *file = new_file(path);
    must((der ? i2d_X509_fp(file, certificate) : PEM_write_X509(file, certificate)) == 1);
    fclose(file);
    EVP_PKEY_free(key);
    X509_free(certificate);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = new_file(path);
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(file);
}

void x509_make_key(const char *path)
{
    EVP_PKEY *key = new_key();
    write_key(path, key);
    EVP_PKEY_free(key);
}

void x509_make_identity(const char *certificate, const char *key, const char *common_name)
{
    EVP_PKEY *made = new_key();
    X509 *x509 = new_certificate(made, common_name, NULL, 30);
    FILE *file = new_file(certificate);
    must(PEM_write_X509(file, x509) == 1);
    fclose(file);
    write_key(key, made);
    X509_free(x509);
    EVP_PKEY_free(made);
}
