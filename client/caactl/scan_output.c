#include "scan_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

/* Lines are gathered into writes of this size. */
#define WRITE_BYTES 65536
/* The longest line of ours is far shorter: a name and a few sentences. */
#define READ_BYTES (1u << 20)

void scan_output_stdout(struct scan_output *output)
{
    *output = (struct scan_output){.fd = STDOUT_FILENO, .path = "standard output"};
}

static bool open_file(struct scan_output *output, const char *path, int flags)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return usage("cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        return usage("%s is in use by another scan", path);
    }
    *output = (struct scan_output){.fd = fd, .path = path, .owned = true};
    return true;
}

bool scan_output_create(struct scan_output *output, const char *path)
{
    struct stat stat;
    if (!open_file(output, path, O_APPEND))
        return false;
    if (fstat(output->fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_size == 0)
        return true;
    close(output->fd);
    return usage("%s is not empty; --resume %s takes up an interrupted scan", path, path);
}

/* --------------------------------------------------------------- taking it up */

struct earlier {
    struct scan_done *done;
    uint64_t *counts;
    const char *path;
    uint64_t lines;
};

static bool add_line(struct earlier *earlier, const char *text, size_t len)
{
    struct scan_seen seen;
    earlier->lines++;
    if (!scan_record_read(text, len, &seen))
        return usage("%s, line %llu: not written by caactl scan", earlier->path,
                     (unsigned long long)earlier->lines);
    if (!scan_done_add(earlier->done, seen.line, seen.mark))
        return usage("%s, line %llu: input line %llu cannot stand here; two outputs in "
                     "one file?",
                     earlier->path, (unsigned long long)earlier->lines,
                     (unsigned long long)seen.line);
    earlier->counts[seen.outcome]++;
    return true;
}

/* *used: bytes of whole lines. */
static bool add_lines(struct earlier *earlier, const char *text, size_t len, size_t *used)
{
    *used = 0;
    for (const char *end; (end = memchr(text + *used, '\n', len - *used)) != NULL;
         *used = (size_t)(end - text) + 1)
        if (!add_line(earlier, text + *used, (size_t)(end - text) - *used))
            return false;
    return *used > 0 || len < READ_BYTES ||
           usage("%s, line %llu: not written by caactl scan", earlier->path,
                 (unsigned long long)earlier->lines + 1);
}

/* *whole: bytes of the file that are whole lines. */
static bool read_lines(struct earlier *earlier, int fd, char *buffer, off_t *whole)
{
    size_t have = 0;
    *whole = 0;
    while (true) {
        ssize_t got = read(fd, buffer + have, READ_BYTES - have);
        if (got < 0)
            return usage("cannot read %s: %s", earlier->path, strerror(errno));
        if (got == 0)
            return true;
        have += (size_t)got;
        size_t used;
        if (!add_lines(earlier, buffer, have, &used))
            return false;
        have -= used;
        memmove(buffer, buffer + used, have);
        *whole += (off_t)used;
    }
}

static bool take_up(struct scan_output *output, struct earlier *earlier)
{
    struct stat stat;
    off_t whole;
    if (fstat(output->fd, &stat) != 0 || !S_ISREG(stat.st_mode))
        return usage("--resume: %s is no regular file", output->path);
    char *buffer = must_alloc(READ_BYTES);
    bool ok = read_lines(earlier, output->fd, buffer, &whole);
    free(buffer);
    if (!ok)
        return false;
    if (ftruncate(output->fd, whole) != 0 || lseek(output->fd, whole, SEEK_SET) != whole)
        return usage("cannot cut off the half line at the end of %s: %s", output->path,
                     strerror(errno));
    return true;
}

bool scan_output_resume(struct scan_output *output, const char *path,
                        struct scan_done *done, uint64_t counts[SCAN_OUTCOMES])
{
    struct earlier earlier = {.done = done, .counts = counts, .path = path};
    if (!open_file(output, path, 0))
        return false;
    if (take_up(output, &earlier))
        return true;
    close(output->fd);
    return false;
}

/* -------------------------------------------------------------------- writing */

/* The file ends with `written` bytes of text, in the middle of a line perhaps. */
static void cut_back(const struct scan_output *output, size_t written)
{
    struct stat stat;
    size_t whole = written;
    while (whole > 0 && output->text.data[whole - 1] != '\n')
        whole--;
    if (whole == written || fstat(output->fd, &stat) != 0 || !S_ISREG(stat.st_mode))
        return;
    off_t size = stat.st_size - (off_t)(written - whole);
    if (ftruncate(output->fd, size) == 0)
        lseek(output->fd, size, SEEK_SET);
}

bool scan_output_flush(struct scan_output *output)
{
    size_t written = 0;
    while (written < output->text.len) {
        ssize_t put =
            write(output->fd, output->text.data + written, output->text.len - written);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            complain("cannot write %s: %s", output->path,
                     errno == EPIPE ? "its reader has gone" : strerror(errno));
            cut_back(output, written);
            output->text.len = 0;
            return false;
        }
        written += (size_t)put;
    }
    output->text.len = 0;
    return true;
}

bool scan_output_add(struct scan_output *output, const struct scan_text *lines)
{
    scan_text_add(&output->text, lines->data, lines->len);
    return output->text.len < WRITE_BYTES || scan_output_flush(output);
}

bool scan_output_close(struct scan_output *output)
{
    bool ok = scan_output_flush(output);
    if (output->owned && close(output->fd) != 0 && ok) {
        complain("cannot write %s: %s", output->path, strerror(errno));
        ok = false;
    }
    scan_text_free(&output->text);
    return ok;
}
