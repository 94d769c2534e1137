/* renewal.c - a renewal component: which of the certificates in a folder that
 * end within N days would be refused today, and why? Asked weeks ahead, there is
 * time to put a record right.
 *
 *     renewal URL DAYS FOLDER
 *
 * Checks are pipelined: up to IN_FLIGHT are on their way at once.
 * Exit status: 0 all would be renewed, 1 some would not, 2 some could not be
 * asked. */
#include <caa_client.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x509.h"

#define IN_FLIGHT 64

/* Shared with the callbacks, which run on the library's threads. */
struct renewal {
    struct caa_client *client;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned in_flight;
    unsigned checked;
    unsigned refused;
    unsigned failed;
    unsigned unreadable;
};

/* One certificate's check. */
struct task {
    struct renewal *renewal;
    char file[256];
    time_t not_after;
};

static void print_refusals(const struct task *task,
                           const struct caa_check_response *response)
{
    char day[32] = "";
    struct tm parts;
    if (gmtime_r(&task->not_after, &parts) != NULL)
        strftime(day, sizeof(day), "%Y-%m-%d", &parts);
    for (size_t i = 0; i < response->results_len; i++) {
        const struct caa_check_result *result = &response->results[i];
        if (caa_check_may_issue(result))
            continue;
        printf("%s (ends %s): %s: %s %s\n    %s\n", task->file, day, result->name,
               caa_check_verdict_name(result->verdict),
               caa_check_reason_name(result->reason), result->message);
        if (result->remedy[0] != '\0')
            printf("    %s\n", result->remedy);
    }
}

static bool all_may_issue(const struct caa_check_response *response)
{
    for (size_t i = 0; i < response->results_len; i++)
        if (!caa_check_may_issue(&response->results[i]))
            return false;
    return true;
}

static void on_checked(void *arg, const struct caa_client_error *error,
                       struct caa_check_response *response)
{
    struct task *task = arg;
    struct renewal *renewal = task->renewal;
    pthread_mutex_lock(&renewal->lock);
    renewal->checked++;
    if (response == NULL) {
        renewal->failed++;
        fprintf(stderr, "renewal: %s: cannot check: %s: %s\n", task->file,
                caa_client_code_name(error->code), error->message);
    } else if (!all_may_issue(response)) {
        renewal->refused++;
        print_refusals(task, response);
    }
    renewal->in_flight--;
    pthread_cond_signal(&renewal->changed);
    pthread_mutex_unlock(&renewal->lock);
    caa_check_response_free(response);
    free(task);
}

static void wait_below(struct renewal *renewal, unsigned limit)
{
    pthread_mutex_lock(&renewal->lock);
    while (renewal->in_flight >= limit)
        pthread_cond_wait(&renewal->changed, &renewal->lock);
    if (limit > 1)
        renewal->in_flight++;
    pthread_mutex_unlock(&renewal->lock);
}

static void begin(struct renewal *renewal, const char *file, const struct x509 *x509)
{
    struct caa_check_request request = {.order_id = file,
                                        .event = CAA_CHECK_EVENT_RENEWAL,
                                        .common_name = x509->common_name,
                                        .names = (const char *const *)x509->names,
                                        .names_len = x509->names_len};
    struct caa_client_error error = {.code = CAA_CLIENT_RESOURCE_EXHAUSTED};
    struct task *task = calloc(1, sizeof(*task));
    wait_below(renewal, IN_FLIGHT);
    if (task != NULL) {
        task->renewal = renewal;
        task->not_after = x509->not_after;
        snprintf(task->file, sizeof(task->file), "%s", file);
        if (caa_client_check_async(renewal->client, &request, 0, on_checked, task,
                                   &error) == CAA_CLIENT_OK)
            return;
    }
    /* It did not begin, so on_checked will not be called. */
    pthread_mutex_lock(&renewal->lock);
    renewal->in_flight--;
    renewal->failed++;
    pthread_mutex_unlock(&renewal->lock);
    fprintf(stderr, "renewal: %s: cannot check: %s\n", file, error.message);
    free(task);
}

static void consider(struct renewal *renewal, const char *folder, const char *file,
                     time_t until)
{
    char path[4096];
    struct x509 x509;
    if (file[0] == '.')
        return;
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (!x509_read_certificate(path, &x509)) {
        renewal->unreadable++;
        fprintf(stderr, "renewal: %s is no certificate that can be read\n", path);
        return;
    }
    if (x509.not_after <= until)
        begin(renewal, file, &x509);
    x509_free(&x509);
}

static int run(struct renewal *renewal, const char *path, long days)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        perror(path);
        return 2;
    }
    time_t until = time(NULL) + days * 86400;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        consider(renewal, path, entry->d_name, until);
    closedir(folder);
    wait_below(renewal, 1);
    printf("%u certificates checked, %u would be refused, %u could not be checked, "
           "%u files not readable\n",
           renewal->checked, renewal->refused, renewal->failed, renewal->unreadable);
    if (renewal->failed > 0 || renewal->unreadable > 0)
        return 2;
    return renewal->refused > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct renewal renewal = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    char *end = NULL;
    long days = argc == 4 ? strtol(argv[2], &end, 10) : -1;
    if (argc != 4 || *end != '\0' || end == argv[2] || days < 0 || days > 36500) {
        fprintf(stderr, "usage: renewal URL DAYS FOLDER\n");
        return 2;
    }
    const char *servers[] = {argv[1]};
    struct caa_client_options options = {
        .servers = servers, .servers_len = 1, .name = "renewal"};
    struct caa_client_error error;
    if (caa_client_create(&options, &renewal.client, &error) != CAA_CLIENT_OK) {
        fprintf(stderr, "renewal: %s\n", error.message);
        return 2;
    }
    int status = run(&renewal, argv[3], days);
    caa_client_destroy(renewal.client);
    return status;
}
