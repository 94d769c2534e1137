#include "x509_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* 10,000 SANs are some 300 kB. */
#define FILE_MAX (16u << 20)

struct source {
    enum x509_kind kind;
    const char *path;
    unsigned char *data;
    size_t len;
};

static const char *kind_name(enum x509_kind kind)
{
    return kind == X509_KIND_CSR ? "CSR" : "certificate";
}

static const char *shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

/* ------------------------------------------------------------------- reading */

static bool read_file(struct source *source)
{
    bool is_stdin = strcmp(source->path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(source->path, "re");
    if (file == NULL)
        return usage("cannot read %s: %s", source->path, strerror(errno));
    source->data = must_alloc(FILE_MAX + 1);
    source->len = fread(source->data, 1, FILE_MAX + 1, file);
    int problem = ferror(file) != 0 ? errno : 0;
    if (!is_stdin)
        fclose(file);
    if (problem != 0)
        return usage("cannot read %s: %s", shown(source->path), strerror(problem));
    if (source->len > FILE_MAX)
        return usage("%s is too large: a %s has at most %u MiB", shown(source->path),
                     kind_name(source->kind), FILE_MAX >> 20);
    if (source->len == 0)
        return usage("%s is empty", shown(source->path));
    return true;
}

static bool is_wanted(enum x509_kind kind, const char *label)
{
    if (kind == X509_KIND_CSR)
        return strcmp(label, PEM_STRING_X509_REQ) == 0 ||
               strcmp(label, PEM_STRING_X509_REQ_OLD) == 0;
    return strcmp(label, PEM_STRING_X509) == 0 || strcmp(label, PEM_STRING_X509_OLD) == 0;
}

static bool wrong_label(const struct source *source, const char *label)
{
    bool is_csr = is_wanted(X509_KIND_CSR, label);
    bool is_certificate = is_wanted(X509_KIND_CERTIFICATE, label);
    if (is_csr || is_certificate)
        return usage("%s holds a %s, not a %s; use --%s", shown(source->path),
                     is_csr ? "CSR" : "certificate", kind_name(source->kind),
                     is_csr ? "csr" : "cert");
    return usage("%s holds a PEM \"%.60s\", not a %s", shown(source->path), label,
                 kind_name(source->kind));
}

/* The first PEM block of the kind wanted, as a chain's leaf comes first; its DER
 * takes the place of the file's bytes. */
static bool pem_to_der(struct source *source)
{
    BIO *bio = BIO_new_mem_buf(source->data, (int)source->len);
    char *label = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    char other[64] = "";
    bool found = false;
    while (bio != NULL && !found && PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
        found = is_wanted(source->kind, label);
        if (found) {
            memcpy(source->data, der, (size_t)len);
            source->len = (size_t)len;
        } else if (other[0] == '\0') {
            snprintf(other, sizeof(other), "%s", label);
        }
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)len);
    }
    BIO_free(bio);
    ERR_clear_error();
    if (found)
        return true;
    if (other[0] != '\0')
        return wrong_label(source, other);
    return usage("%s is a broken or truncated PEM file", shown(source->path));
}

static bool is_pem(const struct source *source)
{
    return memmem(source->data, source->len, "-----BEGIN ", 11) != NULL;
}

/* ---------------------------------------------------------------------- names */

static void add(struct x509_names *out, char *name)
{
    if ((out->len & (out->len - 1)) == 0)
        out->names = must_grow(out->names, (out->len * 2 + 1) * sizeof(*out->names));
    out->names[out->len++] = name;
}

/* NULL: it holds a NUL, so what we would check is not what it says. */
static char *text_of(const unsigned char *data, int len)
{
    if (len < 0 || memchr(data, '\0', (size_t)len) != NULL)
        return NULL;
    char *text = must_alloc((size_t)len + 1);
    memcpy(text, data, (size_t)len);
    return text;
}

static char *ip_text(const ASN1_STRING *value)
{
    int len = ASN1_STRING_length(value);
    char text[INET6_ADDRSTRLEN];
    int family = len == 4 ? AF_INET : AF_INET6;
    if (len != 4 && len != 16)
        return NULL;
    inet_ntop(family, ASN1_STRING_get0_data(value), text, sizeof(text));
    return text_of((const unsigned char *)text, (int)strlen(text));
}

static bool add_san(const struct source *source, const GENERAL_NAME *san,
                    struct x509_names *out, bool *mailbox, bool *domain)
{
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(san, &type);
    char *name = NULL;
    switch (type) {
    case GEN_DNS:
    case GEN_EMAIL:
        name = text_of(ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
        *(type == GEN_EMAIL ? mailbox : domain) = true;
        break;
    case GEN_IPADD:
        name = ip_text(value);
        *domain = true;
        break;
    default:
        out->skipped++;
        return true;
    }
    if (name == NULL || *name == '\0') {
        free(name);
        return usage("%s: subject alternative name number %zu is empty, has a NUL in it "
                     "or a wrong length",
                     shown(source->path), out->len + out->skipped + 1);
    }
    add(out, name);
    return true;
}

/* The last common name is the most specific one. */
static bool read_common_name(const struct source *source, const X509_NAME *subject,
                             struct x509_names *out)
{
    int last = -1;
    for (int at = -1;
         (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
        last = at;
    if (last < 0)
        return true;
    const ASN1_STRING *value =
        X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, value);
    out->common_name = len < 0 ? NULL : text_of(utf8, len);
    OPENSSL_free(utf8);
    return out->common_name != NULL ||
           usage("%s: the common name cannot be read", shown(source->path));
}

static bool collect(const struct source *source, const X509_NAME *subject,
                    const GENERAL_NAMES *sans, struct x509_names *out)
{
    bool mailbox = false;
    bool domain = false;
    if (!read_common_name(source, subject, out))
        return false;
    for (int i = 0; i < sk_GENERAL_NAME_num(sans); i++)
        if (!add_san(source, sk_GENERAL_NAME_value(sans, i), out, &mailbox, &domain))
            return false;
    /* In an S/MIME certificate the common name may be a person. */
    if (mailbox && !domain && out->common_name != NULL &&
        strchr(out->common_name, '@') == NULL) {
        free(out->common_name);
        out->common_name = NULL;
    }
    if (out->len == 0 && (out->common_name == NULL || out->common_name[0] == '\0'))
        return usage("%s: the %s has neither a common name nor a subject alternative "
                     "name to check",
                     shown(source->path), kind_name(source->kind));
    return true;
}

static bool unreadable(const struct source *source)
{
    ERR_clear_error();
    return usage("%s is no %s in PEM or DER, or is truncated", shown(source->path),
                 kind_name(source->kind));
}

static bool bad_sans(const struct source *source)
{
    ERR_clear_error();
    return usage("%s: the subject alternative names cannot be read", shown(source->path));
}

static bool collect_csr(const struct source *source, struct x509_names *out)
{
    const unsigned char *at = source->data;
    X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)source->len);
    if (csr == NULL || at != source->data + source->len) {
        X509_REQ_free(csr);
        return unreadable(source);
    }
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr);
    int critical = 0;
    GENERAL_NAMES *sans =
        X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
    bool ok = (sans != NULL || critical == -1) || bad_sans(source);
    if (ok)
        ok = collect(source, X509_REQ_get_subject_name(csr), sans, out);
    GENERAL_NAMES_free(sans);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(csr);
    return ok;
}

static bool collect_certificate(const struct source *source, struct x509_names *out)
{
    const unsigned char *at = source->data;
    X509 *certificate = d2i_X509(NULL, &at, (long)source->len);
    if (certificate == NULL || at != source->data + source->len) {
        X509_free(certificate);
        return unreadable(source);
    }
    int critical = 0;
    GENERAL_NAMES *sans =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
    bool ok = (sans != NULL || critical == -1) || bad_sans(source);
    if (ok)
        ok = collect(source, X509_get_subject_name(certificate), sans, out);
    GENERAL_NAMES_free(sans);
    X509_free(certificate);
    return ok;
}

bool x509_names_read(enum x509_kind kind, const char *path, struct x509_names *out)
{
    struct source source = {.kind = kind, .path = path};
    struct x509_names names = {0};
    bool ok = read_file(&source);
    if (ok && is_pem(&source))
        ok = pem_to_der(&source);
    if (ok)
        ok = kind == X509_KIND_CSR ? collect_csr(&source, &names)
                                   : collect_certificate(&source, &names);
    free(source.data);
    if (ok)
        *out = names;
    else
        x509_names_free(&names);
    return ok;
}

void x509_names_free(struct x509_names *names)
{
    for (size_t i = 0; i < names->len; i++)
        free(names->names[i]);
    free(names->names);
    free(names->common_name);
    *names = (struct x509_names){0};
}
