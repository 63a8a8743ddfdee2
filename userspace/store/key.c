/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/key.h"

#include "base/name.h"

struct key_parts key_split(struct span key)
{
    const char *slash = key.length ? memchr(key.data, '/', key.length) : NULL;
    size_t split = slash ? (size_t)(slash - key.data) : key.length;
    size_t rest = slash ? split + 1 : split;
    return (struct key_parts){{key.data, split}, {key.data + rest, key.length - rest}};
}

int key_is_good(struct span text)
{
    struct key_parts parts = key_split(text);
    return name_is_label(parts.namespace) && name_is_label(parts.workload);
}
