/* What an interrupted scan leaves can be taken up: nothing lost, nothing twice. */
#include "scan_output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/scan-output-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static struct scan_line name_line(uint64_t number)
{
    static char name[32];
    int len = snprintf(name, sizeof(name), "n%llu.test", (unsigned long long)number);
    return (struct scan_line){
        .number = number, .kind = SCAN_COMMENT, .text = name, .len = (size_t)len};
}

static void put(const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void put_line(uint64_t number)
{
    struct scan_text text = {0};
    struct scan_line line = name_line(number);
    scan_record_write_local(&text, &line);
    put(text.data, text.len);
    scan_text_free(&text);
}

static off_t file_size(void)
{
    struct stat stat_buffer;
    assert_int_equal(stat(path, &stat_buffer), 0);
    return stat_buffer.st_size;
}

static enum scan_done_state look(struct scan_done *done, uint64_t number)
{
    struct scan_text scratch = {0};
    struct scan_line line = name_line(number);
    uint32_t mark = scan_record_mark(&line, &scratch);
    scan_text_free(&scratch);
    return scan_done_look(done, number, mark);
}

static bool resume(struct scan_output *output, struct scan_done *done)
{
    uint64_t counts[SCAN_OUTCOMES] = {0};
    scan_done_init(done);
    if (scan_output_resume(output, path, done, counts))
        return true;
    scan_done_fini(done);
    return false;
}

static void finished_lines_are_known_in_any_order(void **state)
{
    (void)state;
    struct scan_output output;
    struct scan_done done;
    static const uint64_t lines[] = {3, 1, 2, 6, 9};
    for (size_t i = 0; i < 5; i++)
        put_line(lines[i]);
    assert_true(resume(&output, &done));
    assert_int_equal(done.len, 5);
    assert_int_equal(done.next, 4);
    assert_int_equal(done.last, 9);
    for (uint64_t line = 1; line <= 12; line++) {
        bool there = line <= 3 || line == 6 || line == 9;
        assert_int_equal(look(&done, line), there ? SCAN_DONE : SCAN_NOT_DONE);
    }
    assert_true(scan_output_close(&output));
    scan_done_fini(&done);
}

static void a_half_line_at_the_end_is_dropped(void **state)
{
    (void)state;
    struct scan_output output;
    struct scan_done done;
    put_line(1);
    off_t size = file_size();
    put("{\"line\":2,\"name\":\"n2.te", 23);
    assert_true(resume(&output, &done));
    assert_int_equal(file_size(), size);
    assert_int_equal(done.len, 1);
    struct scan_text text = {0};
    struct scan_line line = name_line(2);
    scan_record_write_local(&text, &line);
    assert_true(scan_output_add(&output, &text));
    assert_true(scan_output_close(&output));
    assert_int_equal(file_size(), size + (off_t)text.len);
    scan_text_free(&text);
    scan_done_fini(&done);
}

static void an_output_of_another_input_is_noticed(void **state)
{
    (void)state;
    struct scan_output output;
    struct scan_done done;
    put_line(1);
    put_line(2);
    put_line(4);
    assert_true(resume(&output, &done));
    assert_int_equal(scan_done_look(&done, 1, 12345), SCAN_DONE);
    assert_int_equal(look(&done, 2), SCAN_DIFFERENT);
    assert_int_equal(scan_done_look(&done, 4, 12345), SCAN_DIFFERENT);
    assert_true(scan_output_close(&output));
    scan_done_fini(&done);
}

static void a_file_with_other_things_is_left_alone(void **state)
{
    (void)state;
    struct scan_output output;
    struct scan_done done;
    put_line(1);
    put("{\"line\": 2}\nhalf", 16);
    off_t size = file_size();
    assert_false(resume(&output, &done));
    assert_int_equal(file_size(), size);
}

static void a_line_that_is_there_twice_is_an_error(void **state)
{
    (void)state;
    struct scan_output output;
    struct scan_done done;
    put_line(1);
    put_line(2);
    put_line(1);
    assert_false(resume(&output, &done));
}

static void a_scan_does_not_overwrite_another(void **state)
{
    (void)state;
    struct scan_output output;
    put_line(1);
    off_t size = file_size();
    assert_false(scan_output_create(&output, path));
    assert_int_equal(file_size(), size);
}

static void two_scans_do_not_share_a_file(void **state)
{
    (void)state;
    struct scan_output first;
    struct scan_output second;
    assert_true(scan_output_create(&first, path));
    assert_false(scan_output_create(&second, path));
    assert_true(scan_output_close(&first));
}

static void a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    struct scan_output output;
    struct scan_text text = {0};
    struct scan_line line = name_line(1);
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    scan_record_write_local(&text, &line);
    size_t len = text.len;
    for (int i = 0; i < 9; i++) {
        char *copy = malloc(len);
        memcpy(copy, text.data, len);
        scan_text_add(&text, copy, len);
        free(copy);
    }
    assert_true(scan_output_create(&output, path));
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit limit = {.rlim_cur = len * 4 + len / 2, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    scan_output_add(&output, &text);
    bool ok = scan_output_close(&output);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(ok);
    assert_int_equal(file_size(), len * 4);
    scan_text_free(&text);
}

static void the_window_is_the_most_a_scan_works_ahead(void **state)
{
    (void)state;
    struct scan_done done;
    scan_done_init(&done);
    assert_true(scan_done_add(&done, SCAN_WINDOW, 1));
    assert_false(scan_done_add(&done, SCAN_WINDOW + 1, 1));
    assert_true(scan_done_add(&done, 1, 1));
    assert_true(scan_done_add(&done, SCAN_WINDOW + 1, 1));
    for (uint64_t line = 2; line < SCAN_WINDOW; line++)
        assert_true(scan_done_add(&done, line, 1));
    assert_int_equal(done.next, SCAN_WINDOW + 2);
    scan_done_fini(&done);
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(finished_lines_are_known_in_any_order),
        FILE_TEST(a_half_line_at_the_end_is_dropped),
        FILE_TEST(an_output_of_another_input_is_noticed),
        FILE_TEST(a_file_with_other_things_is_left_alone),
        FILE_TEST(a_line_that_is_there_twice_is_an_error),
        FILE_TEST(a_scan_does_not_overwrite_another),
        FILE_TEST(two_scans_do_not_share_a_file),
        FILE_TEST(a_full_disk_leaves_whole_lines),
        cmocka_unit_test(the_window_is_the_most_a_scan_works_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
