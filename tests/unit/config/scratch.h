/* scratch.h - a directory with a configuration file and the files it names.
 * Threads: owner only. */
#ifndef CAAD_TEST_CONFIG_SCRATCH_H
#define CAAD_TEST_CONFIG_SCRATCH_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

struct scratch {
    char directory[PATH_MAX]; /* absolute, no link in it */
    char file[PATH_MAX + 16]; /* caad.yaml in it */
};

static inline void scratch_path(const struct scratch *scratch, const char *name,
                                char path[PATH_MAX + 16])
{
    assert_true(snprintf(path, PATH_MAX + 16, "%s/%s", scratch->directory, name) <
                PATH_MAX + 16);
}

static inline void scratch_write(const struct scratch *scratch, const char *name,
                                 const void *content, size_t len)
{
    char path[PATH_MAX + 16];
    scratch_path(scratch, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline int scratch_setup(void **state)
{
    static const char *const pem[] = {"cert.pem",  "-----BEGIN CERTIFICATE-----\n",
                                      "key.pem",   "-----BEGIN PRIVATE KEY-----\n",
                                      "empty.pem", ""};
    struct scratch *scratch = calloc(1, sizeof *scratch);
    char made[] = "/tmp/caad-config-XXXXXX";
    assert_non_null(scratch);
    assert_non_null(mkdtemp(made));
    assert_non_null(realpath(made, scratch->directory));
    scratch_path(scratch, "caad.yaml", scratch->file);
    for (size_t i = 0; i < sizeof pem / sizeof *pem; i += 2)
        scratch_write(scratch, pem[i], pem[i + 1], strlen(pem[i + 1]));
    *state = scratch;
    return 0;
}

static inline int scratch_teardown(void **state)
{
    static const char *const names[] = {"caad.yaml", "cert.pem", "key.pem", "empty.pem"};
    struct scratch *scratch = *state;
    char path[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scratch_path(scratch, names[i], path);
        unlink(path);
    }
    rmdir(scratch->directory);
    free(scratch);
    return 0;
}

/* The file must be good. */
static inline struct caad_config *scratch_load(const struct scratch *scratch,
                                               const char *content)
{
    struct caad_config *config = NULL;
    struct config_error error;
    scratch_write(scratch, "caad.yaml", content, strlen(content));
    if (caad_config_load(scratch->file, &config, &error))
        fail_msg("%s\n%s", content, error.text);
    return config;
}

#endif
