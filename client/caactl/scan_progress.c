#include "scan_progress.h"

#include <stdio.h>

#include "verb.h"

#define TEXT_EVERY_MS 250
#define JSON_EVERY_MS 1000

static double per_second(uint64_t count, int64_t ms)
{
    return ms > 0 ? (double)count * 1000 / (double)ms : 0;
}

int64_t scan_progress_due(const struct scan_progress *progress, int64_t now_ms)
{
    int64_t every = progress->form == SCAN_PROGRESS_JSON ? JSON_EVERY_MS : TEXT_EVERY_MS;
    if (progress->form == SCAN_PROGRESS_NONE)
        return -1;
    int64_t left = progress->shown_ms + every - now_ms;
    return left > 0 ? left : 0;
}

int64_t scan_progress_left_s(const struct scan_progress *progress, uint64_t read,
                             int64_t now_ms)
{
    int64_t elapsed = now_ms - progress->started_ms;
    if (progress->size == 0 || read <= progress->skipped || elapsed < 1000)
        return -1;
    if (read >= progress->size)
        return 0;
    double rate = (double)(read - progress->skipped) / (double)elapsed;
    return (int64_t)((double)(progress->size - read) / rate / 1000) + 1;
}

static void show_text(struct scan_progress *progress, const struct scan_tally *tally,
                      uint64_t read, int64_t now_ms)
{
    int64_t left = scan_progress_left_s(progress, read, now_ms);
    fprintf(stderr, "\r\033[K%llu lines", (unsigned long long)tally->lines);
    if (progress->size > 0)
        fprintf(stderr, " (%d%%)", (int)((double)read * 100 / (double)progress->size));
    fprintf(stderr, ", %.0f/s", per_second(tally->lines, now_ms - progress->started_ms));
    if (left >= 0)
        fprintf(stderr, ", %lld:%02lld:%02lld left", (long long)left / 3600,
                (long long)left / 60 % 60, (long long)left % 60);
    fprintf(stderr, "; %llu denied, %llu failed",
            (unsigned long long)tally->counts[SCAN_DENIED],
            (unsigned long long)tally->counts[SCAN_LOOKUP_FAILED]);
    progress->standing = true;
}

static void print_counts_json(const struct scan_tally *tally)
{
    static const char *const keys[SCAN_OUTCOMES] = {
        "permitted",     "exempt",  "denied", "invalid_name",
        "lookup_failed", "skipped", "unknown"};
    for (int i = 0; i < SCAN_OUTCOMES; i++)
        fprintf(stderr, ",\"%s\":%llu", keys[i], (unsigned long long)tally->counts[i]);
}

static void show_json(const struct scan_progress *progress,
                      const struct scan_tally *tally, uint64_t read, int64_t now_ms)
{
    int64_t elapsed = now_ms - progress->started_ms;
    fprintf(stderr, "{\"lines\":%llu,\"earlier\":%llu,\"per_s\":%.1f",
            (unsigned long long)tally->lines, (unsigned long long)tally->earlier,
            per_second(tally->lines, elapsed));
    if (progress->size > 0)
        fprintf(stderr, ",\"done\":%.4f", (double)read / (double)progress->size);
    fprintf(stderr, ",\"left_s\":%lld",
            (long long)scan_progress_left_s(progress, read, now_ms));
    print_counts_json(tally);
    fputs("}\n", stderr);
}

void scan_progress_show(struct scan_progress *progress, const struct scan_tally *tally,
                        uint64_t read, int64_t now_ms)
{
    progress->shown_ms = now_ms;
    if (progress->form == SCAN_PROGRESS_TEXT)
        show_text(progress, tally, read, now_ms);
    else if (progress->form == SCAN_PROGRESS_JSON)
        show_json(progress, tally, read, now_ms);
    fflush(stderr);
}

void scan_progress_clear(struct scan_progress *progress)
{
    if (progress->standing)
        fputs("\r\033[K", stderr);
    progress->standing = false;
}

static void summary_text(const struct scan_tally *tally, int64_t elapsed, bool complete)
{
    fprintf(stderr, "caactl: %s after %.1f s: %llu lines (%.0f/s)",
            complete ? "scan complete" : "scan NOT complete", (double)elapsed / 1000,
            (unsigned long long)tally->lines, per_second(tally->lines, elapsed));
    if (tally->earlier > 0)
        fprintf(stderr, ", %llu more were there already",
                (unsigned long long)tally->earlier);
    const char *lead = ": ";
    for (int i = 0; i < SCAN_OUTCOMES; i++) {
        if (tally->counts[i] == 0)
            continue;
        fprintf(stderr, "%s%llu %s", lead, (unsigned long long)tally->counts[i],
                scan_outcome_name((enum scan_outcome)i));
        lead = ", ";
    }
    fprintf(stderr, "; %llu requests, %llu of them repeated\n",
            (unsigned long long)tally->requests, (unsigned long long)tally->retries);
}

void scan_progress_summary(struct scan_progress *progress, const struct scan_tally *tally,
                           int64_t now_ms, bool complete)
{
    int64_t elapsed = now_ms - progress->started_ms;
    scan_progress_clear(progress);
    if (progress->form != SCAN_PROGRESS_JSON) {
        summary_text(tally, elapsed, complete);
        return;
    }
    fprintf(stderr,
            "{\"complete\":%s,\"elapsed_ms\":%lld,\"lines\":%llu,\"earlier\":%llu,"
            "\"per_s\":%.1f,\"requests\":%llu,\"retries\":%llu",
            complete ? "true" : "false", (long long)elapsed,
            (unsigned long long)tally->lines, (unsigned long long)tally->earlier,
            per_second(tally->lines, elapsed), (unsigned long long)tally->requests,
            (unsigned long long)tally->retries);
    print_counts_json(tally);
    fputs("}\n", stderr);
}

int scan_tally_exit_code(const struct scan_tally *tally)
{
    if (tally->counts[SCAN_DENIED] > 0 || tally->counts[SCAN_INVALID_NAME] > 0)
        return EXIT_DENIED;
    if (tally->counts[SCAN_LOOKUP_FAILED] > 0 || tally->counts[SCAN_UNKNOWN] > 0)
        return EXIT_UNDECIDED;
    return EXIT_ALL_PERMITTED;
}
