/* suggest.h - what did they mean? The nearest of some known words.
 * Threads: any; no state. */
#ifndef CAA_JSON_SUGGEST_H
#define CAA_JSON_SUGGEST_H

#include <stddef.h>

struct suggest {
    const char *word;
    const char *best;
    size_t distance;
};

/* Borrowed for as long as the suggestion is asked. */
struct suggest suggest_for(const char *word);
void suggest_offer(struct suggest *suggest, const char *candidate);

/* NULL when nothing offered is near enough to be meant. */
const char *suggest_best(const struct suggest *suggest);

#endif
