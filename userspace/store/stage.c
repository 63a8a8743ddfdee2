/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/stage.h"

#include <errno.h>
#include <stdlib.h>

#include "crypto/secret.h"
#include "limits.h"
#include "store/change_state.h"
#include "store/format.h"
#include "store/rewrite.h"
#include "store/seal.h"
#include "store/shape.h"
#include "store/store_state.h"

struct stage {
    struct change_call call;
    size_t unwritten; /* bytes of frames that are reserved and not written, about */
};

int stage_begin(struct store *store, int64_t now_us, struct stage **ret)
{
    int r = store_state_check(store);
    if (r == 0 && change_is_pending(store))
        r = -EAGAIN;
    if (r < 0)
        return r;
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage)
        return -ENOMEM;
    stage->call = (struct change_call){.store = store, .number = ++store->calls, .now_us = now_us};
    store->is_held = 1;
    *ret = stage;
    return 0;
}

/*
 * Write what has piled up, before a frame for VALUE bytes is reserved: the last frame stays to be
 * written by the commit, which ends the batch with it. What stands around a value counts too: of
 * values of a few bytes it is nearly all.
 */
static int make_room(struct stage *stage, size_t value)
{
    int r = 0;
    if (stage->unwritten >= LIMIT_STAGE) {
        r = journal_write(stage->call.store->journal, 0);
        stage->unwritten = 0;
    }
    stage->unwritten += FORMAT_FRAME + LIMIT_META + value;
    return r;
}

int stage_put(struct stage *stage, struct span key, const struct change_put *put)
{
    struct change_conflict conflict;
    int r = make_room(stage, put->value.length);
    return r < 0 ? r : change_state_put(&stage->call, key, put, &conflict);
}

/* ---- versions as they were ------------------------------------------------------------------- */

/* The version that was the newest so far becomes one of the past. */
static int push_past(struct store *store, struct change *change)
{
    struct entry *entry = change->entry;
    struct store_version *version = &change->next;
    if (store_state_reserve_past(entry) < 0)
        return -ENOMEM;
    entry->past[entry->past_count++] = (struct past){.number = version->number,
                                                     .updated_us = version->updated_us,
                                                     .validity = version->validity,
                                                     .place = version->place,
                                                     .is_gone = change->op == RECORD_EXPIRE,
                                                     .is_over = !version->block};
    store_state_count(store, version->place, 1);
    secret_unref(version->block);
    version->block = NULL;
    return 0;
}

/* The change of RECORD's key, ready to take it as its newest version. */
static int find_change(struct stage *stage, const struct record *record, struct change **ret)
{
    struct entry *entry;
    int r = store_state_entry(stage->call.store, record->key, &entry);
    if (r < 0)
        return r;
    *ret = entry->change;
    if (entry->version.number || (*ret && (*ret)->next.number >= record->version))
        return -EINVAL;
    if (*ret)
        return push_past(stage->call.store, *ret);
    *ret = change_state_add(&stage->call, entry, record->op);
    if (*ret)
        return 0;
    store_state_drop(stage->call.store, entry);
    return -ENOMEM;
}

static int take(struct stage *stage, struct change *change, const struct record *record)
{
    struct store *store = stage->call.store;
    struct record sealed = *record;
    change->op = record->op;
    change->next = (struct store_version){.number = record->version,
                                          .created_us = record->created_us,
                                          .updated_us = record->updated_us,
                                          .validity = record->validity};
    int is_over = record->op == RECORD_EXPIRE || record->validity.expires_us <= stage->call.now_us;
    int r = is_over ? 0
                    : shape_render(store->arena, record->value, record->template, record->format,
                                   &change->next);
    if (r == 0)
        r = seal_record(store->seal, &sealed, store->journal, &change->next.place);
    return r;
}

int stage_record(struct stage *stage, const struct record *record)
{
    struct change *change = NULL;
    int r = make_room(stage, record->value.length);
    if (r == 0)
        r = find_change(stage, record, &change);
    return r < 0 ? r : take(stage, change, record);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* More versions of a key than are kept may have come. */
static void trim(struct stage *stage)
{
    for (struct change *change = stage->call.first; change; change = change->following)
        if (!change->entry->version.number)
            store_state_trim(stage->call.store, change->entry, store_state_kept(stage->call.store));
}

int stage_commit(struct stage *stage, uint64_t *ticket)
{
    struct store *store = stage->call.store;
    int r = stage->call.first ? journal_write(store->journal, 1) : 0;
    store->is_held = 0;
    if (r < 0) {
        store->failures++;
        journal_abandon(store->journal);
        change_state_forget(&stage->call);
    } else if (stage->call.first) {
        trim(stage);
        store->open.ticket = journal_is_memory(store->journal) ? 0 : *ticket;
        r = change_state_written(&stage->call, ticket);
    }
    free(stage);
    return r;
}

void stage_abandon(struct stage *stage)
{
    if (!stage)
        return;
    journal_abandon(stage->call.store->journal);
    change_state_forget(&stage->call);
    stage->call.store->is_held = 0;
    free(stage);
}
