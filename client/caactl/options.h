/* options.h - the one table of options. Parsing, --help, the man page's checks
 * and shell completions all come from it.
 * Threads: any; the table is constant. */
#ifndef CAACTL_OPTIONS_H
#define CAACTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_id {
    /* Good with every verb, before it or after it. */
    OPT_SERVER,
    OPT_TIMEOUT,
    OPT_JSON,
    OPT_TLS_CA,
    OPT_TLS_CERT,
    OPT_TLS_KEY,
    OPT_TLS_NAME,
    OPT_HELP,
    OPT_VERSION,
    /* Belonging to some verbs. */
    OPT_PRODUCT,
    OPT_EVENT,
    OPT_ORDER,
    OPT_ACCOUNT_URI,
    OPT_METHOD,
    OPT_FRESH,
    OPT_REQUEST_ID,
    OPT_CSR,
    OPT_CERT,
    OPT_DATA,
    OPT_SUBTREE,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_DECISION,
    OPT_VERDICT,
    OPT_DENIED,
    OPT_EXPORT,
    OPT_REPORT,
    OPT_VERIFY,
    OPT_ID,
    OPT_LIMIT,
    /* load */
    OPT_RPC_METHOD,
    OPT_NAMES,
    OPT_BATCH,
    OPT_CONCURRENCY,
    OPT_REQUESTS,
    OPT_DURATION,
    OPT_RATE,
    OPT_CONNECTIONS,
    OPT_WARM_UP,
    OPT_FORMAT,
    OPT_OUTPUT,
    OPT_FAIL_IF,
    OPT_COMPARE,
    /* scan */
    OPT_SCAN_BATCH,
    OPT_SCAN_CONCURRENCY,
    OPT_SCAN_RATE,
    OPT_ORDERED,
    OPT_SCAN_OUTPUT,
    OPT_RESUME,
    OPT_PROGRESS,
    OPT_GIVE_UP,
    OPT_COUNT
};

/* Ends a verb's list of options. */
#define OPT_END OPT_COUNT

struct option_spec {
    const char *name;
    /* 0: no short form. */
    char letter;
    /* What stands for the value in help; NULL: a flag. */
    const char *value;
    const char *help;
    bool global;
    bool repeat;
};

/* Indexed by enum option_id. */
extern const struct option_spec option_specs[OPT_COUNT];

/* Parsed command line; values point into argv. */
struct arguments {
    struct {
        const char **values;
        size_t len;
    } options[OPT_COUNT];
    const char **operands;
    size_t operands_len;
};

struct verb;

/* Reads argv[1..]. The first operand that is a verb of the table sets *verb and
 * is no operand itself; a missing verb leaves *verb NULL. false: the problem has
 * been printed. arguments_free in any case. */
bool arguments_parse(struct arguments *arguments, int argc, char **argv,
                     const struct verb *verbs, const struct verb **verb);
void arguments_free(struct arguments *arguments);

bool arguments_has(const struct arguments *arguments, enum option_id id);
/* The value, or NULL when the option was not given. */
const char *arguments_value(const struct arguments *arguments, enum option_id id);

#endif
