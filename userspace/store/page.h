/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared page (include/page_abi.h): a value that a workload reads in memory of its own, without
 * asking. Only the daemon can write to it. It is locked and left out of core dumps here; outside of
 * the arena it is the only place with plaintext, since secret memory cannot be handed over sealed.
 *
 * The book of pages belongs to the thread that made it: when that thread ends, even by SIGKILL, the
 * kernel marks each page that is kept (set_robust_list(2)), and readers see it.
 */
#ifndef VSECM_STORE_PAGE_H
#define VSECM_STORE_PAGE_H

#include <stddef.h>

#include "page_abi.h"

struct page;
struct page_book;
struct store_version;

struct page_stats {
    unsigned pages; /* that are kept */
    size_t bytes;
};

/*
 * A book for at most LIMIT_PAGES pages of LIMIT_PAGE_MEMORY bytes. One per thread, in which it is
 * also freed. 0 with *ret the caller's, or -errno.
 */
int page_book_new(struct page_book **ret);

void page_book_read_stats(const struct page_book *book, struct page_stats *ret);

/* Its pages must be freed. NULL is fine. */
void page_book_free(struct page_book *book);

/*
 * A page with room for a value of LENGTH bytes, at most LIMIT_VALUE, which holds none yet: it is
 * absent for PAGE_REASON_NO_SECRET. 0 with *ret the caller's; -ENOSPC: the book is full; -errno.
 */
int page_new(struct page_book *book, size_t length, struct page **ret);

/* The descriptor to hand over; it stays the page's. */
int page_fd(const struct page *page);

/* Bytes of a value that it has room for. */
size_t page_capacity(const struct page *page);

/* Have it say the value of VERSION, which fits. Wakes whoever waits. */
void page_write(struct page *page, const struct store_version *version);

/* Wipe the value and say why there is none. Wakes whoever waits. */
void page_wipe(struct page *page, enum page_state state, enum page_reason reason);

/*
 * Keep it no longer, but have it at hand: marked as not kept, and counted towards the limits though
 * not among the pages of the book. Wipe it before.
 */
void page_rest(struct page *page);

/* It rests: keep it again. */
void page_wake(struct page *page);

/*
 * Keep it no longer: what it says stays, marked as not kept. Wipe it before if it must not. Its
 * memory is not free before whoever was given the descriptor has closed it, and is not counted any
 * more. NULL is fine.
 */
void page_free(struct page *page);

#endif
