/* duration.h - spans and points of time as people write them.
 * Threads: any; no state. */
#ifndef CAACTL_DURATION_H
#define CAACTL_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* "500ms", "1.5s", "2m", "1h": 1 ms to 24 hours. false: it is none of these,
 * *ms untouched. */
bool duration_parse(const char *text, uint32_t *ms);

/* A point before now_ms: "30m", "2h", "7d" ago; or "2026-01-31",
 * "2026-01-31T08:00:00Z", "2026-01-31 08:00:00Z", in UTC. false: neither. */
bool time_parse(const char *text, int64_t now_ms, int64_t *ms);

#endif
