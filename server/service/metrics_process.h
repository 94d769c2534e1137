/* metrics_process.h - the process's own use of the machine, under the names that
 * every Prometheus client library gives it.
 * Threads: any. */
#ifndef CAA_SERVICE_METRICS_PROCESS_H
#define CAA_SERVICE_METRICS_PROCESS_H

#include "service/service.h"

/* Calls emit for each; what cannot be read is left out. */
void metrics_process_each(service_stat *emit, void *arg);

#endif
