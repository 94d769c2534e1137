#include "ops/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

/* A log into a pipe, on a clock that the test moves. */
struct fixture {
    int read_fd, write_fd;
    int64_t wall_ms, mono_us;
    struct log *log;
    char got[256 * 1024];
    size_t got_len;
};

static int64_t fixture_wall_ms(void *arg)
{
    return ((struct fixture *)arg)->wall_ms;
}

static int64_t fixture_mono_us(void *arg)
{
    return ((struct fixture *)arg)->mono_us;
}

static struct fixture *fixture_create(enum log_format format, enum log_level level,
                                      unsigned repeats_per_s)
{
    int fds[2];
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    f->read_fd = fds[0];
    f->write_fd = fds[1];
    f->wall_ms = 1795435200007; /* 2026-11-23T12:00:00.007Z */
    struct log_options options = {.fd = fds[1],
                                  .level = level,
                                  .format = format,
                                  .repeats_per_s = repeats_per_s,
                                  .wall_ms = fixture_wall_ms,
                                  .mono_us = fixture_mono_us,
                                  .clock_arg = f};
    assert_int_equal(log_create(&options, &f->log), CAA_OK);
    return f;
}

static void fixture_destroy(struct fixture *f)
{
    log_destroy(f->log);
    close(f->read_fd);
    close(f->write_fd);
    free(f);
}

/* What was written since the last call. */
static const char *fixture_read(struct fixture *f)
{
    ssize_t len = read(f->read_fd, f->got, sizeof f->got - 1);
    f->got_len = len > 0 ? (size_t)len : 0;
    f->got[f->got_len] = '\0';
    return f->got;
}

static json_t *parse_line(const char *line, size_t len)
{
    json_error_t error;
    json_t *object =
        json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!object)
        fail_msg("%s in %.*s", error.text, (int)len, line);
    assert_true(json_is_object(object));
    return object;
}

/* The one line written since. */
static json_t *fixture_json(struct fixture *f)
{
    fixture_read(f);
    assert_true(f->got_len > 0 && f->got[f->got_len - 1] == '\n');
    assert_ptr_equal(memchr(f->got, '\n', f->got_len), f->got + f->got_len - 1);
    return parse_line(f->got, f->got_len);
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void a_line_of_json_has_time_level_message_and_fields(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_INFO, 0);
    log_info(f->log, "listening", log_str("url", "ipc:///run/caad/caad.sock"),
             log_uint("names", UINT64_MAX >> 1), log_int("delta", -5),
             log_bool("tls", true), log_str("nothing", NULL), log_err("err", CAA_EBUSY));
    assert_string_equal(fixture_read(f),
                        "{\"time\":\"2026-11-23T12:00:00.007Z\",\"level\":\"info\","
                        "\"msg\":\"listening\",\"url\":\"ipc:///run/caad/caad.sock\","
                        "\"names\":9223372036854775807,\"delta\":-5,\"tls\":true,"
                        "\"nothing\":null,\"err\":\"too much in flight\"}\n");
    json_decref(parse_line(f->got, f->got_len));
    fixture_destroy(f);
}

static void a_line_of_text_quotes_only_where_it_must(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, 0);
    log_warning(f->log, "no answer", log_str("server", "[::1]:53"),
                log_str("why", "it said \"no\""), log_str("empty", ""),
                log_str("nothing", NULL), log_str("pair", "a=b"));
    assert_string_equal(
        fixture_read(f),
        "2026-11-23T12:00:00.007Z warning no answer server=[::1]:53 "
        "why=\"it said \\\"no\\\"\" empty=\"\" nothing=null pair=\"a=b\"\n");
    log_error(f->log, "stop");
    assert_string_equal(fixture_read(f), "2026-11-23T12:00:00.007Z error   stop\n");
    fixture_destroy(f);
}

static const struct {
    struct bytes in;
    const char *out; /* as JSON and as text, between the quotes */
} ESCAPES[] = {
#define ROW(in, out)                                                                     \
    {                                                                                    \
        {(const uint8_t *)(in), sizeof(in) - 1}, (out)                                   \
    }
    ROW("plain and fine", "plain and fine"),
    ROW("a\"b\\c/d", "a\\\"b\\\\c/d"),
    ROW("a\nb\tc", "a\\nb\\tc"),
    ROW("\r\x1b[31mred\x7f", "\\u000d\\u001b[31mred\\u007f"),
    ROW("nul\0in it", "nul\\u0000in it"),
    /* UTF-8 stays, but for what steers or hides */
    ROW("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92",
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92"),
    ROW("\xc2\x9b"
        "1m \xc2\x85",
        "\\u009b1m \\u0085"),
    ROW("\xe2\x80\xae"
        "gnp.exe",
        "\\u202egnp.exe"),
    ROW("\xe2\x80\xa8|\xe2\x80\xa9|\xef\xbb\xbf", "\\u2028|\\u2029|\\ufeff"),
    ROW("\xf3\xa0\x81\xa1 tag", "\\udb40\\udc61 tag"),
    /* no UTF-8: stray, cut short, overlong, surrogate, beyond U+10FFFF */
    ROW("\x80 \xff", "\\ufffd \\ufffd"),
    ROW("\xc3", "\\ufffd"),
    ROW("\xe2\x82 x", "\\ufffd\\ufffd x"),
    ROW("\xc0\xaf", "\\ufffd\\ufffd"),
    ROW("\xe0\x80\xaf.", "\\ufffd\\ufffd\\ufffd."),
    ROW("\xed\xa0\x80.", "\\ufffd\\ufffd\\ufffd."),
    ROW("\xf4\x90\x80\x80.", "\\ufffd\\ufffd\\ufffd\\ufffd."),
#undef ROW
};

static void foreign_text_is_escaped_in_both_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ESCAPES / sizeof *ESCAPES; i++)
        for (int format = LOG_FORMAT_JSON; format <= LOG_FORMAT_TEXT; format++) {
            struct fixture *f =
                fixture_create((enum log_format)format, LOG_LEVEL_INFO, 0);
            char expected[256];
            log_info(f->log, "m", log_bytes("v", ESCAPES[i].in));
            fixture_read(f);
            snprintf(expected, sizeof expected,
                     format == LOG_FORMAT_JSON ? "\"v\":\"%s\"}\n" : "v=\"%s\"\n",
                     ESCAPES[i].out);
            assert_non_null(strstr(f->got, expected));
            if (format == LOG_FORMAT_JSON)
                json_decref(parse_line(f->got, f->got_len));
            fixture_destroy(f);
        }
}

/* Every octet in every place gives one line of JSON without a control. */
static void any_octets_give_one_line_of_json(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_INFO, 0);
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        uint8_t noise[40];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)((seed = seed * 1103515245U + 12345U) >> 16);
        log_info(f->log, "noise", log_bytes("v", (struct bytes){noise, sizeof noise}));
        json_t *object = fixture_json(f);
        for (size_t i = 0; i + 1 < f->got_len; i++)
            assert_true((uint8_t)f->got[i] >= 0x20 && f->got[i] != 0x7f);
        assert_non_null(text_at(object, "v"));
        json_decref(object);
    }
    fixture_destroy(f);
}

static void a_long_value_is_cut_and_still_json(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_INFO, 0);
    static char value[100000];
    memset(value, 'v', sizeof value - 1);
    log_info(f->log, "long", log_str("v", value), log_str("after", "still here"));
    json_t *object = fixture_json(f);
    size_t len = strlen(text_at(object, "v"));
    assert_true(len > 1000 && len < 1100);
    assert_string_equal(text_at(object, "v") + len - 3, "...");
    assert_string_equal(text_at(object, "after"), "still here");
    assert_null(json_object_get(object, "cut"));
    json_decref(object);
    fixture_destroy(f);
}

/* At every length near the limit: whole fields only, proper end, one write. */
static void a_line_never_passes_its_limit(void **state)
{
    (void)state;
    static char value[1001];
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_INFO, 0);
    bool was_cut = false, was_whole = false;
    memset(value, 'v', sizeof value - 1);
    for (size_t len = 700; len < 1000; len++) {
        struct bytes last = {(const uint8_t *)value, len};
        log_info(f->log, "limit", log_str("a", value), log_str("b", value),
                 log_str("c", value), log_bytes("d", last), log_uint("e", 7));
        json_t *object = fixture_json(f);
        assert_true(f->got_len <= LOG_LINE_MAX);
        bool cut = json_is_true(json_object_get(object, "cut"));
        assert_int_equal(!cut,
                         json_object_get(object, "d") && json_object_get(object, "e"));
        was_cut |= cut;
        was_whole |= !cut;
        json_decref(object);
    }
    assert_true(was_cut && was_whole);
    fixture_destroy(f);
}

static int evaluated;

static const char *evaluate(void)
{
    evaluated++;
    return "x";
}

static void below_its_level_nothing_is_written_nor_evaluated(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_WARNING, 0);
    evaluated = 0;
    log_debug(f->log, "a", log_str("v", evaluate()));
    log_info(f->log, "b", log_str("v", evaluate()));
    log_info(NULL, "c", log_str("v", evaluate()));
    log_error(NULL, "d", log_str("v", evaluate()));
    assert_string_equal(fixture_read(f), "");
    assert_int_equal(evaluated, 0);
    assert_false(log_enabled(f->log, LOG_LEVEL_INFO));
    log_warning(f->log, "e", log_str("v", evaluate()));
    log_error(f->log, "f");
    assert_non_null(strstr(fixture_read(f), "\"f\""));
    assert_int_equal(evaluated, 1);

    log_set(f->log, LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    log_debug(f->log, "g");
    assert_string_equal(fixture_read(f), "2026-11-23T12:00:00.007Z debug   g\n");
    fixture_destroy(f);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void repeats_within_a_second_are_counted_and_summed_up(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_INFO, 3);
    for (int i = 0; i < 10; i++)
        log_warning(f->log, "no answer", log_int("i", i));
    log_warning(f->log, "another");
    assert_int_equal(count_lines(fixture_read(f)), 4);
    log_tick(f->log);
    assert_string_equal(fixture_read(f), "");

    f->mono_us += 1000000;
    log_tick(f->log);
    json_t *object = fixture_json(f);
    assert_string_equal(text_at(object, "msg"), "no answer");
    assert_string_equal(text_at(object, "level"), "warning");
    assert_int_equal(json_integer_value(json_object_get(object, "repeats")), 7);
    json_decref(object);
    log_tick(f->log);
    assert_string_equal(fixture_read(f), "");
    log_tick(NULL);
    fixture_destroy(f);
}

static void the_next_message_ends_the_count_too(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, 1);
    log_info(f->log, "again");
    log_info(f->log, "again");
    fixture_read(f);
    f->mono_us += 2000000;
    log_info(f->log, "again");
    assert_string_equal(fixture_read(f),
                        "2026-11-23T12:00:00.007Z info    again repeats=1\n"
                        "2026-11-23T12:00:00.007Z info    again\n");
    log_info(f->log, "again");
    log_info(f->log, "again");
    assert_string_equal(fixture_read(f), "");
    /* What was held back is not lost at the end. */
    log_destroy(f->log);
    f->log = NULL;
    assert_string_equal(fixture_read(f),
                        "2026-11-23T12:00:00.007Z info    again repeats=2\n");
    fixture_destroy(f);
}

static void lines_that_cannot_be_written_are_counted(void **state)
{
    (void)state;
    struct fixture *f = fixture_create(LOG_FORMAT_JSON, LOG_LEVEL_INFO, 0);
    int written = 0;
    /* Nobody reads: the pipe fills and a log must not stop the daemon. */
    for (; written < 100000; written++) {
        char block[4096] = {0};
        if (write(f->write_fd, block, sizeof block) < 0)
            break;
    }
    log_info(f->log, "one");
    log_info(f->log, "two");
    while (*fixture_read(f) || f->got_len)
        ;
    log_info(f->log, "three");
    json_t *object = fixture_json(f);
    assert_string_equal(text_at(object, "msg"), "three");
    assert_int_equal(json_integer_value(json_object_get(object, "lost")), 2);
    json_decref(object);
    fixture_destroy(f);
}

enum { THREADS = 4, LINES = 300 };

static void *write_lines(void *arg)
{
    char value[2000] = "";
    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < LINES; i++) {
        log_info(arg, "from a thread", log_str("v", value), log_str("w", value));
        log_set(arg, LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    }
    return NULL;
}

/* A file in append mode, as a pipe would need a reader of its own. */
static void lines_of_many_threads_do_not_mix(void **state)
{
    (void)state;
    char path[] = "/tmp/caad-log-XXXXXX";
    int made = mkstemp(path);
    assert_true(made >= 0);
    close(made);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    struct log_options options = {.fd = fd, .repeats_per_s = 1000000};
    struct log *log;
    pthread_t threads[THREADS];
    assert_int_equal(log_create(&options, &log), CAA_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, log), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    log_destroy(log);
    close(fd);

    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[LOG_LINE_MAX + 1];
    int lines = 0;
    for (; fgets(line, sizeof line, file); lines++)
        json_decref(parse_line(line, strlen(line)));
    assert_int_equal(lines, THREADS * LINES);
    fclose(file);
    unlink(path);
}

static void names_of_levels_and_formats(void **state)
{
    (void)state;
    enum log_level level;
    enum log_format format;
    for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
        assert_true(log_level_read(log_level_name((enum log_level)i), &level));
        assert_int_equal(level, i);
    }
    assert_false(log_level_read("Info", &level));
    assert_false(log_level_read("", &level));
    assert_true(log_format_read("text", &format));
    assert_int_equal(format, LOG_FORMAT_TEXT);
    assert_false(log_format_read("yaml", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_json_has_time_level_message_and_fields),
        cmocka_unit_test(a_line_of_text_quotes_only_where_it_must),
        cmocka_unit_test(foreign_text_is_escaped_in_both_formats),
        cmocka_unit_test(any_octets_give_one_line_of_json),
        cmocka_unit_test(a_long_value_is_cut_and_still_json),
        cmocka_unit_test(a_line_never_passes_its_limit),
        cmocka_unit_test(below_its_level_nothing_is_written_nor_evaluated),
        cmocka_unit_test(repeats_within_a_second_are_counted_and_summed_up),
        cmocka_unit_test(the_next_message_ends_the_count_too),
        cmocka_unit_test(lines_that_cannot_be_written_are_counted),
        cmocka_unit_test(lines_of_many_threads_do_not_mix),
        cmocka_unit_test(names_of_levels_and_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
