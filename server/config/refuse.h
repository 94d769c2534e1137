/* refuse.h - why a file is refused: where, what stands there, what would be
 * accepted. Every function here returns false, so that a reader can return it.
 * Threads: owner only. */
#ifndef CAAD_CONFIG_REFUSE_H
#define CAAD_CONFIG_REFUSE_H

#include "config/reader.h"

/* "FILE:LINE: PATH: ..."; PATH is left out when there is none. Keeps an earlier
 * refusal. */
bool config_refuse(struct config_reader *reader, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "WHAT; expected ACCEPTED" in node's line. */
bool config_refuse_value(struct config_reader *reader, const struct config_key *key,
                         const yaml_node_t *node, const char *what);

/* The same with what stands there in front: "\"x\" is no number". */
bool config_refuse_found(struct config_reader *reader, const struct config_key *key,
                         const yaml_node_t *node, const char *what);

/* name is no key of the mapping. */
bool config_refuse_unknown(struct config_reader *reader,
                           const struct config_mapping *mapping, const yaml_node_t *name);

bool config_no_memory(struct config_reader *reader);

/* From 1; 1 for NULL. */
size_t config_line(const yaml_node_t *node);

/* Pre: a scalar. */
struct bytes config_scalar(const yaml_node_t *node);

/* The form a key accepts: "a whole number from 1 to 10". */
void config_accepted(const struct config_key *key, struct text *out);

#endif
