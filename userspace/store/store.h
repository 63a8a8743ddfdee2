/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets by key, for whoever reads. A key is `namespace/workload`; its newest value is kept in the
 * arena ready to be sent, older ones only in the log, sealed. Others change it: store/change.h,
 * store/load.h, store/rewrite.h, store/restore.h.
 */
#ifndef VSECM_STORE_STORE_H
#define VSECM_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "store/journal.h"
#include "store/validity.h"

struct arena;
struct loop;
struct secret;
struct store;
struct worker;

/* The newest version of a key. Plain data; belongs to the store. */
struct store_version {
    uint64_t number;    /* 1 for the first value of a key */
    int64_t created_us; /* when the key was first stored; UTC, microseconds since 1970 */
    int64_t updated_us; /* when this value was stored */
    struct validity validity;
    struct journal_place place; /* of its record in the log */
    struct secret *block;       /* what the spans point into; NULL: expired, the value is gone */
    struct span answer;         /* HTTP head and JSON, ready to be sent (store/answer.h) */
    struct span json;           /* {"data":…,"created":…,"updated":…} */
    struct span value;          /* the bare value */
};

/* A version in a list: no value in it. */
struct store_row {
    struct span key;
    uint64_t number;
    int64_t created_us;
    int64_t updated_us;
    struct validity validity;
    int is_gone; /* expired, its value wiped */
};

struct store_options {
    struct arena *arena; /* where values live */
    size_t max;          /* keys */
    unsigned versions;   /* of a key that are kept, the newest of them */
    int dir;             /* the state directory; outlives the store */
    /*
     * Without a loop whatever takes time is done at once; without a worker waiting for the disk is,
     * as suits a log in memory.
     */
    struct loop *loop;
    struct worker *worker;
    /*
     * What came of the changes numbered FIRST to LAST: RESULT is 0 or -errno. Called from the loop,
     * never from inside change_put() and its like; may be NULL. Writes that got -EAGAIN may be
     * tried again.
     */
    void (*settled)(void *context, uint64_t first, uint64_t last, int result);
    void *context;
};

struct store_stats {
    size_t secrets;
    uint64_t records;  /* in the log that are needed */
    uint64_t live;     /* their bytes */
    uint64_t bytes;    /* of the whole log */
    uint64_t sequence; /* the number of the next record */
    uint64_t rewrites; /* of the log since the start */
    uint64_t failures; /* changes that could not be kept */
    int is_memory;     /* the log lies in memory */
};

/* A store without a log: sealed, empty, and to be given one by load_log(). NULL: out of memory. */
struct store *store_new(const struct store_options *options);

/* Whom to tell of settled changes, if that was not known at store_new(). */
void store_set_settled(struct store *store,
                       void (*settled)(void *context, uint64_t first, uint64_t last, int result),
                       void *context);

/* One more who is told, before the other. NULL: nobody any more. */
void store_set_also_settled(struct store *store,
                            void (*settled)(void *context, uint64_t first, uint64_t last,
                                            int result),
                            void *context);

/*
 * Whom to tell that KEY is changing: put, deleted, expired. Called from within the change, which is
 * in effect when the call into the store has returned; nothing may be asked of the store meanwhile.
 */
void store_set_changed(struct store *store, void (*changed)(void *context, struct span key),
                       void *context);

/* Non-zero until load_log() has succeeded: nothing can be read or changed. */
int store_is_sealed(const struct store *store);

/* Non-zero after a rewrite ended with -ESTALE: nothing can be changed until the log is reopened. */
int store_is_broken(const struct store *store);

/*
 * The newest version of KEY, or NULL. It lives until the key is changed; take a reference to its
 * block. Whether it may be read now is for store_readable() to say.
 */
const struct store_version *store_find(const struct store *store, struct span key);

/* The same, with HASH of KEY by hash_bytes(). */
const struct store_version *store_find_hashed(const struct store *store, struct span key,
                                              uint64_t hash);

/*
 * Whether VERSION, which store_find() gave, may be read at NOW_US. Once it was seen to be expired
 * it stays so, whatever the clock does.
 */
enum validity_state store_readable(struct store *store, const struct store_version *version,
                                   int64_t now_us);

size_t store_count(const struct store *store);

/*
 * The newest version of every key, sorted by key; keys point into the store. On 0 *rows is the
 * caller's, to be freed (NULL when there are none). -ENOMEM.
 */
int store_list(const struct store *store, struct store_row **rows, size_t *count);

/* All versions of KEY that are kept, newest first; as store_list(), or -ENOENT. */
int store_history(const struct store *store, struct span key, struct store_row **rows,
                  size_t *count);

struct record;
struct error;

/*
 * Version NUMBER of KEY (0: the newest) with its value, in the arena, from memory or from the log.
 * On 0 *ret is to be given to record_done(). -ENOENT: there is none; -ESTALE: it has expired at
 * NOW_US; -EBADMSG: its record is not what was stored; else -errno.
 */
int store_read(struct store *store, struct span key, uint64_t number, int64_t now_us,
               struct record *ret);

void store_read_stats(const struct store *store, struct store_stats *ret);

/* Wipes every value and closes the log. What is under way must be over. NULL is fine. */
void store_free(struct store *store);

#endif
