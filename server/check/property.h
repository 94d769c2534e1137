/* property.h - a CAA property: the RDATA of one record split into flags, tag
 * and value (RFC 8659 section 4.1). Octets throughout: a value may be empty,
 * hold NUL, or be longer than 255.
 * Threads: any. */
#ifndef CAA_CHECK_PROPERTY_H
#define CAA_CHECK_PROPERTY_H

#include "base/arena.h"
#include "base/bytes.h"

enum caa_tag {
    CAA_TAG_UNKNOWN, /* not known here, empty, or outside letters and digits */
    CAA_TAG_ISSUE,
    CAA_TAG_ISSUEWILD,
    CAA_TAG_ISSUEMAIL,
    CAA_TAG_ISSUEVMC,
    CAA_TAG_IODEF,
    CAA_TAG_CONTACTEMAIL,
    CAA_TAG_CONTACTPHONE,
};

struct caa_property {
    uint32_t ttl_s;
    uint8_t flags;
    enum caa_tag known; /* tag, identified without case */
    struct bytes tag;   /* 0 to 255 octets as published */
    struct bytes value; /* 0 to 65,533 octets */
};

/* The tag in lower case, as it is published; "" for UNKNOWN; static. */
const char *caa_tag_text(enum caa_tag tag);

/* Splits rdata; tag and value point into it. false, *out untouched: too short
 * for flags and tag length, or the tag overruns the end. */
CAA_MUSTCHECK bool caa_property_read(struct bytes rdata, uint32_t ttl_s,
                                     struct caa_property *out);

/* Bit 128; the other seven flag bits mean nothing (RFC 8659 section 4.1). */
static inline bool caa_property_is_critical(const struct caa_property *property)
{
    return (property->flags & 0x80) != 0;
}

/* value in zone-file form without the quotes: printable ASCII, '"' and '\'
 * with a backslash before, other octets as \DDD. NULL: out of memory. */
CAA_MUSTCHECK char *caa_property_text(struct arena *arena, struct bytes value);

#endif
