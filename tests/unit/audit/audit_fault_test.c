/* What can be wrong with a store, at start and later: the text says so without
 * the password, nothing is acknowledged that is not there, service returns. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/entries.h"

static char logged[65536];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void keep_log(void *arg, enum audit_level level, const char *text)
{
    (void)arg;
    (void)level;
    pthread_mutex_lock(&log_lock);
    strncat(logged, text, sizeof logged - strlen(logged) - 1);
    pthread_mutex_unlock(&log_lock);
}

static void expect_refused(const char *store, enum caa_err expected, const char *text)
{
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    const struct audit_options options = {
        .store = store, .stream = "one", .log = keep_log};
    assert_int_equal(audit_open(&options, &audit, why), expected);
    assert_null(audit);
    if (!strstr(why, text))
        fail_msg("'%s' lacks '%s'", why, text);
    assert_null(strstr(why, "s3cret"));
    assert_null(strstr(logged, "s3cret"));
}

static void what_is_no_store_is_refused_with_the_form(void **state)
{
    (void)state;
    expect_refused("", CAA_EINVAL, "sqlite:/path");
    expect_refused("mysql://u:s3cret@h/d", CAA_EINVAL, "sqlite:/path");
    expect_refused("sqlite:", CAA_EINVAL, "path of a file");
    expect_refused("sqlite:/tmp/", CAA_EINVAL, "path of a file");
    expect_refused("postgresql://u:s3cret@h:port/d", CAA_EINVAL, "postgresql://user");
    expect_refused("postgresql://u:s3cret@[h/d", CAA_EINVAL, "postgresql://user");
    expect_refused("postgresql://u:s3cret@h/d?nonsense=1", CAA_EINVAL,
                   "postgresql://user");
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    const struct audit_options options = {.store = "none", .stream = ""};
    assert_int_equal(audit_open(&options, &audit, why), CAA_EINVAL);
    assert_non_null(strstr(why, "instance name"));
}

static void an_unusable_file_is_refused(void **state)
{
    struct store *store = *state;
    char url[256];
    snprintf(url, sizeof url, "sqlite:%s/nowhere/audit.db", store->dir);
    expect_refused(url, CAA_EIO, "unable to open database file: No such file");
    snprintf(url, sizeof url, "sqlite:%s", store->dir);
    expect_refused(url, CAA_EIO, "unable to open");
    FILE *file = fopen(store->path, "w");
    for (int i = 0; i < 5000; i++)
        fputs("this is no database ", file);
    fclose(file);
    expect_refused(store->url, CAA_EIO, "not a database");
}

static void an_unwritable_file_is_refused(void **state)
{
    struct store *store = *state;
    if (geteuid() == 0) /* root may write anywhere but here */
        expect_refused("sqlite:/proc/self/audit.db", CAA_EIO, "unable to open");
    audit_close(store_open(store, "one"));
    assert_int_equal(chmod(store->path, 0400), 0);
    assert_int_equal(chmod(store->dir, 0500), 0);
    if (geteuid() != 0)
        expect_refused(store->url, CAA_EIO, "read-only");
    assert_int_equal(chmod(store->dir, 0700), 0);
}

static void a_damaged_file_fails_without_a_false_word(void **state)
{
    struct store *store = *state;
    struct audit *audit = store_open(store, "one");
    append_samples(audit, "a", 0, 200);
    audit_close(audit);
    FILE *file = fopen(store->path, "r+");
    fseek(file, 4096, SEEK_SET); /* all but the schema's page */
    for (int i = 0; i < 4096 * 60; i++)
        fputc(0x5a, file);
    fclose(file);
    expect_refused(store->url, CAA_EIO, "malformed");
}

static void a_newer_schema_is_refused(void **state)
{
    struct store *store = *state;
    audit_close(store_open(store, "one"));
    store_sql(store, "UPDATE audit_meta SET value = 99 WHERE name = 'schema'");
    expect_refused(store->url, CAA_EIO, "schema version 99");
}

static void reading_what_is_not_there_says_so(void **state)
{
    struct store *store = *state;
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    const struct audit_options options = {
        .store = store->url, .stream = "one", .read_only = true};
    assert_int_equal(audit_open(&options, &audit, why), CAA_EIO);
    assert_non_null(
        strstr(why, store->kind == STORE_SQLITE ? "unable to open" : "no caad records"));
}

static void a_stream_has_one_writer(void **state)
{
    struct store *store = *state;
    struct audit *first = store_open(store, "one");
    expect_refused(store->url, CAA_EBUSY, "another daemon writes the audit stream 'one'");
    struct audit *second = store_open(store, "two");
    append_samples(second, "b", 0, 1);
    append_samples(first, "a", 0, 1);
    audit_close(first);
    first = store_open(store, "one");
    append_samples(first, "a", 1, 1);
    audit_close(first);
    audit_close(second);
}

/* --- a store that fails and returns --- */

static void service_returns_with_the_store(void **state)
{
    struct store *store = *state;
    struct audit *audit = store_open(store, "one");
    char text[AUDIT_TEXT_LEN];
    append_samples(audit, "a", 0, 3);
    for (int round = 0; round < 2; round++) {
        store_break(store);
        struct sample sample;
        sample_init(&sample, "lost", round, ENTRY_BASE_MS);
        assert_int_equal(append_wait(audit, &sample.entry).err, CAA_EIO);
        await_health(audit, false);
        assert_int_equal(append_wait(audit, &sample.entry).err, CAA_EIO);
        assert_false(audit_health(audit, text));
        assert_string_not_equal(text, "");
        store_mend(store);
        await_health(audit, true);
        append_samples(audit, "back", round, 1);
        assert_int_equal(append_wait(audit, &sample.entry).err, CAA_OK);
        assert_int_equal(find_wait(audit, &sample), CAA_OK);
    }
    struct audit_verification seen;
    assert_int_equal(audit_verify(audit, NULL, NULL, NULL, &seen, text), CAA_OK);
    assert_int_equal(seen.findings, 0);
    assert_int_equal(seen.checked, 7);
    audit_close(audit);
}

struct stream_of {
    struct audit *audit;
    atomic_bool stop;
    atomic_int last, failed;
    bool acked[200000];
};

/* One entry at a time is enough: what is acknowledged must be there. */
static void *append_until_stopped(void *arg)
{
    struct stream_of *self = arg;
    for (int i = 0; !self->stop && i < 200000; i++) {
        struct sample sample;
        sample_init(&sample, "m", i, ENTRY_BASE_MS);
        self->acked[i] = append_wait(self->audit, &sample.entry).err == CAA_OK;
        if (!self->acked[i]) {
            self->failed++;
            usleep(1000);
        }
        self->last = i;
    }
    return NULL;
}

static void nothing_acknowledged_is_lost_when_the_store_dies_under_load(void **state)
{
    struct store *store = *state;
    struct stream_of *self = calloc(1, sizeof *self);
    self->audit = store_open(store, "one");
    pthread_t thread;
    pthread_create(&thread, NULL, append_until_stopped, self);
    for (int round = 0; round < 3; round++) {
        usleep(150 * 1000);
        store_break(store);
        usleep(50 * 1000);
        store_mend(store);
        await_health(self->audit, true);
    }
    usleep(100 * 1000);
    self->stop = true;
    pthread_join(thread, NULL);
    int acked = 0;
    for (int i = 0; i <= self->last; i++) {
        struct sample sample;
        sample_init(&sample, "m", i, ENTRY_BASE_MS);
        if (self->acked[i])
            assert_int_equal(find_wait(self->audit, &sample), CAA_OK);
        acked += self->acked[i];
    }
    struct audit_verification seen;
    char why[AUDIT_TEXT_LEN];
    assert_int_equal(audit_verify(self->audit, NULL, NULL, NULL, &seen, why), CAA_OK);
    assert_int_equal(seen.findings, 0);
    assert_true(seen.checked >= (uint64_t)acked);
    print_message("    %d acknowledged, all found; %d failed\n", acked, self->failed);
    audit_close(self->audit);
    free(self);
}

static void a_server_down_at_start_is_waited_for(void **state)
{
    struct store *store = *state;
    char url[320];
    snprintf(url, sizeof url, "%s&password=s3cret", store->url);
    store_break(store);
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    const struct audit_options options = {.store = url, .stream = "one", .log = keep_log};
    assert_int_equal(audit_open(&options, &audit, why), CAA_OK);
    assert_false(audit_health(audit, why));
    assert_non_null(strstr(why, "PostgreSQL"));
    assert_null(strstr(why, "s3cret"));
    store_mend(store);
    await_health(audit, true);
    append_samples(audit, "a", 0, 1);
    assert_null(strstr(logged, "s3cret"));
    assert_null(strstr(audit_store_text(audit), "s3cret"));
    audit_close(audit);
}

static void a_missing_database_or_host_is_said_without_the_password(void **state)
{
    struct store *store = *state;
    char missing[320];
    snprintf(missing, sizeof missing, "postgresql://postgres:s3cret@/nobody%s",
             strchr(store->url, '?'));
    const struct {
        const char *url, *text;
    } cases[] = {
        {missing, "does not exist"},
        {"postgresql://u:s3cret@127.0.0.1:1/d", "refused"},
        {"postgresql://u:s3cret@no-such-host.invalid/d", "no-such-host.invalid"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct audit *audit = NULL;
        char why[AUDIT_TEXT_LEN];
        const struct audit_options options = {
            .store = cases[i].url, .stream = "one", .log = keep_log};
        assert_int_equal(audit_open(&options, &audit, why), CAA_OK);
        assert_false(audit_health(audit, why));
        if (!strstr(why, cases[i].text) || strstr(why, "s3cret"))
            fail_msg("'%s'", why);
        struct sample sample;
        sample_init(&sample, "a", 1, 0);
        assert_int_equal(append_wait(audit, &sample.entry).err, CAA_EIO);
        audit_close(audit);
    }
    assert_null(strstr(logged, "s3cret"));
}

static void a_read_only_server_is_unhealthy_until_it_is_not(void **state)
{
    struct store *store = *state;
    char *name = store_query(store, "SELECT current_database()");
    name[strlen(name) - 1] = '\0';
    audit_close(store_open(store, "one"));
    store_sql(store, "ALTER DATABASE %s SET default_transaction_read_only = on", name);
    struct audit *audit = store_open(store, "one");
    char why[AUDIT_TEXT_LEN];
    assert_false(audit_health(audit, why));
    assert_non_null(strstr(why, "read-only"));
    struct store writable = *store;
    strcat(writable.url, "&options=-cdefault_transaction_read_only%3Doff");
    store_sql(&writable, "ALTER DATABASE %s SET default_transaction_read_only = off",
              name);
    await_health(audit, true);
    append_samples(audit, "a", 0, 1);
    audit_close(audit);
    free(name);
}

static void a_server_that_would_confirm_early_is_told_not_to(void **state)
{
    struct store *store = *state;
    char *name = store_query(store, "SELECT current_database()");
    name[strlen(name) - 1] = '\0';
    store_sql(store, "ALTER DATABASE %s SET synchronous_commit = off", name);
    struct audit *audit = store_open(store, "one");
    append_samples(audit, "a", 0, 3);
    struct audit_verification seen;
    char why[AUDIT_TEXT_LEN];
    assert_int_equal(audit_verify(audit, NULL, NULL, NULL, &seen, why), CAA_OK);
    audit_close(audit);
    free(name);
}

static void another_encoding_is_refused(void **state)
{
    struct store *store = *state;
    char url[256];
    store_sql(store,
              "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    snprintf(url, sizeof url, "postgresql://postgres@/latin%s", strchr(store->url, '?'));
    expect_refused(url, CAA_EIO, "encoding is not UTF8");
}

/* --- a full disk: a small file system of our own, in a mount namespace --- */

static void a_full_disk_fails_and_space_brings_service_back(void **state)
{
    struct store *store = *state;
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", store->dir, "tmpfs", 0, "size=2m") != 0)
        skip();
    struct audit *audit = store_open(store, "one");
    char why[AUDIT_TEXT_LEN] = "";
    int acked = 0;
    for (int i = 0; i < 20000; i++) {
        struct sample sample;
        sample_init(&sample, "full", i, ENTRY_BASE_MS);
        if (append_wait(audit, &sample.entry).err != CAA_OK)
            break;
        acked++;
    }
    audit_health(audit, why);
    print_message("    %d acknowledged, then: %s\n", acked, why);
    assert_in_range(acked, 10, 19999);
    assert_int_equal(mount("none", store->dir, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    await_health(audit, true);
    append_samples(audit, "after", 0, 20);
    for (int i = 0; i < acked; i++) {
        struct sample sample;
        sample_init(&sample, "full", i, ENTRY_BASE_MS);
        assert_int_equal(find_wait(audit, &sample), CAA_OK);
    }
    struct audit_verification seen;
    assert_int_equal(audit_verify(audit, NULL, NULL, NULL, &seen, why), CAA_OK);
    assert_int_equal(seen.findings, 0);
    audit_close(audit);
    assert_int_equal(umount(store->dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_store_is_refused_with_the_form),
        ON_SQLITE(an_unusable_file_is_refused),
        ON_SQLITE(an_unwritable_file_is_refused),
        ON_SQLITE(a_damaged_file_fails_without_a_false_word),
        ON_BOTH(a_newer_schema_is_refused),
        ON_BOTH(reading_what_is_not_there_says_so),
        ON_BOTH(a_stream_has_one_writer),
        ON_BOTH(service_returns_with_the_store),
        ON_BOTH(nothing_acknowledged_is_lost_when_the_store_dies_under_load),
        ON_POSTGRESQL(a_server_down_at_start_is_waited_for),
        ON_POSTGRESQL(a_missing_database_or_host_is_said_without_the_password),
        ON_POSTGRESQL(a_read_only_server_is_unhealthy_until_it_is_not),
        ON_POSTGRESQL(a_server_that_would_confirm_early_is_told_not_to),
        ON_POSTGRESQL(another_encoding_is_refused),
        ON_SQLITE(a_full_disk_fails_and_space_brings_service_back),
    };
    return cmocka_run_group_tests(tests, stores_setup, stores_teardown);
}
