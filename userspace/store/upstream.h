/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where changes are made: in the store itself (a node of its own), or in the cluster first, and in
 * the store of each node that needs them afterwards. Whoever serves does not know which.
 */
#ifndef VSECM_STORE_UPSTREAM_H
#define VSECM_STORE_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct change_conflict;
struct change_put;
struct store;
struct store_row;

/* Tickets of a cluster's changes have this bit, those of a store never. */
#define UPSTREAM_TICKET (UINT64_C(1) << 63)

struct upstream {
    void *self;
    /* The store here has a part of the secrets, and copies only: backups and the root key are the
     * cluster's affair. */
    int is_cluster;
    /*
     * As change_put() and change_delete(). In a cluster also -EHOSTUNREACH: the API server is away,
     * nothing was changed; -EFBIG: more than an object takes; -ENOKEY: the root key is not known;
     * and of several keys those before the one that failed have been changed: each is an object.
     */
    int (*put)(void *self, const struct span *keys, size_t count, const struct change_put *put,
               int64_t now_us, uint64_t *ticket, struct change_conflict *conflict);
    int (*delete)(void *self, const struct span *keys, size_t count, int64_t now_us,
                  uint64_t *ticket);
    /* As store_list(): all keys, not only those that this node has. */
    int (*list)(void *self, struct store_row **rows, size_t *count);
    /* Non-zero when there is a secret KEY, here or elsewhere. */
    int (*has)(void *self, struct span key);
    /*
     * Why the last call failed, for people; "" when there is no more to say than its result does.
     * Within store_options.settled: why the change that is told of was not made.
     */
    const char *(*why)(void *self);
};

/* A store as its own upstream. */
struct upstream upstream_local(struct store *store);

#endif
