/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for one transformation: taken in blocks from wherever its caller says (the arena in the
 * daemon), bounded, and given back all at once. Nothing in it is freed by itself.
 */
#ifndef VSECM_TEMPLATE_POOL_H
#define VSECM_TEMPLATE_POOL_H

#include <stddef.h>

#include "base/span.h"

struct pool;

/* Where blocks come from. take() gives SIZE bytes aligned to 16, or NULL; give() takes one back. */
struct pool_source {
    void *(*take)(void *context, size_t size);
    void (*give)(void *context, void *block);
    void *context;
};

/* A pool that takes at most LIMIT bytes from SOURCE, which is copied. NULL: SOURCE has none. */
struct pool *pool_new(const struct pool_source *source, size_t limit);

/*
 * SIZE bytes, aligned to 16, not zeroed; SIZE 0 is fine. NULL when there are none: from then on
 * every call gives NULL, so that a sequence of them needs one check at its end.
 */
void *pool_alloc(struct pool *pool, size_t size);

/* TEXT copied; .data is NULL when there is no memory. */
struct span pool_copy(struct pool *pool, struct span text);

/* 0, -E2BIG when the limit was met, -ENOSPC when the source had no more. */
int pool_error(const struct pool *pool);

/* Bytes taken from the source. */
size_t pool_used(const struct pool *pool);

/* Gives every block back, which whoever gave them wipes. NULL is fine. */
void pool_free(struct pool *pool);

#endif
