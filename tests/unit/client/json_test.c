/* proto3 JSON, with descriptors generated and built at run time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <caa/v1/caa.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/base64.h"
#include "json/proto_json.h"
#include "json/schema.h"
#include "json/suggest.h"

#define REQUEST (&caa__v1__check_domains_request__descriptor)

static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

static ProtobufCMessage *decode(const ProtobufCMessageDescriptor *descriptor,
                                const char *text, struct proto_json_error *error)
{
    *error = (struct proto_json_error){.path = ""};
    return proto_json_decode_text(descriptor, text, strlen(text), error);
}

/* ---------------------------------------------------------------------- output */

static void every_default_is_shown_under_its_proto_name(void **state)
{
    (void)state;
    Caa__V1__CheckDomainsRequest request = CAA__V1__CHECK_DOMAINS_REQUEST__INIT;
    char *text = proto_json_text(&request.base, 0);
    assert_string_equal(text, "{\"request_id\":\"\",\"order_id\":\"\","
                              "\"event\":\"EVENT_UNSPECIFIED\",\"product\":\"\","
                              "\"common_name\":\"\",\"names\":[],\"account_uris\":[],"
                              "\"validation_method\":\"\",\"fresh\":false}");
    free(text);
}

static void wide_integers_are_strings_and_bytes_base64(void **state)
{
    (void)state;
    Caa__V1__CheckRecord record = CAA__V1__CHECK_RECORD__INIT;
    uint8_t hash[] = {0xfb, 0xff, 0x00, 0x01};
    record.sequence = UINT64_MAX;
    record.hash.data = hash;
    record.hash.len = sizeof(hash);
    char *text = proto_json_text(&record.base, 0);
    assert_non_null(strstr(text, "\"sequence\":\"18446744073709551615\""));
    assert_non_null(strstr(text, "\"hash\":\"+/8AAQ==\""));
    assert_non_null(strstr(text, "\"request\":null"));
    free(text);
}

static void what_harms_a_terminal_is_escaped(void **state)
{
    (void)state;
    Caa__V1__HealthCheckRequest request = CAA__V1__HEALTH_CHECK_REQUEST__INIT;
    request.part = lend("\033[2J\x7f\xc2\x9b"
                        "1m\xe2\x80\xae"
                        "b\xc3\xbc\xff\xed\xa0\x80");
    char *text = proto_json_text(&request.base, 0);
    assert_string_equal(text, "{\"part\":\"\\u001B[2J\\u007f\\u009b1m\\u202eb\xc3\xbc"
                              "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}");
    free(text);
}

static void unknown_enum_numbers_stay_numbers(void **state)
{
    (void)state;
    Caa__V1__HealthCheckResponse response = CAA__V1__HEALTH_CHECK_RESPONSE__INIT;
    response.status = (Caa__V1__HealthCheckResponse__Status)99;
    char *text = proto_json_text(&response.base, 0);
    assert_string_equal(text, "{\"status\":99,\"parts\":[]}");
    free(text);
}

/* ----------------------------------------------------------------------- input */

static void a_request_is_read(void **state)
{
    (void)state;
    struct proto_json_error error;
    Caa__V1__CheckDomainsRequest *request = (Caa__V1__CheckDomainsRequest *)decode(
        REQUEST,
        "{\"requestId\": \"r\", \"event\": \"reissue\", \"names\": [\"a\", "
        "\"b\xc3\xbc\"],"
        " \"fresh\": true, \"order_id\": null}",
        &error);
    assert_non_null(request);
    assert_string_equal(request->request_id, "r");
    assert_int_equal(request->event, CAA__V1__CHECK_DOMAINS_REQUEST__EVENT__REISSUE);
    assert_int_equal(request->n_names, 2);
    assert_string_equal(request->names[1], "b\xc3\xbc");
    assert_true(request->fresh);
    caa__v1__check_domains_request__free_unpacked(request, NULL);
}

static void wrong_json_is_refused_at_its_path(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const char *text;
        const char *path;
        const char *message;
    } rows[] = {
        {REQUEST, "", "", "line 1"},
        {REQUEST, "{", "", "line 1"},
        {REQUEST, "{} x", "", "end of file expected"},
        {REQUEST, "{\"fresh\":true,\"fresh\":true}", "", "duplicate"},
        {REQUEST, "{\"product\":\"a\\u0000b\"}", "", "\\u0000"},
        {REQUEST, "[]", "$", "expected an object, found an array"},
        {REQUEST, "3", "$", "expected an object, found a number"},
        {REQUEST, "{\"names\":[\"a\",\"b\",\"c\",4]}", "$.names[3]",
         "expected a string, found a number"},
        {REQUEST, "{\"names\":\"a\"}", "$.names", "expected an array, found a string"},
        {REQUEST, "{\"names\":[null]}", "$.names[0]", "may not hold null"},
        {REQUEST, "{\"product\":{}}", "$.product", "expected a string, found an object"},
        {REQUEST, "{\"fresh\":\"yes\"}", "$.fresh", "expected true or false"},
        {REQUEST, "{\"event\":\"RENEWALS\"}", "$.event", "did you mean \"RENEWAL\"?"},
        {REQUEST, "{\"event\":[]}", "$.event", "the name or number of a value"},
        {REQUEST, "{\"nmaes\":[]}", "$.nmaes", "did you mean \"names\"?"},
        {REQUEST, "{\"request_id\":\"a\",\"requestId\":\"b\"}", "$.requestId",
         "given twice"},
        {&caa__v1__list_checks_request__descriptor, "{\"page_size\":-1}", "$.page_size",
         "not between 0 and 4294967295"},
        {&caa__v1__list_checks_request__descriptor, "{\"page_size\":1.5}", "$.page_size",
         "expected an integer"},
        {&caa__v1__list_checks_request__descriptor, "{\"page_size\":4294967296}",
         "$.page_size", "not between"},
        {&caa__v1__list_checks_request__descriptor,
         "{\"since_ms\":\"9223372036854775808\"}", "$.since_ms", "out of range"},
        {&caa__v1__list_checks_request__descriptor, "{\"since_ms\":\"12x\"}",
         "$.since_ms", "expected an integer"},
        {&caa__v1__check_record__descriptor, "{\"sequence\":\"18446744073709551616\"}",
         "$.sequence", "not between"},
        {&caa__v1__check_record__descriptor, "{\"hash\":\"*\"}", "$.hash", "not base64"},
        {&caa__v1__check_record__descriptor, "{\"request\":{\"names\":[\"a\",{}]}}",
         "$.request.names[1]", "expected a string, found an object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct proto_json_error error;
        assert_null(decode(rows[i].type, rows[i].text, &error));
        if (strcmp(error.path, rows[i].path) != 0 ||
            strstr(error.message, rows[i].message) == NULL)
            fail_msg("%s: \"%s\": \"%s\"", rows[i].text, error.path, error.message);
    }
}

static void integers_are_read_in_every_form(void **state)
{
    (void)state;
    struct proto_json_error error;
    Caa__V1__ListChecksRequest *request = (Caa__V1__ListChecksRequest *)decode(
        &caa__v1__list_checks_request__descriptor,
        "{\"since_ms\":\"-9223372036854775808\",\"until_ms\":1e3,\"page_size\":\"7\"}",
        &error);
    assert_non_null(request);
    assert_true(request->since_ms == INT64_MIN);
    assert_true(request->until_ms == 1000);
    assert_int_equal(request->page_size, 7);
    caa__v1__list_checks_request__free_unpacked(request, NULL);
}

static void base64_goes_both_ways(void **state)
{
    static const struct {
        const char *text;
        const char *bytes;
        size_t len;
    } rows[] = {{"", "", 0},        {"Zg==", "f", 1},        {"Zm8=", "fo", 2},
                {"Zm9v", "foo", 3}, {"Zm9vYg==", "foob", 4}, {"+/8=", "\xfb\xff", 2}};
    static const char *const bad[] = {
        "Z", "Zg=", "Zg===", "Z===", "Zm9v=", "Zm 9", "====", "="};
    uint8_t *data;
    size_t len;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = base64_encode((const uint8_t *)rows[i].bytes, rows[i].len);
        assert_string_equal(text, rows[i].text);
        assert_true(base64_decode(text, strlen(text), &data, &len));
        assert_int_equal(len, rows[i].len);
        assert_memory_equal(data, rows[i].bytes, len);
        free(data);
        free(text);
    }
    assert_true(base64_decode("-_8", 3, &data, &len));
    assert_memory_equal(data, "\xfb\xff", 2);
    free(data);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(base64_decode(bad[i], strlen(bad[i]), &data, &len));
}

/* ---------------------------------------------------------------------- schema */

static uint8_t *read_schema(size_t *len)
{
    uint8_t *data = malloc(1u << 18);
    FILE *file = fopen(TEST_DESCRIPTOR_SET, "rb");
    assert_non_null(data);
    assert_non_null(file);
    *len = fread(data, 1, 1u << 18, file);
    fclose(file);
    return data;
}

static struct schema *load(void)
{
    size_t len = 0;
    struct schema_error error;
    uint8_t *data = read_schema(&len);
    struct schema *schema = schema_parse(data, len, &error);
    free(data);
    if (schema == NULL)
        fail_msg("%s", error.message);
    return schema;
}

static void compare_message(const ProtobufCMessageDescriptor *built,
                            const ProtobufCMessageDescriptor *generated)
{
    assert_string_equal(built->name, generated->name);
    assert_int_equal(built->n_fields, generated->n_fields);
    for (unsigned i = 0; i < built->n_fields; i++) {
        const ProtobufCFieldDescriptor *a = &built->fields[i];
        const ProtobufCFieldDescriptor *b = &generated->fields[i];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->id, b->id);
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->label, b->label);
        assert_int_equal(a->flags, b->flags);
        assert_ptr_equal(protobuf_c_message_descriptor_get_field(built, a->id), a);
        assert_ptr_equal(protobuf_c_message_descriptor_get_field_by_name(built, a->name),
                         a);
    }
}

static void built_descriptors_equal_generated_ones(void **state)
{
    static const ProtobufCMessageDescriptor *const generated[] = {
        &caa__v1__check_domains_request__descriptor,
        &caa__v1__check_domains_response__descriptor,
        &caa__v1__result__descriptor,
        &caa__v1__lookup__attempt__descriptor,
        &caa__v1__check_record__descriptor,
        &caa__v1__get_stats_response__stat__descriptor,
        &caa__v1__drain_request__descriptor};
    (void)state;
    struct schema *schema = load();
    for (size_t i = 0; i < sizeof(generated) / sizeof(generated[0]); i++) {
        const struct schema_symbol *symbol =
            schema_find(schema, generated[i]->name, NULL);
        assert_non_null(symbol);
        compare_message(symbol->message, generated[i]);
    }
    const ProtobufCEnumDescriptor *reasons = &caa__v1__result__reason__descriptor;
    const struct schema_symbol *symbol = schema_find(schema, reasons->name, NULL);
    assert_int_equal(symbol->enumeration->n_values, reasons->n_values);
    for (int number = 0; number < 64; number++) {
        const ProtobufCEnumValue *a =
            protobuf_c_enum_descriptor_get_value(symbol->enumeration, number);
        const ProtobufCEnumValue *b =
            protobuf_c_enum_descriptor_get_value(reasons, number);
        assert_int_equal(a != NULL, b != NULL);
        if (a != NULL)
            assert_string_equal(a->name, b->name);
    }
    assert_string_equal(symbol->member_comments[1],
                        " PERMITTED: no level has CAA records (RFC 8659 section 3).\n");
    schema_free(schema);
}

/* Bytes packed by generated code, read and packed again by built descriptors. */
static void built_descriptors_carry_messages(void **state)
{
    (void)state;
    Caa__V1__CheckDomainsResponse response = CAA__V1__CHECK_DOMAINS_RESPONSE__INIT;
    Caa__V1__Result result = CAA__V1__RESULT__INIT;
    Caa__V1__Result *results[] = {&result, &result};
    Caa__V1__Lookup lookup = CAA__V1__LOOKUP__INIT;
    Caa__V1__Lookup *lookups[] = {&lookup};
    char *aliases[] = {lend("x.test"), lend("y.test")};
    lookup.aliases = aliases;
    lookup.n_aliases = 2;
    lookup.retrieved_at_ms = -5;
    result.name = lend("a.test");
    result.verdict = CAA__V1__RESULT__VERDICT__DENIED;
    result.retryable = 1;
    result.lookups = lookups;
    result.n_lookups = 1;
    response.results = results;
    response.n_results = 2;
    response.checked_at_ms = INT64_MAX;
    uint8_t packed[512];
    uint8_t again[512];
    size_t len = caa__v1__check_domains_response__pack(&response, packed);

    struct schema *schema = load();
    const struct schema_symbol *symbol =
        schema_find(schema, "CheckDomainsResponse", NULL);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(symbol->message, NULL, len, packed);
    assert_non_null(message);
    assert_int_equal(protobuf_c_message_get_packed_size(message), len);
    protobuf_c_message_pack(message, again);
    assert_memory_equal(packed, again, len);
    char *built = proto_json_text(message, 0);
    char *generated = proto_json_text(&response.base, 0);
    assert_string_equal(built, generated);

    struct proto_json_error error;
    ProtobufCMessage *parsed = decode(symbol->message, built, &error);
    assert_non_null(parsed);
    assert_int_equal(protobuf_c_message_pack(parsed, again), len);
    assert_memory_equal(packed, again, len);
    protobuf_c_message_free_unpacked(parsed, NULL);
    protobuf_c_message_free_unpacked(message, NULL);
    free(built);
    free(generated);
    schema_free(schema);
}

static void names_are_found_by_their_ends(void **state)
{
    size_t candidates;
    (void)state;
    struct schema *schema = load();
    assert_string_equal(schema_find(schema, "Result", NULL)->name, "caa.v1.Result");
    assert_string_equal(schema_find(schema, "Result.Verdict", NULL)->name,
                        "caa.v1.Result.Verdict");
    assert_null(schema_find(schema, "esult", &candidates));
    assert_int_equal(candidates, 0);
    assert_null(schema_find(schema, "Status", &candidates));
    assert_int_equal(candidates, 2);
    assert_null(schema_find(schema, "", &candidates));
    const char *full = "caa.v1.CaaService/CheckDomains";
    assert_string_equal(schema_find_method(schema, "CheckDomains", NULL)->name, full);
    assert_string_equal(schema_find_method(schema, full, NULL)->name, full);
    assert_string_equal(schema_find_method(schema, "CaaService.CheckDomains", NULL)->name,
                        full);
    assert_null(schema_find_method(schema, "Domains", NULL));
    schema_free(schema);
}

/* Every prefix of the bytes, and every byte changed: an error or a schema that
 * can be freed, never a crash. */
static void a_damaged_schema_does_no_harm(void **state)
{
    size_t len = 0;
    struct schema_error error;
    (void)state;
    uint8_t *data = read_schema(&len);
    for (size_t cut = 0; cut < len; cut += 97)
        schema_free(schema_parse(data, cut, &error));
    for (size_t at = 0; at < len; at += 61) {
        data[at] ^= 0x5a;
        schema_free(schema_parse(data, len, &error));
        data[at] ^= 0x5a;
    }
    free(data);
    static const uint8_t none[] = {0};
    struct schema *empty = schema_parse(none, 0, &error);
    assert_non_null(empty);
    assert_int_equal(schema_len(empty), 0);
    schema_free(empty);
}

/* A file of one message type, A, with one field: A a = 1. */
static void a_type_that_contains_itself_is_refused(void **state)
{
    static const uint8_t field[] = {0x0a, 1,  'a',  0x18, 1,   0x20, 1,
                                    0x28, 11, 0x32, 2,    '.', 'A'};
    static const uint8_t head[] = {0x0a, 0x00, 0x22, 0x00, 0x0a, 1, 'A', 0x12, 0x00};
    uint8_t data[64];
    struct schema_error error;
    (void)state;
    memcpy(data, head, sizeof(head));
    memcpy(data + sizeof(head), field, sizeof(field));
    size_t len = sizeof(head) + sizeof(field);
    data[1] = (uint8_t)(len - 2);
    data[3] = (uint8_t)(len - 4);
    data[8] = sizeof(field);
    assert_null(schema_parse(data, len, &error));
    assert_string_equal(error.message, "A contains itself or nests too deep");
}

static void a_near_word_is_suggested(void **state)
{
    static const struct {
        const char *word;
        const char *best;
    } rows[] = {{"chekc", "check"},  {"CHECK", "check"}, {"histroy", "history"},
                {"hist", "history"}, {"xyzzy", NULL},    {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct suggest suggest = suggest_for(rows[i].word);
        suggest_offer(&suggest, "check");
        suggest_offer(&suggest, "history");
        const char *best = suggest_best(&suggest);
        assert_int_equal(best == NULL, rows[i].best == NULL);
        if (best != NULL)
            assert_string_equal(best, rows[i].best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_shown_under_its_proto_name),
        cmocka_unit_test(wide_integers_are_strings_and_bytes_base64),
        cmocka_unit_test(what_harms_a_terminal_is_escaped),
        cmocka_unit_test(unknown_enum_numbers_stay_numbers),
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(wrong_json_is_refused_at_its_path),
        cmocka_unit_test(integers_are_read_in_every_form),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(built_descriptors_equal_generated_ones),
        cmocka_unit_test(built_descriptors_carry_messages),
        cmocka_unit_test(names_are_found_by_their_ends),
        cmocka_unit_test(a_damaged_schema_does_no_harm),
        cmocka_unit_test(a_type_that_contains_itself_is_refused),
        cmocka_unit_test(a_near_word_is_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
