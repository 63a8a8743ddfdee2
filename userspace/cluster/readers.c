/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/readers.h"

#include <stdlib.h>

#include "base/table.h"
#include "base/writer.h"
#include "identity/identity.h"
#include "identity/registry.h"
#include "limits.h"

/* One for each identity; those of a key are a list, of which the table has the first. */
struct reader {
    const struct identity *identity;
    struct reader *next;
};

struct readers {
    struct table *keys;
    struct reader all[];
};

static struct span key_of(const struct reader *reader)
{
    return (struct span){reader->identity->key, reader->identity->key_length};
}

static int add(struct readers *readers, struct reader *reader)
{
    struct reader *first = table_find(readers->keys, key_of(reader));
    if (!first)
        return table_set(readers->keys, key_of(reader), reader, NULL);
    reader->next = first->next;
    first->next = reader;
    return 0;
}

struct readers *readers_new(const struct registry *registry)
{
    size_t at = 0, count = 0;
    enum registry_kind kind;
    struct span name;
    struct readers *readers =
        calloc(1, sizeof *readers + registry_count(registry) * sizeof readers->all[0]);
    if (!readers)
        return NULL;
    readers->keys = table_new(LIMIT_IDENTITIES);
    if (!readers->keys) {
        free(readers);
        return NULL;
    }
    for (struct identity *one; (one = registry_next(registry, &at, &kind, &name));) {
        struct reader *reader = &readers->all[count++];
        reader->identity = one;
        if (add(readers, reader) < 0) {
            readers_free(readers);
            return NULL;
        }
    }
    return readers;
}

int readers_has(const struct readers *readers, struct span key)
{
    return table_find(readers->keys, key) != NULL;
}

void readers_write(struct writer *w, const struct readers *readers, struct span key)
{
    for (const struct reader *r = table_find(readers->keys, key); r; r = r->next) {
        if (!r->identity->pod)
            continue;
        writer_text(w, r->identity->namespace);
        writer_literal(w, "/");
        writer_text(w, r->identity->pod);
        writer_literal(w, "\n");
    }
}

void readers_free(struct readers *readers)
{
    if (!readers)
        return;
    table_free(readers->keys);
    free(readers);
}
