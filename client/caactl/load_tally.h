/* load_tally.h - what came back: times, statuses, verdicts, rate over time.
 * Threads: owner only. */
#ifndef CAACTL_LOAD_TALLY_H
#define CAACTL_LOAD_TALLY_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "caa_client.h"
#include "load_histogram.h"
#include "load_series.h"

#define LOAD_STATUSES    (CAA_CLIENT_UNAUTHENTICATED + 1)
#define LOAD_VERDICTS    8
#define LOAD_SAMPLE_SIZE 200

/* Where a reply holds its verdicts: field result_id holds messages whose field
 * verdict_id is one. result_id 0: nowhere. */
struct load_verdict_field {
    unsigned result_id;
    unsigned verdict_id;
};

/* All zero is empty. */
struct load_tally {
    /* Of calls that were answered OK or ran out of time: what is refused at
     * once must not make the rest look fast. */
    struct load_histogram latency;
    struct load_series series;
    uint64_t statuses[LOAD_STATUSES];
    /* By number, the last for all that are not known. */
    uint64_t verdicts[LOAD_VERDICTS];
    uint64_t names;
    uint64_t reply_bytes;
    /* When the last call ended, since the start. */
    int64_t last_ns;
    /* The first message of each status. */
    char samples[LOAD_STATUSES][LOAD_SAMPLE_SIZE];
};

/* The field of a method's reply; by name, from the server's schema. */
struct load_verdict_field
load_verdict_field_find(const ProtobufCMessageDescriptor *reply);

/* A measured call ended at_ns after the start and took ns. */
void load_tally_ended(struct load_tally *tally, int64_t at_ns, int64_t ns,
                      const struct caa_client_error *error);
/* Its reply. */
void load_tally_reply(struct load_tally *tally, const struct load_verdict_field *field,
                      const uint8_t *reply, size_t len);

void load_tally_merge(struct load_tally *into, const struct load_tally *from);

uint64_t load_tally_calls(const struct load_tally *tally);
/* Those that did not end OK. */
uint64_t load_tally_errors(const struct load_tally *tally);

#endif
