/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/text.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "template/pool.h"
#include "template/utf8.h"

#define FIRST 256u  /* bytes of the first piece of memory */
#define OBSERVE 64u /* writes between two looks at the clock */

struct text text_in(struct pool *pool, size_t limit)
{
    return (struct text){.pool = pool, .limit = limit};
}

static int is_late(struct text *text)
{
    if (!text->deadline || ++text->writes < OBSERVE)
        return 0;
    text->writes = 0;
    return clock_mono_ns() > text->deadline;
}

/* Room for LENGTH bytes more. Non-zero when there is. */
static int reserve(struct text *text, size_t length)
{
    if (text->error)
        return 0;
    if (length > text->limit - text->used || is_late(text)) {
        text->error = length > text->limit - text->used ? -E2BIG : -ETIME;
        return 0;
    }
    if (length <= text->size - text->used)
        return 1;
    size_t size = text->size ? 2 * text->size : FIRST;
    if (size < text->used + length)
        size = text->used + length;
    char *data = pool_alloc(text->pool, size);
    if (!data) {
        text->error = pool_error(text->pool);
        return 0;
    }
    if (text->used)
        memcpy(data, text->data, text->used);
    text->data = data;
    text->size = size;
    return 1;
}

void text_bytes(struct text *text, const void *data, size_t length)
{
    if (!length || !reserve(text, length))
        return;
    memcpy(text->data + text->used, data, length);
    text->used += length;
}

void text_span(struct text *text, struct span span)
{
    text_bytes(text, span.data, span.length);
}

void text_add(struct text *text, const char *words)
{
    text_bytes(text, words, strlen(words));
}

void text_byte(struct text *text, char byte)
{
    text_bytes(text, &byte, 1);
}

void text_fill(struct text *text, char byte, size_t count)
{
    if (!count || !reserve(text, count))
        return;
    memset(text->data + text->used, byte, count);
    text->used += count;
}

void text_rune(struct text *text, uint32_t rune)
{
    char bytes[UTF8_MAX];
    text_bytes(text, bytes, utf8_encode(rune, bytes));
}
