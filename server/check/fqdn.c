#include "check/fqdn.h"

#include <string.h>

size_t caa_fqdn_label_count(struct caa_fqdn fqdn)
{
    size_t labels = 1;
    for (size_t i = 0; i < fqdn.len; i++)
        if (fqdn.text[i] == '.')
            labels++;
    return labels;
}

bool caa_fqdn_parent(struct caa_fqdn fqdn, struct caa_fqdn *parent)
{
    const char *dot = memchr(fqdn.text, '.', fqdn.len);
    if (!dot)
        return false;
    *parent = (struct caa_fqdn){dot + 1, fqdn.len - (size_t)(dot + 1 - fqdn.text)};
    return true;
}

bool caa_fqdn_is_within(struct caa_fqdn fqdn, const char *zone)
{
    size_t zone_len = strlen(zone);
    if (fqdn.len < zone_len)
        return false;
    size_t above = fqdn.len - zone_len;
    return memcmp(fqdn.text + above, zone, zone_len) == 0 &&
           (above == 0 || fqdn.text[above - 1] == '.');
}
