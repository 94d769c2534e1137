#include "config/field.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/refuse.h"
#include "config/value.h"

enum { LABEL_TEXT_MAX = 64, HOST_NAME_SIZE = 256, PEM_SEARCHED = 32 * 1024 };

static const char *set_text(const char *text, void *into)
{
    *(const char **)into = text;
    return NULL;
}

/* --- names --- */

const char *field_read_issuer(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    if (!value_is_domain_name(text))
        return "is not a domain name";
    for (char *c = text; *c; c++)
        *c = (char)ascii_lower((uint8_t)*c);
    return set_text(text, into);
}

const char *field_read_label(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    return strlen(text) > LABEL_TEXT_MAX ? "is too long" : set_text(text, into);
}

const char *field_read_prefix(struct config_reader *reader, char *text, void *into)
{
    char *prefix = arena_alloc(reader->arena, CAAD_ADDRESS_LEN);
    if (!prefix)
        return CONFIG_NO_MEMORY;
    const char *wrong = value_read_prefix(text, prefix);
    return wrong ? wrong : set_text(prefix, into);
}

/* --- listeners --- */

const char *field_read_url(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    return value_read_listener(text, into);
}

const char *field_read_mode(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    return value_read_mode(text, into);
}

const char *field_read_role(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    uint32_t *roles = into;
    uint32_t role = strcmp(text, "check") == 0   ? CAAD_ROLE_CHECK
                    : strcmp(text, "admin") == 0 ? CAAD_ROLE_ADMIN
                                                 : 0;
    if (role == 0)
        return "is not a role";
    if (*roles & role)
        return "is given twice";
    *roles |= role;
    return NULL;
}

/* Absolute, or from where the configuration file is. NULL: out of memory. */
static const char *resolve_path(struct config_reader *reader, const char *path)
{
    if (path[0] == '/')
        return path;
    bool root = strcmp(reader->directory, "/") == 0;
    return arena_printf(reader->arena, "%s/%s", root ? "" : reader->directory, path);
}

static const char *cannot_read(struct config_reader *reader, int error)
{
    snprintf(reader->why, sizeof reader->why, "cannot be read: %s", strerror(error));
    return reader->why;
}

/* Seen now, a missing or empty file is a line in the configuration; seen by the
 * TLS library, it is "crypto error". */
static const char *search_pem(struct config_reader *reader, const char *path,
                              const char *marker)
{
    char content[PEM_SEARCHED];
    struct stat info;
    const char *wrong = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return cannot_read(reader, errno);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        wrong = "is not a regular file";
    } else {
        ssize_t len = read(fd, content, sizeof content);
        if (len < 0)
            wrong = cannot_read(reader, errno);
        else if (!memmem(content, (size_t)len, marker, strlen(marker)))
            wrong = "has no PEM block of that kind";
        /* A private key passes through here. */
        explicit_bzero(content, sizeof content);
    }
    close(fd);
    return wrong;
}

static const char *read_pem(struct config_reader *reader, const char *text,
                            const char *marker, void *into)
{
    const char *path = resolve_path(reader, text);
    if (!path)
        return CONFIG_NO_MEMORY;
    const char *wrong = search_pem(reader, path, marker);
    return wrong ? wrong : set_text(path, into);
}

const char *field_read_certificate(struct config_reader *reader, char *text, void *into)
{
    return read_pem(reader, text, "-----BEGIN CERTIFICATE-----", into);
}

const char *field_read_private_key(struct config_reader *reader, char *text, void *into)
{
    return read_pem(reader, text, "PRIVATE KEY-----", into);
}

/* --- resolver, products --- */

const char *field_read_server(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    return value_read_server(text, 53, into);
}

const char *field_read_kind(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    enum caa_certificate *certificate = into;
    if (strcmp(text, "tls") == 0)
        *certificate = CAA_CERTIFICATE_TLS;
    else if (strcmp(text, "smime") == 0)
        *certificate = CAA_CERTIFICATE_SMIME;
    else if (strcmp(text, "vmc") == 0)
        *certificate = CAA_CERTIFICATE_VMC;
    else
        return "is none of them";
    return NULL;
}

const char *field_read_exempt(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    *(bool *)into = strcmp(text, "exempt") == 0;
    return *(bool *)into || strcmp(text, "check") == 0 ? NULL : "is neither";
}

/* --- audit, metrics, log --- */

/* Cuts what may hold a secret: the password and all parameters. */
static const char *show_postgresql(struct config_reader *reader, const char *url,
                                   int authority_len, const char *authority)
{
    const char *at = memchr(authority, '@', (size_t)authority_len);
    size_t user_len = at ? strcspn(authority, ":@") : 0;
    const char *rest = at ? at : authority;
    return arena_printf(reader->arena, "%.*s%.*s%.*s", (int)(authority - url), url,
                        (int)user_len, authority, (int)strcspn(rest, "?"), rest);
}

static const char *read_postgresql(struct config_reader *reader, const char *url,
                                   struct caad_audit_config *out)
{
    const char *authority = strstr(url, "://") + 3;
    size_t len = strcspn(authority, "/?");
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~')
            return "has a character no URL has";
    /* Else a part of the password could pass for a part of the path. */
    if (strchr(authority + len, '@') ||
        memchr(authority, '@', len) != memrchr(authority, '@', len))
        return "has an @ that must be written as %40";
    out->kind = CAAD_STORE_POSTGRESQL;
    out->store = url;
    out->shown = show_postgresql(reader, url, (int)len, authority);
    return out->shown ? NULL : CONFIG_NO_MEMORY;
}

static const char *read_sqlite(struct config_reader *reader, const char *path,
                               struct caad_audit_config *out)
{
    size_t len = strlen(path);
    if (len == 0 || path[len - 1] == '/')
        return "names no file";
    const char *absolute = resolve_path(reader, path);
    if (!absolute)
        return CONFIG_NO_MEMORY;
    out->kind = CAAD_STORE_SQLITE;
    out->store = out->shown = arena_printf(reader->arena, "sqlite:%s", absolute);
    if (!out->store)
        return CONFIG_NO_MEMORY;
    out->sqlite_path = out->store + strlen("sqlite:");
    return NULL;
}

const char *field_read_store(struct config_reader *reader, char *text, void *into)
{
    struct caad_audit_config *out = into;
    if (strncmp(text, "sqlite:", 7) == 0)
        return read_sqlite(reader, text + 7, out);
    if (strncmp(text, "postgresql://", 13) == 0)
        return read_postgresql(reader, text, out);
    if (strcmp(text, "none") != 0)
        return "is not a store";
    out->kind = CAAD_STORE_NONE;
    out->store = out->shown = text;
    return NULL;
}

const char *field_read_metrics(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    struct caad_server server;
    if (strcmp(text, "none") == 0)
        return set_text(NULL, into);
    if (strncmp(text, "http://", 7) != 0)
        return "is not an http:// URL";
    const char *wrong = value_read_server(text + 7, 0, &server);
    return wrong ? wrong : set_text(text, into);
}

const char *field_read_level(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    return log_level_read(text, into) ? NULL : "is not a level";
}

const char *field_read_format(struct config_reader *reader, char *text, void *into)
{
    (void)reader;
    return log_format_read(text, into) ? NULL : "is not a format";
}

/* --- whole mappings --- */

bool field_finish_config(struct config_reader *reader, const yaml_node_t *node,
                         void *into)
{
    (void)node;
    struct caad_config *config = into;
    if (config->instance)
        return true;
    char name[HOST_NAME_SIZE] = "";
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
        snprintf(name, sizeof name, "localhost");
    config->instance = arena_strdup(reader->arena, name);
    return config->instance ? true : config_no_memory(reader);
}

/* Keys that mean nothing to this transport would give a false sense of it. */
static bool has_stray_key(struct config_reader *reader, const yaml_node_t *node,
                          const char *key, const char *schemes)
{
    const yaml_node_t *value = config_member(reader, node, key);
    if (value == node)
        return false;
    config_refuse(reader, config_line(value),
                  "%s does not go with this url; expected it with %s", key, schemes);
    return true;
}

static bool finish_transport(struct config_reader *reader, const yaml_node_t *node,
                             const struct caad_listener *listener)
{
    size_t line = config_line(config_member(reader, node, "url"));
    if (listener->transport != CAAD_TRANSPORT_IPC &&
        has_stray_key(reader, node, "mode", "ipc:// alone"))
        return false;
    if (listener->transport != CAAD_TRANSPORT_TLS &&
        has_stray_key(reader, node, "tls", "tls+tcp:// alone"))
        return false;
    if (listener->transport != CAAD_TRANSPORT_TCP &&
        has_stray_key(reader, node, "insecure", "tcp:// alone"))
        return false;
    if (listener->transport == CAAD_TRANSPORT_TLS && !listener->tls.cert)
        return config_refuse(reader, line,
                             "tls+tcp:// without tls; expected "
                             "tls: {cert: FILE, key: FILE, client_ca: FILE} beside it");
    if (listener->transport == CAAD_TRANSPORT_TCP && !listener->loopback &&
        !listener->insecure)
        return config_refuse(
            reader, line,
            "plain tcp:// lets in whoever reaches this address; expected "
            "tls+tcp://, a loopback address, or insecure: true beside it");
    return true;
}

bool field_finish_listener(struct config_reader *reader, const yaml_node_t *node,
                           void *into)
{
    struct caad_listener *listener = into;
    if (!finish_transport(reader, node, listener))
        return false;
    /* The network is no place for administration unless somebody says so. */
    if (listener->roles == 0)
        listener->roles = listener->transport == CAAD_TRANSPORT_IPC
                              ? CAAD_ROLE_CHECK | CAAD_ROLE_ADMIN
                              : CAAD_ROLE_CHECK;
    return true;
}

bool field_finish_limits(struct config_reader *reader, const yaml_node_t *node,
                         void *into)
{
    const struct caad_limits_config *limits = into;
    if (limits->max_request_memory_bytes >= limits->max_message_bytes)
        return true;
    return config_refuse(
        reader, config_line(node),
        "max_request_memory_bytes is less than max_message_bytes; expected "
        "room for a whole message, %u at least",
        limits->max_message_bytes);
}

/* --- no two alike --- */

bool field_same_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
}

bool field_same_server(const void *a, const void *b)
{
    return strcmp(((const struct caad_server *)a)->text,
                  ((const struct caad_server *)b)->text) == 0;
}

bool field_same_listener(const void *a, const void *b)
{
    return strcmp(((const struct caad_listener *)a)->url,
                  ((const struct caad_listener *)b)->url) == 0;
}

bool field_same_product(const void *a, const void *b)
{
    return strcmp(((const struct caad_product *)a)->name,
                  ((const struct caad_product *)b)->name) == 0;
}
