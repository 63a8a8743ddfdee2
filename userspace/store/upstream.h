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
    /* The newest version of KEY, here or elsewhere, as far as it is known; 0: there is no such
     * secret. */
    uint64_t (*version)(void *self, struct span key);
    /* Non-zero when the store may not have KEY yet although there is such a secret: it is on its
     * way. */
    int (*is_coming)(void *self, struct span key);
    /*
     * As store_history(), of any key. In a cluster also -EINPROGRESS with *ticket: when that has
     * settled with 0, ask again with the same *ticket at once. *ticket is 0 the first time.
     */
    int (*history)(void *self, struct span key, struct store_row **rows, size_t *count,
                   uint64_t *ticket);
    /*
     * Store VERSION of KEY again, as put() does; of PUT only if_version is looked at and, when
     * RENEWS, validity: else the version's own holds. Also -ETIME: it has expired; -ENODATA: its
     * value is gone.
     */
    int (*roll_back)(void *self, struct span key, uint64_t version, const struct change_put *put,
                     int renews, int64_t now_us, uint64_t *ticket,
                     struct change_conflict *conflict);
    /*
     * Why the last call failed, for people; "" when there is no more to say than its result does.
     * Within store_options.settled: why the change that is told of was not made.
     */
    const char *(*why)(void *self);
};

/* A store as its own upstream. */
struct upstream upstream_local(struct store *store);

#endif
