/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pods of this node and the bindings of the cluster, as vsecm-sync tells of them, and the
 * registry made of both. What was last complete is kept in a file, so that a daemon that starts
 * while the API server is away knows the pods it had: a pod's uid is never used twice.
 */
#ifndef VSECM_CLUSTER_PODS_H
#define VSECM_CLUSTER_PODS_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct bindings;
struct error;
struct link;
struct loop;
struct pods;
struct registry;
struct writer;

struct pods_options {
    struct loop *loop;
    struct link *link;
    int dir;                /* where the file lies */
    const char *identities; /* the identities file of this node, read besides; "" or a file that is
                               not there: none. It goes before what the cluster says. */
    const struct bindings
        *own; /* rules of the bindings file, tried before the cluster's; NULL: none */
    /* There is a new registry, which lives until the next call has returned: who is who may have
     * changed. Called from the loop, at most once a turn. */
    void (*changed)(void *context, const struct registry *registry);
    void *context;
};

struct pods_stats {
    size_t pods;     /* of this node, that have not ended */
    size_t nobody;   /* of these, pods that are no workload: their name would be none, or they wait
                        for the list of bindings */
    size_t bindings; /* of the cluster */
    uint64_t left_out; /* messages that were not taken: their fields break a rule, or no room */
    int save_error;    /* what came of the last attempt to write the file: 0 or -errno */
};

/*
 * 0 with *ret the caller's, its registry made of the file, or -errno with *error. A file of pods
 * that is no good is not used; *error then says so, with 0 as well.
 */
int pods_new(const struct pods_options *options, struct pods **ret, struct error *error);

/* The registry in force; never NULL. */
const struct registry *pods_registry(const struct pods *pods);

/*
 * The identities file was changed: read it again, OWN are the rules from now on. 0, and changed()
 * was called; or -errno with *error, and all stays as it was.
 */
int pods_reload(struct pods *pods, const struct bindings *own, struct error *error);

/* Non-zero once the list of pods was complete in this life of the daemon. */
int pods_are_synced(const struct pods *pods);

/* Non-zero when somebody of this node may read KEY. */
int pods_need(const struct pods *pods, struct span key);

/* "namespace/pod" of each pod of this node whose key is KEY, a line each. */
void pods_write_readers(struct writer *w, const struct pods *pods, struct span key);

size_t pods_count(const struct pods *pods);

void pods_read_stats(const struct pods *pods, struct pods_stats *ret);

/* Before the link, which is not to be attached any more. NULL is fine. */
void pods_free(struct pods *pods);

#endif
