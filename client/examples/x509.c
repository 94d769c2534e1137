#include "x509.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* NULL for an empty text, one with a NUL in it, or no memory. */
static char *text_of(const unsigned char *data, int len)
{
    if (len <= 0 || memchr(data, '\0', (size_t)len) != NULL)
        return NULL;
    return strndup((const char *)data, (size_t)len);
}

static char *name_of(const GENERAL_NAME *san)
{
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(san, &type);
    const unsigned char *data = NULL;
    int len = 0;
    char ip[INET6_ADDRSTRLEN];
    if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_IPADD)
        return NULL;
    data = ASN1_STRING_get0_data(value);
    len = ASN1_STRING_length(value);
    if (type != GEN_IPADD)
        return text_of(data, len);
    if ((len != 4 && len != 16) ||
        inet_ntop(len == 4 ? AF_INET : AF_INET6, data, ip, sizeof(ip)) == NULL)
        return NULL;
    return strdup(ip);
}

/* Empty when there is none; NULL when it cannot be read. */
static char *common_name_of(const X509_NAME *subject)
{
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return strdup("");
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(
        &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    char *text = text_of(utf8, len);
    OPENSSL_free(utf8);
    return text;
}

/* false: a name could not be read, so the whole is not to be trusted. */
static bool read_names(const X509_NAME *subject, const GENERAL_NAMES *sans,
                       struct x509 *out)
{
    int count = sk_GENERAL_NAME_num(sans);
    out->common_name = common_name_of(subject);
    out->names = calloc(count > 0 ? (size_t)count : 1, sizeof(*out->names));
    if (out->common_name == NULL || out->names == NULL)
        return false;
    for (int i = 0; i < count; i++) {
        out->names[out->names_len] = name_of(sk_GENERAL_NAME_value(sans, i));
        if (out->names[out->names_len] == NULL)
            return false;
        out->names_len++;
    }
    return true;
}

bool x509_read_csr(const char *path, struct x509 *out)
{
    struct x509 read = {0};
    FILE *file = fopen(path, "r");
    X509_REQ *csr = file != NULL ? PEM_read_X509_REQ(file, NULL, NULL, NULL) : NULL;
    bool ok = csr != NULL;
    if (file != NULL)
        fclose(file);
    if (ok) {
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr);
        int critical = 0;
        GENERAL_NAMES *sans =
            X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
        /* -1: there is none; anything else without a value: it is broken. */
        ok = (sans != NULL || critical == -1) &&
             read_names(X509_REQ_get_subject_name(csr), sans, &read);
        GENERAL_NAMES_free(sans);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    }
    X509_REQ_free(csr);
    ERR_clear_error();
    if (ok)
        *out = read;
    else
        x509_free(&read);
    return ok;
}

bool x509_read_certificate(const char *path, struct x509 *out)
{
    struct x509 read = {0};
    FILE *file = fopen(path, "r");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    bool ok = certificate != NULL;
    if (file != NULL)
        fclose(file);
    if (ok) {
        int critical = 0;
        struct tm not_after;
        GENERAL_NAMES *sans =
            X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
        ok = (sans != NULL || critical == -1) &&
             ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &not_after) == 1 &&
             read_names(X509_get_subject_name(certificate), sans, &read);
        if (ok)
            read.not_after = timegm(&not_after);
        GENERAL_NAMES_free(sans);
    }
    X509_free(certificate);
    ERR_clear_error();
    if (ok)
        *out = read;
    else
        x509_free(&read);
    return ok;
}

void x509_free(struct x509 *x509)
{
    for (size_t i = 0; i < x509->names_len; i++)
        free(x509->names[i]);
    free(x509->names);
    free(x509->common_name);
    *x509 = (struct x509){0};
}

bool x509_has(const struct x509 *x509, const char *name)
{
    if (strcmp(x509->common_name, name) == 0)
        return true;
    for (size_t i = 0; i < x509->names_len; i++)
        if (strcmp(x509->names[i], name) == 0)
            return true;
    return false;
}
