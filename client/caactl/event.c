#include "event.h"

#include <stdio.h>
#include <strings.h>

#include "output.h"
#include "json/suggest.h"

bool event_parse(const char *text, Caa__V1__CheckDomainsRequest__Event *event)
{
    const ProtobufCEnumDescriptor *events =
        &caa__v1__check_domains_request__event__descriptor;
    char word[32];
    snprintf(word, sizeof(word), "%s", text);
    for (char *at = word; *at != '\0'; at++)
        if (*at == '-')
            *at = '_';
    struct suggest suggest = suggest_for(word);
    for (unsigned i = 0; i < events->n_values; i++) {
        if (events->values[i].value == 0)
            continue;
        if (strcasecmp(events->values[i].name, word) == 0) {
            *event = (Caa__V1__CheckDomainsRequest__Event)events->values[i].value;
            return true;
        }
        suggest_offer(&suggest, events->values[i].name);
    }
    const char *best = suggest_best(&suggest);
    return usage("--event: \"%.40s\" is none; accepted are order, reissue, renewal and "
                 "add_san%s%s%s",
                 text, best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}
