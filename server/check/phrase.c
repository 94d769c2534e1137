#include "check/phrase.h"

enum { NAME_SHOWN_MAX = CAA_FQDN_MAX, TAG_SHOWN_MAX = 40, ALIASES_SHOWN_MAX = 3 };

void caa_phrase_name(struct text *text, const char *name)
{
    text_add_name(text, name, NAME_SHOWN_MAX);
}

size_t caa_phrase_levels_above(const struct caa_result *result)
{
    return result->level_count - 1;
}

void caa_phrase_level(struct text *text, const struct caa_result *result,
                      const struct caa_answer *answer)
{
    size_t above = caa_phrase_levels_above(result);
    caa_phrase_name(text, answer->name);
    if (above == 0 && !result->name->wildcard)
        return;
    if (above == 0)
        text_add(text, " (for ");
    else
        text_addf(text, " (%zu level%s above ", above, above == 1 ? "" : "s");
    caa_phrase_name(text, result->name->ascii_name);
    text_add(text, ")");
}

void caa_phrase_aliases(struct text *text, const struct caa_answer *answer)
{
    if (answer->alias_count == 0)
        return;
    text_add(text, " ");
    caa_phrase_name(text, answer->name);
    for (size_t i = 0; i < answer->alias_count; i++) {
        bool last = i + 1 == answer->alias_count;
        if (i >= ALIASES_SHOWN_MAX - 1 && !last)
            continue; /* the last one is where the records are */
        text_add(text, i == 0 ? " is an alias for " : ", which is an alias for ");
        if (last && i >= ALIASES_SHOWN_MAX)
            text_add(text, "(some more, then) ");
        caa_phrase_name(text, answer->aliases[i]);
    }
    text_add(text, ".");
}

void caa_phrase_record(struct text *text, const struct caa_property *property)
{
    text_addf(text, "%u ", property->flags);
    text_add_escaped(text, property->tag, TAG_SHOWN_MAX);
    text_add(text, " \"");
    text_add_escaped(text, property->value, CAA_PHRASE_VALUE_MAX);
    text_add(text, "\"");
}

const char *caa_phrase_certificates(const struct caa_policy *policy,
                                    const struct caa_result *result)
{
    switch (policy->certificate) {
    case CAA_CERTIFICATE_SMIME:
        return "S/MIME certificates";
    case CAA_CERTIFICATE_VMC:
        return "mark certificates";
    case CAA_CERTIFICATE_TLS:
        break;
    }
    return result->name->wildcard ? "wildcard certificates" : "certificates";
}

const struct caa_property *caa_phrase_decisive(const struct caa_result *result)
{
    for (size_t i = 0; i < result->found->property_count; i++)
        if (result->decisive[i])
            return &result->found->properties[i];
    return NULL;
}
