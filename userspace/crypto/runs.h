/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pages of a region are free: runs of pages taken and returned in constant time, with one
 * descriptor a page, kept far from the pages themselves.
 */
#ifndef VSECM_CRYPTO_RUNS_H
#define VSECM_CRYPTO_RUNS_H

#include <stddef.h>
#include <stdint.h>

#define RUNS_NONE UINT32_MAX
#define RUNS_BINS 32u

struct slab;

enum page_kind {
    PAGE_INSIDE, /* nothing begins here */
    PAGE_FREE,   /* first or last page of a free run */
    PAGE_SLAB,   /* any page of a slab but its guard */
    PAGE_LARGE,  /* first page of a large block */
};

struct page {
    enum page_kind kind;
    uint32_t length; /* pages of the run; at its first page, and of a free one at its last */
    union {
        struct slab *slab;
        struct {
            uint32_t next, prev; /* free runs of the same bin; at the first page */
        };
    };
};

struct runs {
    struct page *page;
    uint32_t pages;
    uint32_t bins[RUNS_BINS]; /* bin N: free runs of 2^N to 2^(N+1) - 1 pages */
};

/* PAGES free pages. 0 or -errno. */
int runs_init(struct runs *runs, uint32_t pages);

/* COUNT pages in a row: the first one's index, RUNS_NONE when there are none. */
uint32_t runs_take(struct runs *runs, uint32_t count);

/* The run that begins at FIRST, as taken, is free again and joins its free neighbours. */
void runs_return(struct runs *runs, uint32_t first);

/* A zeroed struct is fine. */
void runs_fini(struct runs *runs);

#endif
