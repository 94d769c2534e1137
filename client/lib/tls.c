#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* A chain of certificates is some kilobytes; a bundle of every public CA is
 * under one megabyte. */
#define PEM_MAX (4u << 20)

static enum caa_client_code read_failed(const char *field, const char *path,
                                        struct caa_client_error *error)
{
    return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, field, "cannot read %s: %s",
                         path, strerror(errno));
}

/* The whole file, ending in NUL, to be freed by the caller. */
static enum caa_client_code read_pem(const char *field, const char *path, char **out,
                                     struct caa_client_error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return read_failed(field, path, error);
    char *text = malloc(PEM_MAX + 1);
    if (text == NULL) {
        fclose(file);
        return caa_error_no_memory(error);
    }
    size_t len = fread(text, 1, PEM_MAX + 1, file);
    enum caa_client_code code = CAA_CLIENT_OK;
    if (ferror(file) != 0)
        code = read_failed(field, path, error);
    else if (len > PEM_MAX || memchr(text, '\0', len) != NULL ||
             memmem(text, len, "-----BEGIN ", 11) == NULL)
        code = caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, field,
                             "%s is not a PEM file", path);
    fclose(file);
    if (code != CAA_CLIENT_OK) {
        free(text);
        return code;
    }
    text[len] = '\0';
    *out = text;
    return CAA_CLIENT_OK;
}

static enum caa_client_code use_ca(nng_tls_config *config, const char *path,
                                   struct caa_client_error *error)
{
    char *pem = NULL;
    enum caa_client_code code = read_pem("tls_ca_file", path, &pem, error);
    if (code != CAA_CLIENT_OK)
        return code;
    int rv = nng_tls_config_ca_chain(config, pem, NULL);
    free(pem);
    return rv == 0 ? CAA_CLIENT_OK
                   : caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "tls_ca_file",
                                   "%s holds no usable certificate: %s", path,
                                   nng_strerror(rv));
}

static enum caa_client_code use_own(nng_tls_config *config,
                                    const struct caa_client_options *options,
                                    struct caa_client_error *error)
{
    char *cert = NULL;
    char *key = NULL;
    enum caa_client_code code =
        read_pem("tls_cert_file", options->tls_cert_file, &cert, error);
    if (code == CAA_CLIENT_OK)
        code = read_pem("tls_key_file", options->tls_key_file, &key, error);
    if (code == CAA_CLIENT_OK) {
        int rv = nng_tls_config_own_cert(config, cert, key, NULL);
        if (rv != 0)
            code = caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "tls_key_file",
                                 "%s and %s are not a certificate and its key: %s",
                                 options->tls_cert_file, options->tls_key_file,
                                 nng_strerror(rv));
        explicit_bzero(key, strlen(key));
    }
    free(key);
    free(cert);
    return code;
}

static enum caa_client_code fill(nng_tls_config *config,
                                 const struct caa_client_options *options,
                                 const char *host, struct caa_client_error *error)
{
    const char *name = options->tls_server_name;
    int rv = nng_tls_config_server_name(config, name != NULL ? name : host);
    if (rv == 0)
        rv = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
    if (rv != 0)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "tls_server_name",
                             "TLS cannot be set up: %s", nng_strerror(rv));
    enum caa_client_code code = use_ca(config, options->tls_ca_file, error);
    if (code == CAA_CLIENT_OK && options->tls_cert_file != NULL)
        code = use_own(config, options, error);
    return code;
}

enum caa_client_code caa_tls_config(const struct caa_client_options *options,
                                    const char *host, nng_tls_config **out,
                                    struct caa_client_error *error)
{
    if (options->tls_ca_file == NULL)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "tls_ca_file",
                             "tls+tcp:// needs the file of the CA that signs the "
                             "servers' certificates");
    if ((options->tls_cert_file == NULL) != (options->tls_key_file == NULL))
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT,
                             options->tls_cert_file == NULL ? "tls_cert_file"
                                                            : "tls_key_file",
                             "a certificate and its key are given together");
    nng_tls_config *config = NULL;
    int rv = nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT);
    if (rv == NNG_ENOTSUP)
        return caa_error_set(error, CAA_CLIENT_INVALID_ARGUMENT, "servers",
                             "this nng was built without TLS");
    if (rv != 0)
        return caa_error_no_memory(error);
    enum caa_client_code code = fill(config, options, host, error);
    if (code != CAA_CLIENT_OK) {
        nng_tls_config_free(config);
        return code;
    }
    *out = config;
    return CAA_CLIENT_OK;
}
