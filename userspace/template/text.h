/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that grows in a pool, up to a limit. Writing past the limit, too late or without memory is
 * remembered and writes nothing more, so that a sequence of writes needs one check at its end.
 */
#ifndef VSECM_TEMPLATE_TEXT_H
#define VSECM_TEMPLATE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct pool;

struct text {
    struct pool *pool;
    char *data;
    size_t used, size, limit;
    uint64_t deadline; /* by clock_mono_ns(), more or less; 0: none */
    unsigned writes;   /* since the clock was looked at */
    int error;         /* 0, -E2BIG above the limit, -ETIME too late, or pool_error() */
};

/* Empty text of at most LIMIT bytes, without a deadline. */
struct text text_in(struct pool *pool, size_t limit);

void text_bytes(struct text *text, const void *data, size_t length);
void text_span(struct text *text, struct span span);
void text_add(struct text *text, const char *words); /* NUL-terminated */
void text_byte(struct text *text, char byte);
void text_fill(struct text *text, char byte, size_t count);
void text_rune(struct text *text, uint32_t rune);

/* What was written; lives as long as the pool, until the next write. */
static inline struct span text_all(const struct text *text)
{
    return (struct span){text->data ? text->data : "", text->used};
}

#endif
