#include "check/fixture.h"

#include <stdlib.h>
#include <string.h>

/* Takes one octet off *text: itself, or \DDD. */
static uint8_t take_octet(const char **text)
{
    const char *at = *text;
    if (at[0] == '\\' && at[1] >= '0' && at[1] <= '2') {
        *text += 4;
        return (uint8_t)((at[1] - '0') * 100 + (at[2] - '0') * 10 + at[3] - '0');
    }
    (*text)++;
    return (uint8_t)*at;
}

struct caa_property fixture_property(struct arena *arena, const char *record)
{
    struct caa_property property;
    uint8_t *rdata = arena_alloc(arena, strlen(record) + 2);
    assert_non_null(rdata);
    char *rest;
    rdata[0] = (uint8_t)strtoul(record, &rest, 10);
    size_t len = 2;
    const char *text = rest + 1;
    while (*text && *text != ' ')
        rdata[len++] = take_octet(&text);
    rdata[1] = (uint8_t)(len - 2);
    text += *text == ' ';
    while (*text)
        rdata[len++] = take_octet(&text);
    assert_true(caa_property_read((struct bytes){rdata, len}, 300, &property));
    return property;
}

struct caa_property *fixture_properties(struct arena *arena, const char *const *records,
                                        size_t *count)
{
    size_t n = 0;
    while (records[n])
        n++;
    struct caa_property *properties = arena_array(arena, n, sizeof *properties);
    assert_non_null(properties);
    for (size_t i = 0; i < n; i++)
        properties[i] = fixture_property(arena, records[i]);
    *count = n;
    return properties;
}

struct caa_answer fixture_answer(const char *name, enum caa_outcome outcome)
{
    return (struct caa_answer){
        .name = name,
        .outcome = outcome,
        .dnssec = CAA_DNSSEC_INSECURE,
        .ttl_s = 300,
        .retrieved_at_ms = 1000000,
    };
}

struct caa_answer fixture_rrset(struct arena *arena, const char *name,
                                const char *const *records)
{
    struct caa_answer answer = fixture_answer(name, CAA_OUTCOME_RRSET);
    answer.properties = fixture_properties(arena, records, &answer.property_count);
    return answer;
}

struct caa_policy fixture_policy(void)
{
    static const char *const issuers[] = {"globalsign.com"};
    return (struct caa_policy){
        .issuer_domain_names = issuers,
        .issuer_domain_name_count = 1,
        .certificate = CAA_CERTIFICATE_TLS,
        .validation_method = "",
    };
}

struct caa_name fixture_name(struct arena *arena, const char *asked)
{
    struct caa_name name;
    assert_int_equal(caa_name_read(arena, asked, CAA_CERTIFICATE_TLS, &name), CAA_OK);
    return name;
}

void fixture_climb_init(struct fixture_climb *climb, const char *asked)
{
    memset(climb, 0, sizeof *climb);
    climb->arena = arena_create(FIXTURE_BUDGET);
    assert_non_null(climb->arena);
    climb->policy = fixture_policy();
    climb->name = fixture_name(climb->arena, asked);
    if (climb->name.kind != CAA_NAME_DOMAIN)
        return;
    climb->count = caa_climb_plan(climb->name.fqdn, climb->levels);
    for (size_t i = 0; i < climb->count; i++) {
        climb->answers[i] =
            fixture_answer(climb->levels[i].fqdn.text, CAA_OUTCOME_NODATA);
        climb->levels[i].answer = &climb->answers[i];
    }
}

void fixture_climb_fini(struct fixture_climb *climb)
{
    arena_destroy(climb->arena);
}

void fixture_climb_records(struct fixture_climb *climb, size_t level,
                           const char *const *records)
{
    climb->answers[level] =
        fixture_rrset(climb->arena, climb->levels[level].fqdn.text, records);
}

void fixture_climb_fail(struct fixture_climb *climb, size_t level,
                        enum caa_outcome outcome)
{
    climb->answers[level] = fixture_answer(climb->levels[level].fqdn.text, outcome);
}

struct caa_result fixture_climb_decide(const struct fixture_climb *climb)
{
    struct caa_result result;
    bool pending = true;
    assert_int_equal(caa_result_decide(climb->arena, &climb->name, &climb->policy,
                                       climb->levels, climb->count, &pending, &result),
                     CAA_OK);
    assert_false(pending);
    return result;
}

int fixture_run(const char *group, void *rows, size_t count, size_t size,
                CMUnitTestFunction f, const struct CMUnitTest *extra, size_t extra_count)
{
    struct CMUnitTest *tests = calloc(count + extra_count, sizeof *tests);
    if (!tests)
        return 1;
    for (size_t i = 0; i < count; i++) {
        void *row = (char *)rows + i * size;
        memcpy(&tests[i].name, row, sizeof tests[i].name);
        tests[i].test_func = f;
        tests[i].initial_state = row;
    }
    if (extra_count)
        memcpy(tests + count, extra, extra_count * sizeof *extra);
    int failed = _cmocka_run_group_tests(group, tests, count + extra_count, NULL, NULL);
    free(tests);
    return failed;
}
