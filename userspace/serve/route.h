/* SPDX-License-Identifier: BSD-2-Clause */
/* The request table: all that the daemon answers, who may ask it, and how much they may send. */
#ifndef VSECM_SERVE_ROUTE_H
#define VSECM_SERVE_ROUTE_H

#include <stddef.h>

#include "base/span.h"
#include "serve/access.h"

struct call;
struct reply;
struct service;

struct route {
    const char *method;
    const char *path;
    int takes_tail; /* one more path segment follows */
    enum access access;
    size_t max_body;
    unsigned max_files;    /* descriptors that the body may bring, at most LIMIT_GUARD_FILES */
    int works_sealed;      /* also while the store is sealed */
    const char *operation; /* its name in the audit trail */
    void (*handle)(struct service *service, struct call *call, struct reply *reply);
    const char *instead; /* in a cluster it is refused, and this is what to do; NULL: it is not */
};

/*
 * The row of METHOD and PATH, with *tail = the segment that follows it; NULL when there is none:
 * then *allowed is a list of the methods that PATH takes ("" for an unknown path).
 */
#define ROUTE_METHODS 64
const struct route *route_find(struct span method, struct span path, struct span *tail,
                               char allowed[ROUTE_METHODS]);

/* Rows, for documentation and tests: NULL past the last. */
const struct route *route_at(size_t index);

#endif
