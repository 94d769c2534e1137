#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drops an incomplete UTF-8 sequence from the end of a text that was cut. */
static void cut_between_characters(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0u) == 0x80u)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xF0u ? 4 : lead >= 0xE0u ? 3 : lead >= 0xC0u ? 2 : 1;
    if (len - (start - 1) < need)
        text[start - 1] = '\0';
}

void caa_error_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);
    if (len < size) {
        memcpy(out, text, len + 1);
        return;
    }
    memcpy(out, text, size - 1);
    out[size - 1] = '\0';
    cut_between_characters(out, size - 1);
}

enum caa_client_code caa_error_set(struct caa_client_error *error,
                                   enum caa_client_code code, const char *field,
                                   const char *format, ...)
{
    if (error == NULL)
        return code;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    if (len < 0)
        error->message[0] = '\0';
    else if ((size_t)len >= sizeof(error->message))
        cut_between_characters(error->message, sizeof(error->message) - 1);
    error->code = code;
    error->retry_after_ms = 0;
    caa_error_text(error->field, sizeof(error->field), field == NULL ? "" : field);
    return code;
}

enum caa_client_code caa_error_no_memory(struct caa_client_error *error)
{
    return caa_error_set(error, CAA_CLIENT_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

enum caa_client_code caa_error_copy(struct caa_client_error *to,
                                    const struct caa_client_error *from)
{
    if (to != NULL)
        *to = *from;
    return from->code;
}
