/* Any octets as RDATA: flags, tag and value are all of it, and the shown value
 * reads back as the same octets. */
#include "check/property.h"

#include "require.h"

static uint8_t take_shown(const char **text)
{
    const char *at = *text;
    if (at[0] != '\\') {
        *text += 1;
        return (uint8_t)at[0];
    }
    if (at[1] == '"' || at[1] == '\\') {
        *text += 2;
        return (uint8_t)at[1];
    }
    *text += 4;
    return (uint8_t)((at[1] - '0') * 100 + (at[2] - '0') * 10 + at[3] - '0');
}

static void check_shown(struct bytes value)
{
    struct arena *arena = arena_create(value.len * 4 + 64);
    const char *text = arena ? caa_property_text(arena, value) : NULL;
    require(text != NULL);
    require_printable(text);
    for (size_t i = 0; i < value.len; i++)
        require(take_shown(&text) == value.data[i]);
    require(*text == '\0');
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct caa_property property;
    if (!caa_property_read((struct bytes){data, size}, 300, &property)) {
        require(size < 2 || data[1] > size - 2);
        return 0;
    }
    require(property.flags == data[0]);
    require(property.tag.len == data[1]);
    require(2 + property.tag.len + property.value.len == size);
    require(property.tag.data == data + 2);
    require(property.known == CAA_TAG_UNKNOWN ||
            bytes_equal_nocase(property.tag, bytes_of(caa_tag_text(property.known))));
    check_shown(property.value);
    check_shown(property.tag);
    return 0;
}
