#include "probe.h"

#include <errno.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

/* Not more often than this. */
#define PROBE_PAUSE_MS 250
/* For the connection, and again for the header. */
#define PROBE_TIMEOUT_MS 1500
#define SP_HEADER_LEN    8

enum probe_state { PROBE_IDLE, PROBE_DIALLING, PROBE_GREETING, PROBE_READING };

struct caa_probe {
    pthread_mutex_t lock;
    enum probe_state state;
    nng_time last;
    bool looked;
    nng_stream_dialer *dialer;
    nng_stream *stream;
    nng_aio *aio;
    bool tls;
    char ipc_path[108];
    unsigned char header[SP_HEADER_LEN];
    char cause[192];
};

/* nng reports every absence of an ipc listener as "refused". */
static const char *ipc_cause(const char *path, int rv)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT   ? "no such file (is caad running?)"
               : errno == EACCES ? "permission denied on its folder"
                                 : strerror(errno);
    if (!S_ISSOCK(st.st_mode))
        return "it is not a socket";
    if (rv == NNG_EPERM || access(path, W_OK) != 0)
        return "permission denied";
    return "nobody listens there (is caad running?)";
}

static const char *dial_cause(const struct caa_probe *probe, int rv)
{
    if (rv == NNG_ETIMEDOUT)
        return "no answer to the connection attempt";
    if (probe->ipc_path[0] != '\0')
        return ipc_cause(probe->ipc_path, rv);
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
        return "the server's certificate is not trusted or names another host";
    default:
        return nng_strerror(rv);
    }
}

static const char *read_cause(const struct caa_probe *probe, int rv)
{
    /* SP header: NUL "SP" NUL, the peer's protocol (REP is 0x31), two zeros. */
    static const unsigned char rep[SP_HEADER_LEN] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    if (rv == 0)
        return memcmp(probe->header, rep, sizeof(rep)) == 0
                   ? ""
                   : "what listens there is not an nng REP server";
    if (rv == NNG_EPEERAUTH)
        return "the server's certificate is not trusted or names another host";
    if (rv == NNG_ETIMEDOUT)
        return probe->tls ? "connected, but the TLS handshake did not finish"
                          : "connected, but what listens there does not speak nng";
    if (probe->tls)
        return "TLS handshake failed (server certificate not trusted or for another "
               "host, or this client's certificate missing or refused)";
    return "connected, but the server hung up";
}

static void record_locked(struct caa_probe *probe, const char *cause)
{
    caa_error_text(probe->cause, sizeof(probe->cause), cause);
    probe->state = PROBE_IDLE;
    probe->last = nng_clock();
}

/* Sends or receives the eight bytes in header. */
static void exchange_locked(struct caa_probe *probe, enum probe_state state)
{
    nng_iov iov = {.iov_buf = probe->header, .iov_len = sizeof(probe->header)};
    int rv = nng_aio_set_iov(probe->aio, 1, &iov);
    if (rv != 0) {
        record_locked(probe, nng_strerror(rv));
        return;
    }
    probe->state = state;
    nng_aio_set_timeout(probe->aio, PROBE_TIMEOUT_MS);
    if (state == PROBE_GREETING)
        nng_stream_send(probe->stream, probe->aio);
    else
        nng_stream_recv(probe->stream, probe->aio);
}

/* Greets first: a listener of nng 1.x takes no connection for 100 ms after one
 * that left before it had said who it is. */
static void step_locked(struct caa_probe *probe, int rv)
{
    static const unsigned char req[SP_HEADER_LEN] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    if (probe->state == PROBE_DIALLING && rv != 0) {
        record_locked(probe, dial_cause(probe, rv));
    } else if (probe->state == PROBE_DIALLING) {
        probe->stream = nng_aio_get_output(probe->aio, 0);
        memcpy(probe->header, req, sizeof(req));
        exchange_locked(probe, PROBE_GREETING);
    } else if (probe->state == PROBE_GREETING && rv == 0) {
        memset(probe->header, 0, sizeof(probe->header));
        exchange_locked(probe, PROBE_READING);
    } else {
        record_locked(probe, read_cause(probe, rv));
    }
}

static void on_step(void *arg)
{
    struct caa_probe *probe = arg;
    nng_stream *done = NULL;
    pthread_mutex_lock(&probe->lock);
    step_locked(probe, nng_aio_result(probe->aio));
    if (probe->state == PROBE_IDLE) {
        done = probe->stream;
        probe->stream = NULL;
    }
    pthread_mutex_unlock(&probe->lock);
    if (done != NULL)
        nng_stream_free(done);
}

void caa_probe_start(struct caa_probe *probe)
{
    pthread_mutex_lock(&probe->lock);
    bool due = !probe->looked || nng_clock() - probe->last >= PROBE_PAUSE_MS;
    if (probe->state == PROBE_IDLE && due) {
        probe->looked = true;
        probe->state = PROBE_DIALLING;
        nng_aio_set_timeout(probe->aio, PROBE_TIMEOUT_MS);
        nng_stream_dialer_dial(probe->dialer, probe->aio);
    }
    pthread_mutex_unlock(&probe->lock);
}

void caa_probe_cause(struct caa_probe *probe, char *out, size_t size)
{
    pthread_mutex_lock(&probe->lock);
    caa_error_text(out, size, probe->cause);
    pthread_mutex_unlock(&probe->lock);
}

int caa_probe_create(const char *url, const struct caa_url *parsed, nng_tls_config *tls,
                     struct caa_probe **out)
{
    struct caa_probe *probe = calloc(1, sizeof(*probe));
    if (probe == NULL)
        return NNG_ENOMEM;
    pthread_mutex_init(&probe->lock, NULL);
    probe->tls = parsed->tls;
    if (parsed->ipc_path != NULL)
        caa_error_text(probe->ipc_path, sizeof(probe->ipc_path), parsed->ipc_path);
    int rv = nng_aio_alloc(&probe->aio, on_step, probe);
    if (rv == 0)
        rv = nng_stream_dialer_alloc(&probe->dialer, url);
    if (rv == 0 && tls != NULL)
        rv = nng_stream_dialer_set_ptr(probe->dialer, NNG_OPT_TLS_CONFIG, tls);
    if (rv != 0) {
        caa_probe_destroy(probe);
        return rv;
    }
    *out = probe;
    return 0;
}

void caa_probe_destroy(struct caa_probe *probe)
{
    if (probe == NULL)
        return;
    if (probe->aio != NULL)
        nng_aio_stop(probe->aio);
    if (probe->stream != NULL)
        nng_stream_free(probe->stream);
    if (probe->dialer != NULL) {
        nng_stream_dialer_close(probe->dialer);
        nng_stream_dialer_free(probe->dialer);
    }
    if (probe->aio != NULL)
        nng_aio_free(probe->aio);
    pthread_mutex_destroy(&probe->lock);
    free(probe);
}
