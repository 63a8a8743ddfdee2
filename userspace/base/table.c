/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

struct slot {
    uint64_t hash;
    struct span key;
    void *value; /* NULL: free */
};

struct table {
    struct slot *slots;
    size_t mask; /* slots - 1; a power of two */
    size_t count;
    size_t max;
};

#define FIRST_SLOTS 16

struct table *table_new(size_t max)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->slots = calloc(FIRST_SLOTS, sizeof *table->slots);
    if (!table->slots) {
        free(table);
        return NULL;
    }
    table->mask = FIRST_SLOTS - 1;
    table->max = max;
    return table;
}

/* The slot that holds KEY, or the free one where it belongs. One slot in four is always free. */
static struct slot *slot_of(const struct table *table, uint64_t hash, struct span key)
{
    for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
        struct slot *slot = &table->slots[i];
        if (!slot->value || (slot->hash == hash && span_equal(slot->key, key)))
            return slot;
    }
}

void *table_find(const struct table *table, struct span key)
{
    return table_find_hashed(table, key, hash_bytes(key.data, key.length));
}

void *table_find_hashed(const struct table *table, struct span key, uint64_t hash)
{
    return slot_of(table, hash, key)->value;
}

static int grow(struct table *table)
{
    size_t size = (table->mask + 1) * 2;
    struct slot *slots = calloc(size, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    struct table bigger = {.slots = slots, .mask = size - 1};
    for (size_t i = 0; i <= table->mask; i++)
        if (table->slots[i].value)
            *slot_of(&bigger, table->slots[i].hash, table->slots[i].key) = table->slots[i];
    free(table->slots);
    table->slots = slots;
    table->mask = size - 1;
    return 0;
}

int table_set(struct table *table, struct span key, void *value, void **old)
{
    uint64_t hash = hash_bytes(key.data, key.length);
    struct slot *slot = slot_of(table, hash, key);
    if (!slot->value) {
        if (table->count >= table->max)
            return -ENOSPC;
        if ((table->count + 1) * 4 > (table->mask + 1) * 3) {
            int r = grow(table);
            if (r < 0)
                return r;
            slot = slot_of(table, hash, key);
        }
        table->count++;
    }
    if (old)
        *old = slot->value;
    *slot = (struct slot){.hash = hash, .key = key, .value = value};
    return 0;
}

void *table_remove(struct table *table, struct span key)
{
    struct slot *gap = slot_of(table, hash_bytes(key.data, key.length), key);
    void *value = gap->value;
    if (!value)
        return NULL;
    gap->value = NULL;
    table->count--;
    /* Close the gap, so that no look-up that passed over it ends too early. */
    size_t hole = (size_t)(gap - table->slots);
    for (size_t i = (hole + 1) & table->mask; table->slots[i].value; i = (i + 1) & table->mask) {
        size_t home = table->slots[i].hash & table->mask;
        if (((i - home) & table->mask) < ((i - hole) & table->mask))
            continue;
        table->slots[hole] = table->slots[i];
        table->slots[i].value = NULL;
        hole = i;
    }
    return value;
}

size_t table_count(const struct table *table)
{
    return table->count;
}

void *table_next(const struct table *table, size_t *at)
{
    while (*at <= table->mask) {
        void *value = table->slots[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    free(table->slots);
    free(table);
}
