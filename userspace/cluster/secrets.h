/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster as the place where secrets are kept: every VSecMSecret is known by its metadata, and
 * those that pods of this node may read are fetched, opened and stored, which is what readers see.
 * It is an upstream (store/upstream.h): what an administrator changes is done there first.
 */
#ifndef VSECM_CLUSTER_SECRETS_H
#define VSECM_CLUSTER_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct error;
struct link;
struct loop;
struct pods;
struct root;
struct secrets;
struct store;
struct upstream;
struct writer;

struct secrets_options {
    struct loop *loop;
    struct arena *arena;
    struct link *link;
    struct store *store;
    struct root *root;
    const struct pods *pods;
    /* What must be here besides, as pods_need(); NULL: nothing. */
    int (*also_need)(void *context, struct span key);
    unsigned versions; /* of a key that are kept in the cluster */
    size_t max;        /* keys in the cluster that are known */
    /* A change that was begun with TICKET has ended with RESULT: as store_options.settled. */
    void (*settled)(void *context, uint64_t first, uint64_t last, int result);
    void *settled_context;
    /*
     * Everything is sealed to the newest root key, since rekey_ms at least: the old ones may go. It
     * is told again until they are gone. NULL: nothing is sealed anew.
     */
    void (*resealed)(void *context);
    uint64_t rekey_ms;
    /* For the audit trail: an object of KEY was refused, and why in one word. */
    void (*refused)(void *context, struct span key, const char *reason);
    void *context;
};

/* 0 with *ret the caller's, or -ENOMEM. */
int secrets_new(const struct secrets_options *options, struct secrets **ret);

/* The upstream that it is; lives as long. */
const struct upstream *secrets_upstream(const struct secrets *secrets);

/* Which keys pods of this node may read has changed, or the root key has become known, or is
 * another: what is missing is fetched, what nobody may read any more is forgotten after a while. */
void secrets_look_again(struct secrets *secrets);

/* Its part of the status: ,"objects":{"secrets":…,"local":…,"pending":…,"refused":…,"stale_s":…}.
 */
void secrets_write_status(struct writer *w, const struct secrets *secrets);

/* NULL is fine. */
void secrets_free(struct secrets *secrets);

#endif
