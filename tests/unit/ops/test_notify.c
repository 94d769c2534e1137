#include "ops/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The service manager's end. */
struct manager {
    int fd;
    char directory[64];
    char name[sizeof(((struct sockaddr_un *)NULL)->sun_path) +
              1]; /* as in NOTIFY_SOCKET */
    char got[1024];
};

static void manager_bind(struct manager *manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(manager->name);
    memcpy(address.sun_path, manager->name, len);
    if (manager->name[0] == '@')
        address.sun_path[0] = '\0';
    else
        len++;
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(manager->fd >= 0);
    assert_int_equal(bind(manager->fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    setenv("NOTIFY_SOCKET", manager->name, 1);
}

static void manager_open(struct manager *manager, bool abstract)
{
    memset(manager, 0, sizeof *manager);
    strcpy(manager->directory, "/tmp/caad-notify-XXXXXX");
    assert_non_null(mkdtemp(manager->directory));
    snprintf(manager->name, sizeof manager->name, "%s%s/s", abstract ? "@" : "",
             manager->directory);
    manager_bind(manager);
}

static void manager_close(struct manager *manager)
{
    close(manager->fd);
    if (manager->name[0] == '/')
        unlink(manager->name);
    rmdir(manager->directory);
    unsetenv("NOTIFY_SOCKET");
}

static const char *manager_read(struct manager *manager)
{
    ssize_t len = recv(manager->fd, manager->got, sizeof manager->got - 1, 0);
    manager->got[len > 0 ? len : 0] = '\0';
    return manager->got;
}

static void every_state_arrives(void **state)
{
    (void)state;
    for (int abstract = 0; abstract <= 1; abstract++) {
        struct manager manager;
        struct notify notify;
        long long us;
        manager_open(&manager, abstract);
        assert_int_equal(notify_init(&notify), CAA_OK);
        notify_ready(&notify, "2 resolvers validate");
        assert_string_equal(manager_read(&manager),
                            "READY=1\nSTATUS=2 resolvers validate");
        notify_ready(&notify, NULL);
        assert_string_equal(manager_read(&manager), "READY=1\n");
        notify_reloading(&notify);
        assert_int_equal(
            sscanf(manager_read(&manager), "RELOADING=1\nMONOTONIC_USEC=%lld\n", &us), 1);
        assert_true(us > 0);
        notify_status(&notify, "busy");
        assert_string_equal(manager_read(&manager), "STATUS=busy");
        notify_watchdog(&notify);
        assert_string_equal(manager_read(&manager), "WATCHDOG=1\n");
        notify_stopping(&notify, "3 checks in flight");
        assert_string_equal(manager_read(&manager),
                            "STOPPING=1\nSTATUS=3 checks in flight");
        notify_fini(&notify);
        notify_ready(&notify, NULL);
        assert_string_equal(manager_read(&manager), "");
        manager_close(&manager);
    }
}

static void a_status_cannot_make_statements_of_its_own(void **state)
{
    (void)state;
    struct manager manager;
    struct notify notify;
    manager_open(&manager, false);
    assert_int_equal(notify_init(&notify), CAA_OK);
    notify_status(&notify, "a\nREADY=1\n");
    assert_string_equal(manager_read(&manager), "STATUS=a READY=1 ");

    char words[2000];
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    notify_ready(&notify, words);
    assert_int_equal(strncmp(manager_read(&manager), "READY=1\nSTATUS=www", 18), 0);
    notify_fini(&notify);
    manager_close(&manager);
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    struct notify notify;
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(notify_init(&notify), CAA_OK);
    assert_int_equal(notify.fd, -1);
    notify_ready(&notify, "x");
    notify_watchdog(&notify);
    notify_fini(&notify);
    setenv("NOTIFY_SOCKET", "", 1);
    assert_int_equal(notify_init(&notify), CAA_OK);
    assert_int_equal(notify.fd, -1);
    unsetenv("NOTIFY_SOCKET");
}

static void a_manager_that_never_reads_does_not_hold_us_up(void **state)
{
    (void)state;
    struct manager manager;
    struct notify notify;
    manager_open(&manager, false);
    assert_int_equal(notify_init(&notify), CAA_OK);
    for (int i = 0; i < 10000; i++)
        notify_watchdog(&notify);
    manager_close(&manager);
    notify_watchdog(&notify);
    notify_fini(&notify);
}

static void names_that_are_no_address_are_refused(void **state)
{
    (void)state;
    char too_long[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    memset(too_long, '/', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    const char *const names[] = {"relative/path", "/", "@", "vsock:2:1234", too_long};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct notify notify;
        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_int_equal(notify_init(&notify), CAA_EINVAL);
        assert_int_equal(notify.fd, -1);
        notify_ready(&notify, "x");
        notify_fini(&notify);
    }
    unsetenv("NOTIFY_SOCKET");
}

static void the_watchdog_is_fed_twice_in_its_time(void **state)
{
    (void)state;
    char other[32], self[32];
    snprintf(self, sizeof self, "%ld", (long)getpid());
    snprintf(other, sizeof other, "%ld", (long)getpid() + 1);
    const struct {
        const char *usec, *pid;
        int64_t interval_ms;
    } rows[] = {
        {NULL, NULL, 0},
        {"30000000", NULL, 15000},
        {"30000000", self, 15000},
        {"30000000", other, 0},
        {"", NULL, 0},
        {"30s", NULL, 0},
        {"-1", NULL, 0},
        {"99999999999999999999999", NULL, 0},
    };
    struct manager manager;
    manager_open(&manager, true);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct notify notify;
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (rows[i].usec)
            setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid)
            setenv("WATCHDOG_PID", rows[i].pid, 1);
        assert_int_equal(notify_init(&notify), CAA_OK);
        assert_int_equal(notify_watchdog_interval_ms(&notify), rows[i].interval_ms);
        notify_fini(&notify);
    }
    manager_close(&manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_arrives),
        cmocka_unit_test(a_status_cannot_make_statements_of_its_own),
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(a_manager_that_never_reads_does_not_hold_us_up),
        cmocka_unit_test(names_that_are_no_address_are_refused),
        cmocka_unit_test(the_watchdog_is_fed_twice_in_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
