/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/catalog.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/table.h"
#include "base/writer.h"
#include "store/key.h"
#include "store/store.h"
#include "wire/wire.h"

struct catalog {
    struct table *items;
    uint32_t list; /* the last one that began */
};

struct catalog *catalog_new(size_t max)
{
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog)
        return NULL;
    catalog->items = table_new(max);
    if (catalog->items)
        return catalog;
    free(catalog);
    return NULL;
}

/* ---- keys ---------------------------------------------------------------------------------- */

int catalog_read_key(const struct wire_message *message, char ret[LIMIT_KEY + 1], struct span *key)
{
    struct writer w = writer_on(ret, LIMIT_KEY);
    writer_span(&w, message->field[SECRET_NAMESPACE]);
    writer_literal(&w, "/");
    writer_span(&w, message->field[SECRET_NAME]);
    *key = (struct span){ret, w.used};
    return writer_ok(&w) && key_is_good(*key) ? 0 : -EINVAL;
}

struct catalog_item *catalog_find(const struct catalog *catalog, struct span key)
{
    return table_find(catalog->items, key);
}

int catalog_make(struct catalog *catalog, struct span key, struct catalog_item **ret)
{
    *ret = catalog_find(catalog, key);
    if (*ret) {
        (*ret)->list = catalog->list;
        return 0;
    }
    struct catalog_item *item = calloc(1, sizeof *item + key.length);
    if (!item)
        return -ENOMEM;
    item->list = catalog->list;
    item->validity = VALIDITY_ALWAYS;
    item->key_length = (uint16_t)key.length;
    memcpy(item->key, key.data, key.length);
    int r = table_set(catalog->items, catalog_key(item), item, NULL);
    if (r < 0) {
        free(item);
        return r;
    }
    *ret = item;
    return 0;
}

void catalog_remove(struct catalog *catalog, struct catalog_item *item)
{
    table_remove(catalog->items, catalog_key(item));
    free(item);
}

/* ---- claims -------------------------------------------------------------------------------- */

struct claims {
    uint64_t version;
    int64_t created_us, updated_us;
    struct validity validity;
};

static int64_t read_time(struct span text)
{
    int64_t us;
    return clock_parse(text, &us) == 0 ? us : 0;
}

static int64_t read_moment(struct span text, int64_t otherwise)
{
    int64_t us;
    int is_one = text.length && text.data[0] != '+' && validity_read(text, 0, &us) == 0;
    return is_one ? us : otherwise;
}

/* People write annotations, and forget them: what cannot be read is not known. */
static struct claims read_claims(const struct wire_message *seen)
{
    struct claims ret = {0};
    if (str_u64(seen->field[SEEN_VERSION], (uint64_t)LIMIT_JSON_NUMBER, &ret.version) < 0)
        ret.version = 0;
    ret.created_us = read_time(seen->field[SEEN_CREATED]);
    ret.updated_us = read_time(seen->field[SEEN_UPDATED]);
    ret.validity.not_before_us = read_moment(seen->field[SEEN_NOT_BEFORE], VALIDITY_NOW);
    ret.validity.expires_us = read_moment(seen->field[SEEN_EXPIRES], VALIDITY_NEVER);
    return ret;
}

static int is_claimed(const struct catalog_item *item, const struct claims *claims)
{
    return item->version == claims->version && item->created_us == claims->created_us &&
           item->updated_us == claims->updated_us &&
           item->validity.not_before_us == claims->validity.not_before_us &&
           item->validity.expires_us == claims->validity.expires_us;
}

static enum catalog_change compare(const struct catalog_item *item, const struct wire_message *seen,
                                   const struct claims *claims)
{
    if (!is_claimed(item, claims))
        return CATALOG_CHANGED;
    if (span_is(seen->field[SECRET_RESOURCE_VERSION], item->resource_version))
        return CATALOG_SAME;
    /* The API server counts the changes of everything but the status and the metadata. */
    uint64_t generation = 0;
    str_u64(seen->field[SEEN_GENERATION], UINT64_MAX, &generation);
    return generation && generation == item->generation ? CATALOG_STATUS : CATALOG_TOUCHED;
}

int catalog_see(struct catalog *catalog, const struct wire_message *seen, struct catalog_item **ret,
                enum catalog_change *change)
{
    char text[LIMIT_KEY + 1];
    struct span key;
    int r = catalog_read_key(seen, text, &key);
    int is_new = r == 0 && !catalog_find(catalog, key);
    if (r == 0)
        r = catalog_make(catalog, key, ret);
    if (r < 0)
        return r;
    struct catalog_item *item = *ret;
    const struct claims claims = read_claims(seen);
    *change = is_new ? CATALOG_CHANGED : compare(item, seen, &claims);
    item->version = claims.version;
    item->created_us = claims.created_us;
    item->updated_us = claims.updated_us;
    item->validity = claims.validity;
    /* The wire's limits are those of the fields. */
    str_copy(item->uid, sizeof item->uid, seen->field[SECRET_UID]);
    str_copy(item->resource_version, sizeof item->resource_version,
             seen->field[SECRET_RESOURCE_VERSION]);
    return 0;
}

/* ---- lists --------------------------------------------------------------------------------- */

int catalog_is_of(const struct catalog_item *item, struct span uid)
{
    return span_is(uid, item->uid);
}

void catalog_begin_list(struct catalog *catalog)
{
    catalog->list++;
}

int catalog_is_stale(const struct catalog *catalog, const struct catalog_item *item)
{
    return item->list != catalog->list;
}

struct catalog_item *catalog_next(const struct catalog *catalog, size_t *at)
{
    return table_next(catalog->items, at);
}

size_t catalog_count(const struct catalog *catalog)
{
    return table_count(catalog->items);
}

static int by_key(const void *a, const void *b)
{
    const struct store_row *x = a, *y = b;
    size_t shorter = x->key.length < y->key.length ? x->key.length : y->key.length;
    int order = memcmp(x->key.data, y->key.data, shorter);
    return order ? order : (x->key.length > y->key.length) - (x->key.length < y->key.length);
}

int catalog_list(const struct catalog *catalog, int64_t now_us, struct store_row **rows,
                 size_t *count)
{
    size_t n = catalog_count(catalog), at = 0;
    *rows = NULL;
    *count = 0;
    if (n == 0)
        return 0;
    struct store_row *list = calloc(n, sizeof *list);
    if (!list)
        return -ENOMEM;
    for (struct catalog_item *item; (item = catalog_next(catalog, &at));)
        list[(*count)++] = (struct store_row){.key = catalog_key(item),
                                              .number = item->version,
                                              .created_us = item->created_us,
                                              .updated_us = item->updated_us,
                                              .validity = item->validity,
                                              .is_gone = item->validity.expires_us <= now_us};
    qsort(list, n, sizeof *list, by_key);
    *rows = list;
    return 0;
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    size_t at = 0;
    for (struct catalog_item *item; (item = catalog_next(catalog, &at));)
        free(item);
    table_free(catalog->items);
    free(catalog);
}
