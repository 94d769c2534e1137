/* order.c - an order component: which names of this CSR may be issued for?
 *
 *     order URL ORDER-ID CSR.pem
 *
 * Exit status: 0 all may be issued for, 1 some may not, 2 could not be asked. */
#include <caa_client.h>
#include <stdio.h>

#include "x509.h"

/* Message and remedy quote the DNS: a real component escapes them for the place
 * where it shows them. */
static void print_result(const struct caa_check_result *result)
{
    if (caa_check_may_issue(result)) {
        printf("issue   %s (%s)\n", result->name, caa_check_reason_name(result->reason));
        return;
    }
    printf("%s  %s (%s)\n    %s\n", result->retryable ? "later " : "refuse", result->name,
           caa_check_reason_name(result->reason), result->message);
    if (result->remedy[0] != '\0')
        printf("    %s\n", result->remedy);
}

static int check(struct caa_client *client, const char *order_id, const struct x509 *csr)
{
    struct caa_check_request request = {.order_id = order_id,
                                        .event = CAA_CHECK_EVENT_ORDER,
                                        .common_name = csr->common_name,
                                        .names = (const char *const *)csr->names,
                                        .names_len = csr->names_len};
    struct caa_check_response *response = NULL;
    struct caa_client_error error;
    /* 0: the client's own time limit. */
    if (caa_client_check(client, &request, 0, &response, &error) != CAA_CLIENT_OK) {
        fprintf(stderr, "order: cannot check: %s: %s\n", caa_client_code_name(error.code),
                error.message);
        return 2;
    }
    int status = 0;
    for (size_t i = 0; i < response->results_len; i++) {
        print_result(&response->results[i]);
        if (!caa_check_may_issue(&response->results[i]))
            status = 1;
    }
    /* Issue before valid_until_ms, or ask again. */
    printf("recorded as %s\n", response->request_id);
    caa_check_response_free(response);
    return status;
}

int main(int argc, char **argv)
{
    struct x509 csr;
    if (argc != 4) {
        fprintf(stderr, "usage: order URL ORDER-ID CSR.pem\n");
        return 2;
    }
    if (!x509_read_csr(argv[3], &csr)) {
        fprintf(stderr, "order: %s is no CSR that can be read\n", argv[3]);
        return 2;
    }
    const char *servers[] = {argv[1]};
    struct caa_client_options options = {
        .servers = servers, .servers_len = 1, .name = "order"};
    struct caa_client *client = NULL;
    struct caa_client_error error;
    int status = 2;
    if (caa_client_create(&options, &client, &error) == CAA_CLIENT_OK)
        status = check(client, argv[2], &csr);
    else
        fprintf(stderr, "order: %s\n", error.message);
    caa_client_destroy(client);
    x509_free(&csr);
    return status;
}
