/* schema.h - the table of configuration keys: what each is called, its type,
 * its default, the form it accepts, and where it goes. The reader follows it,
 * messages quote it, and a test holds caad.conf(5) to it.
 * Threads: any; the table is constant. */
#ifndef CAAD_CONFIG_SCHEMA_H
#define CAAD_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

struct config_reader;
struct config_key;

enum config_kind {
    CONFIG_NUMBER,  /* uint32_t */
    CONFIG_BOOLEAN, /* bool */
    CONFIG_TEXT,    /* whatever read makes of it */
    CONFIG_MAPPING, /* a struct inside the struct */
    CONFIG_LIST,    /* a pointer and a size_t */
};

/* Puts text, a copy that is its own, into its field. NULL, or what is wrong with it, as a
 * predicate: "is not an address". It lives as long as the reader; CONFIG_NO_MEMORY when
 * there is none. */
typedef const char *config_read_fn(struct config_reader *reader, char *text, void *into);
extern const char CONFIG_NO_MEMORY[];

/* Checks what no key alone can: node is the mapping, NULL when it is not in the
 * file. false: config_refuse was called. */
typedef bool config_finish_fn(struct config_reader *reader, const yaml_node_t *node,
                              void *into);

struct config_mapping {
    const struct config_key *keys; /* up to one without a name */
    config_finish_fn *finish;      /* may be NULL */
};

struct config_key {
    const char *name; /* NULL in an item of a list */
    enum config_kind kind;
    bool required; /* must be written wherever its mapping is */
    bool numeric;  /* text that may look like a number: 0660 */
    bool secret;   /* never shown in a message */
    size_t offset; /* of the field in its struct */

    /* The default as one would write it: read by the same code as the file. A
     * list has one item of it. NULL: the field stays zero. */
    const char *fallback;
    /* The default in words, where fallback is not all there is to say. */
    const char *fallback_words;
    /* What is accepted, after "expected"; the other kinds make their own. */
    const char *accepted;

    uint32_t min, max; /* of a number, or of a list's items */

    config_read_fn *read;                 /* text */
    const struct config_mapping *mapping; /* mapping */

    const struct config_key *item; /* list: what its items are */
    size_t item_size;              /* 0: all items go into the field itself */
    size_t count_offset;
    bool default_item; /* a list that is missing has one item, all defaults */
    /* Two items that must not stand in one list; may be NULL. */
    bool (*same)(const void *a, const void *b);
};

/* The whole file, into a struct caad_config. */
extern const struct config_mapping CONFIG_SCHEMA;

#endif
