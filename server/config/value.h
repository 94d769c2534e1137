/* value.h - the forms of single values: domain names, addresses, URLs, modes.
 * Pure text in, plain struct out.
 * Threads: any. */
#ifndef CAAD_CONFIG_VALUE_H
#define CAAD_CONFIG_VALUE_H

#include "config/config.h"

/* LDH labels, none over 63 octets, no hyphen at either end of a label, no
 * trailing dot, at most 253 octets: what an issuer-domain-name can be (RFC 8659
 * section 4.2). */
bool value_is_domain_name(const char *text);

/* ADDRESS, V6ADDRESS, ADDRESS:PORT, [V6ADDRESS] or [V6ADDRESS]:PORT, numbers
 * only. default_port 0: the port must be there. NULL, or what is wrong. */
const char *value_read_server(const char *text, uint16_t default_port,
                              struct caad_server *out);

/* An address or a prefix with no bit set behind its length; out gets the usual
 * spelling (CAAD_ADDRESS_LEN). NULL, or what is wrong. */
const char *value_read_prefix(const char *text, char *out);

/* url, ipc_path, transport and loopback of a listener; url is borrowed. NULL,
 * or what is wrong. */
const char *value_read_listener(const char *url, struct caad_listener *out);

bool value_is_loopback(const struct sockaddr_storage *address);

/* "0660", "660": octal, for the owner to read and write at least. */
const char *value_read_mode(const char *text, uint32_t *out);

#endif
