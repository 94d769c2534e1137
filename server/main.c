/* main.c - wires the parts of the daemon and owns them. Order of life: config,
 * log, audit, resolver, services, listeners; the end is the reverse, after a
 * drain. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "ops/log.h"
#include "ops/notify.h"
#include "service/metrics.h"
#include "service/service.h"

enum {
    EXIT_CONFIG = 2,
    CONFIGS_MAX = 1024, /* reloads keep the old ones, see service.h */
    DRAIN_MS = 15000,   /* longer than any lookup with its retries */
    CLOSE_S = 5,
    LOG_REPEATS_PER_S = 50,
    TICK_MS = 250,
};

struct daemon {
    const char *config_path;
    struct caad_config *configs[CONFIGS_MAX];
    size_t config_count;
    struct log *log;
    struct notify notify;
    struct service service;
    struct caa_service caa;
    struct admin_service admin;
    struct health_service health;
    Caa__V1__SchemaService_Service schema;
    struct metrics *metrics;
    bool ready;
};

/* ----------------------------------------------------------------- callbacks */

static void on_upstream_changed(void *arg, const struct upstream *upstream,
                                enum upstream_state from, enum upstream_state to)
{
    struct daemon *daemon = arg;
    enum log_level level = to == UPSTREAM_VALIDATING ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;
    log_event(daemon->log, level, "resolver changed state",
              log_str("resolver", upstream->text),
              log_str("from", upstream_state_name(from)),
              log_str("to", upstream_state_name(to)));
}

static void on_audit_log(void *arg, enum audit_level audit_level, const char *text)
{
    struct daemon *daemon = arg;
    enum log_level level = audit_level == AUDIT_ERROR     ? LOG_LEVEL_ERROR
                           : audit_level == AUDIT_WARNING ? LOG_LEVEL_WARNING
                                                          : LOG_LEVEL_INFO;
    log_event(daemon->log, level, "audit store", log_str("text", text));
}

/* The Drain RPC ends the daemon as SIGTERM does. */
static void on_drain(void *arg)
{
    (void)arg;
    kill(getpid(), SIGTERM);
}

/* --------------------------------------------------------------------- parts */

static bool open_audit(struct daemon *daemon, const struct caad_config *config)
{
    char why[AUDIT_TEXT_LEN];
    if (config->audit.kind == CAAD_STORE_NONE)
        return true;
    struct audit_options options = {.store = config->audit.store,
                                    .stream = config->instance,
                                    .keep_days = config->audit.keep_days,
                                    .log = on_audit_log,
                                    .log_arg = daemon};
    if (audit_open(&options, &daemon->service.audit, why) == CAA_OK)
        return true;
    log_error(daemon->log, "cannot open the audit store",
              log_str("store", config->audit.shown), log_str("reason", why));
    return false;
}

static bool open_resolver(struct daemon *daemon, const struct caad_config *config)
{
    enum { SERVERS_MAX = 64 };
    struct sockaddr_storage servers[SERVERS_MAX];
    const char *texts[SERVERS_MAX];
    size_t count = config->resolver.server_count;
    if (count > SERVERS_MAX)
        count = SERVERS_MAX;
    for (size_t i = 0; i < count; i++) {
        servers[i] = config->resolver.servers[i].address;
        texts[i] = config->resolver.servers[i].text;
    }
    struct resolver_options options = {.servers = servers,
                                       .server_texts = texts,
                                       .server_count = count,
                                       .workers = config->resolver.workers,
                                       .timeout_ms = config->resolver.timeout_ms,
                                       .attempts = config->resolver.attempts,
                                       .require_dnssec = config->resolver.require_dnssec,
                                       .cache_max_entries = config->cache.max_entries,
                                       .cache_max_ttl_s = config->cache.max_ttl_s,
                                       .changed = on_upstream_changed,
                                       .changed_arg = daemon};
    enum caa_err err = resolver_create(&options, &daemon->service.resolver);
    if (err != CAA_OK)
        log_error(daemon->log, "cannot start the resolver workers",
                  log_err("reason", err));
    return err == CAA_OK;
}

static bool add_services(struct daemon *daemon)
{
    struct rpc_server *rpc = daemon->service.rpc;
    caa_service_init(&daemon->caa, &daemon->service);
    admin_service_init(&daemon->admin, &daemon->service);
    health_service_init(&daemon->health, &daemon->service);
    schema_service_init(&daemon->schema);
    return rpc_server_add(rpc, &daemon->caa.base.base, RPC_ROLE_CHECK, true) == CAA_OK &&
           rpc_server_add(rpc, &daemon->admin.base.base, RPC_ROLE_ADMIN, false) ==
               CAA_OK &&
           rpc_server_add(rpc, &daemon->health.base.base, RPC_ROLE_CHECK, false) ==
               CAA_OK &&
           rpc_server_add(rpc, &daemon->schema.base, RPC_ROLE_CHECK, false) == CAA_OK;
}

static bool open_rpc(struct daemon *daemon, const struct caad_config *config)
{
    struct rpc_limits limits = {.max_message_bytes = config->limits.max_message_bytes,
                                .max_in_flight = config->limits.max_in_flight,
                                .max_connections = config->limits.max_connections,
                                .max_request_memory_bytes =
                                    config->limits.max_request_memory_bytes};
    if (twins_create(&daemon->service.twins) != CAA_OK ||
        rpc_server_create(&limits, &daemon->service.rpc) != CAA_OK ||
        !add_services(daemon)) {
        log_error(daemon->log, "cannot start the RPC server");
        return false;
    }
    return true;
}

static struct rpc_listen listen_of(const struct caad_listener *listener)
{
    return (struct rpc_listen){.url = listener->url,
                               .mode = (int)listener->mode,
                               .roles = listener->roles,
                               .cert = listener->tls.cert,
                               .key = listener->tls.key,
                               .client_ca = listener->tls.client_ca};
}

static bool listen_all(struct daemon *daemon, const struct caad_config *config)
{
    char error[512];
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct caad_listener *listener = &config->listeners[i];
        struct rpc_listen listen = listen_of(listener);
        if (!rpc_server_listen(daemon->service.rpc, &listen, error, sizeof error)) {
            log_error(daemon->log, "cannot listen", log_str("reason", error));
            return false;
        }
        log_info(daemon->log, "listening", log_str("url", listener->url));
    }
    return true;
}

static bool open_metrics(struct daemon *daemon, const struct caad_config *config)
{
    char error[256];
    if (!config->metrics.listen)
        return true;
    if (metrics_open(config->metrics.listen, &daemon->service, &daemon->metrics, error,
                     sizeof error))
        return true;
    log_error(daemon->log, "cannot serve metrics", log_str("url", config->metrics.listen),
              log_str("reason", error));
    return false;
}

/* -------------------------------------------------------------------- living */

static bool same_resolver(const struct caad_config *a, const struct caad_config *b)
{
    bool same = a->resolver.server_count == b->resolver.server_count &&
                a->resolver.workers == b->resolver.workers &&
                a->resolver.timeout_ms == b->resolver.timeout_ms &&
                a->resolver.attempts == b->resolver.attempts &&
                a->resolver.require_dnssec == b->resolver.require_dnssec &&
                a->cache.max_entries == b->cache.max_entries &&
                a->cache.max_ttl_s == b->cache.max_ttl_s;
    for (size_t i = 0; same && i < a->resolver.server_count; i++)
        same = strcmp(a->resolver.servers[i].text, b->resolver.servers[i].text) == 0;
    return same;
}

static bool same_listeners(const struct caad_config *a, const struct caad_config *b)
{
    bool same = a->listener_count == b->listener_count;
    for (size_t i = 0; same && i < a->listener_count; i++)
        same = strcmp(a->listeners[i].url, b->listeners[i].url) == 0 &&
               a->listeners[i].roles == b->listeners[i].roles &&
               a->listeners[i].mode == b->listeners[i].mode;
    return same;
}

/* Certificates count from the next connection on, those that stand go on. */
static void reload_tls(struct daemon *daemon, const struct caad_config *fresh)
{
    char error[512];
    for (size_t i = 0; i < fresh->listener_count; i++) {
        struct rpc_listen listen = listen_of(&fresh->listeners[i]);
        if (!rpc_server_reload_tls(daemon->service.rpc, i, &listen, error, sizeof error))
            log_error(daemon->log, "certificates not reloaded; the old ones stay",
                      log_str("reason", error));
    }
}

/* Issuers, products, names and log settings count from the next request on;
 * sockets, threads and stores stay as they were opened. */
static void reload(struct daemon *daemon)
{
    struct config_error error;
    struct caad_config *fresh;
    const struct caad_config *old = daemon->configs[daemon->config_count - 1];
    notify_reloading(&daemon->notify);
    if (daemon->config_count == CONFIGS_MAX) {
        log_error(daemon->log, "reloaded too often; restart to load the configuration");
    } else if (caad_config_load(daemon->config_path, &fresh, &error) != CAA_OK) {
        log_error(daemon->log, "configuration not reloaded; the old one stays",
                  log_str("reason", error.text));
    } else {
        if (!same_resolver(old, fresh) || !same_listeners(old, fresh) ||
            strcmp(old->audit.store, fresh->audit.store) != 0 ||
            strcmp(old->instance, fresh->instance) != 0)
            log_warning(daemon->log, "listen, resolver, cache, audit.store and instance "
                                     "count from the next start");
        if (same_listeners(old, fresh))
            reload_tls(daemon, fresh);
        daemon->configs[daemon->config_count++] = fresh;
        atomic_store(&daemon->service.config, fresh);
        log_set(daemon->log, fresh->log.level, fresh->log.format);
        log_info(daemon->log, "configuration reloaded",
                 log_str("file", daemon->config_path));
    }
    if (daemon->ready)
        notify_ready(&daemon->notify, NULL);
}

/* systemd is told READY once checks can be answered; a self-test takes some
 * milliseconds where the resolver is well. */
static void become_ready(struct daemon *daemon)
{
    const char *why;
    if (daemon->ready || !service_resolver_is_serving(&daemon->service, &why))
        return;
    daemon->ready = true;
    notify_ready(&daemon->notify, "answering checks");
    log_info(daemon->log, "ready");
}

static void run(struct daemon *daemon, const sigset_t *signals)
{
    int64_t fed_us = 0, ticked_us = 0;
    int64_t feed_us = notify_watchdog_interval_ms(&daemon->notify) * 1000;
    for (;;) {
        struct timespec tick = {.tv_nsec = (daemon->ready ? TICK_MS : 10) * 1000000L};
        int number = sigtimedwait(signals, NULL, &tick);
        int64_t now_us = clock_mono_us();
        if (number == SIGTERM || number == SIGINT)
            return;
        if (number == SIGHUP)
            reload(daemon);
        become_ready(daemon);
        if (now_us - ticked_us >= 1000000) {
            ticked_us = now_us;
            log_tick(daemon->log);
            rpc_server_tick(daemon->service.rpc);
        }
        if (feed_us && now_us - fed_us >= feed_us &&
            resolver_is_alive(daemon->service.resolver)) {
            fed_us = now_us;
            notify_watchdog(&daemon->notify);
        }
    }
}

/* All records are written and all replies sent: if nng does not come to an end
 * of its connections, nothing is lost by leaving it there. */
static void on_alarm(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

/* Finishes what is in flight, within a bound; then the resolver and the audit
 * end what is left, so that every call gets its reply. */
static void stop(struct daemon *daemon)
{
    notify_stopping(&daemon->notify, "draining");
    if (daemon->service.rpc) {
        unsigned in_flight = rpc_server_drain(daemon->service.rpc);
        log_info(daemon->log, "draining", log_uint("in_flight", in_flight));
        rpc_server_wait_idle(daemon->service.rpc, DRAIN_MS);
        rpc_server_stop_receiving(daemon->service.rpc);
    }
    metrics_close(daemon->metrics);
    resolver_destroy(daemon->service.resolver);
    audit_close(daemon->service.audit);
    alarm(CLOSE_S);
    rpc_server_destroy(daemon->service.rpc);
    alarm(0);
    twins_destroy(daemon->service.twins);
    log_info(daemon->log, "stopped");
}

static bool start(struct daemon *daemon)
{
    const struct caad_config *config = daemon->configs[0];
    daemon->service.log = daemon->log;
    daemon->service.started_at_ms = clock_wall_ms();
    daemon->service.drain = on_drain;
    atomic_store(&daemon->service.config, config);
    log_info(daemon->log, "starting", log_str("version", CAAD_VERSION),
             log_str("instance", config->instance),
             log_str("audit", config->audit.shown));
    return open_audit(daemon, config) && open_resolver(daemon, config) &&
           open_rpc(daemon, config) && open_metrics(daemon, config) &&
           listen_all(daemon, config);
}

/* Signals are read in run() alone: every thread of ours and of the libraries
 * inherits the mask. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, on_alarm);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(struct daemon *daemon)
{
    sigset_t signals;
    const struct caad_config *config = daemon->configs[0];
    struct log_options options = {.fd = STDERR_FILENO,
                                  .level = config->log.level,
                                  .format = config->log.format,
                                  .repeats_per_s = LOG_REPEATS_PER_S};
    if (log_create(&options, &daemon->log) != CAA_OK) {
        fputs("caad: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    block_signals(&signals);
    raise_descriptor_limit();
    if (notify_init(&daemon->notify) != CAA_OK)
        log_warning(daemon->log, "NOTIFY_SOCKET cannot be used");
    bool started = start(daemon);
    if (started)
        run(daemon, &signals);
    stop(daemon);
    notify_fini(&daemon->notify);
    log_destroy(daemon->log);
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check_config(const struct daemon *daemon)
{
    char why[AUDIT_TEXT_LEN];
    if (audit_store_check(daemon->configs[0]->audit.store, why) != CAA_OK) {
        fprintf(stderr, "caad: %s: audit.store: %s\n", daemon->config_path, why);
        return EXIT_CONFIG;
    }
    printf("%s: the configuration is valid\n", daemon->config_path);
    return EXIT_SUCCESS;
}

/* ------------------------------------------------------------------- options */

static const char usage[] =
    "caad --config FILE            answer CAA checks until SIGTERM\n"
    "caad --config FILE --check-config   check the configuration and exit\n"
    "caad --version | --help\n"
    "\n"
    "Checks the DNS CAA records of domain names for a certificate authority.\n"
    "See caad(8), caad.conf(5) and caactl(1).\n";

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check-config", no_argument, NULL, 'n'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static struct daemon daemon;
    bool check_only = false;
    int option;
    while ((option = getopt_long(argc, argv, "c:nVh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            daemon.config_path = optarg;
            break;
        case 'n':
            check_only = true;
            break;
        case 'V':
            printf("caad %s\n", CAAD_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs(usage, stderr);
            return EXIT_CONFIG;
        }
    }
    if (optind < argc || !daemon.config_path) {
        fprintf(stderr, "caad: %s%s\n",
                optind < argc ? "unexpected argument: " : "--config FILE is needed",
                optind < argc ? argv[optind] : "");
        fputs(usage, stderr);
        return EXIT_CONFIG;
    }
    struct config_error error;
    if (caad_config_load(daemon.config_path, &daemon.configs[0], &error) != CAA_OK) {
        fprintf(stderr, "caad: %s\n", error.text);
        return EXIT_CONFIG;
    }
    daemon.config_count = 1;
    int status = check_only ? check_config(&daemon) : serve(&daemon);
    while (daemon.config_count > 0)
        caad_config_destroy(daemon.configs[--daemon.config_count]);
    return status;
}
