/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools for tests, on the heap. */
#ifndef VSECM_TESTS_UNIT_POOLS_H
#define VSECM_TESTS_UNIT_POOLS_H

#include <stdlib.h>

#include "limits.h"
#include "template/pool.h"

static inline void *pools_take(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static inline void pools_give(void *context, void *block)
{
    (void)context;
    free(block);
}

static inline struct pool *pools_new(size_t limit)
{
    return pool_new(&(struct pool_source){pools_take, pools_give, NULL}, limit);
}

#endif
