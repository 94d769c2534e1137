/* store.h - one fresh store for a test, SQLite or PostgreSQL, so that each test
 * runs over both; and SQL behind the daemon's back. */
#ifndef CAA_TEST_AUDIT_STORE_H
#define CAA_TEST_AUDIT_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audit/audit.h"

enum store_kind { STORE_SQLITE, STORE_POSTGRESQL };

struct store {
    enum store_kind kind;
    char url[256];
    char dir[64];  /* SQLite */
    char path[96]; /* SQLite */
};

/* For cmocka_run_group_tests: starts and stops the PostgreSQL server. */
int stores_setup(void **state);
int stores_teardown(void **state);

/* For one test; the prestate is the enum store_kind. */
int store_setup(void **state);
int store_teardown(void **state);

#define ON_SQLITE(test)                                                                  \
    {                                                                                    \
        "sqlite: " #test, test, store_setup, store_teardown,                             \
            (void *)(intptr_t)STORE_SQLITE                                               \
    }
#define ON_POSTGRESQL(test)                                                              \
    {                                                                                    \
        "postgresql: " #test, test, store_setup, store_teardown,                         \
            (void *)(intptr_t)STORE_POSTGRESQL                                           \
    }
#define ON_BOTH(test) ON_SQLITE(test), ON_POSTGRESQL(test)

/* Runs SQL as an administrator or an intruder would. */
void store_sql(const struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Every row's columns joined by |, a row a line. Freed by the caller. */
char *store_query(const struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int64_t store_number(const struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The store stops being there, and is back. */
void store_break(struct store *store);
void store_mend(struct store *store);

/* A stream's chain through audit.h; defaults but for what options says. */
struct audit *store_open(const struct store *store, const char *stream);
struct audit *store_open_with(const struct store *store, struct audit_options options);

#endif
