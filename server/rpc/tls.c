#include "rpc/tls.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/tls_pair.h"

static int use_own(nng_tls_config *config, const struct rpc_listen *listen)
{
    char *pem[2] = {NULL, NULL};
    const char *paths[2] = {listen->cert, listen->key};
    int err = 0;
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "re");
        size_t size = 0;
        if (!file || getdelim(&pem[i], &size, '\0', file) < 0)
            err = NNG_ENOENT;
        if (file)
            fclose(file);
    }
    if (err == 0)
        err = nng_tls_config_own_cert(config, pem[0], pem[1], NULL);
    if (err == 0)
        err = rpc_tls_pair_check(pem[0], pem[1]);
    if (pem[1])
        explicit_bzero(pem[1], strlen(pem[1]));
    free(pem[0]);
    free(pem[1]);
    return err;
}

static int fill(nng_tls_config *config, const struct rpc_listen *listen,
                const char **what)
{
    *what = "tls.cert or tls.key";
    int err = use_own(config, listen);
    if (err == 0) {
        *what = "tls.client_ca";
        err = nng_tls_config_ca_file(config, listen->client_ca);
    }
    if (err == 0)
        err = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
    if (err == 0)
        err = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_3);
    if (err == NNG_ENOTSUP) /* an engine without TLS 1.3 */
        err = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_2);
    return err;
}

int rpc_tls_use(struct rpc_tls *tls, nng_listener listener,
                const struct rpc_listen *listen, const char **what)
{
    nng_tls_config *config;
    int err = nng_tls_config_alloc(&config, NNG_TLS_MODE_SERVER);
    if (err != 0)
        return err;
    err = fill(config, listen, what);
    if (err == 0)
        err = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, config);
    if (err != 0) {
        nng_tls_config_free(config);
        return err;
    }
    if (tls->before)
        nng_tls_config_free(tls->before);
    tls->before = tls->config;
    tls->config = config;
    return 0;
}

static socklen_t to_system(const nng_sockaddr *from, struct sockaddr_storage *to)
{
    *to = (struct sockaddr_storage){0};
    if (from->s_family == NNG_AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)to;
        in->sin_family = AF_INET;
        in->sin_port = from->s_in.sa_port;
        in->sin_addr.s_addr = from->s_in.sa_addr;
        return sizeof *in;
    }
    if (from->s_family == NNG_AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)to;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = from->s_in6.sa_port;
        in6->sin6_scope_id = from->s_in6.sa_scope;
        memcpy(&in6->sin6_addr, from->s_in6.sa_addr, sizeof in6->sin6_addr);
        return sizeof *in6;
    }
    return 0;
}

/* The wildcard address is this host. Where the queue is full others come first,
 * and theirs is the old certificate. */
void rpc_tls_flush(nng_listener listener)
{
    nng_sockaddr address;
    struct sockaddr_storage to;
    struct timeval patience = {.tv_usec = 200000};
    if (nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address) != 0)
        return;
    socklen_t len = to_system(&address, &to);
    int fd = len ? socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)!connect(fd, (struct sockaddr *)&to, len);
    close(fd);
}

void rpc_tls_fini(struct rpc_tls *tls)
{
    if (tls->before)
        nng_tls_config_free(tls->before);
    if (tls->config)
        nng_tls_config_free(tls->config);
    *tls = (struct rpc_tls){0};
}
