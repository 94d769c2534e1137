/* metrics.h - /metrics in Prometheus' text format and /healthz, through nng's
 * HTTP server.
 * Threads: open and close by the owner; requests run on nng's threads. */
#ifndef CAA_SERVICE_METRICS_H
#define CAA_SERVICE_METRICS_H

#include "service/service.h"

struct metrics;

/* url: http://address:port. false: error says why. */
CAA_MUSTCHECK bool metrics_open(const char *url, struct service *service,
                                struct metrics **out, char *error, size_t error_size);
/* NULL is fine. */
void metrics_close(struct metrics *metrics);

#endif
