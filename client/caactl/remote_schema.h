/* remote_schema.h - the schema that the server hands out, for the verbs that
 * know no method of their own.
 * Threads: main only. */
#ifndef CAACTL_REMOTE_SCHEMA_H
#define CAACTL_REMOTE_SCHEMA_H

#include "verb.h"
#include "json/schema.h"

/* NULL: the reason has been printed and *exit_code is set. */
struct schema *remote_schema_get(struct cli *cli, int *exit_code);

/* The method, or NULL with suggestions printed. */
const struct schema_method *remote_schema_method(const struct schema *schema,
                                                 const char *name);
/* The symbol, or NULL; says so unless quiet. */
const struct schema_symbol *remote_schema_symbol(const struct schema *schema,
                                                 const char *name);

#endif
