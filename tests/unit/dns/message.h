/* message.h - DNS messages for tests, written line by line, well-formed or
 * not. A script has one line a record:
 *
 *   QD OWNER [CLASS] TYPE          a question
 *   AN OWNER TTL [CLASS] TYPE DATA   answer; NS and AR: the other sections
 *
 * OWNER: a name with or without its final dot, "." the root, "@N" a pointer to
 * octet N. CLASS: "CH", else IN. TYPE and DATA:
 *
 *   CAA FLAGS TAG VALUE   VALUE is the rest of the line; \DDD is any octet
 *   CNAME, DNAME, NS NAME
 *   SOA MINIMUM
 *   OPT UPPER-RCODE HEX   HEX: the options
 *   NUMBER HEX            any other type, any RDATA
 *
 * Threads: any. */
#ifndef CAA_TEST_DNS_MESSAGE_H
#define CAA_TEST_DNS_MESSAGE_H

#include "base/bytes.h"

enum {
    MESSAGE_MAX = 65535,
    QR = 0x8000,
    AA = 0x0400,
    TC = 0x0200,
    RD = 0x0100,
    RA = 0x0080,
    AD = 0x0020,
    CD = 0x0010,
    /* Of a recursive resolver. */
    RECURSIVE = QR | RD | RA,
};

struct message {
    uint8_t data[MESSAGE_MAX + 1024];
    size_t len;
};

/* The header: flags with the RCODE in the lowest bits; every count 0. */
void message_begin(struct message *message, unsigned flags);
/* Adds the records of script and counts them. Aborts on a line it cannot read:
 * the test is wrong then. */
void message_add(struct message *message, const char *script);
/* Both. */
void message_write(struct message *message, unsigned flags, const char *script);
/* Sets a count of the header: section 0 to 3. */
void message_lie(struct message *message, unsigned section, unsigned count);
void message_add_octets(struct message *message, const void *octets, size_t len);

struct bytes message_bytes(const struct message *message);

#endif
