/* query.h - one DNS query message: RD and AD set, EDNS without DO. AD in a
 * query asks for AD in the answer (RFC 6840 section 5.7) and spares the
 * signatures that DO would bring.
 * Threads: any. */
#ifndef CAA_DNS_QUERY_H
#define CAA_DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUERY_TYPE_SOA = 6,
    QUERY_TYPE_CAA = 257,
    QUERY_MAX = 12 + 255 + 4 + 11, /* header, QNAME, type and class, OPT */
    /* Fits any path without fragments (DNS flag day 2020). */
    QUERY_UDP_PAYLOAD = 1232,
};

/* Writes the message; name is in lookup form, "" for the root; cd asks the
 * resolver not to validate. Returns its length, 0 if name is no name. */
size_t query_write(uint8_t out[QUERY_MAX], const char *name, uint16_t type, uint16_t id,
                   bool cd);

#endif
