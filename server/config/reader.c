/* Why libyaml's documents and not libcyaml's schemas: tried on libcyaml 1.3.1,
 * any word is a true boolean ("maybe" too), 010 is eight, 0x10 and " 7" are
 * numbers, a text ends at \0, further documents are dropped and an empty file
 * is a success; an unknown key has its mapping's line, bad UTF-8 has none, and
 * no message says what would be accepted. Taking everything as text and doing
 * all that here would leave libcyaml nothing but the copying. */
#include "config/reader.h"

#include <stdlib.h>
#include <string.h>

#include "config/refuse.h"

const char CONFIG_NO_MEMORY[] = "out of memory";

static bool read_key(struct config_reader *reader, const struct config_key *key,
                     const yaml_node_t *node, void *into);
static bool read_default(struct config_reader *reader, const struct config_key *key,
                         void *into);

/* --- scalars --- */

static bool is_plain(const yaml_node_t *node)
{
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_word(const yaml_node_t *node, const char *word)
{
    return bytes_equal(config_scalar(node), bytes_of(word));
}

/* What YAML's core schema takes for something else than text when it is not
 * quoted. "5" for a name is a slip more often than a wish. */
static bool is_other_type(const yaml_node_t *node)
{
    static const char *const words[] = {
        "~",   "null", "Null", "NULL",  "true",  "True",  "TRUE", "yes", "no", "on",
        "off", "Yes",  "No",   "false", "False", "FALSE", "YES",  "NO",  "ON", "OFF"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(node, words[i]))
            return true;
    const char *text = (const char *)node->data.scalar.value;
    char *end;
    if (!strchr("+-.0123456789", text[0]))
        return false;
    (void)strtod(text, &end);
    return end != text && *end == '\0';
}

/* Printable and not padded; NUL ends no text early. */
static const char *text_fault(struct bytes text)
{
    if (text.len == 0)
        return "is empty";
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f ||
            (text.data[i] == 0xc2 && text.data[i + 1] < 0xa0)) /* U+0080 to U+009F */
            return "has a control character";
    if (text.data[0] == ' ' || text.data[text.len - 1] == ' ')
        return "has a blank at an end";
    return NULL;
}

static bool take_text(struct config_reader *reader, const struct config_key *key,
                      const char *value, void *into, const char **wrong)
{
    char *copy = arena_strdup(reader->arena, value);
    if (!copy)
        return config_no_memory(reader);
    *wrong = key->read(reader, copy, into);
    return *wrong == CONFIG_NO_MEMORY ? config_no_memory(reader) : true;
}

static bool read_text(struct config_reader *reader, const struct config_key *key,
                      const yaml_node_t *node, void *into)
{
    if (node->type != YAML_SCALAR_NODE)
        return config_refuse_found(reader, key, node, "is not a single value");
    if (is_plain(node) && !key->numeric && is_other_type(node))
        return config_refuse_found(reader, key, node, "is not text unless quoted");
    const char *wrong = text_fault(config_scalar(node));
    if (!wrong &&
        !take_text(reader, key, (const char *)node->data.scalar.value, into, &wrong))
        return false;
    return wrong ? config_refuse_found(reader, key, node, wrong) : true;
}

/* Decimal, no sign, no leading zero: 010 is eight to some readers of YAML. */
static const char *parse_number(const struct config_key *key, const char *text,
                                uint32_t *out)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    if (digits == 0 || text[digits + (*text == '-')] != '\0')
        return "is not a whole number";
    if (text[0] == '0' && digits > 1)
        return "has a leading zero";
    uint64_t number = 0;
    for (size_t i = 0; i < digits && text[0] != '-'; i++) {
        number = number * 10 + (uint64_t)(text[i] - '0');
        if (number > key->max)
            return "is out of range";
    }
    if (text[0] == '-' || number < key->min)
        return "is out of range";
    *out = (uint32_t)number;
    return NULL;
}

static bool read_number(struct config_reader *reader, const struct config_key *key,
                        const yaml_node_t *node, uint32_t *into)
{
    if (node->type != YAML_SCALAR_NODE)
        return config_refuse_found(reader, key, node, "is not a number");
    if (!is_plain(node))
        return config_refuse_found(reader, key, node, "is text, as it is quoted");
    const char *wrong = parse_number(key, (const char *)node->data.scalar.value, into);
    return wrong ? config_refuse_found(reader, key, node, wrong) : true;
}

static bool read_boolean(struct config_reader *reader, const struct config_key *key,
                         const yaml_node_t *node, bool *into)
{
    if (node->type != YAML_SCALAR_NODE || !is_plain(node) ||
        (!is_word(node, "true") && !is_word(node, "false")))
        return config_refuse_found(reader, key, node, "is neither");
    *into = is_word(node, "true");
    return true;
}

/* --- mappings --- */

static const struct config_key *find_key(const struct config_mapping *mapping,
                                         const yaml_node_t *name)
{
    if (name->type != YAML_SCALAR_NODE)
        return NULL;
    for (const struct config_key *key = mapping->keys; key->name; key++)
        if (is_word(name, key->name))
            return key;
    return NULL;
}

static yaml_node_t *node_at(struct config_reader *reader, int index)
{
    return yaml_document_get_node(reader->document, index);
}

/* One "key: value"; lines[i] is where key i stood before, 0 if it did not. */
static bool read_pair(struct config_reader *reader, const struct config_mapping *mapping,
                      const yaml_node_pair_t *pair, size_t *lines, void *into)
{
    const yaml_node_t *name = node_at(reader, pair->key);
    const struct config_key *key = find_key(mapping, name);
    if (!key)
        return config_refuse_unknown(reader, mapping, name);

    struct config_path path = {.up = reader->path, .name = key->name};
    size_t *line = &lines[key - mapping->keys];
    reader->path = &path;
    bool ok = *line == 0 ? read_key(reader, key, node_at(reader, pair->value),
                                    (char *)into + key->offset)
                         : config_refuse(reader, config_line(name),
                                         "the key stands in line %zu already; "
                                         "expected each key once",
                                         *line);
    *line = config_line(name);
    reader->path = path.up;
    return ok;
}

/* A key the file does not have. */
static bool read_missing(struct config_reader *reader, const struct config_key *key,
                         const yaml_node_t *mapping, void *into)
{
    struct config_path path = {.up = reader->path, .name = key->name};
    reader->path = &path;
    bool ok = key->required && mapping
                  ? config_refuse_value(reader, key, mapping, "the key is missing")
                  : read_default(reader, key, (char *)into + key->offset);
    reader->path = path.up;
    return ok;
}

/* node NULL: all defaults. */
static bool read_mapping(struct config_reader *reader,
                         const struct config_mapping *mapping, const yaml_node_t *node,
                         void *into)
{
    enum { KEYS_MAX = 32 };
    size_t lines[KEYS_MAX] = {0};
    if (node)
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++)
            if (!read_pair(reader, mapping, pair, lines, into))
                return false;
    for (size_t i = 0; mapping->keys[i].name; i++)
        if (lines[i] == 0 && !read_missing(reader, &mapping->keys[i], node, into))
            return false;
    return mapping->finish ? mapping->finish(reader, node, into) : true;
}

const yaml_node_t *config_member(struct config_reader *reader, const yaml_node_t *mapping,
                                 const char *key)
{
    if (mapping)
        for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
             pair < mapping->data.mapping.pairs.top; pair++) {
            const yaml_node_t *name = node_at(reader, pair->key);
            if (name->type == YAML_SCALAR_NODE && is_word(name, key))
                return node_at(reader, pair->value);
        }
    return mapping;
}

/* --- lists --- */

/* The list's field: a pointer to items, whose type only the schema knows, and
 * a size_t. All pointers to structs look alike to memcpy. */
static void set_list(const struct config_key *key, void *into, const void *items,
                     size_t count)
{
    char *structure = (char *)into - key->offset;
    memcpy(into, &items, sizeof items);
    memcpy(structure + key->count_offset, &count, sizeof count);
}

static bool read_item(struct config_reader *reader, const struct config_key *key,
                      const yaml_node_t *list, size_t i, char *items)
{
    const yaml_node_t *node = node_at(reader, list->data.sequence.items.start[i]);
    char *item = items + i * key->item_size;
    if (!read_key(reader, key->item, node, item))
        return false;
    for (size_t j = 0; key->same && j < i; j++)
        if (key->same(items + j * key->item_size, item)) {
            const yaml_node_t *first =
                node_at(reader, list->data.sequence.items.start[j]);
            return config_refuse(reader, config_line(node),
                                 "the same as in line %zu; expected no two alike",
                                 config_line(first));
        }
    return true;
}

static bool read_list(struct config_reader *reader, const struct config_key *key,
                      const yaml_node_t *node, void *into)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return config_refuse_found(reader, key, node, "is not a list");
    size_t count =
        (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count < key->min)
        return config_refuse_value(reader, key, node, "the list is empty");
    if (count > key->max)
        return config_refuse(reader, config_line(node), "%zu items; expected at most %u",
                             count, key->max);
    char *items = into;
    if (key->item_size) {
        items = arena_array(reader->arena, count, key->item_size);
        if (!items)
            return config_no_memory(reader);
        set_list(key, into, items, count);
    }
    for (size_t i = 0; i < count; i++)
        if (!read_item(reader, key, node, i, items))
            return false;
    return true;
}

/* One item, made of its own defaults or of the list's fallback. */
static bool read_default_list(struct config_reader *reader, const struct config_key *key,
                              void *into)
{
    if (!key->default_item && !key->fallback)
        return true;
    struct config_key item = *key->item;
    item.fallback = key->fallback;
    void *memory = arena_alloc(reader->arena, key->item_size);
    if (!memory)
        return config_no_memory(reader);
    set_list(key, into, memory, 1);
    return read_default(reader, &item, memory);
}

/* --- any key --- */

static bool read_default(struct config_reader *reader, const struct config_key *key,
                         void *into)
{
    const char *wrong = NULL;
    if (key->kind == CONFIG_MAPPING)
        return read_mapping(reader, key->mapping, NULL, into);
    if (key->kind == CONFIG_LIST)
        return read_default_list(reader, key, into);
    if (!key->fallback)
        return true;
    if (key->kind == CONFIG_NUMBER)
        wrong = parse_number(key, key->fallback, into);
    else if (key->kind == CONFIG_BOOLEAN)
        *(bool *)into = strcmp(key->fallback, "true") == 0;
    else if (!take_text(reader, key, key->fallback, into, &wrong))
        return false;
    /* Only what depends on the host can be wrong with a default. */
    return wrong ? config_refuse(reader, 1, "the default, %s, %s", key->fallback, wrong)
                 : true;
}

/* "!!int 5", "!secret x": a tag would change what a value means. */
static bool is_tagged(const yaml_node_t *node)
{
    const char *tag = node->type == YAML_MAPPING_NODE    ? YAML_MAP_TAG
                      : node->type == YAML_SEQUENCE_NODE ? YAML_SEQ_TAG
                                                         : YAML_STR_TAG;
    return strcmp((const char *)node->tag, tag) != 0;
}

static bool read_key(struct config_reader *reader, const struct config_key *key,
                     const yaml_node_t *node, void *into)
{
    if (is_tagged(node))
        return config_refuse_found(reader, key, node, "has a tag");
    switch (key->kind) {
    case CONFIG_NUMBER:
        return read_number(reader, key, node, into);
    case CONFIG_BOOLEAN:
        return read_boolean(reader, key, node, into);
    case CONFIG_TEXT:
        return read_text(reader, key, node, into);
    case CONFIG_MAPPING:
        if (node->type != YAML_MAPPING_NODE)
            return config_refuse_found(reader, key, node, "is not a mapping");
        return read_mapping(reader, key->mapping, node, into);
    case CONFIG_LIST:
        return read_list(reader, key, node, into);
    }
    return false;
}

bool config_read(struct config_reader *reader, const yaml_node_t *root,
                 const struct config_mapping *mapping, void *into)
{
    const struct config_key whole = {.kind = CONFIG_MAPPING, .mapping = mapping};
    return read_key(reader, &whole, root, into);
}
