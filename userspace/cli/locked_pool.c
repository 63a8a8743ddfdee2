/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/locked_pool.h"

#include "client/locked.h"
#include "template/pool.h"

#include <stdint.h>

#define HEAD 16u /* bytes in front of a block, for its size: a pool gives back without one */

static void *take(void *context, size_t size)
{
    (void)context;
    char *memory = size > SIZE_MAX - HEAD ? NULL : locked_alloc(size + HEAD);
    if (!memory)
        return NULL;
    *(size_t *)(void *)memory = size + HEAD;
    return memory + HEAD;
}

static void give(void *context, void *block)
{
    (void)context;
    char *memory = (char *)block - HEAD;
    locked_free(memory, *(size_t *)(void *)memory);
}

struct pool *locked_pool_new(size_t limit)
{
    return pool_new(&(struct pool_source){take, give, NULL}, limit);
}
