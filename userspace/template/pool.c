/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/pool.h"

#include <errno.h>
#include <stdint.h>

#define BLOCK 4096u /* the least that is taken at once */
#define ALIGN 16u

/* Each block begins with this; the pool itself lives in the first. */
struct block {
    struct block *next;
    size_t size;
};

struct pool {
    struct pool_source source;
    struct block *blocks;
    char *at, *end; /* free bytes of the newest block */
    size_t limit, used;
    int error;
};

#define HEAD ((sizeof(struct block) + ALIGN - 1) / ALIGN * ALIGN)
#define SELF ((sizeof(struct pool) + ALIGN - 1) / ALIGN * ALIGN)

struct pool *pool_new(const struct pool_source *source, size_t limit)
{
    char *first = source->take(source->context, BLOCK);
    if (!first)
        return NULL;
    struct block *block = (struct block *)(void *)first;
    *block = (struct block){NULL, BLOCK};
    struct pool *pool = (struct pool *)(void *)(first + HEAD);
    *pool = (struct pool){.source = *source,
                          .blocks = block,
                          .at = first + HEAD + SELF,
                          .end = first + BLOCK,
                          .limit = limit,
                          .used = BLOCK};
    return pool;
}

/* A block with room for SIZE bytes becomes the newest. */
static int add_block(struct pool *pool, size_t size)
{
    /* Twice as much each time, so that many small pieces take few blocks. */
    size_t wanted = pool->used > BLOCK ? pool->used : BLOCK;
    if (wanted < size + HEAD)
        wanted = size + HEAD;
    if (wanted > pool->limit - pool->used)
        wanted = size + HEAD;
    if (pool->used > pool->limit || wanted > pool->limit - pool->used)
        return -E2BIG;
    struct block *block = pool->source.take(pool->source.context, wanted);
    if (!block)
        return -ENOSPC;
    *block = (struct block){pool->blocks, wanted};
    pool->blocks = block;
    pool->used += wanted;
    pool->at = (char *)block + HEAD;
    pool->end = (char *)block + wanted;
    return 0;
}

void *pool_alloc(struct pool *pool, size_t size)
{
    if (pool->error)
        return NULL;
    if (size > SIZE_MAX / 2) {
        pool->error = -E2BIG;
        return NULL;
    }
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > (size_t)(pool->end - pool->at) && (pool->error = add_block(pool, size)) < 0)
        return NULL;
    void *memory = pool->at;
    pool->at += size;
    return memory;
}

struct span pool_copy(struct pool *pool, struct span text)
{
    char *copy = pool_alloc(pool, text.length + 1);
    if (!copy)
        return (struct span){NULL, 0};
    if (text.length)
        memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return (struct span){copy, text.length};
}

int pool_error(const struct pool *pool)
{
    return pool->error;
}

size_t pool_used(const struct pool *pool)
{
    return pool->used;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    struct pool_source source = pool->source;
    for (struct block *block = pool->blocks, *next; block; block = next) {
        next = block->next;
        source.give(source.context, block);
    }
}
