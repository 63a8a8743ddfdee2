/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rewrite.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/worker.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "protocol.h"
#include "store/change.h"
#include "store/record.h"
#include "store/seal.h"
#include "store/store_state.h"

/* One frame to be carried over. */
struct slot {
    struct journal_place *at;   /* in an entry; set when all has succeeded */
    struct journal_place fresh; /* in the new log; size 0: left out, it is not what it claims */
    int is_newest;
};

struct rewrite {
    struct store *store;
    struct journal *to;
    struct journal_file *from;
    struct seal *seal;
    int reseals; /* for the owner of: */
    struct age_recipient recipient;
    struct slot *slots;
    size_t count, next;
    struct rewrite_end end;
    uint64_t ticket;
    int64_t now_us;
    struct loop_timer timer;
};

/* ---- what is needed -------------------------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    return (x->at->offset > y->at->offset) - (x->at->offset < y->at->offset);
}

/* In the order of the log: sequences only grow. */
static int collect(struct rewrite *rewrite)
{
    struct store *store = rewrite->store;
    size_t at = 0;
    rewrite->slots = calloc(store->records + 1, sizeof *rewrite->slots);
    if (!rewrite->slots)
        return -ENOMEM;
    for (struct entry *entry; (entry = table_next(store->entries, &at));) {
        if (!entry->version.number)
            continue;
        rewrite->slots[rewrite->count++] = (struct slot){&entry->version.place, {0, 0}, 1};
        for (unsigned i = 0; i < entry->past_count; i++)
            rewrite->slots[rewrite->count++] = (struct slot){&entry->past[i].place, {0, 0}, 0};
    }
    qsort(rewrite->slots, rewrite->count, sizeof *rewrite->slots, by_offset);
    return 0;
}

/* ---- carrying over --------------------------------------------------------------------------- */

static int reseal(struct rewrite *rewrite, struct slot *slot)
{
    struct record record;
    int r = seal_read(rewrite->store->seal, rewrite->from, *slot->at, &record);
    if (r == -EBADMSG && !slot->is_newest)
        return 0;
    if (r < 0)
        return r;
    r = seal_record(rewrite->seal, &record, rewrite->to, &slot->fresh);
    record_done(rewrite->store->arena, &record);
    return r < 0 ? r : journal_write(rewrite->to, 1);
}

static int carry(struct rewrite *rewrite, struct slot *slot)
{
    if (rewrite->reseals)
        return reseal(rewrite, slot);
    return journal_copy(rewrite->to, rewrite->from, *slot->at, &slot->fresh);
}

/* As much of it as fits a slice. 1: there is more, 0: that was all, or -errno. */
static int carry_slice(struct rewrite *rewrite)
{
    uint64_t end = clock_mono_ns() + LIMIT_SLICE_NS;
    int r = 0;
    while (r == 0 && rewrite->next < rewrite->count) {
        if (clock_mono_ns() >= end)
            return 1;
        r = carry(rewrite, &rewrite->slots[rewrite->next++]);
    }
    return r;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Rows of versions that were left out go. */
static void sweep_past(struct store *store)
{
    size_t at = 0;
    for (struct entry *entry; (entry = table_next(store->entries, &at));) {
        unsigned kept = 0;
        for (unsigned i = 0; i < entry->past_count; i++)
            if (entry->past[i].place.size)
                entry->past[kept++] = entry->past[i];
        entry->past_count = kept;
    }
}

static void take_over(struct rewrite *rewrite)
{
    struct store *store = rewrite->store;
    store->live = store->records = 0;
    for (size_t i = 0; i < rewrite->count; i++) {
        *rewrite->slots[i].at = rewrite->slots[i].fresh;
        store_state_count(store, rewrite->slots[i].fresh, 1);
    }
    sweep_past(store);
    journal_synced(rewrite->to, journal_end(rewrite->to));
    journal_close(store->journal);
    store->journal = rewrite->to;
    rewrite->to = NULL;
    seal_unref(store->seal);
    store->seal = seal_ref(rewrite->seal);
    store->written_us = 0;
    store->rewrites++;
}

static void release(struct rewrite *rewrite)
{
    struct store *store = rewrite->store;
    store->rewrite = NULL;
    if (store->options.loop)
        loop_cancel_timer(store->options.loop, &rewrite->timer);
    if (rewrite->to)
        unlinkat(store->options.dir, PROTOCOL_STATE_NEW_LOG, 0);
    journal_close(rewrite->to);
    journal_file_unref(rewrite->from);
    seal_unref(rewrite->seal);
    free(rewrite->slots);
    free(rewrite);
}

static void end(void *context, int r)
{
    struct rewrite *rewrite = context;
    struct store *store = rewrite->store;
    uint64_t ticket = rewrite->ticket;
    struct rewrite_end ended = rewrite->end;
    if (r == 0)
        take_over(rewrite);
    /* Which of the two logs a power cut would leave is not known: nothing more is written. */
    store->is_broken |= r == -ESTALE;
    store->failures += r < 0;
    store->retry_us = r < 0 ? rewrite->now_us + LIMIT_RETRY_US : 0;
    release(rewrite);
    if (ended.call)
        ended.call(ended.context, r);
    store->settled_result = r;
    if (store->options.loop)
        store_state_settled(store, ticket, ticket, r);
}

static int publish_job(void *context)
{
    struct rewrite *rewrite = context;
    return journal_publish(rewrite->to, rewrite->store->options.dir, PROTOCOL_STATE_NEW_LOG,
                           PROTOCOL_STATE_LOG);
}

/* All is carried over. */
static void publish(struct rewrite *rewrite)
{
    struct worker *worker = rewrite->store->options.worker;
    int r = journal_checkpoint(rewrite->to, rewrite->now_us);
    if (r == 0 && worker)
        r = worker_run(worker, publish_job, rewrite, end, rewrite);
    else if (r == 0)
        r = publish_job(rewrite);
    if (r < 0 || !worker)
        end(rewrite, r);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static int open_new(struct rewrite *rewrite)
{
    struct store *store = rewrite->store;
    int r = 0;
    if (rewrite->reseals)
        r = seal_new(store->arena, &rewrite->recipient, &rewrite->seal);
    else
        rewrite->seal = seal_ref(store->seal);
    if (r < 0)
        return r;
    rewrite->from = journal_file_ref(store->journal);
    unlinkat(store->options.dir, PROTOCOL_STATE_NEW_LOG, 0);
    r = journal_create(store->options.dir, PROTOCOL_STATE_NEW_LOG, seal_preface(rewrite->seal),
                       journal_next_sequence(store->journal), &rewrite->to, NULL);
    return r < 0 ? r : collect(rewrite);
}

/* As carry_slice(). Changes that are on their way to the disk come first; no new one does. */
static int do_slice(struct rewrite *rewrite)
{
    if (change_is_pending(rewrite->store))
        return 1;
    int r = rewrite->to ? 0 : open_new(rewrite);
    return r < 0 ? r : carry_slice(rewrite);
}

static void on_slice(struct loop_timer *timer)
{
    struct rewrite *rewrite = (struct rewrite *)((char *)timer - offsetof(struct rewrite, timer));
    struct store *store = rewrite->store;
    int waits = change_is_pending(store);
    int r = do_slice(rewrite);
    if (r < 0)
        end(rewrite, r);
    else if (r > 0 || (store->options.worker && worker_is_busy(store->options.worker)))
        loop_set_timer(store->options.loop, timer, r == 0 || waits);
    else
        publish(rewrite);
}

int rewrite_begin(struct store *store, const struct age_recipient *to,
                  const struct rewrite_end *ended, int64_t now_us, uint64_t *ticket)
{
    int r = store_state_check(store);
    if (r < 0)
        return r;
    struct rewrite *rewrite = calloc(1, sizeof *rewrite);
    if (!rewrite)
        return -ENOMEM;
    *rewrite = (struct rewrite){
        .store = store, .reseals = to != NULL, .now_us = now_us, .timer.fire = on_slice};
    if (to)
        rewrite->recipient = *to;
    if (ended)
        rewrite->end = *ended;
    store->rewrite = rewrite;
    *ticket = rewrite->ticket = ++store->last_ticket;
    if (store->options.loop) {
        loop_set_timer(store->options.loop, &rewrite->timer, 0);
        return -EINPROGRESS;
    }
    while ((r = do_slice(rewrite)) > 0)
        ;
    if (r < 0)
        end(rewrite, r);
    else
        publish(rewrite);
    return store->settled_result;
}

int rewrite_is_running(const struct store *store)
{
    return store->rewrite != NULL;
}

void rewrite_cancel(struct store *store)
{
    if (store->rewrite)
        end(store->rewrite, -ECANCELED);
}

int rewrite_is_due(const struct store *store, int64_t now_us)
{
    if (store_is_sealed(store) || store_state_is_held(store) || store->is_broken ||
        now_us < store->retry_us)
        return 0;
    uint64_t dead = journal_end(store->journal) - store->live;
    return dead > LIMIT_COMPACT && dead > store->live;
}
