/* The lines of a scan's input: what each is, and that none is lost or made up. */
#include "scan_input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Reads text a few bytes at a time, as from a slow pipe. */
struct feed {
    struct scan_input input;
    const char *text;
    size_t left;
    size_t piece;
    int pipe[2];
};

static void feed_init(struct feed *feed, const char *text, size_t len, size_t piece)
{
    assert_int_equal(pipe(feed->pipe), 0);
    feed->text = text;
    feed->left = len;
    feed->piece = piece;
    scan_input_init(&feed->input, feed->pipe[0]);
}

static void feed_more(struct feed *feed)
{
    size_t len = feed->left < feed->piece ? feed->left : feed->piece;
    if (feed->left > 0) {
        assert_int_equal(write(feed->pipe[1], feed->text, len), (ssize_t)len);
        feed->text += len;
        feed->left -= len;
    } else if (feed->pipe[1] >= 0) {
        close(feed->pipe[1]);
        feed->pipe[1] = -1;
    }
    assert_true(scan_input_fill(&feed->input));
}

static bool feed_next(struct feed *feed, struct scan_line *line)
{
    while (true) {
        switch (scan_input_next(&feed->input, line)) {
        case SCAN_NEXT_LINE:
            return true;
        case SCAN_NEXT_END:
            close(feed->pipe[0]);
            return false;
        case SCAN_NEXT_FILL:
            feed_more(feed);
            break;
        }
    }
}

struct expected {
    enum scan_kind kind;
    const char *text;
};

static void expect(const char *text, size_t len, const struct expected *expected,
                   size_t expected_len)
{
    static const size_t pieces[] = {1, 3, 1000, 60000};
    struct feed *feed = malloc(sizeof(*feed));
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        struct scan_line line;
        feed_init(feed, text, len, pieces[p]);
        for (size_t i = 0; i < expected_len; i++) {
            assert_true(feed_next(feed, &line));
            assert_int_equal(line.number, i + 1);
            assert_int_equal(line.kind, expected[i].kind);
            if (expected[i].text == NULL)
                continue;
            assert_int_equal(line.len, strlen(expected[i].text));
            assert_memory_equal(line.text, expected[i].text, line.len);
        }
        assert_false(feed_next(feed, &line));
        assert_int_equal(feed->input.number, expected_len);
        assert_int_equal(feed->input.bytes, len);
    }
    free(feed);
}

#define EXPECT(text, ...)                                                                \
    do {                                                                                 \
        const struct expected list[] = {__VA_ARGS__};                                    \
        expect(text, sizeof(text) - 1, list, sizeof(list) / sizeof(list[0]));            \
    } while (0)

static void every_line_has_a_kind(void **state)
{
    (void)state;
    EXPECT("a.test\n\n  # note\n\t b.test \r\n   \r\n#", {SCAN_NAME, "a.test"},
           {SCAN_BLANK, ""}, {SCAN_COMMENT, "# note"}, {SCAN_NAME, "b.test"},
           {SCAN_BLANK, ""}, {SCAN_COMMENT, "#"});
}

static void the_last_line_needs_no_newline(void **state)
{
    (void)state;
    EXPECT("a.test\nb.test", {SCAN_NAME, "a.test"}, {SCAN_NAME, "b.test"});
    EXPECT("a.test\r", {SCAN_NAME, "a.test"});
    EXPECT("\n", {SCAN_BLANK, ""});
}

static void an_empty_file_has_no_line(void **state)
{
    (void)state;
    expect("", 0, NULL, 0);
}

static void a_byte_order_mark_is_no_part_of_the_first_name(void **state)
{
    (void)state;
    EXPECT("\xEF\xBB\xBF"
           "a.test\n\xEF\xBB\xBF"
           "b.test\n",
           {SCAN_NAME, "a.test"},
           {SCAN_NAME, "\xEF\xBB\xBF"
                       "b.test"});
}

static void nul_bytes_and_bad_utf8_are_no_names(void **state)
{
    (void)state;
    EXPECT("a\0b.test\n\xff\xfe.test\nb\xC3\xBC"
           "cher.test\n\xED\xA0\x80\n\xC0\xAF\n\xF4\x90\x80\x80\n\xE2\x82\n",
           {SCAN_NUL, NULL}, {SCAN_NOT_UTF8, "\xff\xfe.test"},
           {SCAN_NAME, "b\xC3\xBC"
                       "cher.test"},
           {SCAN_NOT_UTF8, NULL}, {SCAN_NOT_UTF8, NULL}, {SCAN_NOT_UTF8, NULL},
           {SCAN_NOT_UTF8, NULL});
}

/* A line of so many x, then a good one. */
static void expect_long(size_t len, const char *end, enum scan_kind kind)
{
    static const char after[] = "a.test";
    char *text = malloc(len + 32);
    memset(text, 'x', len);
    size_t total = len + (size_t)sprintf(text + len, "%s%s", end, after);
    struct expected expected[] = {{kind, NULL}, {SCAN_NAME, after}};
    expect(text, total, expected, 2);
    free(text);
}

static void a_line_over_4096_bytes_is_one_line(void **state)
{
    (void)state;
    expect_long(SCAN_LINE_MAX, "\n", SCAN_NAME);
    expect_long(SCAN_LINE_MAX, "\r\n", SCAN_NAME);
    expect_long(SCAN_LINE_MAX + 1, "\n", SCAN_TOO_LONG);
    expect_long(SCAN_LINE_MAX + 1, "\r\n", SCAN_TOO_LONG);
    expect_long(200000, "\n", SCAN_TOO_LONG);
}

static void a_file_that_is_one_long_line_has_one_line(void **state)
{
    (void)state;
    char *text = malloc(300000);
    memset(text, 'y', 300000);
    struct expected expected = {SCAN_TOO_LONG, NULL};
    expect(text, 300000, &expected, 1);
    expected.text = "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
    expect(text, SCAN_LINE_MAX + 1, &expected, 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_has_a_kind),
        cmocka_unit_test(the_last_line_needs_no_newline),
        cmocka_unit_test(an_empty_file_has_no_line),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_name),
        cmocka_unit_test(nul_bytes_and_bad_utf8_are_no_names),
        cmocka_unit_test(a_line_over_4096_bytes_is_one_line),
        cmocka_unit_test(a_file_that_is_one_long_line_has_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
