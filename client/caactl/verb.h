/* verb.h - what a verb is and what it is given.
 * Threads: main only. */
#ifndef CAACTL_VERB_H
#define CAACTL_VERB_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "caa_client.h"
#include "options.h"

/* Exit codes (the daemon's contract): 64+N for RPC status N. */
enum {
    EXIT_ALL_PERMITTED = 0,
    EXIT_DENIED = 1,
    EXIT_UNDECIDED = 2,
    EXIT_STATUS = 64,
    EXIT_USAGE = EXIT_STATUS + CAA_CLIENT_INVALID_ARGUMENT,
    EXIT_OUTPUT = EXIT_STATUS + CAA_CLIENT_RESOURCE_EXHAUSTED,
};

/* What every verb works with. */
struct cli {
    const struct arguments *arguments;
    struct caa_client *client;
    uint32_t timeout_ms;
    /* How often a call is sent at most; 0: as the library likes. */
    unsigned max_attempts;
    bool json;
    /* The table of main.c. */
    const struct verb *verbs;
};

struct verb {
    const char *name;
    /* Returns the exit code. */
    int (*run)(struct cli *cli);
    /* What follows the verb. */
    const char *synopsis;
    /* One line. */
    const char *help;
    /* Command lines, each ended by a newline. */
    const char *examples;
    /* Ended by OPT_END. */
    const enum option_id *options;
};

bool verb_takes(const struct verb *verb, enum option_id id);

/* Whether there is no operand; says so when there is. */
bool takes_nothing(const struct cli *cli, const char *verb);

/* A file each. */
int verb_call(struct cli *cli);
int verb_check(struct cli *cli);
int verb_completion(struct cli *cli);
int verb_describe(struct cli *cli);
int verb_drain(struct cli *cli);
int verb_explain(struct cli *cli);
int verb_flush(struct cli *cli);
int verb_health(struct cli *cli);
int verb_history(struct cli *cli);
int verb_info(struct cli *cli);
int verb_load(struct cli *cli);
int verb_scan(struct cli *cli);
int verb_stats(struct cli *cli);
int verb_template(struct cli *cli);

#endif
