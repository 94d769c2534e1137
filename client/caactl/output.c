#include "output.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "verb.h"

static struct {
    bool colour;
    /* Width to break long lines at; 0: do not. */
    size_t columns;
} output;

/* A person reads at the terminal; a file keeps each message on one line. */
static size_t terminal_columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col >= 40 ? size.ws_col : 0;
}

void output_start(void)
{
    /* Only to know how wide characters are; numbers and dates stay as they are,
     * whatever the caller's locale. */
    setlocale(LC_CTYPE, "C.UTF-8");
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    output.colour = isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') &&
                    term != NULL && strcmp(term, "dumb") != 0;
    output.columns = terminal_columns();
}

bool output_finish(void)
{
    bool ok = fflush(stdout) == 0 && ferror(stdout) == 0;
    int problem = errno;
    /* A reader that went away, as head does, needs no message. */
    if (!ok && problem != EPIPE)
        complain("cannot write the output: %s", strerror(problem));
    return ok;
}

void *must_grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size > 0 ? size : 1);
    if (grown == NULL) {
        fputs("caactl: out of memory\n", stderr);
        exit(EXIT_OUTPUT);
    }
    return grown;
}

void *must_alloc(size_t size)
{
    return memset(must_grow(NULL, size), 0, size);
}

static void complain_list(const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof(text), format, args);
    char *safe = output_escape(text);
    fflush(stdout);
    fprintf(stderr, "caactl: %s\n", safe);
    free(safe);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_list(format, args);
    va_end(args);
}

bool usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_list(format, args);
    va_end(args);
    return false;
}

static bool harmless(wchar_t c)
{
    bool turns = c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
                 (c >= 0x2066 && c <= 0x2069);
    return wcwidth(c) >= 0 && c >= 0x20 && !turns;
}

char *output_escape(const char *text)
{
    size_t left = strlen(text);
    /* \u{10ffff} is the longest form of one character. */
    char *out = must_alloc(left * 10 + 1);
    char *to = out;
    mbstate_t state = {0};
    while (left > 0) {
        wchar_t c;
        size_t len = mbrtowc(&c, text, left, &state);
        if (len == (size_t)-1 || len == (size_t)-2) {
            to += sprintf(to, "\\x%02x", (unsigned char)*text);
            state = (mbstate_t){0};
            len = 1;
        } else if (harmless(c)) {
            memcpy(to, text, len);
            to += len;
        } else if (c == '\n' || c == '\t') {
            *to++ = '\\';
            *to++ = c == '\n' ? 'n' : 't';
        } else if (c < 0x80) {
            to += sprintf(to, "\\x%02x", (unsigned)c);
        } else {
            to += sprintf(to, "\\u{%x}", (unsigned)c);
        }
        text += len;
        left -= len;
    }
    *to = '\0';
    return out;
}

size_t output_width(const char *escaped)
{
    size_t width = 0;
    size_t left = strlen(escaped);
    mbstate_t state = {0};
    while (left > 0) {
        wchar_t c;
        size_t len = mbrtowc(&c, escaped, left, &state);
        if (len == (size_t)-1 || len == (size_t)-2)
            return width + left;
        int columns = wcwidth(c);
        width += columns > 0 ? (size_t)columns : 0;
        escaped += len;
        left -= len;
    }
    return width;
}

void output_text(const char *text)
{
    char *safe = output_escape(text);
    fputs(safe, stdout);
    free(safe);
}

static const char *colour_code(enum output_colour colour)
{
    switch (colour) {
    case COLOUR_GOOD:
        return "\033[32m";
    case COLOUR_BAD:
        return "\033[1;31m";
    case COLOUR_DOUBTFUL:
        return "\033[33m";
    case COLOUR_NEUTRAL:
        return "\033[36m";
    case COLOUR_HEAD:
        return "\033[1m";
    case COLOUR_NONE:
        break;
    }
    return "";
}

static void print_safe(enum output_colour colour, const char *safe)
{
    bool on = output.colour && colour != COLOUR_NONE && *safe != '\0';
    printf("%s%s%s", on ? colour_code(colour) : "", safe, on ? "\033[0m" : "");
}

void output_coloured(enum output_colour colour, const char *text)
{
    char *safe = output_escape(text);
    print_safe(colour, safe);
    free(safe);
}

/* How much of an escaped line fits into columns, broken at a blank if any. */
static size_t fitting(const char *safe, size_t columns)
{
    size_t best = 0;
    for (size_t end = 1;; end++) {
        if (safe[end - 1] != '\0' && safe[end - 1] != ' ')
            continue;
        size_t len = end - 1;
        char *part = must_alloc(len + 1);
        memcpy(part, safe, len);
        bool fits = output_width(part) <= columns;
        free(part);
        /* One long word stands on a line of its own. */
        if (fits || best == 0)
            best = len;
        if (!fits || safe[len] == '\0')
            return best;
    }
}

/* The first line behind label, those after it lined up with it. */
static void print_wrapped(unsigned indent, const char *label, const char *line)
{
    char *safe = output_escape(line);
    const char *rest = safe;
    size_t margin = indent + strlen(label);
    size_t room = output.columns > margin + 20 ? output.columns - margin : SIZE_MAX;
    printf("%*s%s", (int)indent, "", label);
    while (true) {
        size_t len = fitting(rest, room);
        printf("%.*s\n", (int)len, rest);
        rest += len;
        rest += *rest == ' ';
        if (*rest == '\0')
            break;
        printf("%*s", (int)margin, "");
    }
    free(safe);
}

static void print_lines(unsigned indent, const char *label, const char *text)
{
    char blank[32];
    snprintf(blank, sizeof(blank), "%*s", (int)strlen(label), "");
    for (bool first = true; *text != '\0'; first = false) {
        size_t len = strcspn(text, "\n");
        char *line = must_alloc(len + 1);
        memcpy(line, text, len);
        print_wrapped(indent, first ? label : blank, line);
        free(line);
        text += len + (text[len] == '\n');
    }
}

void output_block(unsigned indent, const char *text)
{
    print_lines(indent, "", text);
}

const char *output_time(int64_t ms, char out[OUTPUT_TIME_MAX])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    if (ms == 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, OUTPUT_TIME_MAX, "%Y-%m-%d %H:%M:%SZ", &parts) == 0)
        memcpy(out, "-", 2);
    return out;
}

/* --------------------------------------------------------------------- tables */

struct cell {
    char *safe;
    size_t width;
    enum output_colour colour;
};

struct note {
    /* Printed under this row. */
    size_t row;
    char *label;
    char *text;
};

struct table {
    size_t columns;
    struct cell *cells;
    size_t cells_len;
    struct note *notes;
    size_t notes_len;
};

struct table *table_create(size_t columns)
{
    struct table *table = must_alloc(sizeof(*table));
    table->columns = columns;
    return table;
}

void table_cell(struct table *table, enum output_colour colour, const char *text)
{
    /* Grown a power of two at a time. */
    if ((table->cells_len & (table->cells_len - 1)) == 0)
        table->cells =
            must_grow(table->cells, (table->cells_len * 2 + 1) * sizeof(*table->cells));
    char *safe = output_escape(*text != '\0' ? text : "-");
    table->cells[table->cells_len++] =
        (struct cell){.safe = safe, .width = output_width(safe), .colour = colour};
}

void table_note(struct table *table, const char *label, const char *text)
{
    if (*text == '\0')
        return;
    if ((table->notes_len & (table->notes_len - 1)) == 0)
        table->notes =
            must_grow(table->notes, (table->notes_len * 2 + 1) * sizeof(*table->notes));
    char *label_copy = must_alloc(strlen(label) + 1);
    char *text_copy = must_alloc(strlen(text) + 1);
    memcpy(label_copy, label, strlen(label));
    memcpy(text_copy, text, strlen(text));
    table->notes[table->notes_len++] =
        (struct note){.row = table->cells_len / table->columns - 1,
                      .label = label_copy,
                      .text = text_copy};
}

static void print_row(const struct table *table, size_t row, const size_t *widths)
{
    for (size_t column = 0; column < table->columns; column++) {
        const struct cell *cell = &table->cells[row * table->columns + column];
        print_safe(cell->colour, cell->safe);
        if (column + 1 < table->columns)
            printf("%*s", (int)(widths[column] - cell->width + 2), "");
    }
    putchar('\n');
}

void table_print(const struct table *table)
{
    size_t *widths = must_alloc(table->columns * sizeof(*widths));
    for (size_t i = 0; i < table->cells_len; i++)
        if (table->cells[i].width > widths[i % table->columns])
            widths[i % table->columns] = table->cells[i].width;
    size_t note = 0;
    for (size_t row = 0; row < table->cells_len / table->columns; row++) {
        print_row(table, row, widths);
        for (; note < table->notes_len && table->notes[note].row == row; note++)
            print_lines(4, table->notes[note].label, table->notes[note].text);
    }
    free(widths);
}

void table_destroy(struct table *table)
{
    for (size_t i = 0; i < table->cells_len; i++)
        free(table->cells[i].safe);
    for (size_t i = 0; i < table->notes_len; i++) {
        free(table->notes[i].label);
        free(table->notes[i].text);
    }
    free(table->cells);
    free(table->notes);
    free(table);
}
