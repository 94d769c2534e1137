#include "load_tally.h"

#include <stdio.h>
#include <string.h>

struct load_verdict_field load_verdict_field_find(const ProtobufCMessageDescriptor *reply)
{
    struct load_verdict_field found = {0};
    for (unsigned i = 0; i < reply->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &reply->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        const ProtobufCFieldDescriptor *verdict =
            protobuf_c_message_descriptor_get_field_by_name(field->descriptor, "verdict");
        if (verdict == NULL || verdict->type != PROTOBUF_C_TYPE_ENUM)
            continue;
        found.result_id = field->id;
        found.verdict_id = verdict->id;
        break;
    }
    return found;
}

void load_tally_ended(struct load_tally *tally, int64_t at_ns, int64_t ns,
                      const struct caa_client_error *error)
{
    unsigned status = (unsigned)error->code;
    if (status >= LOAD_STATUSES)
        status = CAA_CLIENT_UNKNOWN;
    bool ok = status == CAA_CLIENT_OK;
    tally->statuses[status]++;
    load_series_record(&tally->series, at_ns, ns, !ok);
    if (ok || status == CAA_CLIENT_DEADLINE_EXCEEDED)
        load_histogram_record(&tally->latency, ns);
    if (!ok && tally->statuses[status] == 1)
        snprintf(tally->samples[status], LOAD_SAMPLE_SIZE, "%.*s", LOAD_SAMPLE_SIZE - 1,
                 error->message);
    if (at_ns > tally->last_ns)
        tally->last_ns = at_ns;
}

/* ------------------------------------------------- reading what is wanted only */

/* A whole unpacking would cost more than all the rest of a call. The client
 * library has checked the reply; what is odd here ends the reading. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static uint64_t varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;
        value |= (uint64_t)(byte & 0x7fu) << shift;
        if (byte < 0x80)
            return value;
    }
    cursor->at = cursor->end;
    return value;
}

struct field {
    unsigned id;
    unsigned type;
    uint64_t number;
    struct cursor bytes;
};

static bool next_field(struct cursor *cursor, struct field *field)
{
    if (cursor->at >= cursor->end)
        return false;
    uint64_t tag = varint(cursor);
    uint64_t len = 0;
    field->id = (unsigned)(tag >> 3);
    field->type = (unsigned)(tag & 7);
    switch (field->type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        field->number = varint(cursor);
        return true;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        len = 8;
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        len = varint(cursor);
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        len = 4;
        break;
    default:
        return false;
    }
    if (len > (uint64_t)(cursor->end - cursor->at))
        return false;
    field->bytes = (struct cursor){.at = cursor->at, .end = cursor->at + len};
    cursor->at += len;
    return true;
}

static unsigned verdict_of(struct cursor result, unsigned verdict_id)
{
    struct field field;
    unsigned verdict = 0;
    while (next_field(&result, &field))
        if (field.id == verdict_id && field.type == PROTOBUF_C_WIRE_TYPE_VARINT)
            verdict =
                field.number < LOAD_VERDICTS ? (unsigned)field.number : LOAD_VERDICTS - 1;
    return verdict;
}

void load_tally_reply(struct load_tally *tally, const struct load_verdict_field *wanted,
                      const uint8_t *reply, size_t len)
{
    tally->reply_bytes += len;
    if (wanted->result_id == 0 || len == 0)
        return;
    struct cursor cursor = {.at = reply, .end = reply + len};
    struct field field;
    while (next_field(&cursor, &field)) {
        if (field.id != wanted->result_id ||
            field.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        tally->names++;
        tally->verdicts[verdict_of(field.bytes, wanted->verdict_id)]++;
    }
}

/* ------------------------------------------------------------------------ sums */

void load_tally_merge(struct load_tally *into, const struct load_tally *from)
{
    load_histogram_merge(&into->latency, &from->latency);
    load_series_merge(&into->series, &from->series);
    for (size_t i = 0; i < LOAD_STATUSES; i++) {
        if (into->samples[i][0] == '\0')
            memcpy(into->samples[i], from->samples[i], LOAD_SAMPLE_SIZE);
        into->statuses[i] += from->statuses[i];
    }
    for (size_t i = 0; i < LOAD_VERDICTS; i++)
        into->verdicts[i] += from->verdicts[i];
    into->names += from->names;
    into->reply_bytes += from->reply_bytes;
    if (from->last_ns > into->last_ns)
        into->last_ns = from->last_ns;
}

uint64_t load_tally_calls(const struct load_tally *tally)
{
    return tally->statuses[CAA_CLIENT_OK] + load_tally_errors(tally);
}

uint64_t load_tally_errors(const struct load_tally *tally)
{
    uint64_t errors = 0;
    for (size_t i = CAA_CLIENT_OK + 1; i < LOAD_STATUSES; i++)
        errors += tally->statuses[i];
    return errors;
}
