#include "service/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One name on its way to a result. */
struct subject {
    struct caa_name name;
    struct caa_level *levels;
    size_t level_count;
    unsigned round; /* 0: the cache may answer; 1: all afresh */
    bool decided;
};

/* A level of a subject that waits for a question. */
struct dependent {
    struct dependent *next;
    struct subject *subject;
    size_t level;
};

/* One distinct level to ask in one round. */
struct question {
    struct resolver_query query;
    struct check *check;
    struct dependent *dependents;
    struct held_answer *held; /* NULL: on its way */
    bool from_cache;
    struct question *next; /* of all, to release them */
    struct question *next_in_bucket;
    unsigned round;
};

struct check {
    pthread_mutex_t lock;
    unsigned references; /* the owner's, and one each question on its way */
    struct check_options options;
    struct arena *arena;
    struct subject *subjects;
    struct caa_result *results;
    size_t undecided;
    struct question *questions;
    struct question **buckets; /* by hash and round */
    size_t bucket_mask;
    struct resolver_query *to_ask; /* gathered under the lock, asked after it */
    bool no_memory, completed;
};

static void free_check(struct check *check)
{
    for (struct question *q = check->questions; q; q = q->next)
        held_unref(q->held);
    pthread_mutex_destroy(&check->lock);
    arena_destroy(check->arena);
    free(check);
}

static void unlock_and_release(struct check *check)
{
    bool last = --check->references == 0;
    pthread_mutex_unlock(&check->lock);
    if (last)
        free_check(check);
}

/* ----------------------------------------------------------------- questions */

static void on_answer(struct resolver_query *query, struct held_answer *held,
                      bool from_cache);

static struct question *question_create_locked(struct check *check, struct caa_fqdn fqdn,
                                               unsigned round)
{
    struct question probe;
    resolver_query_init(check->options.resolver, &probe.query, fqdn);
    uint64_t hash = probe.query.hash;
    struct question **bucket = &check->buckets[(hash + round) & check->bucket_mask];
    for (struct question *q = *bucket; q; q = q->next_in_bucket)
        if (q->query.hash == hash && q->round == round &&
            strcmp(q->query.fqdn.text, fqdn.text) == 0)
            return q;
    struct question *question = arena_alloc(check->arena, sizeof *question);
    if (!question)
        return NULL;
    bool fresh = check->options.fresh || round > 0;
    question->query = (struct resolver_query){.fqdn = fqdn,
                                              .hash = hash,
                                              .fresh = fresh,
                                              .asked_us = check->options.asked_us,
                                              .deadline_us = check->options.deadline_us,
                                              .done = on_answer};
    question->check = check;
    question->round = round;
    question->next = check->questions;
    check->questions = question;
    question->next_in_bucket = *bucket;
    *bucket = question;
    question->held =
        fresh ? NULL : resolver_cached(check->options.resolver, &question->query);
    question->from_cache = question->held != NULL;
    if (!question->held) {
        question->query.next = check->to_ask;
        check->to_ask = &question->query;
        check->references++;
    }
    return question;
}

static void settle_level(const struct question *question, struct subject *subject,
                         size_t level)
{
    subject->levels[level].answer = &question->held->answer;
    subject->levels[level].from_cache = question->from_cache;
}

static bool ask_level_locked(struct check *check, struct subject *subject, size_t level)
{
    subject->levels[level].answer = NULL;
    struct question *question =
        question_create_locked(check, subject->levels[level].fqdn, subject->round);
    if (!question)
        return false;
    if (question->held) {
        settle_level(question, subject, level);
        return true;
    }
    struct dependent *dependent = arena_alloc(check->arena, sizeof *dependent);
    if (!dependent)
        return false;
    *dependent = (struct dependent){question->dependents, subject, level};
    question->dependents = dependent;
    return true;
}

static bool ask_subject_locked(struct check *check, struct subject *subject)
{
    for (size_t i = 0; i < subject->level_count; i++)
        if (!ask_level_locked(check, subject, i))
            return false;
    return true;
}

/* ------------------------------------------------------------------ deciding */

static bool is_whole(const struct subject *subject)
{
    for (size_t i = 0; i < subject->level_count; i++)
        if (!subject->levels[i].answer)
            return false;
    return true;
}

static void decide_locked(struct check *check, struct subject *subject)
{
    bool pending = false;
    struct caa_result *result = &check->results[subject - check->subjects];
    if (subject->decided || (check->options.whole_climb && !is_whole(subject)))
        return;
    if (caa_result_decide(check->arena, &subject->name, &check->options.policy,
                          subject->levels, subject->level_count, &pending,
                          result) != CAA_OK) {
        check->no_memory = true;
        return;
    }
    if (pending)
        return;
    if (result->verdict == CAA_VERDICT_DENIED && result->from_cache &&
        subject->round == 0) {
        subject->round = 1;
        if (!ask_subject_locked(check, subject))
            check->no_memory = true;
        else
            decide_locked(check, subject); /* others may have asked it all already */
        return;
    }
    subject->decided = true;
    check->undecided--;
}

/* Asks what was gathered and hands over when nothing is left to decide; then
 * lets go of the caller's reference. Pre: the lock is held. */
static void proceed_unlock(struct check *check)
{
    struct resolver_query *to_ask = check->to_ask;
    check->to_ask = NULL;
    bool complete = !check->completed && (check->no_memory || check->undecided == 0);
    check->completed |= complete;
    enum caa_err err = check->no_memory ? CAA_ENOMEM : CAA_OK;
    pthread_mutex_unlock(&check->lock);
    if (to_ask)
        resolver_ask(check->options.resolver, to_ask);
    if (complete)
        check->options.complete(check, err, check->options.arg);
    pthread_mutex_lock(&check->lock);
    unlock_and_release(check);
}

static void on_answer(struct resolver_query *query, struct held_answer *held,
                      bool from_cache)
{
    struct question *question = (struct question *)(void *)query;
    struct check *check = question->check;
    pthread_mutex_lock(&check->lock);
    question->held = held;
    question->from_cache = from_cache;
    if (!held)
        check->no_memory = true;
    for (struct dependent *d = question->dependents; held && d && !check->completed;
         d = d->next) {
        if (d->subject->decided || d->subject->round != question->round)
            continue;
        settle_level(question, d->subject, d->level);
        decide_locked(check, d->subject);
    }
    proceed_unlock(check);
}

/* ------------------------------------------------------------------ starting */

static enum caa_err read_names(struct check *check, size_t *level_total)
{
    const struct check_options *options = &check->options;
    for (size_t i = 0; i < options->name_count; i++) {
        struct subject *subject = &check->subjects[i];
        enum caa_err err = caa_name_read(check->arena, options->names[i],
                                         options->policy.certificate, &subject->name);
        if (err != CAA_OK)
            return err;
        if (!caa_result_needs_lookup(&subject->name, &options->policy))
            continue;
        size_t count = caa_fqdn_label_count(subject->name.fqdn);
        subject->levels = arena_array(check->arena, count, sizeof *subject->levels);
        if (!subject->levels)
            return CAA_ENOMEM;
        subject->level_count = caa_climb_plan(subject->name.fqdn, subject->levels);
        *level_total += count;
    }
    return CAA_OK;
}

static enum caa_err plan(struct check *check)
{
    size_t count = check->options.name_count, level_total = 0, buckets = 4;
    check->subjects = arena_array(check->arena, count, sizeof *check->subjects);
    check->results = arena_array(check->arena, count, sizeof *check->results);
    if (!check->subjects || !check->results)
        return CAA_ENOMEM;
    enum caa_err err = read_names(check, &level_total);
    while (buckets < level_total)
        buckets *= 2;
    check->buckets = arena_array(check->arena, buckets, sizeof *check->buckets);
    check->bucket_mask = buckets - 1;
    check->undecided = count;
    return check->buckets ? err : CAA_ENOMEM;
}

enum caa_err check_start(const struct check_options *options)
{
    struct check *check = calloc(1, sizeof *check);
    if (!check)
        return CAA_ENOMEM;
    pthread_mutex_init(&check->lock, NULL);
    check->options = *options;
    check->arena = arena_create(options->memory_budget);
    if (!check->arena || plan(check) != CAA_OK) {
        free_check(check);
        return CAA_ENOMEM;
    }
    check->references = 2; /* the owner's, and ours until we have proceeded */
    pthread_mutex_lock(&check->lock);
    for (size_t i = 0; i < options->name_count && !check->no_memory; i++) {
        if (!ask_subject_locked(check, &check->subjects[i]))
            check->no_memory = true;
        else
            decide_locked(check, &check->subjects[i]);
    }
    proceed_unlock(check);
    return CAA_OK;
}

const struct caa_result *check_results(const struct check *check)
{
    return check->results;
}

const struct caa_level *check_levels(const struct check *check, size_t name,
                                     size_t *count)
{
    *count = check->subjects[name].level_count;
    return check->subjects[name].levels;
}

void check_release(struct check *check)
{
    if (!check)
        return;
    pthread_mutex_lock(&check->lock);
    unlock_and_release(check);
}
