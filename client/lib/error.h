/* error.h - filling a struct caa_client_error.
 * Threads: any; the struct belongs to its holder. */
#ifndef CAA_CLIENT_ERROR_H
#define CAA_CLIENT_ERROR_H

#include "caa_client.h"

/* Fills *error, which may be NULL, and returns code. field may be NULL. Texts
 * that do not fit are cut between characters. */
enum caa_client_code caa_error_set(struct caa_client_error *error,
                                   enum caa_client_code code, const char *field,
                                   const char *format, ...)
    __attribute__((format(printf, 4, 5)));

enum caa_client_code caa_error_no_memory(struct caa_client_error *error);

/* Copies *from when to is not NULL; returns from->code. */
enum caa_client_code caa_error_copy(struct caa_client_error *to,
                                    const struct caa_client_error *from);

/* Copies text into out, which has size bytes, cut between UTF-8 characters. */
void caa_error_text(char *out, size_t size, const char *text);

#endif
