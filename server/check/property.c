#include "check/property.h"

#include "base/text.h"
#include "base/wire.h"

/* The tags this CA processes or knows to be harmless (BR 4.2.2.1, RFC 9495,
 * BR 3.2.2.4.13 and .17, BIMI): none of them is an unknown critical property. */
static const struct {
    const char *text;
    enum caa_tag tag;
} TAGS[] = {
    {"issue", CAA_TAG_ISSUE},
    {"issuewild", CAA_TAG_ISSUEWILD},
    {"issuemail", CAA_TAG_ISSUEMAIL},
    {"issuevmc", CAA_TAG_ISSUEVMC},
    {"iodef", CAA_TAG_IODEF},
    {"contactemail", CAA_TAG_CONTACTEMAIL},
    {"contactphone", CAA_TAG_CONTACTPHONE},
};

static enum caa_tag tag_identify(struct bytes tag)
{
    /* RFC 8659 section 4.1: tags compare without case. Anything else, an empty
     * tag or one with odd octets too, is simply a tag we do not know. */
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++)
        if (bytes_equal_nocase(tag, bytes_of(TAGS[i].text)))
            return TAGS[i].tag;
    return CAA_TAG_UNKNOWN;
}

const char *caa_tag_text(enum caa_tag tag)
{
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++)
        if (TAGS[i].tag == tag)
            return TAGS[i].text;
    return "";
}

bool caa_property_read(struct bytes rdata, uint32_t ttl_s, struct caa_property *out)
{
    struct wire wire = wire_of(rdata);
    uint8_t flags = wire_u8(&wire);
    uint8_t tag_len = wire_u8(&wire);
    struct bytes tag = wire_take(&wire, tag_len);
    if (wire.failed)
        return false;
    /* RFC 8659 section 4.1: the value is all that is left, possibly nothing. */
    *out = (struct caa_property){
        .ttl_s = ttl_s,
        .flags = flags,
        .known = tag_identify(tag),
        .tag = tag,
        .value = wire.rest,
    };
    return true;
}

char *caa_property_text(struct arena *arena, struct bytes value)
{
    char escaped[4];
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++)
        len += text_escape(value.data[i], escaped);
    char *text = arena_alloc(arena, len + 1);
    if (!text)
        return NULL;
    char *end = text;
    for (size_t i = 0; i < value.len; i++) {
        size_t count = text_escape(value.data[i], escaped);
        memcpy(end, escaped, count);
        end += count;
    }
    return text;
}
