/* url.h - the server URLs a client accepts.
 * Threads: any. */
#ifndef CAA_CLIENT_URL_H
#define CAA_CLIENT_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Longest host taken out of a URL, with its NUL. */
#define CAA_URL_HOST_MAX 256

struct caa_url {
    bool tls;
    /* The path of an ipc:// URL, inside the URL itself; NULL for tcp. */
    const char *ipc_path;
    /* Without brackets; empty for ipc. */
    char host[CAA_URL_HOST_MAX];
};

/* Reads "ipc:///PATH", "tcp://HOST:PORT", "tls+tcp://HOST:PORT". NULL on
 * success, else what is wrong with it, static; *out is then undefined. */
const char *caa_url_parse(const char *text, struct caa_url *out);

#endif
