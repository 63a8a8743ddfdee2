/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/peer_config.h"

#include <errno.h>
#include <stdbool.h>

/* The name at the start of TEXT, which begins with '@': empty when that is only a '@'. */
static struct span name_at(struct span text)
{
    size_t length = 1;

    while (length < text.length && text.data[length] >= 'A' && text.data[length] <= 'Z')
        length++;
    bool whole = length > 1 && length < text.length && text.data[length] == '@';
    return (struct span){text.data + 1, whole ? length - 1 : 0};
}

static const char *value_of(struct span name, const struct peer_config_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(name, names[i].name))
            return names[i].value;
    return NULL;
}

int peer_config_fill(struct span text, const struct peer_config_name *names, size_t count,
                     struct writer *w, struct error *error)
{
    while (text.length > 0) {
        struct span name = text.data[0] == '@' ? name_at(text) : (struct span){text.data, 0};
        size_t taken = name.length ? name.length + 2 : 1;

        if (name.length) {
            const char *value = value_of(name, names, count);
            if (!value)
                return error_set(error, -EINVAL, "@%.*s@ stands for nothing we know",
                                 (int)name.length, name.data);
            writer_text(w, value);
        } else {
            writer_bytes(w, text.data, 1);
        }
        text.data += taken;
        text.length -= taken;
    }
    return writer_ok(w) ? 0 : error_set(error, -EMSGSIZE, "more than %zu bytes", w->size);
}
