/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shared page, asked for and read by hand as include/page_abi.h says: nothing between the memory
 * and whoever measures it.
 */
#ifndef BENCH_PAGE_READER_H
#define BENCH_PAGE_READER_H

#include "base/error.h"
#include "page_abi.h"

#include <stddef.h>
#include <stdint.h>

#define PAGE_READER_ROOM 2048u /* bytes of a value at most, a multiple of 8 */

struct page_reader {
    int fd; /* the connection that keeps the page */
    size_t size;
    const struct page_head *head;
};

/* A whole copy. */
struct page_copy {
    uint32_t sequence, state, length;
    char value[PAGE_READER_ROOM];
};

/* Ask at socket PATH. 0 with *ret to be closed, or -errno with ERROR filled. */
int page_reader_open(const char *path, struct page_reader *ret, struct error *error);

void page_reader_close(struct page_reader *reader); /* one that is all zero is fine */

/* Copy the value. 0; -EAGAIN: its writer was there; -EMSGSIZE: it is longer than there is room. */
int page_reader_copy(const struct page_head *head, struct page_copy *ret);

/* Likewise by somebody who does not look at the sequence, and gets what there is. 0 or -EMSGSIZE.
 */
int page_reader_copy_blindly(const struct page_head *head, struct page_copy *ret);

#endif
