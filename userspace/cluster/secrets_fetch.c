/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole objects: asked for, opened, judged, stored. */
#include <errno.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/str.h"
#include "cluster/judgement.h"
#include "cluster/link.h"
#include "cluster/secrets_state.h"
#include "crypto/random.h"
#include "store/change.h"
#include "store/record.h"
#include "store/store.h"

/* ---- the queue ------------------------------------------------------------------------------- */

void secrets_fetch_unwant(struct secrets *secrets, struct catalog_item *item)
{
    if (!item->is_waiting)
        return;
    if (item->previous)
        item->previous->next = item->next;
    else
        secrets->first = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        secrets->last = item->previous;
    item->next = item->previous = NULL;
    item->is_waiting = 0;
    secrets->waiting--;
}

void secrets_fetch_want(struct secrets *secrets, struct catalog_item *item, uint64_t delay_ms)
{
    uint64_t due_ms = clock_mono_ms() + delay_ms;
    if (item->is_waiting) {
        item->due_ms = due_ms < item->due_ms ? due_ms : item->due_ms;
        return;
    }
    item->due_ms = due_ms;
    item->is_waiting = 1;
    item->previous = secrets->last;
    if (secrets->last)
        secrets->last->next = item;
    else
        secrets->first = item;
    secrets->last = item;
    secrets->waiting++;
}

/* It failed: again later, each time after twice as long, up to LIMIT_FETCH_MAX_MS. */
static void want_again(struct secrets *secrets, struct catalog_item *item)
{
    static const struct backoff backoff = {
        .delay_ms = LIMIT_FETCH_MIN_MS, .max_wait_ms = LIMIT_FETCH_MAX_MS, .is_exponential = true};
    uint64_t wait_ms = backoff_wait_ms(&backoff, item->failures, 0);
    if (item->failures < UINT8_MAX)
        item->failures++;
    secrets_fetch_want(secrets, item, wait_ms / 2 + random_below(wait_ms / 2));
}

/* ---- storing --------------------------------------------------------------------------------- */

int secrets_fetch_store(struct secrets *secrets, struct catalog_item *item,
                        const struct record *record, uint64_t *ticket)
{
    int r = change_take(secrets->options.store, record, clock_wall_us(), ticket);
    if (r == 0 || r == -EINPROGRESS) {
        item->version = record->version;
        item->created_us = record->created_us;
        item->updated_us = record->updated_us;
        item->validity = record->validity;
    }
    return r;
}

static void finish(struct secrets *secrets, struct catalog_item *item, int result)
{
    item->ticket = 0;
    secrets->storing--;
    if (result == 0)
        return;
    item->is_current = 0;
    want_again(secrets, item);
}

void secrets_fetch_settled(struct secrets *secrets, uint64_t first, uint64_t last, int result)
{
    size_t at = 0;
    if (!secrets->storing)
        return;
    for (struct catalog_item *item; (item = catalog_next(secrets->catalog, &at));)
        if (item->ticket && item->ticket >= first && item->ticket <= last)
            finish(secrets, item, result);
    secrets_fetch_pump(secrets);
}

/* ---- judging --------------------------------------------------------------------------------- */

static int is_same_content(const struct record *a, const struct record *b)
{
    return a->created_us == b->created_us && a->updated_us == b->updated_us &&
           a->adopts == b->adopts && a->validity.not_before_us == b->validity.not_before_us &&
           a->validity.expires_us == b->validity.expires_us && span_equal(a->value, b->value) &&
           span_equal(a->template, b->template) && span_equal(a->format, b->format);
}

/*
 * What is here under the number of RECORD is the same. What has no value any more, or does not
 * open, is told by its times.
 */
static int is_same(struct secrets *secrets, const struct record *record,
                   const struct store_version *local)
{
    struct record own;
    int r = store_read(secrets->options.store, record->key, local->number, INT64_MIN, &own);
    if (r < 0)
        return local->updated_us == record->updated_us &&
               local->validity.expires_us == record->validity.expires_us;
    int ret = is_same_content(&own, record);
    record_done(secrets->options.arena, &own);
    return ret;
}

static enum judgement judge(struct secrets *secrets, const struct catalog_item *item,
                            const struct record *record, const struct wire_message *secret)
{
    const struct store_version *local = store_find(secrets->options.store, catalog_key(item));
    const struct judgement_known known = {
        .key = catalog_key(item),
        .version = local ? local->number : 0,
        .is_same = local && local->number == record->version &&
                   span_equal(record->key, catalog_key(item)) && is_same(secrets, record, local),
        .status_version = item->status_version,
        .allows_rollback = secret->field[WHOLE_ALLOW_ROLLBACK].length != 0};
    return judgement_of(record, &known);
}

/* ---- one object ------------------------------------------------------------------------------ */

static void refuse(struct secrets *secrets, struct catalog_item *item, const char *word)
{
    item->is_current = 1; /* until it is another */
    item->refusal = word;
    secrets_tell_refusal(secrets, item);
}

static void accept(struct catalog_item *item)
{
    item->is_current = 1;
    item->failures = 0;
    item->refusal = NULL;
    item->reported = NULL;
}

static void take(struct secrets *secrets, struct catalog_item *item, const struct record *record)
{
    uint64_t ticket = 0;
    int r = secrets_fetch_store(secrets, item, record, &ticket);
    if (r < 0 && r != -EINPROGRESS) {
        want_again(secrets, item);
        return;
    }
    accept(item);
    item->ticket = r == 0 ? 0 : ticket;
    secrets->storing += item->ticket != 0;
}

static void look_into(struct secrets *secrets, struct catalog_item *item,
                      const struct record *record, const struct wire_message *secret)
{
    enum judgement judgement = judge(secrets, item, record, secret);
    if (judgement == JUDGEMENT_NEW) {
        take(secrets, item, record);
    } else if (judgement == JUDGEMENT_SAME) {
        item->version = record->version;
        accept(item);
    } else {
        refuse(secrets, item, judgement_word(judgement));
    }
}

static void note_object(struct catalog_item *item, const struct wire_message *secret)
{
    str_copy(item->uid, sizeof item->uid, secret->field[SECRET_UID]);
    str_copy(item->resource_version, sizeof item->resource_version,
             secret->field[SECRET_RESOURCE_VERSION]);
    item->generation = secrets_state_number(secret->field[WHOLE_GENERATION]);
    item->status_version = secrets_state_number(secret->field[WHOLE_STATUS_VERSION]);
}

/* The status is told when it is another than the object has, as far as that can be seen. */
static void compare_status(struct secrets *secrets, struct catalog_item *item,
                           const struct wire_message *secret)
{
    int has_error = secret->field[WHOLE_STATUS_ERROR].length != 0;
    int is_other = (item->refusal != NULL) != has_error ||
                   (!item->refusal && item->status_version != item->version);
    if (is_other || item->told != secrets_tell_hash(secrets, item))
        secrets_tell_later(secrets, item);
}

static void take_object(struct secrets *secrets, struct catalog_item *item,
                        const struct wire_message *secret)
{
    struct record record;
    note_object(item, secret);
    int r = secrets_state_open(secrets, secret->field[WHOLE_SEALED], &record);
    if (r == 0) {
        look_into(secrets, item, &record, secret);
        record_done(secrets->options.arena, &record);
    } else if (r == -ENOKEY || r == -EBADMSG) {
        refuse(secrets, item, r == -ENOKEY ? "sealed-to-others" : "damaged");
    } else {
        want_again(secrets, item);
    }
    if (item->is_current)
        compare_status(secrets, item, secret);
}

static void on_object(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    struct catalog_item *item = who;
    if (!item)
        return;
    item->is_asked = 0;
    secrets->fetching--;
    if (answer->kind == WIRE_SECRET)
        take_object(secrets, item, answer);
    else
        want_again(secrets, item);
    secrets_fetch_pump(secrets);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int ask(struct secrets *secrets, struct catalog_item *item)
{
    struct wire_message get = {.kind = WIRE_GET};
    secrets_state_name(&get, catalog_key(item));
    int r = secrets_state_ask(secrets, &get, on_object, item);
    if (r < 0)
        return r;
    secrets_fetch_unwant(secrets, item);
    item->is_asked = 1;
    secrets->fetching++;
    return 0;
}

void secrets_fetch_pump(struct secrets *secrets)
{
    uint64_t now_ms = clock_mono_ms();
    if (!link_is_up(secrets->options.link) || !secrets->has_recipient)
        return;
    for (struct catalog_item *item = secrets->first, *next; item; item = next) {
        next = item->next;
        if (secrets->fetching >= LIMIT_FETCHES)
            return;
        if (item->due_ms <= now_ms && !item->is_asked && ask(secrets, item) < 0)
            return;
    }
}
