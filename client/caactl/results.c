#include "results.h"

#include <stdio.h>

#include "output.h"
#include "verb.h"

const char *results_enum(const ProtobufCEnumDescriptor *descriptor, int number,
                         char spare[RESULTS_NAME_MAX])
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (value != NULL && number != 0)
        return value->name;
    snprintf(spare, RESULTS_NAME_MAX, number == 0 ? "-" : "%d", number);
    return spare;
}

enum output_colour results_colour(Caa__V1__Result__Verdict verdict)
{
    switch (verdict) {
    case CAA__V1__RESULT__VERDICT__PERMITTED:
        return COLOUR_GOOD;
    case CAA__V1__RESULT__VERDICT__EXEMPT:
        return COLOUR_NEUTRAL;
    case CAA__V1__RESULT__VERDICT__DENIED:
    case CAA__V1__RESULT__VERDICT__INVALID_NAME:
        return COLOUR_BAD;
    default:
        return COLOUR_DOUBTFUL;
    }
}

static void add_row(struct table *table, const Caa__V1__Result *result)
{
    char spare[RESULTS_NAME_MAX];
    enum output_colour colour = results_colour(result->verdict);
    table_cell(table, COLOUR_NONE, result->name);
    table_cell(
        table, colour,
        results_enum(&caa__v1__result__verdict__descriptor, (int)result->verdict, spare));
    table_cell(
        table, COLOUR_NONE,
        results_enum(&caa__v1__result__reason__descriptor, (int)result->reason, spare));
    table_cell(table, COLOUR_NONE, result->found_at);
    table_cell(
        table, COLOUR_NONE,
        results_enum(&caa__v1__result__dnssec__descriptor, (int)result->dnssec, spare));
    if (result->verdict == CAA__V1__RESULT__VERDICT__PERMITTED ||
        result->verdict == CAA__V1__RESULT__VERDICT__EXEMPT)
        return;
    table_note(table, "", result->message);
    table_note(table, "Remedy: ", result->remedy);
    if (result->retryable)
        table_note(table, "", "Trying again later may succeed.");
}

void results_print(Caa__V1__Result *const *results, size_t len)
{
    static const char *const heads[] = {"NAME", "VERDICT", "REASON", "FOUND AT",
                                        "DNSSEC"};
    size_t columns = sizeof(heads) / sizeof(heads[0]);
    struct table *table = table_create(columns);
    for (size_t i = 0; i < columns; i++)
        table_cell(table, COLOUR_HEAD, heads[i]);
    for (size_t i = 0; i < len; i++)
        add_row(table, results[i]);
    table_print(table);
    table_destroy(table);
}

int results_exit_code(Caa__V1__Result *const *results, size_t len)
{
    int code = EXIT_ALL_PERMITTED;
    for (size_t i = 0; i < len; i++) {
        switch (results[i]->verdict) {
        case CAA__V1__RESULT__VERDICT__PERMITTED:
        case CAA__V1__RESULT__VERDICT__EXEMPT:
            break;
        case CAA__V1__RESULT__VERDICT__DENIED:
        case CAA__V1__RESULT__VERDICT__INVALID_NAME:
            return EXIT_DENIED;
        default:
            code = EXIT_UNDECIDED;
            break;
        }
    }
    return code;
}
