/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text into memory of a fixed size. Writing past the end writes nothing and is remembered, so a
 * sequence of writes needs one check at its end: writer_ok(). With no memory (data = NULL, size =
 * 0) it only counts: the first pass of a caller that then allocates exactly `needed`.
 */
#ifndef VSECM_BASE_WRITER_H
#define VSECM_BASE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct writer {
    char *data;
    size_t size;
    size_t used;
    size_t needed; /* what `used` would be with room enough */
};

static inline struct writer writer_on(char *data, size_t size)
{
    return (struct writer){.data = data, .size = size};
}

static inline int writer_ok(const struct writer *w)
{
    return w->needed == w->used;
}

/* Inline, for every request writes its audit record by some thirty of these. */
static inline void writer_bytes(struct writer *w, const void *data, size_t length)
{
    w->needed += length;
    /* Once one write did not fit, none does: a hole in the middle would be worse than an end. */
    if (w->used + length != w->needed || length > w->size - w->used)
        return;
    if (length)
        memcpy(w->data + w->used, data, length);
    w->used += length;
}

static inline void writer_text(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

static inline void writer_span(struct writer *w, struct span text)
{
    writer_bytes(w, text.data, text.length);
}

void writer_u64(struct writer *w, uint64_t value);

/* NAME as it stands (`,"pid":`), then VALUE. */
void writer_named_u64(struct writer *w, const char *name, uint64_t value);

/* A literal, with its length known to the compiler. */
#define writer_literal(w, text) writer_bytes(w, text, sizeof(text) - 1)

/* DATA, which is UTF-8, as a JSON string with its quotes (RFC 8259). */
void writer_json(struct writer *w, const char *data, size_t length);

/* Bytes that nobody vouches for, as a JSON string: what is not UTF-8 becomes \u00XX, byte by byte.
 */
void writer_json_unsafe(struct writer *w, const char *data, size_t length);

/* Standard base64 with padding (RFC 4648), no quotes. */
void writer_base64(struct writer *w, const void *data, size_t length);

#endif
