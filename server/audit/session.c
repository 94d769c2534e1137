#include "audit/session.h"

#include "base/clock.h"

enum { BACKOFF_MAX_US = 5 * 1000 * 1000 };

static void set_health(struct session *self, bool serving, const char *why)
{
    struct writer *writer = self->writer;
    pthread_mutex_lock(&writer->lock);
    bool changed = writer->serving != serving || strcmp(writer->why, why) != 0;
    if (serving && !writer->serving)
        writer->stats.reconnects++;
    writer->serving = serving;
    snprintf(writer->why, sizeof writer->why, "%s", why);
    pthread_mutex_unlock(&writer->lock);
    if (changed && serving)
        audit_log(self->audit, AUDIT_INFO, "audit: writing to %s",
                  self->audit->target.text);
    else if (changed)
        audit_log(self->audit, AUDIT_ERROR, "audit: not writing: %s", why);
}

void session_give_up(struct session *self, const struct fault *fault)
{
    db_close(self->db);
    self->db = NULL;
    self->connect_at_us = clock_mono_us() + self->backoff_us;
    self->backoff_us *= 2;
    if (self->backoff_us > BACKOFF_MAX_US)
        self->backoff_us = BACKOFF_MAX_US;
    set_health(self, false, fault->text);
}

static void take_id(void *arg, const struct db_value *values)
{
    struct ids *ids = arg;
    ids_add(ids, ids_hash(ids, (const char *)values[0].bytes.data));
}

/* So that a retry just after a restart is known too. */
static bool recall_ids(struct session *self, struct fault *fault)
{
    if (self->recalled)
        return true;
    const struct db_value params[] = {db_int(sql_record_id(self->stream.number, 0)),
                                      db_int(sql_record_id(self->stream.number + 1, 0))};
    struct db_reply reply = {.row = take_id, .arg = self->audit->ids};
    self->recalled = db_run(self->db, &sql_recent_ids, params, reply, fault);
    return self->recalled;
}

bool session_connect(struct session *self, struct fault *fault)
{
    self->db = db_connect(&self->audit->target, DB_WRITE, fault);
    if (self->db &&
        stream_claim(self->db, self->audit->options.stream, &self->stream, fault) &&
        recall_ids(self, fault))
        return true;
    db_close(self->db);
    self->db = NULL;
    return false;
}

void session_serve(struct session *self)
{
    self->backoff_us = SESSION_BACKOFF_US;
    set_health(self, true, "");
}

void session_try(struct session *self)
{
    struct fault fault;
    if (session_connect(self, &fault))
        session_serve(self);
    else
        session_give_up(self, &fault);
}
