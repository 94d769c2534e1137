#include "load_result.h"

static double per_second(double count, double seconds)
{
    return seconds > 0 ? count / seconds : 0;
}

static double percentile_us(const struct load_tally *tally, double percent)
{
    return (double)load_histogram_percentile(&tally->latency, percent) / 1e3;
}

void load_result_summarize(struct load_result *result)
{
    const struct load_tally *tally = result->tally;
    double *values = result->metrics.values;
    double calls = (double)load_tally_calls(tally);
    double errors = (double)load_tally_errors(tally);
    values[LOAD_METRIC_REQUESTS] = calls;
    values[LOAD_METRIC_ERRORS] = errors;
    values[LOAD_METRIC_SKIPPED] = (double)result->skipped;
    values[LOAD_METRIC_RATE] = per_second(calls - errors, result->seconds);
    values[LOAD_METRIC_NAMES] = (double)tally->names;
    values[LOAD_METRIC_NAME_RATE] = per_second((double)tally->names, result->seconds);
    values[LOAD_METRIC_PERMITTED] = (double)tally->verdicts[CAA_CHECK_VERDICT_PERMITTED];
    values[LOAD_METRIC_DENIED] = (double)tally->verdicts[CAA_CHECK_VERDICT_DENIED];
    values[LOAD_METRIC_FAILED] = (double)tally->verdicts[CAA_CHECK_VERDICT_LOOKUP_FAILED];
    values[LOAD_METRIC_EXEMPT] = (double)tally->verdicts[CAA_CHECK_VERDICT_EXEMPT];
    values[LOAD_METRIC_INVALID] = (double)tally->verdicts[CAA_CHECK_VERDICT_INVALID_NAME];
    values[LOAD_METRIC_MIN] = (double)tally->latency.min_ns / 1e3;
    values[LOAD_METRIC_MEAN] = load_histogram_mean(&tally->latency) / 1e3;
    values[LOAD_METRIC_P50] = percentile_us(tally, 50);
    values[LOAD_METRIC_P90] = percentile_us(tally, 90);
    values[LOAD_METRIC_P99] = percentile_us(tally, 99);
    values[LOAD_METRIC_P99_9] = percentile_us(tally, 99.9);
    values[LOAD_METRIC_MAX] = (double)tally->latency.max_ns / 1e3;
}

const char *load_verdict_name(unsigned number)
{
    switch ((enum caa_check_verdict)number) {
    case CAA_CHECK_VERDICT_UNSPECIFIED:
        return "VERDICT_UNSPECIFIED";
    case CAA_CHECK_VERDICT_PERMITTED:
        return "PERMITTED";
    case CAA_CHECK_VERDICT_DENIED:
        return "DENIED";
    case CAA_CHECK_VERDICT_LOOKUP_FAILED:
        return "LOOKUP_FAILED";
    case CAA_CHECK_VERDICT_EXEMPT:
        return "EXEMPT";
    case CAA_CHECK_VERDICT_INVALID_NAME:
        return "INVALID_NAME";
    }
    return "OTHER";
}
