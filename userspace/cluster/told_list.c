/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/told_list.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "cluster/told.h"
#include "identity/identity.h"

int told_list_init(struct told_list *list, size_t max)
{
    *list = (struct told_list){.all = table_new(max)};
    return list->all ? 0 : -ENOMEM;
}

void told_list_reset(struct told_list *list)
{
    size_t at = 0;
    for (struct told *told; (told = table_next(list->all, &at));)
        told->is_named = 0;
    list->is_listing = list->is_partial = 1;
}

int told_list_keep(struct told_list *list, struct told *fresh)
{
    struct told *old = table_find(list->all, fresh->name);
    if (old && told_same(old, fresh)) {
        old->is_named = 1;
        told_free(fresh);
        return 0;
    }
    int r = table_set(list->all, fresh->name, fresh, NULL);
    if (r < 0) {
        told_free(fresh);
        return r;
    }
    if (old && old->identity)
        fresh->identity = identity_ref(old->identity);
    fresh->is_stale = 1;
    told_free(old);
    return 1;
}

void told_list_remove(struct told_list *list, struct span name)
{
    told_free(table_remove(list->all, name));
}

int told_list_end(struct told_list *list)
{
    size_t count = table_count(list->all);
    if (!list->is_listing)
        return 0;
    list->is_listing = 0;
    struct told **all = told_list_sorted(list);
    if (!all)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (!all[i]->is_named)
            told_list_remove(list, all[i]->name);
    free(all);
    list->is_partial = 0;
    list->was_complete = 1;
    return 1;
}

void told_list_lose(struct told_list *list)
{
    list->is_listing = 0;
}

static int by_name(const void *a, const void *b)
{
    struct span x = (*(struct told *const *)a)->name, y = (*(struct told *const *)b)->name;
    int order = memcmp(x.data, y.data, x.length < y.length ? x.length : y.length);
    return order ? order : (x.length > y.length) - (x.length < y.length);
}

struct told **told_list_sorted(const struct told_list *list)
{
    size_t at = 0, count = 0;
    struct told **all = calloc(table_count(list->all) + 1, sizeof(struct told *));
    if (!all)
        return NULL;
    for (struct told *told; (told = table_next(list->all, &at));)
        all[count++] = told;
    qsort(all, count, sizeof(struct told *), by_name);
    return all;
}

void told_list_done(struct told_list *list)
{
    size_t at = 0;
    if (!list->all)
        return;
    for (struct told *told; (told = table_next(list->all, &at));)
        told_free(told);
    table_free(list->all);
    list->all = NULL;
}
