/* sql.h - every statement audit/ runs, and the schema. Parameters first appear
 * in the order of their numbers (db.h). record_id is the stream's number times
 * 2^40 plus the sequence: time-ordered within a stream, never from a counter
 * that all daemons share.
 * Threads: immutable. */
#ifndef CAA_AUDIT_SQL_H
#define CAA_AUDIT_SQL_H

#include "audit/db.h"

enum { AUDIT_SCHEMA_VERSION = 1, SQL_STREAM_SHIFT = 40 };

static inline int64_t sql_record_id(int64_t stream_no, uint64_t sequence)
{
    return (stream_no << SQL_STREAM_SHIFT) + (int64_t)sequence;
}

static inline uint64_t sql_sequence(int64_t record_id)
{
    return (uint64_t)record_id & ((UINT64_C(1) << SQL_STREAM_SHIFT) - 1);
}

/* What rows.h reads, in this order. */
#define SQL_RECORD_COLUMNS                                                               \
    "r.record_id,"                                                                       \
    " (SELECT s.name FROM audit_stream s WHERE s.stream_no = r.record_id / "             \
    "1099511627776),"                                                                    \
    " r.checked_at_ms, r.request_id, r.order_id, r.product, r.caller, r.event,"          \
    " r.decision, r.hash, r.previous_hash, r.body"
#define SQL_RECORD_KINDS                                                                 \
    "ititttti"                                                                           \
    "ibbb"

extern const struct db_statement sql_read_version, sql_add_version;
extern const struct db_statement sql_add_stream, sql_read_stream, sql_touch_stream,
    sql_newest_record, sql_list_streams, sql_recent_ids;
extern const struct db_statement sql_find_id, sql_add_record, sql_add_name, sql_set_head;
extern const struct db_statement sql_find_record, sql_list_by_name, sql_list_by_order,
    sql_list_by_decision, sql_list_by_time, sql_read_range, sql_find_name;
extern const struct db_statement sql_drop_name, sql_drop_records, sql_set_anchor;

/* CREATE statements of version 1; %b is the type of bytes, %c the clause that
 * keeps a table in its primary key. Fills text (NUL-terminated). */
void sql_create(char *text, size_t size, const struct db_ops *ops);

#endif
