/* fixture.h - what the tests of check/ share: records written as in a zone
 * file, lookups in one line, a test for each row of a table. */
#ifndef CAA_TEST_CHECK_FIXTURE_H
#define CAA_TEST_CHECK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/result.h"

enum { FIXTURE_BUDGET = 4 << 20, FIXTURE_RECORDS_MAX = 8, FIXTURE_LEVELS_MAX = 128 };

/* Octets of a literal, NULs in it too. */
#define OCTETS(literal)                                                                  \
    ((struct bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* A property from: FLAGS blank TAG blank VALUE, with \DDD for any octet in tag
 * and value: "0 issue ca.test", "128 tbs \000". Two blanks: the tag is empty.
 * Goes through RDATA and caa_property_read. */
struct caa_property fixture_property(struct arena *arena, const char *record);

/* As many as there are before the first NULL. */
struct caa_property *fixture_properties(struct arena *arena, const char *const *records,
                                        size_t *count);

/* One level's answer, retrieved at 1,000,000 ms, INSECURE, TTL 300 s. */
struct caa_answer fixture_answer(const char *name, enum caa_outcome outcome);
/* An RRSET of it. */
struct caa_answer fixture_rrset(struct arena *arena, const char *name,
                                const char *const *records);

/* A TLS request for globalsign.com, no account, no method. */
struct caa_policy fixture_policy(void);

/* Reads asked as a TLS name; fails the test without memory. */
struct caa_name fixture_name(struct arena *arena, const char *asked);

/* A climb for one name, ready to be changed: NODATA at every level. */
struct fixture_climb {
    struct arena *arena;
    struct caa_policy policy;
    struct caa_name name;
    struct caa_answer answers[FIXTURE_LEVELS_MAX];
    struct caa_level levels[FIXTURE_LEVELS_MAX];
    size_t count;
};

void fixture_climb_init(struct fixture_climb *climb, const char *asked);
void fixture_climb_fini(struct fixture_climb *climb);
/* Puts records, or a failure, at a level (0: the name itself). */
void fixture_climb_records(struct fixture_climb *climb, size_t level,
                           const char *const *records);
void fixture_climb_fail(struct fixture_climb *climb, size_t level,
                        enum caa_outcome outcome);
/* Decides; the test fails if that is pending or without memory. */
struct caa_result fixture_climb_decide(const struct fixture_climb *climb);

/* Runs f once for each of count rows of size octets, *state pointing to the row,
 * and then the extra tests. Each row starts with its name, a const char *. */
int fixture_run(const char *group, void *rows, size_t count, size_t size,
                CMUnitTestFunction f, const struct CMUnitTest *extra, size_t extra_count);

#define FIXTURE_RUN(group, rows, f, extra)                                               \
    fixture_run(group, rows, sizeof(rows) / sizeof(rows)[0], sizeof(rows)[0], f, extra,  \
                sizeof(extra) / sizeof(extra)[0])

#endif
