/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/locked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SMALL 4096u /* the first room of a channel's input is not below this */

static size_t missed;

void *locked_alloc(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* Without swap it makes no difference; where it fails, metrics tell. */
    if (mlock(memory, size))
        missed++;
    madvise(memory, size, MADV_DONTDUMP);
    return memory;
}

void locked_free(void *memory, size_t size)
{
    if (!memory)
        return;
    explicit_bzero(memory, size);
    munmap(memory, size);
}

static void *take(void *context, size_t size)
{
    (void)context;
    return size < SMALL ? malloc(size) : locked_alloc(size);
}

static void give(void *context, void *memory, size_t size)
{
    (void)context;
    if (size >= SMALL) {
        locked_free(memory, size);
        return;
    }
    if (memory)
        explicit_bzero(memory, size);
    free(memory);
}

const struct channel_memory locked_memory = {take, give, NULL};

size_t locked_missed(void)
{
    return missed;
}
