#include "dns/held.h"

#include <stdlib.h>
#include <string.h>

/* The block: this struct, then the arrays, aligned, then the octets. */
struct layout {
    size_t properties, aliases, ede, attempts, text, total;
};

static size_t text_size(const struct caa_answer *draft)
{
    size_t size = strlen(draft->name) + 1 + draft->response.len;
    for (size_t i = 0; i < draft->alias_count; i++)
        size += strlen(draft->aliases[i]) + 1;
    return size;
}

static struct layout layout_of(const struct caa_answer *draft)
{
    struct layout at;
    at.properties = sizeof(struct held_answer);
    at.aliases = at.properties + draft->property_count * sizeof *draft->properties;
    at.ede = at.aliases + draft->alias_count * sizeof *draft->aliases;
    at.attempts = at.ede + draft->ede_count * sizeof *draft->ede;
    at.text = at.attempts + draft->attempt_count * sizeof *draft->attempts;
    at.total = at.text + text_size(draft);
    return at;
}

static char *put(char **at, const void *data, size_t len)
{
    char *copy = *at;
    if (len)
        memcpy(copy, data, len);
    *at += len;
    return copy;
}

/* A slice of the old message becomes the same slice of the copy. */
static struct bytes rebase(struct bytes slice, struct bytes from, const uint8_t *to)
{
    if (slice.len == 0)
        return (struct bytes){to, 0};
    return (struct bytes){to + (slice.data - from.data), slice.len};
}

struct held_answer *held_create(const struct caa_answer *draft)
{
    struct layout at = layout_of(draft);
    char *block = malloc(at.total);
    if (!block)
        return NULL;
    struct held_answer *held = (struct held_answer *)(void *)block;
    struct caa_property *properties = (void *)(block + at.properties);
    const char **aliases = (void *)(block + at.aliases);
    struct caa_ede *ede = (void *)(block + at.ede);
    struct caa_attempt *attempts = (void *)(block + at.attempts);
    char *text = block + at.text;

    atomic_init(&held->references, 1);
    held->answer = *draft;
    held->answer.name = put(&text, draft->name, strlen(draft->name) + 1);
    held->answer.response.data =
        (uint8_t *)put(&text, draft->response.data, draft->response.len);
    for (size_t i = 0; i < draft->property_count; i++) {
        properties[i] = draft->properties[i];
        properties[i].tag =
            rebase(properties[i].tag, draft->response, held->answer.response.data);
        properties[i].value =
            rebase(properties[i].value, draft->response, held->answer.response.data);
    }
    for (size_t i = 0; i < draft->alias_count; i++)
        aliases[i] = put(&text, draft->aliases[i], strlen(draft->aliases[i]) + 1);
    for (size_t i = 0; i < draft->ede_count; i++) {
        ede[i].code = draft->ede[i].code;
        ede[i].text =
            rebase(draft->ede[i].text, draft->response, held->answer.response.data);
    }
    if (draft->attempt_count)
        memcpy(attempts, draft->attempts, draft->attempt_count * sizeof *attempts);
    held->answer.properties = properties;
    held->answer.aliases = aliases;
    held->answer.ede = ede;
    held->answer.attempts = attempts;
    return held;
}

struct held_answer *held_ref(struct held_answer *held)
{
    atomic_fetch_add_explicit(&held->references, 1, memory_order_relaxed);
    return held;
}

void held_unref(struct held_answer *held)
{
    if (held &&
        atomic_fetch_sub_explicit(&held->references, 1, memory_order_acq_rel) == 1)
        free(held);
}
