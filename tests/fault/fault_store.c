/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: changes, expiry, compaction, a change of the root key, the first start. */
#include "store/store.h"

#include <errno.h>

#include "store/record.h"
#include "store/rewrite.h"
#include "store/rootkey.h"
#include "tests/fault/fault.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define SECOND INT64_C(1000000)
#define MAX 8
#define VERSIONS 2
#define ARENA (1024u * 1024u)

static struct stores stores;
static uint64_t ticket;

/* ---- opening --------------------------------------------------------------------------------- */

static int open_store(int dir)
{
    struct error error;
    stores = (struct stores){.dir = dir};
    int r = arena_new(ARENA, ARENA_MLOCK, &stores.arena, &error);
    return r < 0 ? r : stores_open(&stores, MAX, VERSIONS, T0);
}

static void close_store(void)
{
    keyring_free(stores.keyring);
    store_free(stores.store);
    json_use(NULL);
    arena_destroy(stores.arena);
}

/* What is there opens, and is not forged. */
static void look_inside(int dir)
{
    CHECK_EQ_INT(open_store(dir), 0);
    CHECK_EQ_INT(stores.refused, 0);
}

static struct store_stats stats(void)
{
    struct store_stats ret;
    store_read_stats(stores.store, &ret);
    return ret;
}

static int put(const char *key, const char *value)
{
    return stores_put(&stores, key, span_of(value), T0);
}

static int is_at(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    return version && version->block && span_is(version->value, value) && version->number == number;
}

static int is_absent(const char *key)
{
    return !store_find(stores.store, span_of(key));
}

/* It takes a change and keeps it; root.key has the one key that fits. */
static void check_usable(void)
{
    struct rootkey *key;
    CHECK_EQ_INT(put("z/usable", "v"), 0);
    size_t count = store_count(stores.store);
    CHECK_EQ_INT(rootkey_read(stores.arena, stores.dir, PROTOCOL_STATE_KEY, &key, NULL), 0);
    CHECK_EQ_INT(rootkey_count(key), 1);
    rootkey_free(key);
    int dir = stores.dir;
    close_store();
    look_inside(dir);
    CHECK(is_at("z/usable", "v", 1));
    CHECK_EQ_INT(store_count(stores.store), count);
    CHECK_EQ_INT(stores.report.journal.cut, 0);
    close_store();
}

/* ---- before ---------------------------------------------------------------------------------- */

static int put_until(const char *key, const char *value, int64_t expires)
{
    struct span name = span_of(key);
    struct change_conflict conflict;
    const struct change_put brief = {.value = span_of(value),
                                     .validity = {VALIDITY_NOW, expires},
                                     .if_version = CHANGE_ANY_VERSION};
    return change_put(stores.store, &name, 1, &brief, T0, &ticket, &conflict);
}

static void prepare(int dir)
{
    look_inside(dir);
    CHECK_EQ_INT(put("a/1", "old"), 0);
    CHECK_EQ_INT(put("a/1", "one"), 0);
    CHECK_EQ_INT(put("a/2", "two"), 0);
    CHECK_EQ_INT(put_until("a/3", "brief", T0 + SECOND), 0);
    CHECK_EQ_INT(change_checkpoint(stores.store, T0), 0);
    close_store();
}

static int is_as_before(void)
{
    return is_at("a/1", "one", 2) && is_at("a/2", "two", 1) && is_at("a/3", "brief", 1) &&
           store_count(stores.store) == 3;
}

static void check_past(void)
{
    struct record record;
    CHECK_EQ_INT(store_read(stores.store, SPAN_LITERAL("a/1"), 1, T0, &record), 0);
    CHECK(span_is(record.value, "old"));
    record_done(stores.arena, &record);
}

/* ---- put, delete ----------------------------------------------------------------------------- */

static const struct span three[] = {SPAN_LITERAL("a/1"), SPAN_LITERAL("a/2"), SPAN_LITERAL("a/4")};

static int put_three(void)
{
    struct change_conflict conflict;
    const struct change_put put = {.value = SPAN_LITERAL("new"),
                                   .validity = VALIDITY_ALWAYS,
                                   .if_version = CHANGE_ANY_VERSION};
    return change_put(stores.store, three, 3, &put, T0, &ticket, &conflict);
}

static int act_put(int dir)
{
    int r = open_store(dir);
    if (r == 0)
        r = put_three();
    if (r < 0 && stores.store && !store_is_sealed(stores.store))
        CHECK(is_as_before());
    close_store();
    return r;
}

/* What failed is tried once more, when nothing fails any more. */
static int act_put_again(int dir)
{
    int r = open_store(dir);
    if (r == 0 && (r = put_three()) < 0) {
        fault_pause();
        r = put_three();
        CHECK(r == 0 || r == -EIO);
    }
    close_store();
    return r;
}

static enum fault_state look_put(int dir)
{
    look_inside(dir);
    int before = is_as_before();
    CHECK(before || (is_at("a/1", "new", 3) && is_at("a/2", "new", 2) && is_at("a/4", "new", 1)));
    check_usable();
    return before ? FAULT_BEFORE : FAULT_AFTER;
}

static int act_delete(int dir)
{
    int r = open_store(dir);
    if (r == 0)
        r = change_delete(stores.store, three, 2, T0, &ticket);
    close_store();
    return r;
}

static enum fault_state look_deleted(int dir)
{
    look_inside(dir);
    int before = is_as_before();
    CHECK(before || (is_absent("a/1") && is_absent("a/2") && is_at("a/3", "brief", 1)));
    check_usable();
    return before ? FAULT_BEFORE : FAULT_AFTER;
}

/* ---- a record from elsewhere ------------------------------------------------------------------
 */

/* The number is lower than what is there: one record ends the key, one begins it anew. */
static int act_take(int dir)
{
    const struct record record = {.op = RECORD_PUT,
                                  .version = 1,
                                  .created_us = T0,
                                  .updated_us = T0,
                                  .validity = VALIDITY_ALWAYS,
                                  .key = SPAN_LITERAL("a/1"),
                                  .value = SPAN_LITERAL("back")};
    int r = open_store(dir);
    if (r == 0)
        r = change_take(stores.store, &record, T0, &ticket);
    if (r < 0 && stores.store && !store_is_sealed(stores.store))
        CHECK(is_as_before());
    close_store();
    return r;
}

static enum fault_state look_taken(int dir)
{
    look_inside(dir);
    int before = is_as_before();
    CHECK(before || (is_at("a/1", "back", 1) && is_at("a/2", "two", 1)));
    CHECK_EQ_INT(store_count(stores.store), 3);
    check_usable();
    return before ? FAULT_BEFORE : FAULT_AFTER;
}

/* ---- expiry ---------------------------------------------------------------------------------- */

static int act_expire(int dir)
{
    int r = open_store(dir);
    if (r == 0) {
        uint64_t bytes = stats().bytes;
        change_expire(stores.store, T0 + SECOND);
        CHECK(!store_find(stores.store, SPAN_LITERAL("a/3"))->block);
        r = stats().bytes > bytes && stats().failures == 0 ? 0 : -EIO;
    }
    close_store();
    return r;
}

/* The clock has gone back: only what is on record counts. */
static enum fault_state look_expired(int dir)
{
    look_inside(dir);
    int before = is_as_before();
    CHECK(before || (is_at("a/1", "one", 2) && is_at("a/2", "two", 1) &&
                     !store_find(stores.store, SPAN_LITERAL("a/3"))->block));
    check_usable();
    return before ? FAULT_BEFORE : FAULT_AFTER;
}

/* ---- rewrites -------------------------------------------------------------------------------- */

/* Four records that nobody needs: a version too many, and a key that came and went. */
static void prepare_waste(int dir)
{
    prepare(dir);
    look_inside(dir);
    CHECK_EQ_INT(put("a/2", "gone"), 0);
    CHECK_EQ_INT(put("a/2", "more"), 0);
    CHECK_EQ_INT(put("a/5", "gone"), 0);
    CHECK_EQ_INT(stores_delete(&stores, "a/5", T0), 0);
    close_store();
}

static int act_compact(int dir)
{
    int r = open_store(dir);
    if (r == 0)
        r = rewrite_begin(stores.store, NULL, NULL, T0, &ticket);
    close_store();
    return r;
}

static enum fault_state look_compacted(int dir)
{
    look_inside(dir);
    CHECK(is_at("a/1", "one", 2) && is_at("a/2", "more", 3) && is_at("a/3", "brief", 1));
    CHECK_EQ_INT(store_count(stores.store), 3);
    CHECK_EQ_INT(stats().records, 5);
    check_past();
    uint64_t frames = stores.report.journal.frames;
    CHECK(frames == 8 || frames == 5);
    check_usable();
    return frames == 8 ? FAULT_BEFORE : FAULT_AFTER;
}

#define FRESH "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"

static int rekey(void)
{
    struct rootkey *key;
    int r = rootkey_parse(stores.arena, SPAN_LITERAL(FRESH), &key, NULL);
    return r < 0 ? r : keyring_rekey(stores.keyring, key, T0, &ticket);
}

static int act_rekey(int dir)
{
    int r = open_store(dir);
    if (r == 0)
        r = rekey();
    if (r < 0 && stores.store && !store_is_sealed(stores.store))
        CHECK(is_as_before()); /* it is served on */
    close_store();
    return r;
}

static enum fault_state look_rekeyed(int dir)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    look_inside(dir);
    CHECK(is_as_before());
    check_past();
    age_key_write_identity(keyring_identity(stores.keyring), text);
    int after = strcmp(text, FRESH) == 0;
    check_usable();
    return after ? FAULT_AFTER : FAULT_BEFORE;
}

/* A second attempt, whatever became of the first, then a change: what was acknowledged stays. */
static int act_rekey_twice(int dir)
{
    int r = open_store(dir);
    if (r == 0) {
        rekey();
        keyring_rekey(stores.keyring, NULL, T0, &ticket);
        r = put_three();
    }
    close_store();
    return r;
}

static int act_first(int dir)
{
    int r = open_store(dir);
    close_store();
    return r;
}

static void prepare_nothing(int dir)
{
    (void)dir;
}

static enum fault_state look_first(int dir)
{
    int has_log = load_has_log(dir);
    look_inside(dir);
    CHECK_EQ_INT(store_count(stores.store), 0);
    CHECK_EQ_INT(stores.report.is_new, !has_log);
    check_usable();
    return has_log ? FAULT_AFTER : FAULT_BEFORE;
}

const struct fault_scenario fault_scenarios[] = {
    {"a put of three keys", prepare, act_put, look_put},
    {"a put, tried again", prepare, act_put_again, look_put},
    {"a delete of two keys", prepare, act_delete, look_deleted},
    {"a record that goes back", prepare, act_take, look_taken},
    {"an expiry", prepare, act_expire, look_expired},
    {"a compaction", prepare_waste, act_compact, look_compacted},
    {"a rekey", prepare, act_rekey, look_rekeyed},
    {"two rekeys, then a put", prepare, act_rekey_twice, look_put},
    {"the first start", prepare_nothing, act_first, look_first},
    {0},
};
