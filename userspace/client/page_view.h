/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shared page as its reader sees it (include/page_abi.h): mapped for reading, copied whole.
 *
 * The mapping is locked as far as the limit allows and left out of core dumps. A child of fork()
 * has it too: a server that forks workers would crash in them otherwise, and what the page says is
 * for all of the pod.
 */
#ifndef VSECM_CLIENT_PAGE_VIEW_H
#define VSECM_CLIENT_PAGE_VIEW_H

#include "page_abi.h"

#include <stdbool.h>
#include <stddef.h>

struct page_view {
    const struct page_head *head; /* NULL: none is mapped */
    size_t size;
};

/* A whole copy. All zero: none. */
struct page_copy {
    struct page_head head;
    char *value; /* locked, `room` bytes: head.length, and a NUL; NULL: there is no value */
    size_t room;
};

/*
 * Map the page that FD is; FD is closed in any case. Returns 0 with *ret to be unmapped, -errno, or
 * -EPROTO, and *wrong says what is as a constant text that follows "the page".
 */
int page_view_map(struct page_view *ret, int fd, const char **wrong);

void page_view_unmap(struct page_view *view); /* NULL head is fine */

/*
 * Copy what the page says. Returns 0 with *ret to be cleared; -EAGAIN: its writer was at it all the
 * time, and may have stopped in the middle; -EPROTO as above; -ENOMEM.
 */
int page_view_copy(const struct page_view *view, struct page_copy *ret, const char **wrong);

void page_view_clear(struct page_copy *copy); /* wipes; one that is all zero is fine */

/* The two words that tell whether anything has happened. They share a cache line. */
static inline uint32_t page_view_sequence(const struct page_head *head)
{
    return __atomic_load_n(&head->sequence, __ATOMIC_ACQUIRE);
}

static inline bool page_view_is_kept(const struct page_head *head)
{
    return !(__atomic_load_n(&head->keeper, __ATOMIC_RELAXED) & PAGE_KEEPER_DIED);
}

#endif
