/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/shields.h"

#include <errno.h>
#include <stdlib.h>

struct shield {
    struct vsecm_process process;
    uint64_t domain;
};

struct shields {
    size_t max, part, count;
    struct shield *list;
};

struct shields *shields_new(size_t max, size_t part)
{
    struct shields *shields = malloc(sizeof *shields);
    if (!shields)
        return NULL;
    *shields = (struct shields){.max = max, .part = part};
    shields->list = calloc(max, sizeof *shields->list);
    if (!shields->list) {
        free(shields);
        return NULL;
    }
    return shields;
}

void shields_free(struct shields *shields)
{
    if (!shields)
        return;
    free(shields->list);
    free(shields);
}

static size_t count_of(const struct shields *shields, uint64_t domain)
{
    size_t count = 0;
    for (size_t i = 0; i < shields->count; i++)
        count += shields->list[i].domain == domain;
    return count;
}

static int is_same(const struct vsecm_process *one, const struct vsecm_process *other)
{
    return one->pid == other->pid && one->start_boottime == other->start_boottime;
}

static int is_listed(const struct shields *shields, const struct vsecm_process *process)
{
    for (size_t i = 0; i < shields->count; i++)
        if (is_same(&shields->list[i].process, process))
            return 1;
    return 0;
}

static void let_go(struct shields *shields, shields_has *has, void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < shields->count; i++)
        if (has(context, &shields->list[i].process))
            shields->list[kept++] = shields->list[i];
    shields->count = kept;
}

static int room(const struct shields *shields, uint64_t domain)
{
    if (count_of(shields, domain) >= shields->part)
        return -EDQUOT;
    return shields->count < shields->max ? 0 : -ENOSPC;
}

int shields_add(struct shields *shields, uint64_t domain, const struct vsecm_process *process,
                shields_has *has, void *context)
{
    if (is_listed(shields, process))
        return 0;
    int r = room(shields, domain);
    if (r < 0) {
        let_go(shields, has, context);
        r = room(shields, domain);
    }
    if (r == 0)
        shields->list[shields->count++] = (struct shield){*process, domain};
    return r;
}
