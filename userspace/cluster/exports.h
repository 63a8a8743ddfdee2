/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place where values leave as plaintext, on purpose: what is kept under NAMESPACE/k8s.NAME
 * is written to the API server as the Secret NAME, by one node at a time. Who that is says
 * vsecm-sync (WIRE_LEADER); a node that becomes it writes them all again.
 */
#ifndef VSECM_CLUSTER_EXPORTS_H
#define VSECM_CLUSTER_EXPORTS_H

#include <stddef.h>

#include "base/span.h"

struct arena;
struct exports;
struct link;
struct loop;
struct store;
struct writer;

struct exports_options {
    struct loop *loop;
    struct arena *arena;
    struct link *link;
    struct store *store;
    size_t max; /* keys in the cluster that are known */
    /* What exports_need() says has changed; may be NULL. Called from the loop. */
    void (*needs_changed)(void *context);
    /*
     * Keep the audit record that KEY is about to be written ("export", "allow") or deleted
     * ("export-delete", "allow"), or that something went wrong with it, REASON in one word. Where
     * it is "allow", -errno keeps the value from leaving.
     */
    int (*record)(void *context, const char *operation, struct span key, const char *outcome,
                  const char *reason);
    void *context;
};

/* 0 with *ret the caller's, or -ENOMEM. To be done before the first link_attach(). */
int exports_new(const struct exports_options *options, struct exports **ret);

/* Non-zero when KEY must be in the store of this node, since it is to be written. */
int exports_need(const struct exports *exports, struct span key);

/*
 * KEY is changing in the store: for store_set_changed(), any key. The store is asked in a later
 * turn.
 */
void exports_changed(struct exports *exports, struct span key);

/* Its part of the status:
 * ,"exports":{"leader":…,"secrets":…,"pending":…,"failed":[{"key":…,"why":…}]}, of the failed ones
 * 20 at most. */
void exports_write_status(struct writer *w, const struct exports *exports);

/* The link must have been freed, which ends what is under way. NULL is fine. */
void exports_free(struct exports *exports);

#endif
