/* SPDX-License-Identifier: BSD-2-Clause */
/* What the modules of the store share; nobody outside of this folder includes it. */
#ifndef VSECM_STORE_STORE_STATE_H
#define VSECM_STORE_STORE_STATE_H

#include "base/loop.h"
#include "store/journal.h"
#include "store/store.h"
#include "store/validity.h"

struct change;
struct rewrite;
struct seal;
struct table;

/* A version that is not the newest: its value is in the log only. */
struct past {
    uint64_t number;
    int64_t updated_us;
    struct validity validity;
    struct journal_place place;
    int is_gone; /* expired: the record has no value */
    int is_over; /* seen to be expired, though the record has its value: the clock may go back */
};

struct entry {
    struct store_version version; /* number 0: the key's first put is under way */
    struct past *past;            /* oldest first */
    unsigned past_count;
    unsigned past_size;    /* rows at past */
    struct change *change; /* under way, or NULL */
    int is_expiry_kept;    /* the log knows that its newest version has expired */
    size_t key_length;
    char key[];
};

/* Changes that are written and not yet known to be durable, in order. */
struct batch {
    uint64_t ticket;
    struct change *first, *last;
    uint64_t end; /* of the log behind them */
};

struct store {
    struct store_options options;
    struct arena *arena;
    void *spare; /* a block of it that the next load_log() will be glad of */
    struct table *entries;
    size_t count;            /* entries with a version */
    struct seal *seal;       /* NULL: sealed */
    struct journal *journal; /* NULL: sealed */
    uint64_t live;           /* bytes of frames that are needed */
    uint64_t records;        /* those frames */
    int64_t due_us;          /* no value expires before this */
    int64_t written_us;      /* when the log was last changed; 0: not since its last checkpoint */
    int64_t retry_us;        /* no rewrite is tried before this */
    uint64_t calls;          /* of change_*(), to tell a call's own changes */
    struct batch open;       /* written, waits for its turn to be synced */
    struct batch syncing;    /* the worker is at it; ticket 0: it is not */
    uint64_t last_ticket;
    struct rewrite *rewrite; /* under way: nothing else is changed meanwhile */
    int is_held;             /* by a stage: nobody else changes anything meanwhile */
    uint64_t rewrites, failures;
    int settled_result; /* of what was settled last */
    void (*also_settled)(void *context, uint64_t first, uint64_t last, int result);
    void *also_settled_context;
    void (*changed)(void *context, struct span key); /* NULL: nobody cares */
    void *changed_context;
    int is_broken; /* which log a crash would leave is not known: no more changes */
};

static inline struct span store_state_key(const struct entry *entry)
{
    return (struct span){entry->key, entry->key_length};
}

/* Nothing may be changed now but by whoever is at it. */
static inline int store_state_is_held(const struct store *store)
{
    return store->rewrite != NULL || store->is_held;
}

/* A frame is needed from now on, or no more. */
static inline void store_state_count(struct store *store, struct journal_place place, int sign)
{
    if (!place.size)
        return;
    store->live += sign > 0 ? place.size : -(uint64_t)place.size;
    store->records += sign > 0 ? 1 : UINT64_MAX;
}

static inline void store_state_changed(const struct store *store, const struct entry *entry)
{
    if (store->changed)
        store->changed(store->changed_context, store_state_key(entry));
}

/* Tell whoever wants to know what came of the changes FIRST to LAST. */
void store_state_settled(const struct store *store, uint64_t first, uint64_t last, int result);

/* 0 when a change may begin, -ENOKEY (sealed), -EIO (broken), -EAGAIN (held). */
int store_state_check(const struct store *store);

/* The entry of KEY, made without a version when there is none. 0, -ENOSPC or -ENOMEM. */
int store_state_entry(struct store *store, struct span key, struct entry **ret);

/* Take ENTRY out and release it with all its versions. */
void store_state_drop(struct store *store, struct entry *entry);

/* Room for one more row at entry->past. 0 or -ENOMEM. */
int store_state_reserve_past(struct entry *entry);

/* Keep no more than the COUNT newest rows of entry->past. */
void store_state_trim(struct store *store, struct entry *entry, unsigned count);

/* The versions of ENTRY that are kept besides the newest. */
static inline unsigned store_state_kept(const struct store *store)
{
    return store->options.versions - 1;
}

#endif
