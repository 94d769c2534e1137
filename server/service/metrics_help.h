/* metrics_help.h - what each family on /metrics means, for its HELP line.
 * Threads: any. */
#ifndef CAA_SERVICE_METRICS_HELP_H
#define CAA_SERVICE_METRICS_HELP_H

/* A sentence; NULL: none is known for this family. Static. */
const char *metrics_help(const char *family);

#endif
