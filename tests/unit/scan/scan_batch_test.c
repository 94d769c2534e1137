/* A batch gives each of its lines exactly one line of output, however its names
 * are asked for. */
#include "scan_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct scan_batch *batch, uint64_t number, enum scan_kind kind,
                const char *text)
{
    struct scan_line line = {
        .number = number, .kind = kind, .text = text, .len = strlen(text)};
    scan_batch_add(batch, &line);
}

/* A daemon that denies what begins with d: one result for each distinct name. */
static void answer(struct scan_batch *batch, const char *const *names, size_t len)
{
    struct caa_check_result results[16];
    struct caa_check_response response = {.request_id = "r", .results = results};
    for (size_t i = 0; i < len; i++) {
        bool known = false;
        for (size_t k = 0; k < response.results_len; k++)
            known = known || strcmp(results[k].name, names[i]) == 0;
        if (known)
            continue;
        results[response.results_len++] = (struct caa_check_result){
            .name = names[i],
            .verdict =
                *names[i] == 'd' ? CAA_CHECK_VERDICT_DENIED : CAA_CHECK_VERDICT_PERMITTED,
            .message = names[i],
            .remedy = "",
            .found_at = ""};
    }
    scan_batch_answer(batch, &response);
}

/* "1:PERMITTED 2:SKIPPED", and each name's message is the name. */
static void assert_output(struct scan_batch *batch, const char *expected)
{
    char got[512] = "";
    scan_text_add(&batch->out, "", 1);
    for (const char *line = batch->out.data; *line != '\0';
         line = strchr(line, '\n') + 1) {
        unsigned long long number;
        char verdict[32];
        assert_int_equal(sscanf(line, "{\"line\":%llu,", &number), 1);
        assert_int_equal(
            sscanf(strstr(line, "\"verdict\":"), "\"verdict\":\"%31[A-Z_]", verdict), 1);
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%llu:%s",
                 *got != '\0' ? " " : "", number, verdict);
    }
    assert_string_equal(got, expected);
    batch->out.len--;
}

static void each_line_has_its_line_in_order(void **state)
{
    (void)state;
    struct scan_batch batch;
    const char *const *names;
    scan_batch_init(&batch, 10);
    add(&batch, 5, SCAN_BLANK, "");
    add(&batch, 6, SCAN_NAME, "a.test");
    add(&batch, 7, SCAN_COMMENT, "# c");
    add(&batch, 8, SCAN_NAME, "d.test");
    add(&batch, 9, SCAN_NUL, "x");
    assert_int_equal(scan_batch_first(&batch), 5);
    assert_int_equal(scan_batch_ask(&batch, &names), 2);
    assert_int_equal(scan_batch_asked_line(&batch), 6);
    assert_string_equal(names[0], "a.test");
    assert_string_equal(names[1], "d.test");
    answer(&batch, names, 2);
    assert_int_equal(scan_batch_ask(&batch, &names), 0);
    assert_output(&batch, "5:SKIPPED 6:PERMITTED 7:SKIPPED 8:DENIED 9:INVALID_NAME");
    assert_int_equal(batch.counts[SCAN_SKIPPED], 2);
    assert_int_equal(batch.counts[SCAN_DENIED], 1);
    scan_batch_fini(&batch);
}

static void a_name_asked_for_twice_has_two_lines(void **state)
{
    (void)state;
    static const char *const list[] = {"a.test", "d.test", "a.test", "d.test",
                                       "b.test", "a.test", "b.test"};
    struct scan_batch batch;
    const char *const *names;
    scan_batch_init(&batch, 10);
    for (size_t i = 0; i < 7; i++)
        add(&batch, i + 1, SCAN_NAME, list[i]);
    size_t len = scan_batch_ask(&batch, &names);
    assert_int_equal(len, 7);
    answer(&batch, names, len);
    assert_output(&batch, "1:PERMITTED 2:DENIED 3:PERMITTED 4:DENIED 5:PERMITTED "
                          "6:PERMITTED 7:PERMITTED");
    scan_batch_fini(&batch);
}

static void a_refused_request_is_halved_until_one_name_is_left(void **state)
{
    (void)state;
    struct caa_client_error error = {.code = CAA_CLIENT_INVALID_ARGUMENT,
                                     .message = "no"};
    struct scan_batch batch;
    const char *const *names;
    size_t len;
    unsigned requests = 0;
    scan_batch_init(&batch, 5);
    add(&batch, 1, SCAN_NAME, "a.test");
    add(&batch, 2, SCAN_NAME, "b.test");
    add(&batch, 3, SCAN_NAME, "poison.test");
    add(&batch, 4, SCAN_BLANK, "");
    add(&batch, 5, SCAN_NAME, "d.test");
    while ((len = scan_batch_ask(&batch, &names)) > 0) {
        bool refused = false;
        for (size_t i = 0; i < len; i++)
            refused = refused || strcmp(names[i], "poison.test") == 0;
        if (!refused)
            answer(&batch, names, len);
        else if (!scan_batch_split(&batch))
            scan_batch_give_up(&batch, &error);
        assert_true(++requests < 20);
    }
    assert_output(&batch, "1:PERMITTED 2:PERMITTED 3:LOOKUP_FAILED 4:SKIPPED 5:DENIED");
    assert_non_null(strstr(batch.out.data, "\"reason\":\"INVALID_ARGUMENT\""));
    scan_batch_fini(&batch);
}

static void a_batch_without_names_asks_nobody(void **state)
{
    (void)state;
    struct scan_batch batch;
    const char *const *names;
    scan_batch_init(&batch, 1);
    add(&batch, 1, SCAN_BLANK, "");
    assert_false(scan_batch_is_full(&batch));
    add(&batch, 2, SCAN_COMMENT, "#");
    assert_true(scan_batch_is_full(&batch));
    assert_int_equal(scan_batch_ask(&batch, &names), 0);
    assert_output(&batch, "1:SKIPPED 2:SKIPPED");
    scan_batch_fini(&batch);
}

static void long_names_fill_a_batch_sooner(void **state)
{
    (void)state;
    char text[4000];
    struct scan_batch batch;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    scan_batch_init(&batch, 1000);
    while (!scan_batch_is_full(&batch))
        add(&batch, 1, SCAN_NAME, text);
    assert_true(batch.text.len < SCAN_BATCH_BYTES);
    scan_batch_fini(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_has_its_line_in_order),
        cmocka_unit_test(a_name_asked_for_twice_has_two_lines),
        cmocka_unit_test(a_refused_request_is_halved_until_one_name_is_left),
        cmocka_unit_test(a_batch_without_names_asks_nobody),
        cmocka_unit_test(long_names_fill_a_batch_sooner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
