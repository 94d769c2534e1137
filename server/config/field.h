/* field.h - how each key's text becomes its field, and what mappings must hold
 * as a whole. Only schema.c's table refers to these; value.h has the forms that
 * need no reader.
 * Threads: owner only. */
#ifndef CAAD_CONFIG_FIELD_H
#define CAAD_CONFIG_FIELD_H

#include "config/schema.h"

config_read_fn field_read_issuer;      /* const char * */
config_read_fn field_read_label;       /* const char *, up to 64 octets */
config_read_fn field_read_prefix;      /* const char * */
config_read_fn field_read_url;         /* struct caad_listener: offset 0 */
config_read_fn field_read_mode;        /* uint32_t */
config_read_fn field_read_role;        /* uint32_t, adds a bit */
config_read_fn field_read_certificate; /* const char *, absolute */
config_read_fn field_read_private_key; /* const char *, absolute */
config_read_fn field_read_server;      /* struct caad_server */
config_read_fn field_read_kind;        /* enum caa_certificate */
config_read_fn field_read_exempt;      /* bool */
config_read_fn field_read_store;       /* struct caad_audit_config: offset 0 */
config_read_fn field_read_metrics;     /* const char *, NULL for none */
config_read_fn field_read_level;       /* enum log_level */
config_read_fn field_read_format;      /* enum log_format */

config_finish_fn field_finish_config;
config_finish_fn field_finish_listener;
config_finish_fn field_finish_limits;

bool field_same_text(const void *a, const void *b);
bool field_same_server(const void *a, const void *b);
bool field_same_listener(const void *a, const void *b);
bool field_same_product(const void *a, const void *b);

#endif
