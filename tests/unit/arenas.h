/* SPDX-License-Identifier: BSD-2-Clause */
/* An arena for tests of what lives in one. */
#ifndef VSECM_TESTS_UNIT_ARENAS_H
#define VSECM_TESTS_UNIT_ARENAS_H

#include "base/error.h"
#include "crypto/arena.h"
#include "tests/unit/check.h"

#define ARENA_MIB (1024u * 1024u)

static inline struct arena *arenas_new(size_t size)
{
    struct arena *arena = NULL;
    struct error error = {""};
    if (arena_new(size, ARENA_MLOCK, &arena, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    return arena;
}

/* Blocks given out now. */
static inline uint64_t arenas_blocks(const struct arena *arena)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    return stats.blocks;
}

/* Memory that was given back holds zeros; what must not be looked at any more, ASan knows. */
static inline int __attribute__((no_sanitize("address")))
arenas_is_wiped(const char *data, size_t length)
{
    char any = 0;
    for (size_t i = 0; i < length; i++)
        any |= data[i];
    return any == 0;
}

/* All that was taken has been given back, and no canary is damaged. */
static inline void arenas_done(struct arena *arena)
{
    CHECK(arena_check(arena));
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    arena_destroy(arena);
}

#endif
