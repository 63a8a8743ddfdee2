/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "crypto/secret.h"
#include "store/answer.h"

struct entry {
    struct store_version version;
    struct store_version *next; /* during a put: what replaces version; else NULL */
    size_t key_length;
    char key[];
};

struct store {
    struct arena *arena;
    struct table *entries;
};

struct store *store_new(struct arena *arena, size_t max)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->arena = arena;
    store->entries = table_new(max);
    if (!store->entries) {
        free(store);
        return NULL;
    }
    return store;
}

static struct span key_of(const struct entry *entry)
{
    return (struct span){entry->key, entry->key_length};
}

/* The entry of KEY, made empty (no block) when there is none yet. */
static int entry_of(struct store *store, struct span key, struct entry **ret)
{
    *ret = table_find(store->entries, key);
    if (*ret)
        return 0;
    struct entry *entry = calloc(1, sizeof *entry + key.length);
    if (!entry)
        return -ENOMEM;
    memcpy(entry->key, key.data, key.length);
    entry->key_length = key.length;
    int r = table_set(store->entries, key_of(entry), entry, NULL);
    if (r < 0) {
        free(entry);
        return r;
    }
    *ret = entry;
    return 0;
}

static void drop_if_empty(struct store *store, struct entry *entry)
{
    if (entry->version.block)
        return;
    table_remove(store->entries, key_of(entry));
    free(entry);
}

/* First half of a put: everything that can fail. */
static int prepare(struct store *store, struct span key, struct span value, int64_t now_us)
{
    struct entry *entry;
    int r = entry_of(store, key, &entry);
    if (r < 0 || entry->next) /* a key named twice is written once */
        return r;
    struct store_version *next = malloc(sizeof *next);
    r = -ENOMEM;
    if (next) {
        *next = entry->version;
        next->number++;
        next->updated_us = now_us;
        if (!entry->version.block)
            next->created_us = now_us;
        r = answer_render(store->arena, value, next);
    }
    if (r == 0) {
        entry->next = next;
        return 0;
    }
    free(next);
    drop_if_empty(store, entry);
    return r;
}

/* Second half: cannot fail. */
static void commit(struct store *store, struct span key)
{
    struct entry *entry = table_find(store->entries, key);
    if (!entry->next)
        return;
    secret_unref(entry->version.block);
    entry->version = *entry->next;
    free(entry->next);
    entry->next = NULL;
}

static void abandon(struct store *store, struct span key)
{
    struct entry *entry = table_find(store->entries, key);
    if (!entry || !entry->next)
        return;
    secret_unref(entry->next->block);
    free(entry->next);
    entry->next = NULL;
    drop_if_empty(store, entry);
}

int store_put(struct store *store, const struct span *keys, size_t count, struct span value,
              int64_t now_us)
{
    size_t done = 0;
    int r = 0;
    while (done < count && (r = prepare(store, keys[done], value, now_us)) == 0)
        done++;
    for (size_t i = 0; i < done; i++) {
        if (r == 0)
            commit(store, keys[i]);
        else
            abandon(store, keys[i]);
    }
    return r;
}

const struct store_version *store_find(const struct store *store, struct span key)
{
    struct entry *entry = table_find(store->entries, key);
    return entry ? &entry->version : NULL;
}

int store_delete(struct store *store, struct span key)
{
    struct entry *entry = table_remove(store->entries, key);
    if (!entry)
        return -ENOENT;
    secret_unref(entry->version.block);
    free(entry);
    return 0;
}

size_t store_count(const struct store *store)
{
    return table_count(store->entries);
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
        list[(*count)++] = (struct store_row){.key = key_of(entry),
                                              .number = entry->version.number,
                                              .created_us = entry->version.created_us,
                                              .updated_us = entry->version.updated_us};
    qsort(list, n, sizeof *list, by_key);
    *rows = list;
    return 0;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    size_t at = 0;
    for (struct entry *entry; (entry = table_next(store->entries, &at));) {
        secret_unref(entry->version.block);
        free(entry);
    }
    table_free(store->entries);
    free(store);
}
