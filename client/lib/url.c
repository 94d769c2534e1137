#include "url.h"

#include <string.h>

/* sun_path holds 108 bytes with its NUL. */
#define IPC_PATH_MAX 107

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static bool port_ok(const char *text)
{
    unsigned long port = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (unsigned long)(text[i] - '0');
    return port >= 1 && port <= 65535;
}

static const char *parse_host_port(const char *text, struct caa_url *out)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !port_ok(colon + 1))
        return "it must end in :PORT, 1 to 65535";
    const char *host = text;
    size_t len = (size_t)(colon - text);
    if (*host == '[') {
        if (len < 3 || host[len - 1] != ']')
            return "the bracket around the IPv6 address is not closed";
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        return "an IPv6 address must stand in brackets";
    }
    if (len == 0)
        return "the host is missing";
    if (len >= sizeof(out->host))
        return "the host is too long";
    if (strcspn(host, "/?# \t@*") < len)
        return "the host has a character no host has";
    memcpy(out->host, host, len);
    out->host[len] = '\0';
    return NULL;
}

const char *caa_url_parse(const char *text, struct caa_url *out)
{
    *out = (struct caa_url){0};
    const char *rest = after(text, "ipc://");
    if (rest != NULL) {
        out->ipc_path = rest;
        if (*rest != '/')
            return "the socket's path must be absolute";
        return strlen(rest) <= IPC_PATH_MAX ? NULL
                                            : "the socket's path is over 107 bytes long";
    }
    rest = after(text, "tls+tcp://");
    out->tls = rest != NULL;
    if (rest == NULL)
        rest = after(text, "tcp://");
    if (rest == NULL)
        return "the scheme must be ipc, tcp or tls+tcp";
    return parse_host_port(rest, out);
}
