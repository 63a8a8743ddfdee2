/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/change.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "base/worker.h"
#include "crypto/secret.h"
#include "store/change_state.h"
#include "store/record.h"
#include "store/seal.h"
#include "store/shape.h"
#include "store/store_state.h"

/* ---- preparing ----------------------------------------------------------------------------- */

static void forget(struct store *store, struct change *change)
{
    struct entry *entry = change->entry;
    secret_unref(change->next.block);
    entry->change = NULL;
    if (change->op == RECORD_EXPIRE)
        store->due_us = INT64_MIN; /* to be tried again */
    if (!entry->version.number)
        store_state_drop(store, entry);
    free(change);
}

static void forget_all(struct store *store, struct change *first)
{
    for (struct change *next; first; first = next) {
        next = first->following;
        forget(store, first);
    }
}

struct change *change_state_add(struct change_call *call, struct entry *entry, enum record_op op)
{
    struct change *change = calloc(1, sizeof *change);
    if (!change)
        return NULL;
    *change = (struct change){.entry = entry, .op = op, .call = call->number};
    change->next = entry->version;
    change->next.block = NULL;
    entry->change = change;
    if (call->last)
        call->last->following = change;
    else
        call->first = change;
    call->last = change;
    return change;
}

/* 1: ENTRY was named in this call before, -EAGAIN: it is being changed by another. */
static int is_taken(const struct change_call *call, const struct entry *entry)
{
    if (!entry->change)
        return 0;
    return entry->change->call == call->number ? 1 : -EAGAIN;
}

static int write_record(struct change_call *call, struct change *change,
                        const struct change_put *put)
{
    struct record record = {.op = change->op,
                            .version = change->next.number,
                            .created_us = change->next.created_us,
                            .updated_us = change->next.updated_us,
                            .validity = change->next.validity,
                            .key = store_state_key(change->entry)};
    if (put) {
        record.value = put->value;
        record.template = put->template;
        record.format = put->format;
        record.adopts = put->adopts;
    }
    return seal_record(call->store->seal, &record, call->store->journal, &change->next.place);
}

int change_state_put(struct change_call *call, struct span key, const struct change_put *put,
                     struct change_conflict *conflict)
{
    struct store *store = call->store;
    struct entry *entry;
    int r = store_state_entry(store, key, &entry);
    if (r < 0 || (r = is_taken(call, entry)) != 0)
        return r < 0 ? r : 0;
    struct change *change = change_state_add(call, entry, RECORD_PUT);
    if (!change || store_state_reserve_past(entry) < 0) {
        if (!change && !entry->version.number)
            store_state_drop(store, entry);
        return -ENOMEM;
    }
    if (put->if_version != CHANGE_ANY_VERSION && put->if_version != entry->version.number) {
        *conflict = (struct change_conflict){key, entry->version.number};
        return -ESTALE;
    }
    struct store_version *next = &change->next;
    if (!next->number)
        next->created_us = call->now_us;
    next->number++;
    next->updated_us = call->now_us;
    next->validity = put->validity;
    r = shape_render(store->arena, put->value, put->template, put->format, next);
    return r < 0 ? r : write_record(call, change, put);
}

/* What a load is to find before the record: else that would stand behind versions above it. */
static int write_end(struct change_call *call, struct change *change)
{
    struct record record = {.op = RECORD_DELETE,
                            .version = change->entry->version.number,
                            .created_us = change->entry->version.created_us,
                            .updated_us = call->now_us,
                            .validity = change->entry->version.validity,
                            .key = store_state_key(change->entry)};
    struct journal_place place;
    return seal_record(call->store->seal, &record, call->store->journal, &place);
}

static int take(struct change_call *call, struct change *change, const struct record *record)
{
    struct store *store = call->store;
    struct store_version *next = &change->next;
    struct record sealed = *record;
    change->has_no_past = next->number >= record->version;
    *next = (struct store_version){.number = record->version,
                                   .created_us = record->created_us,
                                   .updated_us = record->updated_us,
                                   .validity = record->validity};
    /* Of what is over already the value is kept in the log only, until the expiry is on record. */
    int r = record->validity.expires_us <= call->now_us
                ? 0
                : shape_render(store->arena, record->value, record->template, record->format, next);
    if (r == 0 && change->has_no_past)
        r = write_end(call, change);
    return r < 0 ? r : seal_record(store->seal, &sealed, store->journal, &next->place);
}

static int prepare_take(struct change_call *call, const struct record *record)
{
    struct entry *entry;
    int r = store_state_entry(call->store, record->key, &entry);
    if (r < 0)
        return r;
    if (entry->change)
        return -EAGAIN;
    struct change *change = change_state_add(call, entry, RECORD_PUT);
    if (!change && !entry->version.number)
        store_state_drop(call->store, entry);
    if (!change || store_state_reserve_past(entry) < 0)
        return -ENOMEM;
    return take(call, change, record);
}

static int prepare_delete(struct change_call *call, struct span key)
{
    struct entry *entry = table_find(call->store->entries, key);
    if (!entry)
        return -ENOENT;
    int r = is_taken(call, entry);
    if (r != 0)
        return r < 0 ? r : 0;
    if (!entry->version.number)
        return -ENOENT;
    struct change *change = change_state_add(call, entry, RECORD_DELETE);
    if (!change)
        return -ENOMEM;
    change->next.updated_us = call->now_us;
    return write_record(call, change, NULL);
}

/* ---- taking effect ------------------------------------------------------------------------- */

/* There is room for the row: change_state_put() made sure. */
static void make_past(struct entry *entry)
{
    const struct store_version *version = &entry->version;
    entry->past[entry->past_count++] = (struct past){.number = version->number,
                                                     .updated_us = version->updated_us,
                                                     .validity = version->validity,
                                                     .place = version->place,
                                                     .is_gone = entry->is_expiry_kept,
                                                     .is_over = !version->block};
}

/* The newest version so far is it no more. */
static void put_behind(struct store *store, const struct change *change)
{
    struct entry *entry = change->entry;
    if (!entry->version.number) {
        store->count++;
    } else if (change->has_no_past) {
        store_state_count(store, entry->version.place, -1);
        store_state_trim(store, entry, 0);
    } else {
        make_past(entry);
        store_state_trim(store, entry, store_state_kept(store));
    }
}

static void apply_put(struct store *store, struct change *change)
{
    struct entry *entry = change->entry;
    put_behind(store, change);
    secret_unref(entry->version.block);
    entry->version = change->next;
    entry->is_expiry_kept = change->op == RECORD_EXPIRE;
    store_state_count(store, change->next.place, 1);
    if (change->next.validity.expires_us < store->due_us)
        store->due_us = change->next.validity.expires_us;
}

static void apply(struct store *store, struct change *change)
{
    struct entry *entry = change->entry;
    entry->change = NULL;
    store_state_changed(store, entry);
    if (change->op == RECORD_PUT || !entry->version.number) {
        apply_put(store, change);
    } else if (change->op == RECORD_DELETE) {
        store_state_drop(store, entry);
    } else {
        store_state_count(store, entry->version.place, -1);
        store_state_count(store, change->next.place, 1);
        entry->version.place = change->next.place;
        entry->is_expiry_kept = 1;
    }
    free(change);
}

static void apply_all(struct store *store, struct change *first)
{
    for (struct change *next; first; first = next) {
        next = first->following;
        apply(store, first);
    }
}

/* ---- writing and syncing ------------------------------------------------------------------- */

static void join(struct batch *batch, struct change_call *call, uint64_t end)
{
    if (batch->last)
        batch->last->following = call->first;
    else
        batch->first = call->first;
    batch->last = call->last;
    batch->end = end;
}

int change_state_written(struct change_call *call, uint64_t *ticket)
{
    struct store *store = call->store;
    store->written_us = call->now_us;
    if (journal_is_memory(store->journal)) {
        apply_all(store, call->first);
        return 0;
    }
    if (!store->open.ticket)
        store->open.ticket = ++store->last_ticket;
    join(&store->open, call, journal_end(store->journal));
    *ticket = store->open.ticket;
    if (store->options.worker)
        return -EINPROGRESS;
    change_flush(store);
    return store->settled_result;
}

void change_state_forget(struct change_call *call)
{
    forget_all(call->store, call->first);
    call->first = call->last = NULL;
}

/* The changes of CALL are prepared, or R says why not. */
static int finish(struct change_call *call, int r, uint64_t *ticket)
{
    struct store *store = call->store;
    if (r == 0)
        r = journal_write(store->journal, 1);
    else
        journal_drop(store->journal);
    if (r == 0)
        return change_state_written(call, ticket);
    store->failures += r != -EAGAIN && r != -ESTALE && r != -ENOENT;
    change_state_forget(call);
    return r;
}

static void settle(struct store *store, uint64_t first, uint64_t last, int result)
{
    store->settled_result = result;
    store->failures += result < 0;
    if (store->options.worker)
        store_state_settled(store, first, last, result);
}

/* RESULT of the sync that store->syncing waited for. */
static void synced(void *context, int result)
{
    struct store *store = context;
    struct batch batch = store->syncing, behind = {0};
    store->syncing = (struct batch){0};
    if (result == 0) {
        journal_synced(store->journal, batch.end);
        apply_all(store, batch.first);
    } else {
        /* What was written behind it is cut off with it. */
        behind = store->open;
        store->open = (struct batch){0};
        journal_undo(store->journal);
        forget_all(store, batch.first);
        forget_all(store, behind.first);
    }
    settle(store, batch.ticket, behind.ticket ? behind.ticket : batch.ticket, result);
}

static int sync_job(void *context)
{
    return journal_sync(context);
}

void change_flush(struct store *store)
{
    if (!store->open.ticket || store->syncing.ticket)
        return;
    struct worker *worker = store->options.worker;
    if (worker && worker_is_busy(worker)) /* with a backup's file: its end flushes again */
        return;
    store->syncing = store->open;
    store->open = (struct batch){0};
    int r = 0;
    if (!worker)
        synced(store, journal_sync(store->journal));
    else if ((r = worker_run(worker, sync_job, store->journal, synced, store)) < 0)
        synced(store, r);
}

void change_finish(struct store *store)
{
    store->options.worker = NULL;
    change_flush(store);
}

int change_checkpoint(struct store *store, int64_t now_us)
{
    if (store_is_sealed(store) || store->is_broken || !store->written_us ||
        store_state_is_held(store) || change_is_pending(store))
        return 0;
    int r = journal_checkpoint(store->journal, now_us);
    if (r == 0)
        store->written_us = 0;
    return r;
}

int64_t change_unchecked_us(const struct store *store)
{
    return store->written_us;
}

int change_is_pending(const struct store *store)
{
    return store->open.ticket || store->syncing.ticket;
}

/* ---- the changes --------------------------------------------------------------------------- */

static int begin(struct store *store, int64_t now_us, struct change_call *ret)
{
    int r = store_state_check(store);
    if (r < 0)
        return r;
    *ret = (struct change_call){.store = store, .number = ++store->calls, .now_us = now_us};
    return 0;
}

int change_put(struct store *store, const struct span *keys, size_t count,
               const struct change_put *put, int64_t now_us, uint64_t *ticket,
               struct change_conflict *conflict)
{
    struct change_call call;
    int r = begin(store, now_us, &call);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count && r == 0; i++)
        r = change_state_put(&call, keys[i], put, conflict);
    return finish(&call, r, ticket);
}

int change_take(struct store *store, const struct record *record, int64_t now_us, uint64_t *ticket)
{
    struct change_call call;
    int r = begin(store, now_us, &call);
    return r < 0 ? r : finish(&call, prepare_take(&call, record), ticket);
}

int change_delete(struct store *store, const struct span *keys, size_t count, int64_t now_us,
                  uint64_t *ticket)
{
    struct change_call call;
    int r = begin(store, now_us, &call);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count && r == 0; i++)
        r = prepare_delete(&call, keys[i]);
    return finish(&call, r, ticket);
}

/* ---- expiry -------------------------------------------------------------------------------- */

static int record_expiry(struct change_call *call, struct entry *entry)
{
    if (entry->change || store_state_is_held(call->store) || call->store->is_broken)
        return -EAGAIN;
    struct change *change = change_state_add(call, entry, RECORD_EXPIRE);
    return change ? write_record(call, change, NULL) : -ENOMEM;
}

static int is_over(const struct store_version *version, int64_t now_us)
{
    return !version->block || version->validity.expires_us <= now_us;
}

void change_expire(struct store *store, int64_t now_us)
{
    if (store->due_us > now_us || store_is_sealed(store))
        return;
    struct change_call call = {.store = store, .number = ++store->calls, .now_us = now_us};
    int64_t due = VALIDITY_NEVER;
    int r = 0;
    size_t at = 0;
    for (struct entry *entry; (entry = table_next(store->entries, &at));) {
        struct store_version *version = &entry->version;
        if (!version->number || entry->is_expiry_kept)
            continue;
        if (!is_over(version, now_us)) {
            due = version->validity.expires_us < due ? version->validity.expires_us : due;
            continue;
        }
        secret_unref(version->block);
        version->block = NULL;
        store_state_changed(store, entry);
        int recorded = r < 0 && r != -EAGAIN ? r : record_expiry(&call, entry);
        r = recorded < 0 ? recorded : r;
    }
    uint64_t ticket;
    int kept = call.first ? finish(&call, r == -EAGAIN ? 0 : r, &ticket) : 0;
    store->due_us = r < 0 || (kept < 0 && kept != -EINPROGRESS) ? now_us : due;
}
