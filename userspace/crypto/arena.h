/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arena: the only memory that ever holds plaintext.
 *
 * One bounded region of secret memory: memfd_secret() where the kernel has it (its pages leave the
 * kernel's own map and no ptrace or /proc/pid/mem reads them), else mlocked anonymous memory that
 * is left out of core dumps and is not inherited by a child. Book-keeping lives outside the region,
 * so no overflow inside can bend it. Each block is followed by a canary, each slab and each large
 * block by a page that cannot be touched; a block is wiped when it is freed. A damaged canary, a
 * double free or a foreign pointer ends the process (abort()): going on would be guessing.
 *
 * One thread only.
 */
#ifndef VSECM_CRYPTO_ARENA_H
#define VSECM_CRYPTO_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum arena_backing {
    ARENA_AUTO,         /* memfd_secret, else mlock */
    ARENA_MEMFD_SECRET, /* or fail */
    ARENA_MLOCK,        /* or fail */
};

struct arena_stats {
    size_t size;       /* bytes that can be given out at most, overhead included */
    size_t used;       /* bytes of blocks given out, rounded up to their classes */
    size_t peak;       /* highest `used` so far */
    size_t resident;   /* bytes of the region that were touched and not returned to the kernel */
    uint64_t blocks;   /* blocks given out now */
    uint64_t refusals; /* allocations refused because the region was full */
};

/*
 * Make an arena of SIZE bytes (rounded up to whole pages). Returns 0 with *ret owned by the caller,
 * or -errno with *error saying what is missing (limit, capability, kernel option).
 */
int arena_new(size_t size, enum arena_backing backing, struct arena **ret, struct error *error);

/*
 * SIZE bytes, zeroed, aligned to 16. NULL when SIZE is 0 or the arena is full. The block is the
 * caller's until arena_free().
 */
void *arena_alloc(struct arena *arena, size_t size);

/* Wipe a block and take it back. NULL is fine. */
void arena_free(struct arena *arena, void *block);

/* Bytes the caller may use in BLOCK: at least what was asked for. */
size_t arena_usable(const struct arena *arena, const void *block);

/* Non-zero when POINTER lies in the region. */
int arena_owns(const struct arena *arena, const void *pointer);

/* "memfd_secret" or "mlock". */
const char *arena_backing_name(const struct arena *arena);

void arena_read_stats(const struct arena *arena, struct arena_stats *ret);

/* Check every canary; non-zero when all are whole. For tests and `vsecm doctor`. */
int arena_check(const struct arena *arena);

/* Wipe everything and unmap. NULL is fine. */
void arena_destroy(struct arena *arena);

/*
 * Overwrite LENGTH bytes at MEMORY so that no optimiser takes it away. It cannot reach copies that
 * a compiler left in registers or the kernel in socket buffers.
 */
void arena_wipe(void *memory, size_t length);

#endif
