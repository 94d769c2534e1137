#include "service/metrics.h"

#include <nng/nng.h>
#include <nng/supplemental/http/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/metrics_help.h"
#include "service/metrics_process.h"

struct metrics {
    struct service *service;
    nng_http_server *server;
};

/* ---------------------------------------------------------------- the page */

struct page {
    FILE *out;
    char last_name[96]; /* # HELP and # TYPE once a name */
};

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text), end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/* The parts of a histogram share one family name. */
static void print_type(struct page *page, const char *name)
{
    static const char *const parts[] = {"_bucket", "_count", "_sum"};
    char family[96];
    const char *type = ends_with(name, "_total") ? "counter" : "gauge";
    snprintf(family, sizeof family, "%s", name);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (ends_with(name, parts[i])) {
            family[strlen(family) - strlen(parts[i])] = '\0';
            type = "histogram";
        }
    }
    if (strcmp(page->last_name, family) == 0)
        return;
    const char *help = metrics_help(family);
    if (help)
        fprintf(page->out, "# HELP %s %s\n", family, help);
    fprintf(page->out, "# TYPE %s %s\n", family, type);
    snprintf(page->last_name, sizeof page->last_name, "%s", family);
}

static void print_stat(void *arg, const char *name, const char *labels, double value)
{
    struct page *page = arg;
    const char *equals = strchr(labels, '=');
    print_type(page, name);
    if (equals)
        fprintf(page->out, "%s{%.*s=\"%s\"} %.17g\n", name, (int)(equals - labels),
                labels, equals + 1, value);
    else
        fprintf(page->out, "%s %.17g\n", name, value);
}

static void respond(nng_aio *aio, unsigned short status, const char *type,
                    const char *body, size_t len)
{
    nng_http_res *response;
    int err = nng_http_res_alloc(&response);
    if (err == 0 &&
        ((err = nng_http_res_set_status(response, status)) != 0 ||
         (err = nng_http_res_set_header(response, "Content-Type", type)) != 0 ||
         (err = nng_http_res_copy_data(response, body, len)) != 0))
        nng_http_res_free(response);
    if (err == 0)
        nng_aio_set_output(aio, 0, response);
    nng_aio_finish(aio, err);
}

static struct metrics *metrics_of(nng_aio *aio)
{
    return nng_http_handler_get_data(nng_aio_get_input(aio, 1));
}

static void on_metrics(nng_aio *aio)
{
    char *body = NULL;
    size_t len = 0;
    struct page page = {.out = open_memstream(&body, &len)};
    if (page.out) {
        service_stats_each(metrics_of(aio)->service, print_stat, &page);
        metrics_process_each(print_stat, &page);
        fclose(page.out);
    }
    if (body)
        respond(aio, NNG_HTTP_STATUS_OK, "text/plain; version=0.0.4", body, len);
    else
        nng_aio_finish(aio, NNG_ENOMEM);
    free(body);
}

static void on_healthz(nng_aio *aio)
{
    struct service *service = metrics_of(aio)->service;
    char audit_why[AUDIT_TEXT_LEN] = "", body[AUDIT_TEXT_LEN + 64];
    const char *why;
    bool serving = service_resolver_is_serving(service, &why);
    if (serving && service->audit && !audit_health(service->audit, audit_why)) {
        serving = false;
        why = audit_why;
    }
    if (serving && rpc_server_is_draining(service->rpc)) {
        serving = false;
        why = "draining";
    }
    snprintf(body, sizeof body, "%s%s%s\n", serving ? "SERVING" : "NOT_SERVING",
             *why ? ": " : "", why);
    respond(aio, serving ? NNG_HTTP_STATUS_OK : NNG_HTTP_STATUS_SERVICE_UNAVAILABLE,
            "text/plain", body, strlen(body));
}

/* ------------------------------------------------------------- the listener */

static int add_handler(struct metrics *metrics, const char *path, void (*on)(nng_aio *))
{
    nng_http_handler *handler;
    int err = nng_http_handler_alloc(&handler, path, on);
    if (err != 0)
        return err;
    if ((err = nng_http_handler_set_method(handler, "GET")) != 0 ||
        (err = nng_http_handler_set_data(handler, metrics, NULL)) != 0 ||
        (err = nng_http_server_add_handler(metrics->server, handler)) != 0)
        nng_http_handler_free(handler);
    return err;
}

bool metrics_open(const char *url_text, struct service *service, struct metrics **out,
                  char *error, size_t error_size)
{
    nng_url *url = NULL;
    struct metrics *metrics = calloc(1, sizeof *metrics);
    int err = metrics ? nng_url_parse(&url, url_text) : NNG_ENOMEM;
    if (err == 0)
        err = nng_http_server_hold(&metrics->server, url);
    if (err == 0) {
        metrics->service = service;
        if ((err = add_handler(metrics, "/metrics", on_metrics)) == 0 &&
            (err = add_handler(metrics, "/healthz", on_healthz)) == 0)
            err = nng_http_server_start(metrics->server);
        if (err != 0)
            nng_http_server_release(metrics->server);
    }
    if (url)
        nng_url_free(url);
    if (err != 0) {
        snprintf(error, error_size, "%s", nng_strerror(err));
        free(metrics);
        return false;
    }
    *out = metrics;
    return true;
}

void metrics_close(struct metrics *metrics)
{
    if (!metrics)
        return;
    nng_http_server_stop(metrics->server);
    nng_http_server_release(metrics->server);
    free(metrics);
}
