/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/slab.h"

#include <stdlib.h>

#define SMALL 128u       /* below, classes are 16 bytes apart */
#define SMALL_CLASSES 8u /* SMALL / 16 */
#define SMALL_LOG2 7u
#define LEAST (64u * 1024u) /* bytes: fewer pages would make the guard a large part of it */

unsigned slab_class(size_t size)
{
    if (size <= SMALL)
        return (unsigned)(size + 15) / 16 - 1;
    unsigned log2 = 31u - (unsigned)__builtin_clz((unsigned)(size - 1));
    unsigned quarter = ((unsigned)(size - 1) >> (log2 - 2)) - 4;
    return SMALL_CLASSES + (log2 - SMALL_LOG2) * 4 + quarter;
}

size_t slab_class_bytes(unsigned class)
{
    if (class < SMALL_CLASSES)
        return ((size_t) class + 1) * 16;
    unsigned octave = (class - SMALL_CLASSES) / 4, quarter = (class - SMALL_CLASSES) % 4;
    return (size_t)(quarter + 5) << (octave + SMALL_LOG2 - 2);
}

uint32_t slab_class_pages(unsigned class, size_t page)
{
    uint32_t least = page < LEAST ? (uint32_t)(LEAST / page) : 1, best = least;
    size_t left = SIZE_MAX;

    for (uint32_t pages = least; pages < 2 * least; pages++) {
        size_t over = pages * page % slab_class_bytes(class);
        if (over < left) {
            left = over;
            best = pages;
        }
    }
    return best;
}

struct slab *slab_new(unsigned class, uint32_t first, uint32_t pages, size_t page)
{
    uint32_t count = (uint32_t)(pages * page / slab_class_bytes(class));
    size_t words = (count + 63) / 64;
    struct slab *slab = calloc(1, sizeof *slab + words * sizeof slab->map[0]);
    if (!slab)
        return NULL;
    slab->first = first;
    slab->class = class;
    slab->count = count;
    if (count % 64)
        slab->map[words - 1] = ~UINT64_C(0) << count % 64; /* past the end: never free */
    return slab;
}

uint32_t slab_take(struct slab *slab)
{
    while (slab->map[slab->hint] == ~UINT64_C(0))
        slab->hint++;
    unsigned bit = (unsigned)__builtin_ctzll(~slab->map[slab->hint]);
    slab->map[slab->hint] |= UINT64_C(1) << bit;
    slab->taken++;
    return slab->hint * 64 + bit;
}

void slab_put(struct slab *slab, uint32_t index)
{
    uint32_t word = index / 64;
    slab->map[word] &= ~(UINT64_C(1) << index % 64);
    slab->taken--;
    if (word < slab->hint)
        slab->hint = word;
}

bool slab_taken(const struct slab *slab, uint32_t index)
{
    return slab->map[index / 64] >> index % 64 & 1;
}
