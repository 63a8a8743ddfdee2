/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts that a daemon has in a cluster (option cluster), put together. */
#ifndef VSECM_DAEMON_CLUSTER_H
#define VSECM_DAEMON_CLUSTER_H

#include "base/span.h"

struct attest;
struct cluster;
struct config;
struct daemon_status;
struct error;
struct loop;
struct place_roots;
struct registry;
struct server;
struct service;
struct vault;
struct writer;

struct cluster_options {
    const struct config *config;
    struct loop *loop;
    struct vault *vault;
    struct attest *attest;
    const struct place_roots *roots;
    struct service *service;            /* gets the cluster's upstream and root key */
    struct server *server;              /* told of changes that have settled */
    const struct daemon_status *status; /* where the numbers are */
    /* There is a new registry, which lives until the next call has returned. */
    void (*changed)(void *context, const struct registry *registry);
    void *context;
};

/*
 * Make all parts and let vsecm-sync come. All arguments outlive the result. 0 with *ret the
 * caller's, and changed() was called; or -errno with *error.
 */
int cluster_new(const struct cluster_options *options, struct cluster **ret, struct error *error);

/* The files of this node were changed: read them again. 0, or -errno and all stays as it was. */
int cluster_reload(struct cluster *cluster, struct error *error);

/* Its part of the status: ,"cluster":{...}. */
void cluster_write_status(struct writer *w, const struct cluster *cluster);

/* KEY is changing in the store: for store_set_changed(). */
void cluster_changed(struct cluster *cluster, struct span key);

/* What administrators change is not told to anybody any more. NULL is fine. */
void cluster_free(struct cluster *cluster);

#endif
