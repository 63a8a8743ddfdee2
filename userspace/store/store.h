/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets by key. A key is `namespace/workload`; it holds one value at a time, kept in the arena
 * ready to be sent: the answer a workload gets, with the bare value inside it.
 */
#ifndef VSECM_STORE_STORE_H
#define VSECM_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct secret;
struct store;

/* One value as it was stored. Plain data; belongs to the store. */
struct store_version {
    uint64_t number;      /* 1 for the first value of a key */
    int64_t created_us;   /* when the key was first stored; UTC, microseconds since 1970 */
    int64_t updated_us;   /* when this value was stored */
    struct secret *block; /* what the spans point into */
    struct span answer;   /* HTTP head and JSON, ready to be sent (store/answer.h) */
    struct span json;     /* {"data":…,"created":…,"updated":…} */
    struct span value;    /* the bare value */
};

/* A row of the list of all secrets: no value in it. */
struct store_row {
    struct span key;
    uint64_t number;
    int64_t created_us;
    int64_t updated_us;
};

/* An empty store for at most MAX keys whose values live in ARENA. NULL: out of memory. */
struct store *store_new(struct arena *arena, size_t max);

/*
 * Store VALUE (1 to LIMIT_VALUE bytes) under each of the COUNT keys at NOW_US: all of them or, on
 * failure, none. 0, -ENOSPC when the arena or the table is full, or -ENOMEM.
 */
int store_put(struct store *store, const struct span *keys, size_t count, struct span value,
              int64_t now_us);

/* The value of KEY, or NULL. It lives until the next put or delete; take a reference to its body.
 */
const struct store_version *store_find(const struct store *store, struct span key);

/* Remove KEY and wipe its value. 0, or -ENOENT. */
int store_delete(struct store *store, struct span key);

size_t store_count(const struct store *store);

/*
 * All rows sorted by key; keys point into the store. On 0 *rows is the caller's, to be freed
 * (NULL when there are none). -ENOMEM.
 */
int store_list(const struct store *store, struct store_row **rows, size_t *count);

/* Wipes every value. NULL is fine. */
void store_free(struct store *store);

#endif
