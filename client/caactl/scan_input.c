#include "scan_input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Some editors begin a file with one. */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

void scan_input_init(struct scan_input *input, int fd)
{
    input->fd = fd;
    input->start = input->end = 0;
    input->number = input->bytes = 0;
    input->ended = input->overlong = false;
}

/* Forgets the rest of a line whose beginning is enough. */
static void drop(struct scan_input *input, const char *text)
{
    if (!input->overlong)
        memcpy(input->head, text, SCAN_LINE_HEAD);
    input->overlong = true;
    input->start = input->end;
}

static void take(struct scan_input *input, const char *text, size_t len,
                 struct scan_line *line)
{
    line->number = ++input->number;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    if (input->overlong || len > SCAN_LINE_MAX) {
        *line = (struct scan_line){.number = line->number,
                                   .kind = SCAN_TOO_LONG,
                                   .text = input->overlong ? input->head : text,
                                   .len = SCAN_LINE_HEAD};
        input->overlong = false;
        return;
    }
    if (line->number == 1 && len >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
        text += 3;
        len -= 3;
    }
    scan_line_classify(text, len, line);
}

enum scan_next scan_input_next(struct scan_input *input, struct scan_line *line)
{
    const char *text = input->buffer + input->start;
    size_t have = input->end - input->start;
    const char *newline = memchr(text, '\n', have);
    if (newline == NULL && !input->ended) {
        /* One byte more for the carriage return. */
        if (have > SCAN_LINE_MAX + 1 || input->overlong)
            drop(input, text);
        return SCAN_NEXT_FILL;
    }
    if (newline == NULL && have == 0 && !input->overlong)
        return SCAN_NEXT_END;
    size_t len = newline != NULL ? (size_t)(newline - text) : have;
    input->start += len + (newline != NULL);
    take(input, text, len, line);
    return SCAN_NEXT_LINE;
}

bool scan_input_fill(struct scan_input *input)
{
    size_t have = input->end - input->start;
    memmove(input->buffer, input->buffer + input->start, have);
    input->start = 0;
    input->end = have;
    ssize_t got = read(input->fd, input->buffer + have, sizeof(input->buffer) - have);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    input->end += (size_t)got;
    input->bytes += (uint64_t)got;
    input->ended = got == 0;
    return true;
}
