/* kill -9 of a process that writes: every append it was told is durable is
 * there afterwards with equal content, and the chain holds. */
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/entries.h"

enum { ROUNDS = 20, IN_FLIGHT = 32 };

/* --- the writing process: this program again, with arguments --- */

struct child {
    int report; /* acknowledged numbers go here */
    sem_t room;
};

struct job {
    struct sample sample;
    struct child *child;
    int n;
};

static void tell(void *arg, enum caa_err err, const struct audit_receipt *receipt)
{
    struct job *job = arg;
    struct child *child = job->child;
    if (err == CAA_OK && !receipt->known &&
        write(child->report, &job->n, sizeof job->n) != sizeof job->n)
        _exit(1);
    free(job);
    sem_post(&child->room);
}

/* argv: PROGRAM URL FIRST FD */
static int child_main(char **argv)
{
    struct audit *audit = NULL;
    char why[AUDIT_TEXT_LEN];
    const struct audit_options options = {.store = argv[1], .stream = "killed"};
    if (audit_open(&options, &audit, why) != CAA_OK) {
        fprintf(stderr, "child: %s\n", why);
        return 1;
    }
    struct child child = {.report = atoi(argv[3])};
    sem_init(&child.room, 0, IN_FLIGHT);
    for (int n = atoi(argv[2]);; n++) {
        sem_wait(&child.room);
        struct job *job = malloc(sizeof *job);
        job->child = &child;
        job->n = n;
        sample_init(&job->sample, "k", n, ENTRY_BASE_MS);
        if (audit_append(audit, &job->sample.entry, tell, job) != CAA_OK)
            return 1;
    }
}

/* --- the test --- */

static pid_t start_child(const struct store *store, int first, int *report)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    char number[16], fd[16];
    snprintf(number, sizeof number, "%d", first);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fcntl(ends[1], F_SETFD, 0);
        execl("/proc/self/exe", "audit_kill_test", store->url, number, fd, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *report = ends[0];
    return pid;
}

/* Reads numbers until enough have come, then kills; what is still in the pipe
 * was acknowledged too. */
static int write_and_kill(const struct store *store, int first, int enough, int *numbers,
                          int room)
{
    int report = -1, count = 0;
    pid_t pid = start_child(store, first, &report);
    while (count < room &&
           read(report, &numbers[count], sizeof *numbers) == sizeof *numbers) {
        if (++count == enough)
            kill(pid, SIGKILL);
    }
    kill(pid, SIGKILL);
    close(report);
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_true(count >= enough);
    return count;
}

static void every_acknowledged_append_survives_kill_9(void **state)
{
    struct store *store = *state;
    enum { ROOM = 100000 };
    int *numbers = calloc(ROOM, sizeof *numbers);
    int first = 0, acked = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int count = write_and_kill(store, first, 20 + round * 37, numbers, ROOM);
        struct audit *audit = store_open_with(
            store, (struct audit_options){.stream = "killed", .read_only = true});
        for (int i = 0; i < count; i++) {
            struct sample sample;
            sample_init(&sample, "k", numbers[i], ENTRY_BASE_MS);
            if (find_wait(audit, &sample) != CAA_OK)
                fail_msg("round %d: acknowledged record k-%d is not there", round,
                         numbers[i]);
            if (numbers[i] >= first)
                first = numbers[i] + 1;
        }
        first += 1000; /* past what was written unacknowledged */
        acked += count;
        struct audit_verification seen;
        char why[AUDIT_TEXT_LEN];
        assert_int_equal(audit_verify(audit, NULL, NULL, NULL, &seen, why), CAA_OK);
        assert_int_equal(seen.findings, 0);
        assert_true(seen.checked >= (uint64_t)acked);
        audit_close(audit);
    }
    print_message("    %d kills: %d acknowledged, %d found equal; %lld in the store\n",
                  ROUNDS, acked, acked,
                  (long long)store_number(store, "SELECT count(*) FROM audit_record"));
    free(numbers);
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return child_main(argv);
    const struct CMUnitTest tests[] = {
        ON_BOTH(every_acknowledged_append_survives_kill_9)};
    return cmocka_run_group_tests(tests, stores_setup, stores_teardown);
}
