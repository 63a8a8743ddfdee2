/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All secrets of the cluster, by what their objects say of them in clear, and beside each what has
 * become of it on this node. Some 300 bytes a key; no value, sealed or not, is in it.
 */
#ifndef VSECM_CLUSTER_CATALOG_H
#define VSECM_CLUSTER_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "limits.h"
#include "store/validity.h"

struct catalog;
struct store_row;
struct wire_message;

struct catalog_item {
    /* What is claimed; times that are not known are 0, and so is the version. */
    uint64_t version;
    int64_t created_us, updated_us;
    struct validity validity;
    char resource_version[LIMIT_WIRE_RV + 1];
    char uid[LIMIT_WIRE_UID + 1]; /* "": not known */
    uint32_t list;                /* the last one that it was in */

    /* What became of it here: for whoever fetches. */
    struct catalog_item *next, *previous; /* while it waits to be fetched */
    uint64_t due_ms;                      /* not to be fetched before */
    uint64_t unneeded_ms;                 /* since when nobody may read it; 0: somebody may */
    uint64_t generation;                  /* of the object that was looked at */
    uint64_t status_version;              /* of that object */
    const char *refusal;                  /* why that was refused, a word; NULL: it was not */
    const char *reported;                 /* the last refusal that was told of, */
    uint64_t reported_generation;         /* and of which object */
    uint64_t told;                        /* a hash of the status that was told */
    uint64_t tell_ms;                     /* when to tell it; 0: it is told */
    uint64_t ticket;                      /* of the change that stores it; 0: none is under way */
    uint32_t resealed;                    /* the round in which it was seen to be sealed anew */
    uint8_t is_resealing;                 /* it is being looked at for that */
    uint8_t failures;                     /* in a row */
    uint8_t is_current;                   /* the object as it is now was looked at */
    uint8_t is_waiting;                   /* next and previous hold */
    uint8_t is_asked;                     /* it is on its way */

    uint16_t key_length;
    char key[];
};

static inline struct span catalog_key(const struct catalog_item *item)
{
    return (struct span){item->key, item->key_length};
}

/* For MAX keys. NULL: out of memory. */
struct catalog *catalog_new(size_t max);

enum catalog_change {
    CATALOG_SAME,    /* the object is the one that was known */
    CATALOG_STATUS,  /* its status may be another: what is in it was looked at */
    CATALOG_TOUCHED, /* it is another, but claims the same */
    CATALOG_CHANGED, /* it is new, or claims something else */
};

/*
 * A WIRE_SEEN. 0 with *ret and *change, -EINVAL when its name is no key, -ENOSPC (MAX keys are
 * known), -ENOMEM.
 */
int catalog_see(struct catalog *catalog, const struct wire_message *seen, struct catalog_item **ret,
                enum catalog_change *change);

/* The item of KEY, made when there is none: we have just written its object. 0, -ENOSPC, -ENOMEM.
 */
int catalog_make(struct catalog *catalog, struct span key, struct catalog_item **ret);

/* NULL: there is none. */
struct catalog_item *catalog_find(const struct catalog *catalog, struct span key);

/* The key of namespace and name in MESSAGE, in RET. 0, or -EINVAL: it is none. */
int catalog_read_key(const struct wire_message *message, char ret[LIMIT_KEY + 1], struct span *key);

/* Non-zero when ITEM is known by the object of UID: another may have its name. */
int catalog_is_of(const struct catalog_item *item, struct span uid);

/* A list begins; whatever is not seen or made until it is complete is stale. */
void catalog_begin_list(struct catalog *catalog);
int catalog_is_stale(const struct catalog *catalog, const struct catalog_item *item);

/* Walk: as table_next(). */
struct catalog_item *catalog_next(const struct catalog *catalog, size_t *at);

/* Forget ITEM. */
void catalog_remove(struct catalog *catalog, struct catalog_item *item);

size_t catalog_count(const struct catalog *catalog);

/* As store_list(); keys point into the catalog. */
int catalog_list(const struct catalog *catalog, int64_t now_us, struct store_row **rows,
                 size_t *count);

/* NULL is fine. */
void catalog_free(struct catalog *catalog);

#endif
