/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/locked.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * One wiped page kept for the next value: most values fit in a page, and mapping one anew costs
 * more than asking the daemon for what goes in it.
 */
static _Atomic(void *) spare;

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* 0 when SIZE is 0 or too large to be rounded up. */
static size_t whole_pages(size_t size)
{
    size_t page = page_size();
    return size > SIZE_MAX - page ? 0 : (size + page - 1) / page * page;
}

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, size, MADV_DONTDUMP);
    return memory;
}

void *locked_alloc(size_t size)
{
    size_t pages = whole_pages(size);
    if (!pages)
        return NULL;
    void *memory = pages == page_size() ? atomic_exchange(&spare, NULL) : NULL;
    if (!memory)
        memory = map(pages);
    /* The spare page too: a fork() takes the lock away, but not the page. */
    if (memory)
        mlock(memory, pages);
    return memory;
}

void locked_free(void *memory, size_t size)
{
    if (!memory)
        return;
    size_t pages = whole_pages(size);
    explicit_bzero(memory, pages);
    void *none = NULL;
    if (pages == page_size() && atomic_compare_exchange_strong(&spare, &none, memory))
        return;
    munmap(memory, pages);
}
