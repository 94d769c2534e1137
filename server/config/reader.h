/* reader.h - reads a YAML document into structs as a schema says.
 * Threads: owner only. */
#ifndef CAAD_CONFIG_READER_H
#define CAAD_CONFIG_READER_H

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "config/schema.h"

/* Where the reader is: "resolver", then "timeout_ms". */
struct config_path {
    const struct config_path *up;
    const char *name;
};

struct config_reader {
    const char *file;      /* as the user wrote it, for messages */
    const char *directory; /* absolute: relative paths start here */
    struct arena *arena;   /* what is read lives here */
    yaml_document_t *document;
    const struct config_path *path;
    struct config_error *error;
    enum caa_err err; /* the first failure */
    char why[256];    /* for a config_read_fn whose complaint is not constant */
};

/* The root mapping into a struct. false: reader->err and its error say why. */
bool config_read(struct config_reader *reader, const yaml_node_t *root,
                 const struct config_mapping *mapping, void *into);

/* The value of a key, or mapping itself if it has no such key. */
const yaml_node_t *config_member(struct config_reader *reader, const yaml_node_t *mapping,
                                 const char *key);

#endif
