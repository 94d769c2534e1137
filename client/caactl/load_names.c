#include "load_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* Some 50 million names. */
#define FILE_MAX (1u << 30)

/* Without white space at either end; the name ends up NUL-terminated. */
static char *trim(char *line, char *end)
{
    while (line < end && strchr(" \t\r", *line) != NULL)
        line++;
    while (end > line && strchr(" \t\r", end[-1]) != NULL)
        end--;
    *end = '\0';
    return line;
}

static void add(struct load_names *names, const char *name, size_t len)
{
    /* Grown a power of two at a time. */
    if ((names->len & (names->len - 1)) == 0) {
        size_t room = (names->len * 2 + 1) * sizeof(*names->starts);
        names->starts = must_grow(names->starts, room);
        names->lengths = must_grow(names->lengths, room);
    }
    names->starts[names->len] = (uint32_t)(name - names->text);
    names->lengths[names->len++] = (uint32_t)len;
}

bool load_names_parse_own(struct load_names *names, char *text, size_t size,
                          struct load_problem *problem)
{
    *names = (struct load_names){.text = text};
    if (memchr(text, '\0', size) != NULL) {
        snprintf(problem->text, sizeof(problem->text), "it holds a NUL byte");
        return false;
    }
    for (char *line = text, *end; line < text + size; line = end + 1) {
        end = strchrnul(line, '\n');
        char *name = trim(line, end);
        if (*name != '\0' && *name != '#')
            add(names, name, strlen(name));
    }
    if (names->len > 0)
        return true;
    snprintf(problem->text, sizeof(problem->text), "it holds no name");
    return false;
}

/* To its end; NULL: not readable, or too long. */
static char *read_all(FILE *file, size_t *size)
{
    size_t room = 1u << 16;
    char *text = must_alloc(room + 1);
    *size = 0;
    while (true) {
        *size += fread(text + *size, 1, room - *size, file);
        if (*size < room || room >= FILE_MAX)
            break;
        text = must_grow(text, (room *= 2) + 1);
    }
    text[*size] = '\0';
    if (ferror(file) == 0 && *size < FILE_MAX)
        return text;
    free(text);
    return NULL;
}

bool load_names_read(struct load_names *names, const char *path,
                     struct load_problem *problem)
{
    bool is_stdin = strcmp(path, "-") == 0;
    *names = (struct load_names){0};
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    size_t size = 0;
    char *text = file == NULL ? NULL : read_all(file, &size);
    if (text == NULL)
        snprintf(problem->text, sizeof(problem->text), "%s",
                 file != NULL && ferror(file) == 0 ? "it is over 1 GiB long"
                                                   : strerror(errno));
    if (file != NULL && !is_stdin)
        fclose(file);
    return text != NULL && load_names_parse_own(names, text, size, problem);
}

void load_names_free(struct load_names *names)
{
    free(names->text);
    free(names->starts);
    free(names->lengths);
}
