/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/table.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "store/record.h"
#include "store/seal.h"
#include "store/store_state.h"

struct store *store_new(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->options = *options;
    store->arena = options->arena;
    store->due_us = VALIDITY_NEVER;
    store->entries = table_new(options->max);
    if (!store->entries) {
        free(store);
        return NULL;
    }
    return store;
}

void store_set_settled(struct store *store,
                       void (*settled)(void *context, uint64_t first, uint64_t last, int result),
                       void *context)
{
    store->options.settled = settled;
    store->options.context = context;
}

void store_set_also_settled(struct store *store,
                            void (*settled)(void *context, uint64_t first, uint64_t last,
                                            int result),
                            void *context)
{
    store->also_settled = settled;
    store->also_settled_context = context;
}

void store_state_settled(const struct store *store, uint64_t first, uint64_t last, int result)
{
    if (store->also_settled)
        store->also_settled(store->also_settled_context, first, last, result);
    if (store->options.settled)
        store->options.settled(store->options.context, first, last, result);
}

void store_set_changed(struct store *store, void (*changed)(void *context, struct span key),
                       void *context)
{
    store->changed = changed;
    store->changed_context = context;
}

int store_is_sealed(const struct store *store)
{
    return !store->journal;
}

int store_is_broken(const struct store *store)
{
    return store->is_broken;
}

int store_state_check(const struct store *store)
{
    if (store_is_sealed(store))
        return -ENOKEY;
    if (store->is_broken)
        return -EIO;
    return store_state_is_held(store) ? -EAGAIN : 0;
}

/* ---- entries ------------------------------------------------------------------------------- */

int store_state_entry(struct store *store, struct span key, struct entry **ret)
{
    *ret = table_find(store->entries, key);
    if (*ret)
        return 0;
    struct entry *entry = calloc(1, sizeof *entry + key.length);
    if (!entry)
        return -ENOMEM;
    memcpy(entry->key, key.data, key.length);
    entry->key_length = key.length;
    int r = table_set(store->entries, store_state_key(entry), entry, NULL);
    if (r < 0) {
        free(entry);
        return r;
    }
    *ret = entry;
    return 0;
}

static void release(struct entry *entry)
{
    secret_unref(entry->version.block);
    free(entry->past);
    free(entry);
}

void store_state_drop(struct store *store, struct entry *entry)
{
    table_remove(store->entries, store_state_key(entry));
    store_state_trim(store, entry, 0);
    if (entry->version.number) {
        store_state_count(store, entry->version.place, -1);
        store->count--;
    }
    release(entry);
}

int store_state_reserve_past(struct entry *entry)
{
    if (entry->past_count < entry->past_size)
        return 0;
    unsigned size = entry->past_size ? 2 * entry->past_size : 1;
    struct past *past = realloc(entry->past, size * sizeof *past);
    if (!past)
        return -ENOMEM;
    entry->past = past;
    entry->past_size = size;
    return 0;
}

void store_state_trim(struct store *store, struct entry *entry, unsigned count)
{
    if (entry->past_count <= count)
        return;
    unsigned surplus = entry->past_count - count;
    for (unsigned i = 0; i < surplus; i++)
        store_state_count(store, entry->past[i].place, -1);
    memmove(entry->past, entry->past + surplus, count * sizeof *entry->past);
    entry->past_count = count;
}

/* ---- reading ------------------------------------------------------------------------------- */

const struct store_version *store_find(const struct store *store, struct span key)
{
    return store_find_hashed(store, key, hash_bytes(key.data, key.length));
}

const struct store_version *store_find_hashed(const struct store *store, struct span key,
                                              uint64_t hash)
{
    const struct entry *entry = table_find_hashed(store->entries, key, hash);
    return entry && entry->version.number ? &entry->version : NULL;
}

enum validity_state store_readable(struct store *store, const struct store_version *version,
                                   int64_t now_us)
{
    if (!version->block)
        return VALIDITY_EXPIRED;
    enum validity_state state = validity_at(&version->validity, now_us);
    if (state == VALIDITY_EXPIRED) { /* from now on, whatever the clock says next */
        struct store_version *own = (struct store_version *)(uintptr_t)version;
        secret_unref(own->block);
        own->block = NULL;
        store->due_us = INT64_MIN;
    }
    return state;
}

size_t store_count(const struct store *store)
{
    return store->count;
}

static int find_past(const struct entry *entry, uint64_t number, const struct past **ret)
{
    for (unsigned i = 0; i < entry->past_count; i++)
        if (entry->past[i].number == number) {
            *ret = &entry->past[i];
            return 1;
        }
    return 0;
}

int store_read(struct store *store, struct span key, uint64_t number, int64_t now_us,
               struct record *ret)
{
    const struct entry *entry = table_find(store->entries, key);
    if (!entry || !entry->version.number)
        return -ENOENT;
    struct journal_place place = entry->version.place;
    struct validity validity = entry->version.validity;
    int is_gone = !entry->version.block;
    const struct past *past;
    if (number && number != entry->version.number) {
        if (!find_past(entry, number, &past))
            return -ENOENT;
        place = past->place;
        validity = past->validity;
        is_gone = past->is_gone || past->is_over;
    }
    if (is_gone || validity_at(&validity, now_us) == VALIDITY_EXPIRED)
        return -ESTALE;
    struct journal_file *file = journal_file_ref(store->journal);
    int r = seal_read(store->seal, file, place, ret);
    journal_file_unref(file);
    if (r == 0 && (!span_equal(ret->key, key) || ret->op != RECORD_PUT)) {
        record_done(store->arena, ret);
        r = -EBADMSG;
    }
    return r;
}

/* ---- lists --------------------------------------------------------------------------------- */

static struct store_row row_of(const struct entry *entry)
{
    return (struct store_row){.key = store_state_key(entry),
                              .number = entry->version.number,
                              .created_us = entry->version.created_us,
                              .updated_us = entry->version.updated_us,
                              .validity = entry->version.validity,
                              .is_gone = !entry->version.block};
}

static int by_key(const void *a, const void *b)
{
    const struct store_row *x = a, *y = b;
    size_t shorter = x->key.length < y->key.length ? x->key.length : y->key.length;
    int order = memcmp(x->key.data, y->key.data, shorter);
    return order ? order : (x->key.length > y->key.length) - (x->key.length < y->key.length);
}

int store_list(const struct store *store, struct store_row **rows, size_t *count)
{
    size_t n = store_count(store);
    *rows = NULL;
    *count = 0;
    if (n == 0)
        return 0;
    struct store_row *list = calloc(n, sizeof *list);
    if (!list)
        return -ENOMEM;
    size_t at = 0;
    for (struct entry *entry; (entry = table_next(store->entries, &at));)
        if (entry->version.number)
            list[(*count)++] = row_of(entry);
    qsort(list, n, sizeof *list, by_key);
    *rows = list;
    return 0;
}

int store_history(const struct store *store, struct span key, struct store_row **rows,
                  size_t *count)
{
    const struct entry *entry = table_find(store->entries, key);
    if (!entry || !entry->version.number)
        return -ENOENT;
    struct store_row *list = calloc(entry->past_count + 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    list[0] = row_of(entry);
    for (unsigned i = 0; i < entry->past_count; i++) {
        const struct past *past = &entry->past[entry->past_count - 1 - i];
        list[i + 1] = (struct store_row){.key = store_state_key(entry),
                                         .number = past->number,
                                         .created_us = entry->version.created_us,
                                         .updated_us = past->updated_us,
                                         .validity = past->validity,
                                         .is_gone = past->is_gone || past->is_over};
    }
    *rows = list;
    *count = entry->past_count + 1;
    return 0;
}

void store_read_stats(const struct store *store, struct store_stats *ret)
{
    *ret = (struct store_stats){.secrets = store->count,
                                .records = store->records,
                                .live = store->live,
                                .rewrites = store->rewrites,
                                .failures = store->failures};
    if (!store->journal)
        return;
    ret->bytes = journal_end(store->journal);
    ret->sequence = journal_next_sequence(store->journal);
    ret->is_memory = journal_is_memory(store->journal);
}

void store_free(struct store *store)
{
    if (!store)
        return;
    size_t at = 0;
    for (struct entry *entry; (entry = table_next(store->entries, &at));)
        release(entry);
    table_free(store->entries);
    journal_close(store->journal);
    seal_unref(store->seal);
    arena_free(store->arena, store->spare);
    free(store);
}
