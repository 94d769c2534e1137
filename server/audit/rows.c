#include "audit/rows.h"

/* One chunk: far above the 8 MiB of a page, below what would hurt. */
enum { ROWS_BUDGET = 512 << 20 };

bool rows_init(struct rows *rows, size_t room, size_t max_bytes)
{
    *rows = (struct rows){.room = room, .max_bytes = max_bytes};
    rows->arena = arena_create(ROWS_BUDGET);
    if (rows->arena)
        rows->items = arena_array(rows->arena, room, sizeof *rows->items);
    if (rows->items)
        return true;
    rows_fini(rows);
    return false;
}

void rows_fini(struct rows *rows)
{
    arena_destroy(rows->arena);
    rows->arena = NULL;
}

static const char *copy_text(struct rows *rows, struct bytes text)
{
    const char *copy = arena_strndup(rows->arena, (const char *)text.data, text.len);
    rows->failed |= !copy;
    return copy;
}

static void copy_hash(uint8_t *hash, struct bytes stored)
{
    memset(hash, 0, AUDIT_HASH_LEN);
    memcpy(hash, stored.data, stored.len < AUDIT_HASH_LEN ? stored.len : AUDIT_HASH_LEN);
}

static struct bytes copy_body(struct rows *rows, struct bytes body)
{
    uint8_t *copy = arena_alloc(rows->arena, body.len);
    if (!copy) {
        rows->failed = true;
        return (struct bytes){NULL, 0};
    }
    memcpy(copy, body.data, body.len);
    return (struct bytes){copy, body.len};
}

void rows_add(void *arg, const struct db_value *v)
{
    struct rows *rows = arg;
    size_t len = v[11].bytes.len;
    if (rows->count > 0 && rows->bytes + len > rows->max_bytes)
        rows->cut = true;
    if (rows->cut || rows->failed || rows->count == rows->room)
        return;
    struct row *row = &rows->items[rows->count];
    row->record_id = v[0].number;
    row->record = (struct audit_record){
        .stream = copy_text(rows, v[1].bytes),
        .sequence = sql_sequence(v[0].number),
        .checked_at_ms = v[2].number,
        .request_id = copy_text(rows, v[3].bytes),
        .order_id = copy_text(rows, v[4].bytes),
        .product = copy_text(rows, v[5].bytes),
        .caller = copy_text(rows, v[6].bytes),
        .event = (int)v[7].number,
        .decision = (int)v[8].number,
    };
    copy_hash(row->record.hash, v[9].bytes);
    copy_hash(row->record.previous_hash, v[10].bytes);
    row->body = copy_body(rows, v[11].bytes);
    rows->bytes += len;
    rows->count++;
}
