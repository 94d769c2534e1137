#include "scan_pace.h"

#include <string.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   5000
/* Requests a second, at least, when there is a rate to keep. */
#define REQUESTS_PER_S 4

int64_t scan_pace_wait(const struct scan_pace *pace, int64_t now_ms)
{
    if (pace->rate == 0 || pace->next_ms <= (double)now_ms)
        return 0;
    return (int64_t)(pace->next_ms - (double)now_ms) + 1;
}

void scan_pace_sent(struct scan_pace *pace, int64_t now_ms, size_t names)
{
    if (pace->rate == 0)
        return;
    /* A little lateness is made up for, or timers would lower the rate. */
    double earliest = (double)now_ms - 1000.0 / REQUESTS_PER_S;
    if (pace->next_ms < earliest)
        pace->next_ms = earliest;
    pace->next_ms += (double)names * 1000.0 / pace->rate;
}

size_t scan_pace_batch(const struct scan_pace *pace, size_t batch)
{
    size_t even = pace->rate / REQUESTS_PER_S;
    if (pace->rate == 0 || even >= batch)
        return batch;
    return even > 0 ? even : 1;
}

int64_t scan_backoff_ms(unsigned tries, uint32_t random)
{
    int64_t pause = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < tries && pause < BACKOFF_MAX_MS; i++)
        pause *= 2;
    if (pause > BACKOFF_MAX_MS)
        pause = BACKOFF_MAX_MS;
    return pause / 2 + random % (uint32_t)(pause / 2 + 1);
}

static int is_about_names(const struct caa_client_error *error)
{
    return strncmp(error->field, "names", 5) == 0 || strcmp(error->field, "payload") == 0;
}

enum scan_step scan_judge(const struct caa_client_error *error)
{
    switch (error->code) {
    case CAA_CLIENT_UNAVAILABLE:
    case CAA_CLIENT_DEADLINE_EXCEEDED:
    case CAA_CLIENT_ABORTED:
        return SCAN_RETRY;
    case CAA_CLIENT_RESOURCE_EXHAUSTED:
        /* Without a time the reply itself is too much. */
        return error->retry_after_ms > 0 ? SCAN_RETRY : SCAN_SPLIT;
    case CAA_CLIENT_INVALID_ARGUMENT:
        return is_about_names(error) ? SCAN_SPLIT : SCAN_STOP;
    case CAA_CLIENT_INTERNAL:
    case CAA_CLIENT_UNKNOWN:
        return SCAN_SPLIT;
    default:
        return SCAN_STOP;
    }
}
