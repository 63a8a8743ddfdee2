/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/query.h"

#include <errno.h>

#include "serve/http.h"

static int decode(struct span text, char *ret, size_t size)
{
    int length = http_decode(text, ret, size - 1);
    if (length < 0)
        return -EINVAL;
    ret[length] = '\0';
    return 0;
}

int query_next(struct span *query, struct query_field *ret)
{
    if (!query->length)
        return 0;
    const char *end = memchr(query->data, '&', query->length);
    struct span field = {query->data, end ? (size_t)(end - query->data) : query->length};
    size_t taken = field.length + (end != NULL);
    *query = (struct span){query->data + taken, query->length - taken};
    const char *equal = memchr(field.data, '=', field.length);
    size_t split = equal ? (size_t)(equal - field.data) : field.length;
    size_t value = equal ? split + 1 : split;
    if (decode((struct span){field.data, split}, ret->name, sizeof ret->name) < 0 ||
        decode((struct span){field.data + value, field.length - value}, ret->value,
               sizeof ret->value) < 0)
        return -EINVAL;
    return 1;
}
