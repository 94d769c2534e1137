/* A line of output: JSON for anybody, safe on a terminal, read again by a
 * resumed scan. */
#include "scan_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_quoted(const char *bytes, size_t len, const char *expected)
{
    struct scan_text text = {0};
    scan_text_quote(&text, bytes, len);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
    scan_text_free(&text);
}

#define ASSERT_QUOTED(bytes, expected) assert_quoted(bytes, sizeof(bytes) - 1, expected)

static void json_strings_are_escaped(void **state)
{
    (void)state;
    ASSERT_QUOTED("", "\"\"");
    ASSERT_QUOTED("a.test", "\"a.test\"");
    ASSERT_QUOTED("\"\\\n\x1b\x7f", "\"\\\"\\\\\\u000a\\u001b\\u007f\"");
    ASSERT_QUOTED("b\xC3\xBC"
                  "cher \xF0\x9F\x98\x80",
                  "\"b\xC3\xBC"
                  "cher \xF0\x9F\x98\x80\"");
}

static void what_turns_text_around_is_escaped(void **state)
{
    (void)state;
    ASSERT_QUOTED("a\xE2\x80\xAE"
                  "b\xC2\x85\xD8\x9C",
                  "\"a\\u202eb\\u0085\\u061c\"");
}

static void what_is_no_utf8_becomes_the_replacement_character(void **state)
{
    (void)state;
    ASSERT_QUOTED("a\xff\0b\xE2\x82", "\"a\\ufffd\\ufffdb\\ufffd\\ufffd\"");
}

static struct scan_record sample(void)
{
    return (struct scan_record){.line = 42,
                                .name = "a\"b\\.test",
                                .name_len = 9,
                                .verdict = "DENIED",
                                .reason = "ISSUANCE_FORBIDDEN",
                                .message = "m",
                                .remedy = "r",
                                .found_at = "test",
                                .dnssec = "SECURE",
                                .retrieved_at_ms = 1,
                                .valid_until_ms = 2,
                                .request_id = "id"};
}

static void a_record_is_one_line_with_the_fields_in_order(void **state)
{
    (void)state;
    struct scan_text text = {0};
    struct scan_record record = sample();
    scan_record_write(&text, &record);
    scan_text_add(&text, "", 1);
    assert_string_equal(
        text.data,
        "{\"line\":42,\"name\":\"a\\\"b\\\\.test\",\"verdict\":\"DENIED\",\"reason\":"
        "\"ISSUANCE_FORBIDDEN\",\"message\":\"m\",\"remedy\":\"r\",\"found_at\":\"test\","
        "\"dnssec\":\"SECURE\",\"retrieved_at_ms\":1,\"valid_until_ms\":2,\"retryable\":"
        "false,\"request_id\":\"id\"}\n");
    scan_text_free(&text);
}

static void a_record_can_be_read_again(void **state)
{
    (void)state;
    struct scan_text text = {0};
    struct scan_text scratch = {0};
    struct scan_record record = sample();
    struct scan_seen seen;
    scan_record_write(&text, &record);
    assert_true(scan_record_read(text.data, text.len - 1, &seen));
    assert_int_equal(seen.line, 42);
    assert_int_equal(seen.outcome, SCAN_DENIED);
    struct scan_line line = {
        .number = 42, .kind = SCAN_NAME, .text = record.name, .len = record.name_len};
    assert_int_equal(seen.mark, scan_record_mark(&line, &scratch));
    line.number = 43;
    assert_int_not_equal(seen.mark, scan_record_mark(&line, &scratch));
    line.number = 42;
    line.len--;
    assert_int_not_equal(seen.mark, scan_record_mark(&line, &scratch));
    scan_text_free(&text);
    scan_text_free(&scratch);
}

static void part_of_a_record_is_no_record(void **state)
{
    (void)state;
    struct scan_text text = {0};
    struct scan_record record = sample();
    struct scan_seen seen;
    scan_record_write(&text, &record);
    for (size_t len = 0; len < text.len - 1; len++) {
        /* In memory of its own, so that reading too far is noticed. */
        struct scan_text part = {0};
        scan_text_add(&part, text.data, len);
        assert_false(scan_record_read(part.data, part.len, &seen));
        scan_text_free(&part);
    }
    scan_text_free(&text);
}

static void other_json_is_no_record(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{}",
        "",
        "{\"line\":0,\"name\":\"\",\"verdict\":\"DENIED\",\"reason\":\"\"}",
        "{\"line\":-1,\"name\":\"\",\"verdict\":\"DENIED\",\"reason\":\"\"}",
        "{\"line\":99999999999999999999,\"name\":\"\",\"verdict\":\"\",\"reason\":\"\"}",
        "{\"line\": 1, \"name\": \"a\", \"verdict\": \"DENIED\", \"reason\": \"\"}"};
    struct scan_seen seen;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_false(scan_record_read(lines[i], strlen(lines[i]), &seen));
}

static void lines_that_need_no_daemon_say_what_they_are(void **state)
{
    (void)state;
    static const struct {
        enum scan_kind kind;
        const char *part;
        enum scan_outcome outcome;
    } kinds[] = {{SCAN_BLANK, "\"SKIPPED\",\"reason\":\"BLANK_LINE\"", SCAN_SKIPPED},
                 {SCAN_COMMENT, "\"SKIPPED\",\"reason\":\"COMMENT\"", SCAN_SKIPPED},
                 {SCAN_TOO_LONG, "over 4096 bytes", SCAN_INVALID_NAME},
                 {SCAN_NUL, "NUL byte", SCAN_INVALID_NAME},
                 {SCAN_NOT_UTF8, "not UTF-8", SCAN_INVALID_NAME}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct scan_text text = {0};
        struct scan_seen seen;
        struct scan_line line = {
            .number = 7, .kind = kinds[i].kind, .text = "# x", .len = 3};
        scan_record_write_local(&text, &line);
        assert_true(scan_record_read(text.data, text.len - 1, &seen));
        assert_int_equal(seen.outcome, kinds[i].outcome);
        scan_text_add(&text, "", 1);
        assert_non_null(strstr(text.data, kinds[i].part));
        scan_text_free(&text);
    }
}

static void an_unknown_verdict_is_never_permission(void **state)
{
    (void)state;
    assert_int_equal(scan_outcome_of("PERMITTED", 9), SCAN_PERMITTED);
    assert_int_equal(scan_outcome_of("PERMITTED", 8), SCAN_UNKNOWN);
    assert_int_equal(scan_outcome_of("PERMITTED_BY_MOON", 17), SCAN_UNKNOWN);
    assert_int_equal(scan_outcome_of("", 0), SCAN_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(what_turns_text_around_is_escaped),
        cmocka_unit_test(what_is_no_utf8_becomes_the_replacement_character),
        cmocka_unit_test(a_record_is_one_line_with_the_fields_in_order),
        cmocka_unit_test(a_record_can_be_read_again),
        cmocka_unit_test(part_of_a_record_is_no_record),
        cmocka_unit_test(other_json_is_no_record),
        cmocka_unit_test(lines_that_need_no_daemon_say_what_they_are),
        cmocka_unit_test(an_unknown_verdict_is_never_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
