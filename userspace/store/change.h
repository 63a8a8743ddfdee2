/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing secrets. A change is prepared whole (arena, table, sealed record) before it is written,
 * and takes effect when it is durable: readers never see what a crash could take back. On a log
 * in memory that is at once; on a disk changes of one turn, and those that come while the disk is
 * busy, share one sync (group commit).
 *
 * change_put() and its like return
 *     0            it is durable and in effect
 *     -EINPROGRESS it is written; *ticket names it, store_options.settled will tell
 *     -EAGAIN      not now: try again when something has settled
 *     -ENOSPC      arena, table or file system is full; nothing has changed
 *     -errno       otherwise; nothing has changed
 */
#ifndef VSECM_STORE_CHANGE_H
#define VSECM_STORE_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "store/validity.h"

struct record;
struct store;

#define CHANGE_ANY_VERSION UINT64_MAX

/* What a put stores under each of its keys. */
struct change_put {
    struct span value;    /* 1 to LIMIT_VALUE bytes */
    struct span template; /* what it is transformed by for its workload; empty: by none */
    struct span format;   /* "json", "yaml", "raw", or empty */
    int adopts;           /* as in struct record */
    struct validity validity;
    uint64_t if_version; /* the version the key must have, 0: none yet; or CHANGE_ANY_VERSION */
};

/* The key whose version was another than if_version. */
struct change_conflict {
    struct span key;
    uint64_t version; /* that it has; 0: there is none */
};

/*
 * Store a new version of each of COUNT keys at NOW_US: all of them or none. Also -ESTALE with
 * *conflict when if_version does not hold.
 */
int change_put(struct store *store, const struct span *keys, size_t count,
               const struct change_put *put, int64_t now_us, uint64_t *ticket,
               struct change_conflict *conflict);

/*
 * Store RECORD, a RECORD_PUT that was made elsewhere, as the newest version of its key, with its
 * number and its times as they are. Below what is there already it is taken too, in the place of
 * all versions of the key: numbers of one history grow. Whether that may be is for the caller to
 * know.
 */
int change_take(struct store *store, const struct record *record, int64_t now_us, uint64_t *ticket);

/* Remove COUNT keys with all their versions: all of them or none. -ENOENT when one is not there. */
int change_delete(struct store *store, const struct span *keys, size_t count, int64_t now_us,
                  uint64_t *ticket);

/*
 * Wipe what has expired at NOW_US and put that on record. Values go at once, whatever becomes of
 * their records: those are tried again at the next call.
 */
void change_expire(struct store *store, int64_t now_us);

/* The end of a turn: what was written in it is on its way to the disk. */
void change_flush(struct store *store);

/*
 * Before store_free(): settle what is under way, blocking. Not while a rewrite runs; the store's
 * worker is gone, and from now on there is none.
 */
void change_finish(struct store *store);

/*
 * Say in the log that all that is in it is durable, if that was not said since the last change and
 * nothing is under way: from then on damage there cannot be taken for a torn tail. 0 or -errno.
 */
int change_checkpoint(struct store *store, int64_t now_us);

/* When the log was last changed without a checkpoint behind it; 0: there is one. */
int64_t change_unchecked_us(const struct store *store);

/* Non-zero while changes are written and not yet settled. */
int change_is_pending(const struct store *store);

#endif
