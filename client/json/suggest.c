#include "suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Longer words are not worth guessing at. */
#define WORD_MAX 64

struct suggest suggest_for(const char *word)
{
    return (struct suggest){.word = word, .best = NULL, .distance = SIZE_MAX};
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Letters to insert, delete, change or swap, without case. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    memset(before, 0, sizeof(rows[0]));
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
    size_t far = distance(suggest->word, candidate);
    /* The beginning of a long word is a good hint as well. */
    size_t len = strlen(suggest->word);
    if (len >= 3 && strncasecmp(suggest->word, candidate, len) == 0)
        far = 1;
    if (far < suggest->distance) {
        suggest->distance = far;
        suggest->best = candidate;
    }
}

const char *suggest_best(const struct suggest *suggest)
{
    size_t len = strlen(suggest->word);
    size_t allowed = len <= 3 ? 1 : len <= 7 ? 2 : 3;
    return suggest->distance <= allowed ? suggest->best : NULL;
}
