/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kubernetes Secrets that are ours, watched by their metadata: a change or deletion that we did not
 * make ourselves is told. What was changed while nobody watched is not noticed: whoever begins to
 * lead writes them all anyway.
 */
#ifndef VSECM_SYNC_EXPORTS_H
#define VSECM_SYNC_EXPORTS_H

#include "base/span.h"

struct api;
struct exports;
struct loop;

struct exports_options {
    struct loop *loop;
    struct api *api;
    /* Somebody else changed or deleted it. */
    void (*drifted)(void *context, struct span namespace, struct span name);
    /* They can be watched, or cannot, and WHY: whoever exports nothing may not be allowed to. */
    void (*state)(void *context, int is_up, const char *why);
    void *context;
};

/* The watch begins at once. NULL: out of memory. */
struct exports *exports_new(const struct exports_options *options);

/* We are about to write it, and have: with this resource version, empty when that failed, or
 * IS_GONE: it is not there any more. */
void exports_begin(struct exports *exports, struct span namespace, struct span name);
void exports_end(struct exports *exports, struct span namespace, struct span name,
                 struct span resource_version, int is_gone);

/* NULL is fine. */
void exports_free(struct exports *exports);

#endif
