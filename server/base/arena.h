/* arena.h - memory of one request: allocated piecewise, released at once.
 * What outlives the request is copied out of it.
 * Threads: owner only. */
#ifndef CAA_BASE_ARENA_H
#define CAA_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct arena;

/* budget: bytes the arena may hand out in all; past that it returns NULL, so
 * one request cannot take the daemon's memory. NULL when out of memory. */
struct arena *arena_create(size_t budget);
/* NULL is fine. */
void arena_destroy(struct arena *arena);

/* Forgets all that was handed out; keeps the newest chunk for the next use. */
void arena_reset(struct arena *arena);

/* size bytes, zeroed, aligned for any type. NULL: out of memory or budget.
 * size 0 gives a valid pointer. */
CAA_MUSTCHECK void *arena_alloc(struct arena *arena, size_t size);
/* count * size without overflow. */
CAA_MUSTCHECK void *arena_array(struct arena *arena, size_t count, size_t size);
/* Copies; the result ends in NUL. */
CAA_MUSTCHECK char *arena_strndup(struct arena *arena, const char *text, size_t len);
CAA_MUSTCHECK char *arena_strdup(struct arena *arena, const char *text);
/* a, then b. */
CAA_MUSTCHECK char *arena_concat(struct arena *arena, const char *a, const char *b);
CAA_MUSTCHECK char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

#endif
