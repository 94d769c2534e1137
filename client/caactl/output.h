/* output.h - text for people. Whatever came from outside is escaped: control
 * characters, bytes that are not UTF-8 and characters that turn the direction of
 * text cannot reach the terminal. Data goes to stdout, messages to stderr.
 * Threads: main only. */
#ifndef CAACTL_OUTPUT_H
#define CAACTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum output_colour {
    COLOUR_NONE,
    COLOUR_GOOD,
    COLOUR_BAD,
    COLOUR_DOUBTFUL,
    COLOUR_NEUTRAL,
    COLOUR_HEAD
};

/* Reads NO_COLOR and TERM and asks whether stdout is a terminal. */
void output_start(void);
/* Flushes; false: stdout could not be written, which has been said on stderr. */
bool output_finish(void);

/* "caactl: ..." on stderr, escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a wrong command line; always false. */
bool usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A new escaped string, never NULL: exits when memory is used up. */
char *output_escape(const char *text);
/* Columns an escaped string takes on a terminal. */
size_t output_width(const char *escaped);

/* Escaped, to stdout. */
void output_text(const char *text);
void output_coloured(enum output_colour colour, const char *text);
/* Each line of text behind so many spaces. */
void output_block(unsigned indent, const char *text);

/* "2026-01-31 08:00:00Z", or "-" for 0. Returns out. */
#define OUTPUT_TIME_MAX 40
const char *output_time(int64_t ms, char out[OUTPUT_TIME_MAX]);

/* A table whose columns line up. Cells are copied and escaped. */
struct table;
struct table *table_create(size_t columns);
/* A row's cells come one after the other; the first row is the heading. */
void table_cell(struct table *table, enum output_colour colour, const char *text);
/* Text printed under the row just finished; may be given several times. */
void table_note(struct table *table, const char *label, const char *text);
void table_print(const struct table *table);
void table_destroy(struct table *table);

/* Exits when memory is used up: a command line tool has no better way. */
void *must_alloc(size_t size);
void *must_grow(void *memory, size_t size);

#endif
