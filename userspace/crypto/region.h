/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory under an arena: addresses reserved once, filled with secret pages piece by piece.
 *
 * No page can be touched until it is opened, and a closed one cannot be touched again; so every
 * page that stays closed is a guard. The kernel frees no page of a memfd_secret() file while the
 * file lives (no hole punching, no truncation), so the region is made of extents, each with a file
 * of its own, which go back to the kernel whole when the last page in them is closed. One empty
 * extent is kept, or a lone block that comes and goes would map and unmap each time.
 */
#ifndef VSECM_CRYPTO_REGION_H
#define VSECM_CRYPTO_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/arena.h"

struct extent;

struct region {
    unsigned char *base; /* of page 0; a page on either side is never opened */
    size_t page;         /* bytes of a page */
    uint32_t pages;
    uint32_t per_extent; /* pages; the last extent may be shorter */
    uint32_t extents;
    uint32_t spare; /* the extent last found empty */
    enum arena_backing backing;
    struct extent *extent;
};

/*
 * Reserve SIZE bytes (rounded up to whole pages) and prove that all of it can be locked. Returns 0,
 * or -errno with *error saying what is missing. BACKING ARENA_AUTO takes the best there is.
 */
int region_init(struct region *region, size_t size, enum arena_backing backing,
                struct error *error);

/*
 * Make pages [FIRST, FIRST + COUNT - 1) usable and keep the last of the COUNT pages closed, as a
 * guard. They must be closed. New pages are zero; others are as they were left. -errno on failure,
 * and nothing has changed.
 */
int region_open(struct region *region, uint32_t first, uint32_t count);

/* Undo region_open() with the same numbers. The pages must be wiped already. */
void region_close(struct region *region, uint32_t first, uint32_t count);

/* Wipe COUNT opened pages from FIRST on, passing over those that nobody touched yet. */
void region_wipe(struct region *region, uint32_t first, uint32_t count);

/* Bytes that the kernel holds in memory for this region, as it says itself. */
size_t region_resident(const struct region *region);

/* The name of the backing in use. */
const char *region_backing_name(const struct region *region);

/* Give everything back. A zeroed struct is fine. */
void region_fini(struct region *region);

#endif
