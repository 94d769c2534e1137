#include "audit/batch.h"

static void take_known(void *arg, const struct db_value *values)
{
    struct audit_receipt *receipt = arg;
    receipt->known = true;
    receipt->sequence = sql_sequence(values[0].number);
}

static bool find_known(struct db *db, struct batch_item *items, size_t count,
                       struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        items[i].receipt = (struct audit_receipt){0};
        const struct db_value params[] = {db_text(items[i].entry->request_id)};
        struct db_reply reply = {.row = take_known, .arg = &items[i].receipt};
        if (!db->ops->send(db, &sql_find_id, params, reply, fault))
            return false;
    }
    return db->ops->sync(db, fault);
}

/* The same id twice in one batch: the first is the record. */
static const struct batch_item *earlier(const struct batch_item *items, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (items[i].id_hash == items[index].id_hash &&
            strcmp(items[i].entry->request_id, items[index].entry->request_id) == 0)
            return &items[i];
    }
    return NULL;
}

static bool send_names(struct db *db, const struct audit_entry *entry, int64_t record_id,
                       struct fault *fault)
{
    for (size_t i = 0; i < entry->name_count; i++) {
        const struct audit_name *name = &entry->names[i];
        struct bytes key =
            record_index_key(bytes_of(name->ascii_name ? name->ascii_name : ""));
        if (key.len == 0)
            continue;
        const struct db_value params[] = {{.kind = DB_TEXT, .bytes = key},
                                          db_int(entry->checked_at_ms),
                                          db_int(record_id),
                                          db_int(name->verdict),
                                          db_int(name->reason)};
        if (!db->ops->send(db, &sql_add_name, params, (struct db_reply){0}, fault))
            return false;
    }
    return true;
}

static struct db_value text_or_empty(const char *text)
{
    return db_text(text ? text : "");
}

static bool send_record(struct db *db, struct coder *coder, const char *name,
                        struct stream *stream, struct batch_item *item,
                        struct fault *fault)
{
    const struct audit_entry *entry = item->entry;
    uint64_t sequence = stream->head_sequence + 1;
    int64_t record_id = sql_record_id(stream->number, sequence);
    uint8_t hash[AUDIT_HASH_LEN];
    struct bytes body;
    if (!record_seal(coder, name, sequence, stream->head_hash, entry, hash, &body))
        return fault_set(fault, FAULT_WAIT, "out of memory");
    const struct db_value params[] = {db_int(record_id),
                                      db_int(entry->checked_at_ms),
                                      text_or_empty(entry->request_id),
                                      text_or_empty(entry->order_id),
                                      text_or_empty(entry->product),
                                      text_or_empty(entry->caller),
                                      db_int(entry->event),
                                      db_int(entry->decision),
                                      db_blob(hash, sizeof hash),
                                      db_blob(stream->head_hash, AUDIT_HASH_LEN),
                                      db_blob(body.data, body.len)};
    if (!db->ops->send(db, &sql_add_record, params, (struct db_reply){0}, fault) ||
        !send_names(db, entry, record_id, fault))
        return false;
    item->receipt.sequence = sequence;
    stream->head_sequence = sequence;
    memcpy(stream->head_hash, hash, sizeof hash);
    return true;
}

/* record_id is unique: had another writer moved the chain on since our head
 * was read, this transaction fails rather than forks it. */
static bool send_records(struct db *db, struct coder *coder, const char *name,
                         struct stream *stream, struct batch_item *items, size_t count,
                         struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        const struct batch_item *first =
            items[i].receipt.known ? NULL : earlier(items, i);
        if (first)
            items[i].receipt = (struct audit_receipt){true, first->receipt.sequence};
        if (!items[i].receipt.known &&
            !send_record(db, coder, name, stream, &items[i], fault))
            return false;
    }
    const struct db_value params[] = {db_int((int64_t)stream->head_sequence),
                                      db_blob(stream->head_hash, AUDIT_HASH_LEN),
                                      db_int(stream->number)};
    return db->ops->send(db, &sql_set_head, params, (struct db_reply){0}, fault);
}

bool batch_write(struct db *db, struct coder *coder, const char *name,
                 struct stream *stream, struct batch_item *items, size_t count,
                 struct fault *fault)
{
    return db->ops->begin(db, fault) && find_known(db, items, count, fault) &&
           send_records(db, coder, name, stream, items, count, fault) &&
           db->ops->commit(db, fault);
}
