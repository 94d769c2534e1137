/* The one thing read from a PostgreSQL URL here: what may be shown of it, and
 * the password, which may not. */
#include <libpq-fe.h>
#include <stdlib.h>

#include "audit/db.h"

static const char *option_value(const PQconninfoOption *options, const char *key)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, key) == 0)
            return options->val ? options->val : "";
    }
    return "";
}

/* libpq looks at ports when it connects, and would quote a wrong one. */
static bool ports_valid(const char *ports)
{
    return ports[strspn(ports, "0123456789,")] == '\0';
}

bool db_pg_read_url(const char *url, char **text, char **secret, struct fault *fault)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);
    PQfreemem(why); /* it may quote the part with the password */
    if (!options || !ports_valid(option_value(options, "port"))) {
        PQconninfoFree(options);
        return fault_set(fault, FAULT_NEVER,
                         "audit.store: not a PostgreSQL URL; the form is "
                         "postgresql://user:password@host:port/database?option=value");
    }
    const char *port = option_value(options, "port");
    const char *host = option_value(options, "host");
    if (asprintf(text, "postgresql://%s%s%s/%s", *host ? host : "localhost",
                 *port ? ":" : "", port, option_value(options, "dbname")) < 0)
        *text = NULL;
    *secret = strdup(option_value(options, "password"));
    PQconninfoFree(options);
    return true;
}
