/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table from bytes to pointers: open addressing, linear probing, bounded. It keeps pointers
 * to keys and values and owns neither; a key must stay unchanged while it is in the table.
 */
#ifndef VSECM_BASE_TABLE_H
#define VSECM_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct table;

/* An empty table that takes at most MAX entries. NULL when out of memory. */
struct table *table_new(size_t max);

/* The value of KEY, or NULL. */
void *table_find(const struct table *table, struct span key);

/* The same, with HASH of KEY by hash_bytes(), for whoever looks for one key again and again. */
void *table_find_hashed(const struct table *table, struct span key, uint64_t hash);

/*
 * Set KEY to VALUE (not NULL). An older value of an equal key is returned in *old (may be NULL as
 * an argument; else NULL if there was none), and KEY's memory replaces the older key's.
 * 0, -ENOSPC at MAX, or -ENOMEM; then nothing has changed.
 */
int table_set(struct table *table, struct span key, void *value, void **old);

/* Take KEY out; its value, or NULL when it was not in. */
void *table_remove(struct table *table, struct span key);

size_t table_count(const struct table *table);

/* Walk: start with *at = 0; each call gives one value, NULL at the end. No changes meanwhile. */
void *table_next(const struct table *table, size_t *at);

/* NULL is fine. */
void table_free(struct table *table);

#endif
