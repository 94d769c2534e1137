#include "cause.h"

#include <errno.h>
#include <nng/nng.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNTRUSTED "the server's certificate is not trusted or names another host"

/* nng reports every absence of an ipc listener as "refused". */
static const char *ipc_cause(const char *path, int rv)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT   ? "no such file (is caad running?)"
               : errno == EACCES ? "permission denied on its folder"
                                 : "its path leads nowhere";
    if (!S_ISSOCK(st.st_mode))
        return "it is not a socket";
    if (rv == NNG_EPERM || access(path, W_OK) != 0)
        return "permission denied";
    return "nobody listens there (is caad running?)";
}

const char *caa_cause_dial(const struct caa_url *url, int rv)
{
    if (rv == NNG_ETIMEDOUT)
        return "no answer to the connection attempt";
    if (url->ipc_path != NULL)
        return ipc_cause(url->ipc_path, rv);
    switch (rv) {
    case NNG_ECONNREFUSED:
        return "connection refused";
    case NNG_EADDRINVAL:
        return "no such host, or the address cannot be used";
    case NNG_EUNREACHABLE:
        return "no route to the host";
    case NNG_ECRYPTO:
        return "TLS handshake failed";
    case NNG_EPEERAUTH:
        return UNTRUSTED;
    default:
        return nng_strerror(rv);
    }
}

const char *caa_cause_greeting(const struct caa_url *url, int rv)
{
    if (rv == 0)
        return "what listens there is not an nng REP server";
    if (rv == NNG_EPEERAUTH)
        return UNTRUSTED;
    if (rv == NNG_ETIMEDOUT)
        return url->tls ? "connected, but the TLS handshake did not finish"
                        : "connected, but what listens there does not speak nng";
    if (url->tls)
        return "TLS handshake failed (server certificate not trusted or for another "
               "host, or this client's certificate missing or refused)";
    return "connected, but the server hung up";
}
