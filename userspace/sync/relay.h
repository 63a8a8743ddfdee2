/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything between the core and the API server: lists are told, requests are carried out, one
 * node leads. It all begins anew with each connection of the core, for what was told before is kept
 * by nobody.
 */
#ifndef VSECM_SYNC_RELAY_H
#define VSECM_SYNC_RELAY_H

#include "base/span.h"

struct api;
struct loop;
struct relay;
struct writer;

struct relay_options {
    struct loop *loop;
    struct api *api;
    const char *socket;          /* of the core */
    const char *node;            /* this node's name */
    const char *identity;        /* as who it leads: see lease.h */
    const char *namespace;       /* where the objects of this program are */
    const char *admission_token; /* a file; NULL: there is none */
};

/* NULL: out of memory. */
struct relay *relay_new(const struct relay_options *options);

/* Non-zero while the core says how it is. */
int relay_is_live(const struct relay *relay);

/* Non-zero while the core is ready to serve. *why (may be empty) is what it says of it. */
int relay_is_ready(const struct relay *relay, struct span *why);

/* Whether the API server can be reached, for people. */
const char *relay_api_state(const struct relay *relay);

/* The core's metrics and ours, in Prometheus' text format. */
void relay_write_metrics(struct writer *w, const struct relay *relay);

/* We end. DONE is called, perhaps within this, when nobody is kept waiting by that. */
void relay_retire(struct relay *relay, void (*done)(void *context), void *context);

/* NULL is fine. */
void relay_free(struct relay *relay);

#endif
