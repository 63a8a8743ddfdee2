/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/runs.h"

#include <errno.h>
#include <sys/mman.h>

static unsigned bin_of(uint32_t length)
{
    return 31u - (unsigned)__builtin_clz(length);
}

static void unlink_free(struct runs *runs, uint32_t first)
{
    struct page *run = &runs->page[first];
    if (run->next != RUNS_NONE)
        runs->page[run->next].prev = run->prev;
    if (run->prev != RUNS_NONE)
        runs->page[run->prev].next = run->next;
    else
        runs->bins[bin_of(run->length)] = run->next;
    runs->page[first + run->length - 1].kind = PAGE_INSIDE;
    run->kind = PAGE_INSIDE;
}

static void link_free(struct runs *runs, uint32_t first, uint32_t length)
{
    uint32_t *head = &runs->bins[bin_of(length)];
    struct page *last = &runs->page[first + length - 1];
    last->kind = PAGE_FREE;
    last->length = length;
    runs->page[first] =
        (struct page){.kind = PAGE_FREE, .length = length, .next = *head, .prev = RUNS_NONE};
    if (*head != RUNS_NONE)
        runs->page[*head].prev = first;
    *head = first;
}

/* In the bin of COUNT itself a run may be too short; in every bin above, the first one does. */
static uint32_t find(const struct runs *runs, uint32_t count)
{
    unsigned bin = bin_of(count);
    uint32_t first = runs->bins[bin];

    while (first != RUNS_NONE && runs->page[first].length < count)
        first = runs->page[first].next;
    while (first == RUNS_NONE && ++bin < RUNS_BINS)
        first = runs->bins[bin];
    return first;
}

uint32_t runs_take(struct runs *runs, uint32_t count)
{
    uint32_t first = find(runs, count);
    if (first == RUNS_NONE)
        return RUNS_NONE;

    uint32_t rest = runs->page[first].length - count;
    unlink_free(runs, first);
    if (rest)
        link_free(runs, first + count, rest);
    runs->page[first].length = count;
    return first;
}

void runs_return(struct runs *runs, uint32_t first)
{
    uint32_t length = runs->page[first].length, after = first + length;

    for (uint32_t i = first; i < after; i++)
        runs->page[i] = (struct page){.kind = PAGE_INSIDE};
    if (after < runs->pages && runs->page[after].kind == PAGE_FREE) {
        length += runs->page[after].length;
        unlink_free(runs, after);
    }
    if (first && runs->page[first - 1].kind == PAGE_FREE) {
        uint32_t before = runs->page[first - 1].length;
        first -= before;
        length += before;
        unlink_free(runs, first);
    }
    link_free(runs, first, length);
}

int runs_init(struct runs *runs, uint32_t pages)
{
    /* Not from the heap, where an overflow might bend them. */
    void *page = mmap(NULL, pages * sizeof *runs->page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    *runs = (struct runs){.page = page, .pages = pages};
    for (unsigned i = 0; i < RUNS_BINS; i++)
        runs->bins[i] = RUNS_NONE;
    link_free(runs, 0, pages);
    return 0;
}

void runs_fini(struct runs *runs)
{
    if (runs->page)
        munmap(runs->page, runs->pages * sizeof *runs->page);
    *runs = (struct runs){0};
}
