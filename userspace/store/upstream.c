/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/upstream.h"

#include <errno.h>

#include "store/change.h"
#include "store/record.h"
#include "store/store.h"
#include "store/store_state.h"

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

static uint64_t local_version(void *self, struct span key)
{
    const struct store_version *version = store_find(self, key);
    return version ? version->number : 0;
}

static int local_is_coming(void *self, struct span key)
{
    (void)self, (void)key;
    return 0;
}

static int local_history(void *self, struct span key, struct store_row **rows, size_t *count,
                         uint64_t *ticket)
{
    (void)ticket;
    return store_history(self, key, rows, count);
}

/* What has expired is given new life only by whoever says until when. */
static int local_roll_back(void *self, struct span key, uint64_t version,
                           const struct change_put *put, int renews, int64_t now_us,
                           uint64_t *ticket, struct change_conflict *conflict)
{
    struct record record;
    int r = store_read(self, key, version, renews ? INT64_MIN : now_us, &record);
    if (r < 0)
        return r != -ESTALE ? r : renews ? -ENODATA : -ETIME;
    const struct change_put again = {.value = record.value,
                                     .template = record.template,
                                     .format = record.format,
                                     .adopts = record.adopts,
                                     .validity = renews ? put->validity : record.validity,
                                     .if_version = put->if_version};
    r = change_put(self, &key, 1, &again, now_us, ticket, conflict);
    record_done(((struct store *)self)->arena, &record);
    return r;
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
                             .version = local_version,
                             .is_coming = local_is_coming,
                             .history = local_history,
                             .roll_back = local_roll_back,
                             .why = local_why};
}
