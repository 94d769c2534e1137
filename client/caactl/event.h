/* event.h - why a check is made, as people write it.
 * Threads: main only. */
#ifndef CAACTL_EVENT_H
#define CAACTL_EVENT_H

#include <caa/v1/caa.pb-c.h>
#include <stdbool.h>

/* "add-san" is as good as ADD_SAN. false: it is none, the problem has been
 * printed. */
bool event_parse(const char *text, Caa__V1__CheckDomainsRequest__Event *event);

#endif
