#include "config/refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Foreign text in a message is cut here. */
enum { SHOWN_MAX = 80 };

size_t config_line(const yaml_node_t *node)
{
    return node ? node->start_mark.line + 1 : 1;
}

static void add_path(struct text *text, const struct config_path *path)
{
    if (!path)
        return;
    add_path(text, path->up);
    if (path->up)
        text_add(text, ".");
    text_add(text, path->name);
}

bool config_refuse(struct config_reader *reader, size_t line, const char *format, ...)
{
    if (reader->err)
        return false;
    reader->err = CAA_EINVAL;
    reader->error->line = (unsigned)line;
    char what[CAAD_CONFIG_ERROR_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);

    struct text text = text_of(reader->error->text, sizeof reader->error->text);
    text_addf(&text, "%s:%zu: ", reader->file, line);
    add_path(&text, reader->path);
    if (reader->path)
        text_add(&text, ": ");
    text_add(&text, what);
    return false;
}

bool config_no_memory(struct config_reader *reader)
{
    if (reader->err)
        return false;
    (void)config_refuse(reader, 1, "out of memory");
    reader->err = CAA_ENOMEM;
    return false;
}

static void add_key_names(struct text *out, const struct config_mapping *mapping)
{
    for (const struct config_key *key = mapping->keys; key->name; key++)
        text_addf(out, "%s%s", key == mapping->keys ? "" : ", ", key->name);
}

void config_accepted(const struct config_key *key, struct text *out)
{
    switch (key->kind) {
    case CONFIG_NUMBER:
        text_addf(out, "a whole number from %u to %u", key->min, key->max);
        return;
    case CONFIG_BOOLEAN:
        text_add(out, "true or false");
        return;
    case CONFIG_TEXT:
        text_add(out, key->accepted);
        return;
    case CONFIG_MAPPING:
        text_add(out, "a mapping with any of the keys ");
        add_key_names(out, key->mapping);
        return;
    case CONFIG_LIST:
        text_add(out, "a list, each item ");
        config_accepted(key->item, out);
        return;
    }
}

bool config_refuse_value(struct config_reader *reader, const struct config_key *key,
                         const yaml_node_t *node, const char *what)
{
    char buffer[512];
    struct text accepted = text_of(buffer, sizeof buffer);
    config_accepted(key, &accepted);
    return config_refuse(reader, config_line(node), "%s; expected %s", what, buffer);
}

struct bytes config_scalar(const yaml_node_t *node)
{
    return (struct bytes){node->data.scalar.value, node->data.scalar.length};
}

/* A store's URL in the wrong place still has its password in it. */
static bool has_credentials(struct bytes text)
{
    return memmem(text.data, text.len, "://", 3) && memchr(text.data, '@', text.len);
}

/* What stands there, as a person would call it. */
static void describe(const yaml_node_t *node, struct text *out)
{
    if (node->type == YAML_MAPPING_NODE) {
        text_add(out, "a mapping");
    } else if (node->type == YAML_SEQUENCE_NODE) {
        text_add(out, "a list");
    } else if (has_credentials(config_scalar(node))) {
        text_add(out, "a URL with \"@\"");
    } else {
        text_add(out, "\"");
        text_add_escaped(out, config_scalar(node), SHOWN_MAX);
        text_add(out, "\"");
    }
}

bool config_refuse_found(struct config_reader *reader, const struct config_key *key,
                         const yaml_node_t *node, const char *what)
{
    if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
        return config_refuse_value(reader, key, node, "the value is missing");
    char buffer[512];
    struct text found = text_of(buffer, sizeof buffer);
    if (key->secret && node->type == YAML_SCALAR_NODE)
        text_add(&found, "the value");
    else
        describe(node, &found);
    text_add(&found, " ");
    text_add(&found, what);
    return config_refuse_value(reader, key, node, buffer);
}

/* Levenshtein's distance, for names of our own length. */
static size_t edit_distance(const char *a, const char *b, size_t b_len)
{
    enum { NAME_MAX_LEN = 64 };
    size_t row[NAME_MAX_LEN + 1];
    if (b_len > NAME_MAX_LEN)
        return NAME_MAX_LEN;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = diagonal + (a[i] != b[j - 1]);
            diagonal = row[j];
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < step ? change : step;
        }
    }
    return row[b_len];
}

/* The key somebody who wrote name had in mind; NULL: no idea. */
static const char *nearest_key(const struct config_mapping *mapping, struct bytes name)
{
    const char *nearest = NULL;
    size_t least = 3;
    for (const struct config_key *key = mapping->keys; key->name; key++) {
        size_t len = strlen(key->name);
        size_t distance = edit_distance(key->name, (const char *)name.data, name.len);
        /* timeout for timeout_ms, but not a for anything. */
        if (name.len >= 4 && name.len < len &&
            memcmp(key->name, name.data, name.len) == 0)
            distance = 1;
        if (distance < least && distance < len) {
            least = distance;
            nearest = key->name;
        }
    }
    return nearest;
}

bool config_refuse_unknown(struct config_reader *reader,
                           const struct config_mapping *mapping, const yaml_node_t *name)
{
    char found_buffer[256], known_buffer[512];
    struct text found = text_of(found_buffer, sizeof found_buffer);
    struct text known = text_of(known_buffer, sizeof known_buffer);
    describe(name, &found);
    add_key_names(&known, mapping);
    const char *nearest =
        name->type == YAML_SCALAR_NODE ? nearest_key(mapping, config_scalar(name)) : NULL;
    return config_refuse(reader, config_line(name),
                         "%s is not a key here%s%s%s; expected one of: %s", found_buffer,
                         nearest ? " (did you mean " : "", nearest ? nearest : "",
                         nearest ? "?)" : "", known_buffer);
}
