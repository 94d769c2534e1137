#include "config/value.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum { DOMAIN_NAME_MAX = 253, LABEL_MAX = 63, IPC_PATH_MAX = 107 };

static bool label_is_ldh(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!ascii_is_alnum((uint8_t)label[i]) && label[i] != '-')
            return false;
    return true;
}

bool value_is_domain_name(const char *text)
{
    if (strlen(text) > DOMAIN_NAME_MAX)
        return false;
    for (;;) {
        size_t len = strcspn(text, ".");
        if (!label_is_ldh(text, len))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/* Decimal digits alone, as many as fit 5, no sign. 0: no port. */
static uint16_t read_port(const char *text)
{
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 5 || text[len] != '\0')
        return 0;
    uint32_t port = 0;
    for (size_t i = 0; i < len; i++)
        port = port * 10 + (uint32_t)(text[i] - '0');
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static bool set_address(const char *text, struct caad_server *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memset(&out->address, 0, sizeof out->address);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&out->address, &v4, sizeof v4);
        out->address_len = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy(&out->address, &v6, sizeof v6);
        out->address_len = sizeof v6;
        return true;
    }
    return false;
}

/* The port sits at the same place in both families. */
static void set_port(struct caad_server *out, uint16_t port)
{
    uint16_t network = htons(port);
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (out->address.ss_family == AF_INET) {
        memcpy(&v4, &out->address, sizeof v4);
        v4.sin_port = network;
        memcpy(&out->address, &v4, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
        snprintf(out->text, sizeof out->text, "%s:%u", host, (unsigned)port);
    } else {
        memcpy(&v6, &out->address, sizeof v6);
        v6.sin6_port = network;
        memcpy(&out->address, &v6, sizeof v6);
        inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
        snprintf(out->text, sizeof out->text, "[%s]:%u", host, (unsigned)port);
    }
}

/* Cuts "HOST", "HOST:PORT", "[V6]" or "[V6]:PORT" apart; *port stays NULL when
 * there is none. host has INET6_ADDRSTRLEN bytes. */
static const char *split_port(const char *text, char *host, const char **port)
{
    const char *end = text + strlen(text);
    const char *colon = strchr(text, ':');
    if (text[0] == '[') {
        end = strchr(++text, ']');
        if (!end)
            return "has a bracket that is not closed";
        if (end[1] != '\0' && end[1] != ':')
            return "has something behind the bracket that is no port";
        *port = end[1] == ':' ? end + 2 : NULL;
    } else if (colon && !strchr(colon + 1, ':')) {
        end = colon;
        *port = colon + 1;
    }
    if ((size_t)(end - text) >= INET6_ADDRSTRLEN)
        return "is not an IP address";
    memcpy(host, text, (size_t)(end - text));
    host[end - text] = '\0';
    return NULL;
}

const char *value_read_server(const char *text, uint16_t default_port,
                              struct caad_server *out)
{
    char host[INET6_ADDRSTRLEN];
    const char *port_text = NULL;
    uint16_t port = default_port;
    const char *wrong = split_port(text, host, &port_text);
    if (wrong)
        return wrong;
    if (!set_address(host, out) || (text[0] == '[' && out->address.ss_family != AF_INET6))
        return "is not an IP address";
    if (port_text && (port = read_port(port_text)) == 0)
        return "has a port that is not a number from 1 to 65535";
    if (port == 0)
        return "has no port";
    set_port(out, port);
    return NULL;
}

/* No bit set from len on. */
static bool prefix_is_clean(const uint8_t *octets, size_t count, unsigned len)
{
    for (size_t i = 0; i < count; i++) {
        unsigned kept = len >= 8 * (i + 1) ? 8 : len > 8 * i ? len - 8 * (unsigned)i : 0;
        if (octets[i] & (0xffU >> kept))
            return false;
    }
    return true;
}

const char *value_read_prefix(const char *text, char *out)
{
    char host[INET6_ADDRSTRLEN];
    uint8_t octets[sizeof(struct in6_addr)];
    size_t host_len = strcspn(text, "/");
    if (host_len >= sizeof host)
        return "is not an IP address";
    memcpy(host, text, host_len);
    host[host_len] = '\0';
    int family = strchr(host, ':') ? AF_INET6 : AF_INET;
    unsigned bits = family == AF_INET6 ? 128 : 32;
    if (inet_pton(family, host, octets) != 1)
        return "is not an IP address";
    inet_ntop(family, octets, out, CAAD_ADDRESS_LEN);
    if (text[host_len] == '\0')
        return NULL;

    const char *len_text = text + host_len + 1;
    unsigned len = *len_text == '0' ? 0 : read_port(len_text);
    if ((len == 0 && strcmp(len_text, "0") != 0) || len > bits)
        return "has a prefix length that does not fit";
    if (!prefix_is_clean(octets, bits / 8, len))
        return "has address bits set behind the prefix length";
    size_t used = strlen(out);
    snprintf(out + used, CAAD_ADDRESS_LEN - used, "/%u", len);
    return NULL;
}

bool value_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static const char *read_ipc(const char *path, struct caad_listener *out)
{
    size_t len = strlen(path);
    if (path[0] != '/')
        return "has a path that is not absolute";
    if (path[len - 1] == '/')
        return "names a directory";
    /* sun_path holds 108 octets with its NUL. */
    if (len > IPC_PATH_MAX)
        return "has a path of more than 107 octets";
    out->ipc_path = path;
    out->loopback = true;
    return NULL;
}

const char *value_read_listener(const char *url, struct caad_listener *out)
{
    const char *rest;
    out->url = url;
    if ((rest = after(url, "ipc://"))) {
        out->transport = CAAD_TRANSPORT_IPC;
        return read_ipc(rest, out);
    }
    if ((rest = after(url, "tls+tcp://")))
        out->transport = CAAD_TRANSPORT_TLS;
    else if ((rest = after(url, "tcp://")))
        out->transport = CAAD_TRANSPORT_TCP;
    else
        return "has none of the three schemes";
    struct caad_server server;
    const char *wrong = value_read_server(rest, 0, &server);
    if (!wrong)
        out->loopback = value_is_loopback(&server.address);
    return wrong;
}

const char *value_read_mode(const char *text, uint32_t *out)
{
    size_t len = strspn(text, "01234567");
    uint32_t mode = 0;
    if (text[len] != '\0' || len < 3 || len > 4 || (len == 4 && text[0] != '0'))
        return "is not a file mode";
    for (size_t i = 0; i < len; i++)
        mode = mode * 8 + (uint32_t)(text[i] - '0');
    if ((mode & 0600) != 0600)
        return "shuts out caad's own user";
    *out = mode;
    return NULL;
}
