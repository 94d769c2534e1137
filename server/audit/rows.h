/* rows.h - records as read from the database, copied out of the row callback.
 * Threads: owner only. */
#ifndef CAA_AUDIT_ROWS_H
#define CAA_AUDIT_ROWS_H

#include "audit/sql.h"
#include "base/arena.h"

struct row {
    int64_t record_id;
    struct audit_record record; /* payload not yet opened */
    struct bytes body;
};

struct rows {
    struct arena *arena;
    struct row *items;
    size_t count;
    size_t room;
    size_t bytes;     /* of bodies */
    size_t max_bytes; /* rows past it are left out, the first never */
    bool cut;         /* some were */
    bool failed;      /* out of memory */
};

/* False: out of memory. */
CAA_MUSTCHECK bool rows_init(struct rows *rows, size_t room, size_t max_bytes);
void rows_fini(struct rows *rows);

/* A db_row for statements that yield SQL_RECORD_COLUMNS; arg is the rows. */
void rows_add(void *arg, const struct db_value *values);

#endif
