#include "service/request.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "check/issue_value.h"

static bool refuse_long(struct rpc_call *call, const char *field, const char *value)
{
    if (strlen(value) <= REQUEST_ID_MAX)
        return false;
    rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), field, 0,
                  "%s has %zu octets; at most %d are accepted", field, strlen(value),
                  REQUEST_ID_MAX);
    return true;
}

static bool refuse_account_uris(struct rpc_call *call, char *const *uris, size_t count)
{
    if (count > ACCOUNT_URIS_MAX) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "account_uris", 0,
                      "account_uris has %zu entries; at most %d are accepted", count,
                      ACCOUNT_URIS_MAX);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(uris[i]);
        const char *colon = strchr(uris[i], ':');
        if (len <= ACCOUNT_URI_MAX && colon && colon != uris[i])
            continue;
        char field[32];
        snprintf(field, sizeof field, "account_uris[%zu]", i);
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), field, 0,
                      "%s is no URI with a scheme of at most %d octets, such as "
                      "https://ca.example/acct/1 (RFC 8657 section 3)",
                      field, ACCOUNT_URI_MAX);
        return true;
    }
    return false;
}

bool request_read_policy(struct rpc_call *call, const struct caad_config *config,
                         const char *product, char *const *account_uris,
                         size_t account_uri_count, const char *validation_method,
                         struct caa_policy *out)
{
    const struct caad_product *found = caad_config_product(config, product);
    if (!found) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "product", 0,
                      "no product \"%.100s\" is configured; the first is \"%s\", and "
                      "GetServerInfo lists them all",
                      product, config->products[0].name);
        return false;
    }
    if (refuse_account_uris(call, account_uris, account_uri_count))
        return false;
    if (*validation_method &&
        !caa_validationmethod_is_label(bytes_of(validation_method))) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "validation_method", 0,
                      "validation_method is no label of letters, digits and hyphens, "
                      "such as dns-01 or ca-tbr-7 (RFC 8657 section 4)");
        return false;
    }
    const struct caad_names *issuers = caad_config_issuers(config, found);
    *out = (struct caa_policy){
        .issuer_domain_names = issuers->names,
        .issuer_domain_name_count = issuers->count,
        .certificate = found->certificate,
        .exempt = found->exempt,
        .account_uris = (const char *const *)account_uris,
        .account_uri_count = account_uri_count,
        .validation_method = validation_method,
    };
    return true;
}

/* Distinct by octets; a table of indexes finds the doubles of a long list. */
static size_t distinct(const char **names, size_t count, uint32_t *table, size_t mask)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = XXH3_64bits(names[i], strlen(names[i])) & mask;
        while (table[at] && strcmp(names[table[at] - 1], names[i]) != 0)
            at = (at + 1) & mask;
        if (table[at])
            continue;
        names[kept] = names[i];
        table[at] = (uint32_t)++kept;
    }
    return kept;
}

static bool read_names(struct rpc_call *call, const Caa__V1__CheckDomainsRequest *request,
                       const char *const **out, size_t *out_count)
{
    size_t count = 0, table_size = 16;
    const char **names = arena_array(call->arena, request->n_names + 1, sizeof *names);
    while (table_size < 2 * (request->n_names + 1))
        table_size *= 2;
    uint32_t *table = arena_array(call->arena, table_size, sizeof *table);
    if (!names || !table) {
        rpc_call_reply(NULL, call);
        return false;
    }
    if (*request->common_name)
        names[count++] = request->common_name;
    for (size_t i = 0; i < request->n_names; i++)
        names[count++] = request->names[i];
    *out = names;
    *out_count = distinct(names, count, table, table_size - 1);
    return true;
}

bool request_read(struct rpc_call *call, const struct caad_config *config,
                  const Caa__V1__CheckDomainsRequest *request, const char *const **names,
                  size_t *name_count)
{
    size_t asked = request->n_names + (*request->common_name ? 1 : 0);
    if (refuse_long(call, "request_id", request->request_id) ||
        refuse_long(call, "order_id", request->order_id))
        return false;
    if (!protobuf_c_enum_descriptor_get_value(
            &caa__v1__check_domains_request__event__descriptor, (int)request->event)) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "event", 0,
                      "event %d is none of ORDER, REISSUE, RENEWAL, ADD_SAN",
                      (int)request->event);
        return false;
    }
    if (asked == 0) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "names", 0,
                      "names and common_name are both empty; give at least one name");
        return false;
    }
    if (asked > config->limits.max_names) {
        rpc_call_fail(call, RPC_CODE(INVALID_ARGUMENT), "names", 0,
                      "%zu names are asked for; one request may ask for %u, so split it",
                      asked, config->limits.max_names);
        return false;
    }
    return read_names(call, request, names, name_count);
}

int64_t request_lookup_deadline_us(const struct rpc_call *call)
{
    enum { MARGIN_MAX_US = 50000 };
    int64_t margin_us = (call->deadline_us - call->received_us) / 10;
    return call->deadline_us - (margin_us < MARGIN_MAX_US ? margin_us : MARGIN_MAX_US);
}
