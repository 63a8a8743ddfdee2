/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes somewhere else: not NUL-terminated, not owned. */
#ifndef VSECM_BASE_SPAN_H
#define VSECM_BASE_SPAN_H

#include <stddef.h>
#include <string.h>

struct span {
    const char *data;
    size_t length;
};

#define SPAN_LITERAL(text) ((struct span){(text), sizeof(text) - 1})

static inline struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline int span_equal(struct span a, struct span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline int span_is(struct span a, const char *text)
{
    return span_equal(a, span_of(text));
}

#endif
