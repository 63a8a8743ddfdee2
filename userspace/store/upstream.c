/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/upstream.h"

#include "store/change.h"
#include "store/store.h"

static int local_put(void *self, const struct span *keys, size_t count,
                     const struct change_put *put, int64_t now_us, uint64_t *ticket,
                     struct change_conflict *conflict)
{
    return change_put(self, keys, count, put, now_us, ticket, conflict);
}

static int local_delete(void *self, const struct span *keys, size_t count, int64_t now_us,
                        uint64_t *ticket)
{
    return change_delete(self, keys, count, now_us, ticket);
}

static int local_list(void *self, struct store_row **rows, size_t *count)
{
    return store_list(self, rows, count);
}

static int local_has(void *self, struct span key)
{
    return store_find(self, key) != NULL;
}

static const char *local_why(void *self)
{
    (void)self;
    return "";
}

struct upstream upstream_local(struct store *store)
{
    return (struct upstream){.self = store,
                             .put = local_put,
                             .delete = local_delete,
                             .list = local_list,
                             .has = local_has,
                             .why = local_why};
}
