/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The book-keeping of one slab: blocks of one size, of which some are taken. It knows numbers only
 * and never touches the memory.
 */
#ifndef VSECM_CRYPTO_SLAB_H
#define VSECM_CRYPTO_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_CLASSES 36u      /* 16, 32 ... 128, then four a doubling: at most a fifth is unused */
#define SLAB_BLOCK_MAX 16384u /* bytes of the largest class */

struct slab {
    struct slab *next, *prev; /* slabs of the class that have free blocks */
    uint32_t first;           /* page where its run begins */
    uint32_t class;
    uint32_t count; /* blocks in it */
    uint32_t taken;
    uint32_t hint;  /* no word of the map before this one has a free block */
    uint64_t map[]; /* one bit a block: taken */
};

/* The class of blocks that hold SIZE bytes, 1 to SLAB_BLOCK_MAX, and the bytes of its blocks. */
unsigned slab_class(size_t size);
size_t slab_class_bytes(unsigned class);

/* Usable pages of PAGE bytes that a slab of CLASS has; few bytes are left over at its end. */
uint32_t slab_class_pages(unsigned class, size_t page);

/* A slab with no block taken, for PAGES pages of PAGE bytes from page FIRST on; NULL: no memory. */
struct slab *slab_new(unsigned class, uint32_t first, uint32_t pages, size_t page);

/* Take a free block; there must be one. Its number. */
uint32_t slab_take(struct slab *slab);

/* Block INDEX, which is taken, is free again. */
void slab_put(struct slab *slab, uint32_t index);

bool slab_taken(const struct slab *slab, uint32_t index);

#endif
