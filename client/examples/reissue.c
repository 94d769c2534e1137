/* reissue.c - a reissue component: an existing certificate and a new CSR. Every
 * name is checked again, because the old verdicts may have run out; the names
 * that were added are pointed out.
 *
 *     reissue URL ORDER-ID CERTIFICATE.pem CSR.pem
 *
 * Exit status: 0 all may be issued for, 1 some may not, 2 could not be asked. */
#include <caa_client.h>
#include <stdio.h>
#include <string.h>

#include "x509.h"

struct reissue {
    struct caa_client *client;
    const char *order_id;
    struct x509 old;
    struct x509 csr;
};

static void print_dropped(const struct reissue *reissue)
{
    const struct x509 *old = &reissue->old;
    for (size_t i = 0; i < old->names_len; i++)
        if (!x509_has(&reissue->csr, old->names[i]))
            printf("dropped         %s\n", old->names[i]);
}

static bool has_added(const struct reissue *reissue)
{
    for (size_t i = 0; i < reissue->csr.names_len; i++)
        if (!x509_has(&reissue->old, reissue->csr.names[i]))
            return true;
    return false;
}

static void print_result(const struct reissue *reissue,
                         const struct caa_check_result *result)
{
    bool added = !x509_has(&reissue->old, result->name);
    bool good = caa_check_may_issue(result);
    printf("%-7s %-7s %s (%s)\n", added ? "added" : "kept", good ? "issue" : "refuse",
           result->name, caa_check_reason_name(result->reason));
    if (good)
        return;
    printf("    %s\n", result->message);
    if (result->remedy[0] != '\0')
        printf("    %s\n", result->remedy);
}

static int check(const struct reissue *reissue)
{
    struct caa_check_request request = {
        .order_id = reissue->order_id,
        .event = has_added(reissue) ? CAA_CHECK_EVENT_ADD_SAN : CAA_CHECK_EVENT_REISSUE,
        .common_name = reissue->csr.common_name,
        .names = (const char *const *)reissue->csr.names,
        .names_len = reissue->csr.names_len};
    struct caa_check_response *response = NULL;
    struct caa_client_error error;
    if (caa_client_check(reissue->client, &request, 0, &response, &error) !=
        CAA_CLIENT_OK) {
        fprintf(stderr, "reissue: cannot check: %s: %s\n",
                caa_client_code_name(error.code), error.message);
        return 2;
    }
    int status = 0;
    for (size_t i = 0; i < response->results_len; i++) {
        print_result(reissue, &response->results[i]);
        if (!caa_check_may_issue(&response->results[i]))
            status = 1;
    }
    print_dropped(reissue);
    caa_check_response_free(response);
    return status;
}

static int connect_and_check(struct reissue *reissue, const char *url)
{
    struct caa_client_options options = {
        .servers = &url, .servers_len = 1, .name = "reissue"};
    struct caa_client_error error;
    if (caa_client_create(&options, &reissue->client, &error) != CAA_CLIENT_OK) {
        fprintf(stderr, "reissue: %s\n", error.message);
        return 2;
    }
    int status = check(reissue);
    caa_client_destroy(reissue->client);
    return status;
}

int main(int argc, char **argv)
{
    struct reissue reissue = {0};
    int status = 2;
    if (argc != 5) {
        fprintf(stderr, "usage: reissue URL ORDER-ID CERTIFICATE.pem CSR.pem\n");
        return 2;
    }
    reissue.order_id = argv[2];
    if (!x509_read_certificate(argv[3], &reissue.old))
        fprintf(stderr, "reissue: %s is no certificate that can be read\n", argv[3]);
    else if (!x509_read_csr(argv[4], &reissue.csr))
        fprintf(stderr, "reissue: %s is no CSR that can be read\n", argv[4]);
    else
        status = connect_and_check(&reissue, argv[1]);
    x509_free(&reissue.old);
    x509_free(&reissue.csr);
    return status;
}
