/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes with a loop and a worker, as the daemon makes them: on a disk, which may fail. */
#include "store/change.h"

#include <errno.h>
#include <sys/syscall.h>

#include "store/record.h"
#include "store/rewrite.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define SECOND INT64_C(1000000)
#define MAX 20

static struct stores stores;
static uint64_t ticket;
static int sync_error; /* of the next syncs; 0: they succeed */
static int syncs;

/* In place of the C library's. */
int fdatasync(int fd)
{
    syncs++;
    if (!sync_error)
        return (int)syscall(SYS_fdatasync, fd);
    errno = sync_error;
    return -1;
}

static void begin(void)
{
    sync_error = 0;
    stores = (struct stores){.arena = arenas_new(2 * ARENA_MIB)};
    scratch_new();
    stores_go_async(&stores);
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, 1), 0);
    struct store_stats stats;
    store_read_stats(stores.store, &stats);
    CHECK(!stats.is_memory);
    syncs = 0;
}

static void end(void)
{
    stores_end_async(&stores);
    stores_end(&stores);
}

/* Only what is durable is there after that. */
static void reopen(int64_t now)
{
    CHECK_EQ_INT(stores_reopen(&stores, MAX, 10, now), 0);
}

static int put_until(const char *key, const char *value, int64_t expires)
{
    struct span name = span_of(key);
    struct change_conflict conflict;
    const struct change_put put = {.value = span_of(value),
                                   .validity = {VALIDITY_NOW, expires},
                                   .if_version = CHANGE_ANY_VERSION};
    return change_put(stores.store, &name, 1, &put, T0, &ticket, &conflict);
}

static int put(const char *key, const char *value)
{
    return put_until(key, value, VALIDITY_NEVER);
}

static int delete (const char *key)
{
    struct span name = span_of(key);
    return change_delete(stores.store, &name, 1, T0, &ticket);
}

static int is_at(const char *key, const char *value)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    return version && version->block && span_is(version->value, value);
}

static int is_absent(const char *key)
{
    return !store_find(stores.store, span_of(key));
}

TEST(change_takes_effect_when_it_is_durable)
{
    begin();
    CHECK_EQ_INT(put("a/b", "one"), -EINPROGRESS);
    uint64_t own = ticket;
    CHECK(own > 0 && change_is_pending(stores.store));
    CHECK(is_absent("a/b"));
    CHECK_EQ_INT(store_count(stores.store), 0);
    change_flush(stores.store);
    CHECK_EQ_INT(stores.settled, 0); /* never from inside a call */
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(stores.first <= own && own <= stores.last);
    CHECK(is_at("a/b", "one") && !change_is_pending(stores.store));
    CHECK_EQ_INT(put("a/b", "two"), -EINPROGRESS);
    CHECK(is_at("a/b", "one"));
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(is_at("a/b", "two"));
    CHECK_EQ_INT(delete ("a/b"), -EINPROGRESS);
    CHECK(is_at("a/b", "two"));
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(is_absent("a/b"));
    end();
}

TEST(group_commit)
{
    static const char *const keys[] = {"a/1", "a/2", "a/3", "a/4"};
    begin();
    CHECK_EQ_INT(put("a/0", "v"), -EINPROGRESS);
    uint64_t first = ticket;
    change_flush(stores.store);
    for (size_t i = 0; i < 4; i++) { /* while the disk is busy */
        CHECK_EQ_INT(put(keys[i], "v"), -EINPROGRESS);
        CHECK(ticket > first);
        change_flush(stores.store);
    }
    uint64_t second = ticket;
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(stores.last < second && is_at("a/0", "v") && is_absent("a/1"));
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(stores.first <= second && second <= stores.last);
    for (size_t i = 0; i < 4; i++)
        CHECK(is_at(keys[i], "v"));
    CHECK_EQ_INT(syncs, 2);
    end();
}

TEST(key_under_way)
{
    begin();
    CHECK_EQ_INT(put("a/b", "one"), -EINPROGRESS);
    CHECK_EQ_INT(put("a/b", "two"), -EAGAIN);
    CHECK_EQ_INT(delete ("a/b"), -EAGAIN);
    CHECK_EQ_INT(put("a/c", "free"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(put("a/b", "two"), -EAGAIN);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(is_at("a/b", "one") && is_at("a/c", "free"));
    CHECK_EQ_INT(put("a/b", "two"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(is_at("a/b", "two"));
    reopen(T0);
    CHECK(is_at("a/b", "two") && is_at("a/c", "free"));
    end();
}

TEST(failed_sync_takes_back_everything)
{
    begin();
    uint64_t idle = arenas_blocks(stores.arena);
    CHECK_EQ_INT(put("a/old", "kept"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    sync_error = EIO;
    CHECK_EQ_INT(put("a/old", "lost"), -EINPROGRESS);
    uint64_t first = ticket;
    change_flush(stores.store);
    CHECK_EQ_INT(put("a/new", "lost too"), -EINPROGRESS); /* behind it, in the next group */
    CHECK(ticket != first);
    CHECK_EQ_INT(stores_settle(&stores), -EIO);
    CHECK(stores.first <= first && ticket <= stores.last);
    CHECK(is_at("a/old", "kept") && is_absent("a/new"));
    CHECK(!change_is_pending(stores.store));
    CHECK_EQ_INT(arenas_blocks(stores.arena), idle + 1);
    struct store_stats stats;
    store_read_stats(stores.store, &stats);
    CHECK_EQ_INT(stats.failures, 1);
    sync_error = 0;
    CHECK_EQ_INT(put("a/new", "after"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    reopen(T0);
    CHECK(is_at("a/old", "kept") && is_at("a/new", "after"));
    CHECK_EQ_INT(store_count(stores.store), 2);
    end();
}

/* The value goes at once; its record is tried until the disk has it. */
TEST(expiry_outlives_a_failed_sync)
{
    begin();
    CHECK_EQ_INT(put_until("a/b", "brief", T0 + SECOND), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    sync_error = EIO;
    change_expire(stores.store, T0 + SECOND);
    CHECK(store_find(stores.store, SPAN_LITERAL("a/b"))->block == NULL);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), -EIO);
    sync_error = 0;
    change_expire(stores.store, T0 + 2 * SECOND);
    CHECK(change_is_pending(stores.store));
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    reopen(T0); /* with a clock that went back */
    const struct store_version *version = store_find(stores.store, SPAN_LITERAL("a/b"));
    CHECK(version && version->block == NULL);
    end();
}

TEST(expiry_waits_for_a_put_under_way)
{
    begin();
    CHECK_EQ_INT(put_until("a/b", "brief", T0 + SECOND), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK_EQ_INT(put("a/b", "lasting"), -EINPROGRESS);
    change_expire(stores.store, T0 + SECOND);
    CHECK(store_find(stores.store, SPAN_LITERAL("a/b"))->block == NULL);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    change_expire(stores.store, T0 + SECOND);
    CHECK(is_at("a/b", "lasting") && !change_is_pending(stores.store));
    end();
}

/* What was written in the last turn is neither lost nor leaked when the daemon ends. */
TEST(end_settles_what_is_under_way)
{
    begin();
    CHECK_EQ_INT(put("a/1", "syncing"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(put("a/2", "open"), -EINPROGRESS);
    worker_free(stores.worker);
    stores.worker = NULL;
    change_finish(stores.store);
    CHECK(!change_is_pending(stores.store));
    CHECK(is_at("a/1", "syncing") && is_at("a/2", "open"));
    CHECK_EQ_INT(change_checkpoint(stores.store, T0), 0);
    CHECK_EQ_INT(change_unchecked_us(stores.store), 0);
    reopen(T0);
    CHECK(is_at("a/1", "syncing") && is_at("a/2", "open"));
    end();
}

/* A rollback that the disk refuses leaves the history as it was. */
TEST(record_from_elsewhere)
{
    const struct record record = {.op = RECORD_PUT,
                                  .version = 1,
                                  .created_us = T0,
                                  .updated_us = T0,
                                  .validity = VALIDITY_ALWAYS,
                                  .key = SPAN_LITERAL("a/b"),
                                  .value = SPAN_LITERAL("back")};
    begin();
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(put("a/b", "own"), -EINPROGRESS);
        change_flush(stores.store);
        CHECK_EQ_INT(stores_settle(&stores), 0);
    }
    sync_error = EIO;
    CHECK_EQ_INT(change_take(stores.store, &record, T0, &ticket), -EINPROGRESS);
    CHECK_EQ_INT(change_take(stores.store, &record, T0, &ticket), -EAGAIN);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), -EIO);
    CHECK(is_at("a/b", "own"));
    CHECK_EQ_INT(store_find(stores.store, record.key)->number, 2);
    sync_error = 0;
    CHECK_EQ_INT(change_take(stores.store, &record, T0, &ticket), -EINPROGRESS);
    CHECK(is_at("a/b", "own"));
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    reopen(T0);
    CHECK(is_at("a/b", "back"));
    CHECK_EQ_INT(store_find(stores.store, record.key)->number, 1);
    CHECK_EQ_INT(stores.refused, 0);
    end();
}

/* ---- beside a rewrite ------------------------------------------------------------------------ */

/* A rewrite waits for changes that are under way, new ones wait for it: none waits for ever. */
TEST(rewrite_comes_between_changes)
{
    begin();
    CHECK_EQ_INT(put("a/b", "one"), -EINPROGRESS);
    uint64_t own = ticket, rewrite;
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &rewrite), -EINPROGRESS);
    CHECK(rewrite_is_running(stores.store));
    CHECK_EQ_INT(put("a/c", "waits"), -EAGAIN);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), -EAGAIN);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(stores.first <= own && own <= stores.last && rewrite > stores.last);
    CHECK(is_at("a/b", "one"));
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(stores.first == rewrite && stores.last == rewrite);
    CHECK(!rewrite_is_running(stores.store) && is_at("a/b", "one"));
    CHECK_EQ_INT(put("a/c", "went"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    reopen(T0);
    CHECK(is_at("a/b", "one") && is_at("a/c", "went"));
    end();
}

TEST(reads_go_on_during_a_rewrite)
{
    begin();
    CHECK_EQ_INT(put_until("a/b", "brief", T0 + SECOND), -EINPROGRESS);
    CHECK_EQ_INT(put("a/c", "lasting"), -EINPROGRESS);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), -EINPROGRESS);
    CHECK(is_at("a/b", "brief") && is_at("a/c", "lasting"));
    CHECK_EQ_INT(put("a/c", "waits"), -EAGAIN);
    CHECK_EQ_INT(delete ("a/c"), -EAGAIN);
    change_expire(stores.store, T0 + SECOND); /* wiped now, on record later */
    CHECK(store_find(stores.store, SPAN_LITERAL("a/b"))->block == NULL);
    CHECK_EQ_INT(change_checkpoint(stores.store, T0), 0);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    change_expire(stores.store, T0 + SECOND);
    CHECK(change_is_pending(stores.store));
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    reopen(T0);
    CHECK(store_find(stores.store, SPAN_LITERAL("a/b"))->block == NULL);
    CHECK(is_at("a/c", "lasting"));
    end();
}

TEST(rewrite_given_up)
{
    begin();
    CHECK_EQ_INT(put("a/b", "one"), -EINPROGRESS);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), -EINPROGRESS);
    rewrite_cancel(stores.store); /* it had not even begun: the change goes on */
    CHECK(stores.settled == 1 && stores.result == -ECANCELED);
    change_flush(stores.store);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), -EINPROGRESS);
    rewrite_cancel(stores.store);
    CHECK(access(scratch_path(PROTOCOL_STATE_NEW_LOG), F_OK) < 0);
    CHECK(is_at("a/b", "one"));
    reopen(T0);
    CHECK(is_at("a/b", "one"));
    end();
}

CHECK_MAIN
