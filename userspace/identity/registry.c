/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/registry.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "identity/identity.h"
#include "identity/place.h"
#include "limits.h"

struct entry {
    struct identity *identity;
    size_t length;
    char name[]; /* the kind's letter, then the name: one table holds all kinds apart */
};

struct registry {
    struct table *entries;
    int is_unseen;
};

static const char letters[] = {[REGISTRY_POD] = 'p', [REGISTRY_UNIT] = 'u', [REGISTRY_PATH] = '/'};

struct registry *registry_new(void)
{
    struct registry *registry = calloc(1, sizeof *registry);
    if (!registry)
        return NULL;
    registry->entries = table_new(LIMIT_IDENTITIES);
    if (!registry->entries) {
        free(registry);
        return NULL;
    }
    return registry;
}

int registry_add(struct registry *registry, enum registry_kind kind, struct span name,
                 struct identity *identity)
{
    if (name.length >= PLACE_PATH)
        return -ENAMETOOLONG;
    struct entry *entry = malloc(sizeof *entry + name.length + 1);
    if (!entry)
        return -ENOMEM;
    entry->name[0] = letters[kind];
    memcpy(entry->name + 1, name.data, name.length);
    entry->length = name.length + 1;
    struct span key = {entry->name, entry->length};
    int r = table_find(registry->entries, key) ? -EEXIST
                                               : table_set(registry->entries, key, entry, NULL);
    if (r < 0) {
        free(entry);
        return r;
    }
    entry->identity = identity_ref(identity);
    return 0;
}

static struct identity *find(const struct registry *registry, enum registry_kind kind,
                             struct span name)
{
    char text[PLACE_PATH + 1];
    text[0] = letters[kind];
    memcpy(text + 1, name.data, name.length);
    struct entry *entry = table_find(registry->entries, (struct span){text, name.length + 1});
    return entry ? entry->identity : NULL;
}

/* The longest known path that PLACE is in: the whole, then one name less each time. */
static struct identity *find_path(const struct registry *registry, const char *path)
{
    struct span rest = span_of(path);
    while (rest.length) {
        struct identity *identity = find(registry, REGISTRY_PATH, rest);
        if (identity)
            return identity;
        do
            rest.length--;
        while (rest.length && path[rest.length] != '/');
    }
    return NULL;
}

struct identity *registry_find(const struct registry *registry, const struct place *place)
{
    switch (place->kind) {
    case PLACE_REFUSED: return NULL;
    case PLACE_POD: return find(registry, REGISTRY_POD, span_of(place->pod_uid));
    case PLACE_HOST:
    case PLACE_CONTAINER: return find_path(registry, place->path);
    case PLACE_UNIT: break;
    }
    struct identity *identity = find(registry, REGISTRY_UNIT, span_of(place->unit));
    return identity ? identity : find_path(registry, place->path);
}

struct identity *registry_next(const struct registry *registry, size_t *at,
                               enum registry_kind *kind, struct span *name)
{
    const struct entry *entry = table_next(registry->entries, at);
    if (!entry)
        return NULL;
    *kind = REGISTRY_POD;
    while (letters[*kind] != entry->name[0])
        (*kind)++;
    *name = (struct span){entry->name + 1, entry->length - 1};
    return entry->identity;
}

void registry_set_unseen(struct registry *registry)
{
    registry->is_unseen = 1;
}

int registry_is_unseen(const struct registry *registry)
{
    return registry->is_unseen;
}

size_t registry_count(const struct registry *registry)
{
    return table_count(registry->entries);
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    size_t at = 0;
    for (struct entry *entry; (entry = table_next(registry->entries, &at));) {
        identity_unref(entry->identity);
        free(entry);
    }
    table_free(registry->entries);
    free(registry);
}
