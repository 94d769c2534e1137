/* caactl scan FILE - bulk preflight: a name a line in, a line of JSON out for
 * each. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "duration.h"
#include "event.h"
#include "output.h"
#include "rpc.h"
#include "scan_run.h"
#include "scan_wake.h"
#include "verb.h"

#define DEFAULT_BATCH       100
#define BATCH_MAX           1000
#define DEFAULT_CONCURRENCY 16
#define CONCURRENCY_MAX     256
#define RATE_MAX            1000000
/* A batch has slow names among its hundred. */
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_GIVE_UP_MS 60000

/* out keeps its default when the option is not given. */
static bool parse_number(const struct arguments *arguments, enum option_id id,
                         uint32_t max, uint32_t *out)
{
    const char *text = arguments_value(arguments, id);
    if (text == NULL)
        return true;
    size_t len = strspn(text, "0123456789");
    unsigned long number = len > 0 && len < 9 ? strtoul(text, NULL, 10) : 0;
    if (text[len] != '\0' || number < 1 || number > max)
        return usage("--%s: \"%.40s\" is no number from 1 to %u", option_specs[id].name,
                     text, max);
    *out = (uint32_t)number;
    return true;
}

static bool parse_give_up(const struct arguments *arguments, uint32_t *out)
{
    const char *text = arguments_value(arguments, OPT_GIVE_UP);
    return text == NULL || duration_parse(text, out) ||
           usage("--give-up: \"%.40s\" is no time; accepted are 500ms, 60s, 2m, 1h",
                 text);
}

static bool parse_progress(const struct arguments *arguments,
                           enum scan_progress_form *form)
{
    static const char *const words[] = {"none", "text", "json"};
    const char *text = arguments_value(arguments, OPT_PROGRESS);
    bool person = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    *form = person ? SCAN_PROGRESS_TEXT : SCAN_PROGRESS_NONE;
    if (text == NULL)
        return true;
    for (int i = SCAN_PROGRESS_NONE; i <= SCAN_PROGRESS_JSON; i++) {
        if (strcmp(text, words[i]) != 0)
            continue;
        *form = (enum scan_progress_form)i;
        return true;
    }
    return usage("--progress: \"%.40s\" is none; accepted are none, text and json", text);
}

static bool parse_request(const struct arguments *arguments,
                          struct caa_check_request *request)
{
    const char *event = arguments_value(arguments, OPT_EVENT);
    Caa__V1__CheckDomainsRequest__Event number = 0;
    if (event != NULL && !event_parse(event, &number))
        return false;
    *request = (struct caa_check_request){
        .order_id = arguments_value(arguments, OPT_ORDER),
        .event = (enum caa_check_event)number,
        .product = arguments_value(arguments, OPT_PRODUCT),
        .validation_method = arguments_value(arguments, OPT_METHOD),
        .account_uris = arguments->options[OPT_ACCOUNT_URI].values,
        .account_uris_len = arguments->options[OPT_ACCOUNT_URI].len,
        .fresh = arguments_has(arguments, OPT_FRESH)};
    return true;
}

static bool parse_settings(const struct cli *cli, struct scan_settings *settings)
{
    const struct arguments *arguments = cli->arguments;
    uint32_t batch = DEFAULT_BATCH;
    uint32_t concurrency = DEFAULT_CONCURRENCY;
    *settings = (struct scan_settings){.timeout_ms = arguments_has(arguments, OPT_TIMEOUT)
                                                         ? cli->timeout_ms
                                                         : DEFAULT_TIMEOUT_MS,
                                       .give_up_ms = DEFAULT_GIVE_UP_MS,
                                       .ordered = arguments_has(arguments, OPT_ORDERED)};
    if (!parse_request(arguments, &settings->request) ||
        !parse_number(arguments, OPT_SCAN_BATCH, BATCH_MAX, &batch) ||
        !parse_number(arguments, OPT_SCAN_CONCURRENCY, CONCURRENCY_MAX, &concurrency) ||
        !parse_number(arguments, OPT_SCAN_RATE, RATE_MAX, &settings->rate) ||
        !parse_give_up(arguments, &settings->give_up_ms))
        return false;
    settings->batch = batch;
    settings->concurrency = concurrency;
    return true;
}

/* -1: the problem has been printed. */
static int open_input(const struct arguments *arguments, struct scan_settings *settings,
                      struct scan_progress *progress)
{
    struct stat stat;
    if (arguments->operands_len != 1) {
        usage("scan takes one FILE, or - for standard input; found %zu",
              arguments->operands_len);
        return -1;
    }
    const char *path = arguments->operands[0];
    bool is_stdin = strcmp(path, "-") == 0;
    settings->input_path = is_stdin ? "standard input" : path;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        usage("cannot open %s: %s", path, strerror(errno));
        return -1;
    }
    if (S_ISREG(stat.st_mode))
        progress->size = (uint64_t)stat.st_size;
    return fd;
}

static bool open_output(const struct arguments *arguments, struct scan_output *output,
                        struct scan_done *done, struct scan_tally *tally)
{
    const char *path = arguments_value(arguments, OPT_SCAN_OUTPUT);
    const char *earlier = arguments_value(arguments, OPT_RESUME);
    if (earlier != NULL && path != NULL && strcmp(earlier, path) != 0)
        return usage("--resume %s goes on with that file: leave --output away", earlier);
    if (earlier == NULL && path == NULL) {
        scan_output_stdout(output);
        return true;
    }
    if (earlier == NULL)
        return scan_output_create(output, path);
    scan_done_init(done);
    if (!scan_output_resume(output, earlier, done, tally->counts)) {
        scan_done_fini(done);
        return false;
    }
    tally->earlier = done->len;
    return true;
}

static int scan(struct cli *cli, const struct scan_settings *settings, int fd,
                struct scan_output *output, struct scan_done *done,
                struct scan_progress *progress, struct scan_tally *tally)
{
    struct scan_input *input = must_alloc(sizeof(*input));
    struct scan_parts parts = {.client = &cli->client,
                               .input = input,
                               .output = output,
                               .progress = progress,
                               .tally = tally,
                               .done = done->ring != NULL ? done : NULL};
    scan_input_init(input, fd);
    int code = scan_run(settings, &parts);
    free(input);
    return code;
}

static void advise(const struct scan_output *output, const struct scan_settings *settings)
{
    if (output->owned)
        complain("caactl scan --resume %s %s goes on from here", output->path,
                 strcmp(settings->input_path, "standard input") == 0
                     ? "-"
                     : settings->input_path);
}

int verb_scan(struct cli *cli)
{
    struct scan_settings settings;
    struct scan_progress progress = {0};
    struct scan_output output;
    struct scan_done done = {0};
    struct scan_tally tally = {0};
    if (!parse_settings(cli, &settings) ||
        !parse_progress(cli->arguments, &progress.form))
        return EXIT_USAGE;
    int fd = open_input(cli->arguments, &settings, &progress);
    if (fd < 0 || !open_output(cli->arguments, &output, &done, &tally))
        return EXIT_USAGE;
    int code = scan(cli, &settings, fd, &output, &done, &progress, &tally);
    if (!scan_output_close(&output) && code == 0)
        code = EXIT_OUTPUT;
    /* What could not be written must not be counted as found. */
    if (code != EXIT_OUTPUT)
        scan_progress_summary(&progress, &tally, scan_now_ms(), code == 0);
    if (code != 0)
        advise(&output, &settings);
    scan_done_fini(&done);
    if (fd != STDIN_FILENO)
        close(fd);
    return code != 0 ? code : scan_tally_exit_code(&tally);
}
