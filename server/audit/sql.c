#include "audit/sql.h"

#define STATEMENT(number, name, parameters, results, text)                               \
    const struct db_statement sql_##name = {                                             \
        .id = number, .sql = text, .params = parameters, .columns = results}

/* --- schema and streams --- */

STATEMENT(0, read_version, "", "i", "SELECT value FROM audit_meta WHERE name = 'schema'");
STATEMENT(1, add_version, "i", "",
          "INSERT INTO audit_meta (name, value) VALUES ('schema', $1)");

STATEMENT(2, add_stream, "tb", "",
          "INSERT INTO audit_stream (stream_no, name, head_sequence, head_hash,"
          " anchor_sequence, anchor_hash)"
          " SELECT COALESCE(MAX(stream_no), 0) + 1, $1, 0, $2, 0, $2 FROM audit_stream"
          " WHERE true ON CONFLICT (name) DO NOTHING");
STATEMENT(3, read_stream, "t", "iibib",
          "SELECT stream_no, head_sequence, head_hash, anchor_sequence, anchor_hash"
          " FROM audit_stream WHERE name = $1");
/* Changes nothing, but only a store that can be written takes it. */
STATEMENT(4, touch_stream, "i", "",
          "UPDATE audit_stream SET head_sequence = head_sequence WHERE stream_no = $1");
STATEMENT(5, newest_record, "ii", "ib",
          "SELECT record_id, hash FROM audit_record"
          " WHERE record_id > $1 AND record_id < $2 ORDER BY record_id DESC LIMIT 1");
STATEMENT(6, list_streams, "", "it",
          "SELECT stream_no, name FROM audit_stream ORDER BY stream_no");
STATEMENT(7, recent_ids, "ii", "t",
          "SELECT request_id FROM audit_record"
          " WHERE record_id > $1 AND record_id < $2 ORDER BY record_id DESC LIMIT 10000");

/* --- writing --- */

STATEMENT(8, find_id, "t", "i",
          "SELECT record_id FROM audit_record WHERE request_id = $1");
STATEMENT(
    9, add_record, "iittttiibbb", "",
    "INSERT INTO audit_record (record_id, checked_at_ms, request_id, order_id, product,"
    " caller, event, decision, hash, previous_hash, body)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
/* Two spellings of one name in a request share a row. */
STATEMENT(10, add_name, "tiiii", "",
          "INSERT INTO audit_name (name, checked_at_ms, record_id, verdict, reason)"
          " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING");
STATEMENT(
    11, set_head, "ibi", "",
    "UPDATE audit_stream SET head_sequence = $1, head_hash = $2 WHERE stream_no = $3");

/* --- reading ---
 * Each list starts from the column that narrows most and reads its index
 * backwards from the page's start, so a page costs what it holds. The other
 * filters are written so that no planner starts from them instead. */

#define RECORDS "SELECT " SQL_RECORD_COLUMNS " FROM audit_record r"

STATEMENT(12, find_record, "t", SQL_RECORD_KINDS, RECORDS " WHERE r.request_id = $1");
STATEMENT(13, list_by_name, "tiiitii", SQL_RECORD_KINDS,
          "SELECT " SQL_RECORD_COLUMNS
          " FROM audit_name n JOIN audit_record r ON r.record_id = n.record_id"
          " WHERE n.name = $1 AND (n.checked_at_ms, n.record_id) < ($2, $3)"
          " AND n.checked_at_ms >= $4 AND ($5 = '' OR r.order_id = $5)"
          " AND ($6 = 0 OR r.decision = $6)"
          " ORDER BY n.checked_at_ms DESC, n.record_id DESC LIMIT $7");
STATEMENT(14, list_by_order, "tiiiii", SQL_RECORD_KINDS,
          RECORDS " WHERE r.order_id = $1 AND (r.checked_at_ms, r.record_id) < ($2, $3)"
                  " AND r.checked_at_ms >= $4 AND ($5 = 0 OR r.decision = $5)"
                  " ORDER BY r.checked_at_ms DESC, r.record_id DESC LIMIT $6");
STATEMENT(15, list_by_decision, "iiiii", SQL_RECORD_KINDS,
          RECORDS " WHERE r.decision = $1 AND (r.checked_at_ms, r.record_id) < ($2, $3)"
                  " AND r.checked_at_ms >= $4"
                  " ORDER BY r.checked_at_ms DESC, r.record_id DESC LIMIT $5");
STATEMENT(16, list_by_time, "iiii", SQL_RECORD_KINDS,
          RECORDS " WHERE (r.checked_at_ms, r.record_id) < ($1, $2)"
                  " AND r.checked_at_ms >= $3"
                  " ORDER BY r.checked_at_ms DESC, r.record_id DESC LIMIT $4");
STATEMENT(17, read_range, "iii", SQL_RECORD_KINDS,
          RECORDS " WHERE r.record_id > $1 AND r.record_id <= $2"
                  " ORDER BY r.record_id LIMIT $3");
STATEMENT(18, find_name, "tii", "i",
          "SELECT record_id FROM audit_name"
          " WHERE name = $1 AND checked_at_ms = $2 AND record_id = $3");

/* --- retention --- */

STATEMENT(
    19, drop_name, "tii", "",
    "DELETE FROM audit_name WHERE name = $1 AND checked_at_ms = $2 AND record_id = $3");
STATEMENT(20, drop_records, "ii", "",
          "DELETE FROM audit_record WHERE record_id > $1 AND record_id <= $2");
/* Two daemons may prune one stream; the second finds its anchor gone. */
STATEMENT(21, set_anchor, "ibii", "",
          "UPDATE audit_stream SET anchor_sequence = $1, anchor_hash = $2"
          " WHERE stream_no = $3 AND anchor_sequence = $4");

/* request_id, order_id and name need no collation but equality. */
static const char schema[] =
    "CREATE TABLE audit_meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL);"
    "CREATE TABLE audit_stream ("
    " stream_no BIGINT PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " head_sequence BIGINT NOT NULL,"
    " head_hash %b NOT NULL,"
    " anchor_sequence BIGINT NOT NULL,"
    " anchor_hash %b NOT NULL);"
    "CREATE TABLE audit_record ("
    " record_id %i PRIMARY KEY,"
    " checked_at_ms BIGINT NOT NULL,"
    " request_id TEXT NOT NULL,"
    " order_id TEXT NOT NULL,"
    " product TEXT NOT NULL,"
    " caller TEXT NOT NULL,"
    " event INTEGER NOT NULL,"
    " decision INTEGER NOT NULL,"
    " hash %b NOT NULL,"
    " previous_hash %b NOT NULL,"
    " body %b NOT NULL);"
    "CREATE UNIQUE INDEX audit_record_request ON audit_record (request_id);"
    "CREATE INDEX audit_record_order ON audit_record (order_id, checked_at_ms, "
    "record_id);"
    "CREATE INDEX audit_record_decision ON audit_record (decision, checked_at_ms, "
    "record_id);"
    "CREATE INDEX audit_record_time ON audit_record (checked_at_ms, record_id);"
    "CREATE TABLE audit_name ("
    " name TEXT NOT NULL,"
    " checked_at_ms BIGINT NOT NULL,"
    " record_id BIGINT NOT NULL,"
    " verdict INTEGER NOT NULL,"
    " reason INTEGER NOT NULL,"
    " PRIMARY KEY (name, checked_at_ms, record_id)) %c;";

void sql_create(char *text, size_t size, const struct db_ops *ops)
{
    size_t used = 0;
    for (const char *c = schema; *c && used + 32 < size; c++) {
        if (*c != '%') {
            text[used++] = *c;
            continue;
        }
        c++;
        const char *word = *c == 'b'   ? ops->blob_type
                           : *c == 'i' ? ops->key_type
                                       : ops->clustered;
        used += (size_t)snprintf(text + used, size - used, "%s", word);
    }
    text[used] = '\0';
}
