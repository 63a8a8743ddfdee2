/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/change.h"

#include <errno.h>

#include "crypto/secret.h"
#include "store/record.h"
#include "store/rewrite.h"
#include "tests/unit/stores.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define T0 INT64_C(1795551330123456)
#define SECOND INT64_C(1000000)
#define MAX 20

static struct stores stores;
static struct change_conflict conflict;
static uint64_t ticket;

static void begin(unsigned versions)
{
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 2 * ARENA_MIB, MAX, versions);
}

static void end(void)
{
    stores_end(&stores);
}

static void reopen(unsigned versions, int64_t now)
{
    CHECK_EQ_INT(stores_reopen(&stores, MAX, versions, now), 0);
    CHECK_EQ_INT(stores.refused, 0);
}

static int put_if(const char *key, const char *value, uint64_t if_version)
{
    struct span name = span_of(key);
    const struct change_put put = {
        .value = span_of(value), .validity = VALIDITY_ALWAYS, .if_version = if_version};
    return change_put(stores.store, &name, 1, &put, T0, &ticket, &conflict);
}

static int put_until(const char *key, const char *value, int64_t now, int64_t expires)
{
    struct span name = span_of(key);
    const struct change_put put = {.value = span_of(value),
                                   .validity = {VALIDITY_NOW, expires},
                                   .if_version = CHANGE_ANY_VERSION};
    return change_put(stores.store, &name, 1, &put, now, &ticket, &conflict);
}

static int put(const char *key, const char *value)
{
    return put_if(key, value, CHANGE_ANY_VERSION);
}

static const struct store_version *find(const char *key)
{
    return store_find(stores.store, span_of(key));
}

static void check_value(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = find(key);
    CHECK(version && version->block && span_is(version->value, value));
    CHECK_EQ_INT(version->number, number);
}

static enum validity_state state_of(const char *key, int64_t now)
{
    return store_readable(stores.store, find(key), now);
}

/* What store_read() says of version NUMBER at NOW; its value must be VALUE. */
static int read_past(const char *key, uint64_t number, const char *value, int64_t now)
{
    struct record record;
    int r = store_read(stores.store, span_of(key), number, now, &record);
    if (r < 0)
        return r;
    CHECK(span_is(record.value, value));
    CHECK(span_is(record.key, key));
    record_done(stores.arena, &record);
    return 0;
}

static uint64_t bytes_of_log(void)
{
    struct store_stats stats;
    store_read_stats(stores.store, &stats);
    return stats.bytes;
}

/* ---- conditions ------------------------------------------------------------------------------ */

TEST(if_version)
{
    begin(10);
    CHECK_EQ_INT(put_if("a/b", "x", 1), -ESTALE);
    CHECK(conflict.version == 0 && span_is(conflict.key, "a/b"));
    CHECK(find("a/b") == NULL);
    CHECK_EQ_INT(store_count(stores.store), 0);
    CHECK_EQ_INT(put_if("a/b", "one", 0), 0);
    CHECK_EQ_INT(put_if("a/b", "again", 0), -ESTALE);
    CHECK_EQ_INT(conflict.version, 1);
    CHECK_EQ_INT(put_if("a/b", "two", 1), 0);
    CHECK_EQ_INT(put_if("a/b", "two again", 1), -ESTALE);
    CHECK_EQ_INT(conflict.version, 2);
    check_value("a/b", "two", 2);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), 0);
    CHECK_EQ_INT(put_if("a/b", "gone", 2), -ESTALE);
    CHECK_EQ_INT(put_if("a/b", "anew", 0), 0);
    check_value("a/b", "anew", 1);
    end();
}

/* The refusal of a condition is no failure of the store. */
TEST(refusals_are_no_failures)
{
    struct store_stats stats;
    begin(10);
    CHECK_EQ_INT(put_if("a/b", "x", 1), -ESTALE);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), -ENOENT);
    store_read_stats(stores.store, &stats);
    CHECK_EQ_INT(stats.failures, 0);
    end();
}

TEST(all_or_nothing)
{
    static const struct span keys[] = {SPAN_LITERAL("a/1"), SPAN_LITERAL("a/2"),
                                       SPAN_LITERAL("a/3")};
    const struct change_put one = {
        .value = SPAN_LITERAL("v"), .validity = VALIDITY_ALWAYS, .if_version = 1};
    begin(10);
    CHECK_EQ_INT(put("a/1", "old"), 0);
    CHECK_EQ_INT(put("a/3", "old"), 0);
    uint64_t bytes = bytes_of_log();
    CHECK_EQ_INT(change_put(stores.store, keys, 3, &one, T0, &ticket, &conflict), -ESTALE);
    CHECK(span_is(conflict.key, "a/2") && conflict.version == 0);
    CHECK_EQ_INT(change_delete(stores.store, keys, 3, T0, &ticket), -ENOENT);
    CHECK_EQ_INT(bytes_of_log(), bytes);
    CHECK_EQ_INT(store_count(stores.store), 2);
    check_value("a/1", "old", 1);
    check_value("a/3", "old", 1);
    reopen(10, T0);
    check_value("a/1", "old", 1);
    CHECK(find("a/2") == NULL);
    CHECK_EQ_INT(put("a/2", "old"), 0);
    CHECK_EQ_INT(change_put(stores.store, keys, 3, &one, T0, &ticket, &conflict), 0);
    check_value("a/2", "v", 2);
    CHECK_EQ_INT(change_delete(stores.store, keys, 3, T0, &ticket), 0);
    CHECK_EQ_INT(store_count(stores.store), 0);
    reopen(10, T0);
    CHECK_EQ_INT(store_count(stores.store), 0);
    end();
}

TEST(key_that_is_named_twice)
{
    static const struct span keys[] = {SPAN_LITERAL("a/b"), SPAN_LITERAL("a/b")};
    const struct change_put both = {
        .value = SPAN_LITERAL("v"), .validity = VALIDITY_ALWAYS, .if_version = 0};
    begin(10);
    CHECK_EQ_INT(change_put(stores.store, keys, 2, &both, T0, &ticket, &conflict), 0);
    check_value("a/b", "v", 1);
    CHECK_EQ_INT(change_delete(stores.store, keys, 2, T0, &ticket), 0);
    CHECK(find("a/b") == NULL);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), -ENOENT);
    end();
}

/* ---- versions -------------------------------------------------------------------------------- */

TEST(versions_are_kept_and_trimmed)
{
    struct store_row *rows;
    size_t count;
    begin(3);
    for (int i = 0; i < 5; i++) {
        char value[] = {(char)('1' + i), '\0'};
        CHECK_EQ_INT(stores_put(&stores, "a/b", span_of(value), T0 + i * SECOND), 0);
    }
    for (int twice = 0; twice < 2; twice++) {
        CHECK_EQ_INT(store_history(stores.store, span_of("a/b"), &rows, &count), 0);
        CHECK_EQ_INT(count, 3);
        for (size_t i = 0; i < count; i++) {
            CHECK_EQ_INT(rows[i].number, 5 - i);
            CHECK_EQ_INT(rows[i].updated_us, T0 + (int64_t)(4 - i) * SECOND);
            CHECK_EQ_INT(rows[i].created_us, T0);
            CHECK_EQ_INT(rows[i].is_gone, 0);
        }
        free(rows);
        CHECK_EQ_INT(read_past("a/b", 2, "2", T0), -ENOENT);
        CHECK_EQ_INT(read_past("a/b", 3, "3", T0), 0);
        CHECK_EQ_INT(read_past("a/b", 4, "4", T0), 0);
        CHECK_EQ_INT(read_past("a/b", 0, "5", T0), 0);
        CHECK_EQ_INT(read_past("a/b", 6, "6", T0), -ENOENT);
        reopen(3, T0 + 10 * SECOND);
    }
    reopen(1, T0); /* fewer are kept from now on */
    CHECK_EQ_INT(read_past("a/b", 4, "4", T0), -ENOENT);
    CHECK_EQ_INT(read_past("a/b", 5, "5", T0), 0);
    struct store_stats stats;
    store_read_stats(stores.store, &stats);
    CHECK_EQ_INT(stats.records, 1);
    end();
}

TEST(delete_forgets_the_history)
{
    struct store_row *rows;
    size_t count;
    begin(10);
    CHECK_EQ_INT(put("a/b", "one"), 0);
    CHECK_EQ_INT(put("a/b", "two"), 0);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), 0);
    for (int twice = 0; twice < 2; twice++) {
        CHECK_EQ_INT(store_history(stores.store, span_of("a/b"), &rows, &count), -ENOENT);
        CHECK_EQ_INT(read_past("a/b", 1, "one", T0), -ENOENT);
        CHECK_EQ_INT(read_past("a/b", 0, "two", T0), -ENOENT);
        reopen(10, T0);
    }
    CHECK_EQ_INT(put("a/b", "three"), 0);
    reopen(10, T0);
    check_value("a/b", "three", 1);
    CHECK_EQ_INT(store_history(stores.store, span_of("a/b"), &rows, &count), 0);
    CHECK_EQ_INT(count, 1);
    free(rows);
    end();
}

/* ---- expiry ---------------------------------------------------------------------------------- */

TEST(expiry_wipes_and_is_on_record)
{
    struct store_row *rows;
    size_t count;
    begin(10);
    uint64_t idle = arenas_blocks(stores.arena);
    CHECK_EQ_INT(put_until("a/b", "brief", T0, T0 + SECOND), 0);
    const char *start = find("a/b")->block->data;
    size_t length = find("a/b")->block->length;
    change_expire(stores.store, T0 + SECOND - 1);
    CHECK_EQ_INT(state_of("a/b", T0 + SECOND - 1), VALIDITY_VALID);
    uint64_t bytes = bytes_of_log();
    change_expire(stores.store, T0 + SECOND);
    CHECK(bytes_of_log() > bytes);
    CHECK_EQ_INT(arenas_blocks(stores.arena), idle);
    CHECK(arenas_is_wiped(start, length));
    bytes = bytes_of_log();
    change_expire(stores.store, T0 + 2 * SECOND);
    CHECK_EQ_INT(bytes_of_log(), bytes);      /* once */
    for (int twice = 0; twice < 2; twice++) { /* the clock goes back, then a restart too */
        CHECK_EQ_INT(state_of("a/b", T0), VALIDITY_EXPIRED);
        CHECK(find("a/b")->block == NULL);
        CHECK_EQ_INT(read_past("a/b", 1, "brief", T0), -ESTALE);
        CHECK_EQ_INT(store_history(stores.store, span_of("a/b"), &rows, &count), 0);
        CHECK(count == 1 && rows[0].is_gone);
        free(rows);
        reopen(10, T0);
    }
    CHECK_EQ_INT(put("a/b", "lasting"), 0);
    check_value("a/b", "lasting", 2);
    CHECK_EQ_INT(read_past("a/b", 1, "brief", INT64_MIN), -ESTALE);
    reopen(10, T0);
    check_value("a/b", "lasting", 2);
    CHECK_EQ_INT(read_past("a/b", 1, "brief", INT64_MIN), -ESTALE);
    end();
}

/* A reader may be the first to notice; the record follows at the next sweep, whatever its time. */
TEST(expiry_that_a_reader_saw)
{
    begin(10);
    CHECK_EQ_INT(put_until("a/b", "brief", T0, T0 + SECOND), 0);
    CHECK_EQ_INT(put_until("a/c", "other", T0, T0 + 9 * SECOND), 0);
    CHECK_EQ_INT(state_of("a/b", T0 + SECOND), VALIDITY_EXPIRED);
    CHECK(find("a/b")->block == NULL);
    CHECK_EQ_INT(state_of("a/b", T0), VALIDITY_EXPIRED);
    CHECK_EQ_INT(state_of("a/c", T0), VALIDITY_VALID);
    uint64_t bytes = bytes_of_log();
    change_expire(stores.store, T0);
    CHECK(bytes_of_log() > bytes);
    reopen(10, T0);
    CHECK_EQ_INT(state_of("a/b", T0), VALIDITY_EXPIRED);
    check_value("a/c", "other", 1);
    change_expire(stores.store, T0 + 9 * SECOND);
    CHECK(find("a/c")->block == NULL);
    end();
}

TEST(expired_while_nobody_ran)
{
    begin(10);
    CHECK_EQ_INT(put_until("a/b", "brief", T0, T0 + SECOND), 0);
    CHECK_EQ_INT(put_until("a/c", "later", T0, T0 + 5 * SECOND), 0);
    reopen(10, T0 + 2 * SECOND);
    CHECK(find("a/b")->block == NULL && find("a/c")->block != NULL);
    uint64_t bytes = bytes_of_log();
    change_expire(stores.store, T0 + 2 * SECOND);
    CHECK(bytes_of_log() > bytes);
    reopen(10, T0);
    CHECK_EQ_INT(state_of("a/b", T0), VALIDITY_EXPIRED);
    CHECK_EQ_INT(state_of("a/c", T0), VALIDITY_VALID);
    end();
}

TEST(not_yet)
{
    struct span name = SPAN_LITERAL("a/b");
    const struct change_put later = {.value = SPAN_LITERAL("v"),
                                     .validity = {T0 + SECOND, VALIDITY_NEVER},
                                     .if_version = CHANGE_ANY_VERSION};
    begin(10);
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &later, T0, &ticket, &conflict), 0);
    for (int twice = 0; twice < 2; twice++) {
        CHECK_EQ_INT(state_of("a/b", T0), VALIDITY_NOT_YET);
        CHECK_EQ_INT(state_of("a/b", T0 + SECOND), VALIDITY_VALID);
        CHECK_EQ_INT(state_of("a/b", T0), VALIDITY_NOT_YET);
        reopen(10, T0);
    }
    end();
}

/* Expired versions that are past stay past: each is over by its own time. */
TEST(past_versions_expire_too)
{
    begin(10);
    CHECK_EQ_INT(put_until("a/b", "brief", T0, T0 + SECOND), 0);
    CHECK_EQ_INT(put_until("a/b", "lasting", T0, VALIDITY_NEVER), 0);
    CHECK_EQ_INT(read_past("a/b", 1, "brief", T0), 0);
    CHECK_EQ_INT(read_past("a/b", 1, "brief", T0 + SECOND), -ESTALE);
    change_expire(stores.store, T0 + SECOND);
    check_value("a/b", "lasting", 2);
    end();
}

/* ---- records that were made elsewhere ---------------------------------------------------------
 */

static int take_until(const char *key, uint64_t version, const char *value, int64_t expires)
{
    const struct record record = {.op = RECORD_PUT,
                                  .sequence = 4711, /* of another log */
                                  .version = version,
                                  .created_us = 7,
                                  .updated_us = T0 + (int64_t)version,
                                  .validity = {VALIDITY_NOW, expires},
                                  .key = span_of(key),
                                  .value = span_of(value)};
    return change_take(stores.store, &record, T0, &ticket);
}

static int take(const char *key, uint64_t version, const char *value)
{
    return take_until(key, version, value, VALIDITY_NEVER);
}

TEST(record_is_taken_as_it_is)
{
    begin(2);
    CHECK_EQ_INT(take("a/b", 1764000000, "one"), 0);
    CHECK_EQ_INT(take("a/b", 1764000007, "two"), 0);
    for (int twice = 0; twice < 2; twice++) {
        check_value("a/b", "two", 1764000007);
        CHECK_EQ_INT(find("a/b")->created_us, 7);
        CHECK_EQ_INT(find("a/b")->updated_us, T0 + 1764000007);
        CHECK_EQ_INT(read_past("a/b", 1764000000, "one", T0), 0);
        reopen(2, T0);
    }
    CHECK_EQ_INT(take("a/b", 1764000008, "three"), 0);
    CHECK_EQ_INT(read_past("a/b", 1764000000, "one", T0), -ENOENT);
    CHECK_EQ_INT(put("a/b", "four"), 0);
    check_value("a/b", "four", 1764000009);
    end();
}

TEST(lower_number_takes_the_place_of_all)
{
    begin(10);
    for (uint64_t i = 1; i <= 5; i++)
        CHECK_EQ_INT(take("a/b", i, "old"), 0);
    CHECK_EQ_INT(take("a/b", 3, "back"), 0);
    for (int twice = 0; twice < 2; twice++) {
        struct store_stats stats;
        store_read_stats(stores.store, &stats);
        check_value("a/b", "back", 3);
        CHECK_EQ_INT(stats.records, 1);
        CHECK_EQ_INT(store_count(stores.store), 1);
        CHECK_EQ_INT(read_past("a/b", 2, "old", T0), -ENOENT);
        CHECK_EQ_INT(read_past("a/b", 5, "old", T0), -ENOENT);
        reopen(10, T0);
    }
    CHECK_EQ_INT(take("a/b", 3, "again"), 0); /* the same number too */
    CHECK_EQ_INT(take("a/b", 4, "on"), 0);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), 0);
    reopen(10, T0);
    check_value("a/b", "on", 4);
    CHECK_EQ_INT(read_past("a/b", 3, "again", T0), 0);
    end();
}

TEST(record_that_is_over_already)
{
    begin(10);
    CHECK_EQ_INT(take_until("a/b", 2, "gone", T0), 0);
    for (int twice = 0; twice < 2; twice++) {
        CHECK(find("a/b") && !find("a/b")->block);
        CHECK_EQ_INT(find("a/b")->number, 2);
        change_expire(stores.store, T0);
        reopen(10, T0 - SECOND); /* with a clock that went back */
    }
    CHECK_EQ_INT(take("a/b", 3, "new"), 0);
    check_value("a/b", "new", 3);
    end();
}

TEST(record_that_finds_no_room)
{
    static char large[900 * 1024];
    begin(10);
    memset(large, 'x', sizeof large - 1);
    CHECK_EQ_INT(take("a/b", 5, "small"), 0);
    uint64_t blocks = arenas_blocks(stores.arena), bytes = bytes_of_log();
    CHECK_EQ_INT(take("a/b", 3, large), -ENOSPC);
    CHECK_EQ_INT(take("a/c", 3, large), -ENOSPC);
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks);
    CHECK_EQ_INT(bytes_of_log(), bytes);
    CHECK_EQ_INT(store_count(stores.store), 1);
    check_value("a/b", "small", 5);
    end();
}

/* ---- sealed ---------------------------------------------------------------------------------- */

TEST(sealed_store_takes_nothing)
{
    begin(10);
    CHECK_EQ_INT(put("a/b", "v"), 0);
    stores_close(&stores);
    stores.kind = KEYRING_MANUAL;
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    CHECK(store_is_sealed(stores.store));
    CHECK_EQ_INT(put("a/b", "w"), -ENOKEY);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), -ENOKEY);
    CHECK(find("a/b") == NULL);
    change_expire(stores.store, T0);
    change_flush(stores.store);
    CHECK_EQ_INT(change_checkpoint(stores.store, T0), 0);
    stores_close(&stores);
    stores.kind = KEYRING_FILE;
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    check_value("a/b", "v", 1);
    end();
}

TEST(checkpoint_is_written_once)
{
    begin(10);
    CHECK_EQ_INT(change_unchecked_us(stores.store), 0);
    CHECK_EQ_INT(put("a/b", "v"), 0);
    CHECK_EQ_INT(change_unchecked_us(stores.store), T0);
    CHECK_EQ_INT(change_checkpoint(stores.store, T0 + 1), 0);
    CHECK_EQ_INT(change_unchecked_us(stores.store), 0);
    uint64_t bytes = bytes_of_log();
    CHECK_EQ_INT(change_checkpoint(stores.store, T0 + 2), 0);
    CHECK_EQ_INT(bytes_of_log(), bytes);
    end();
}

CHECK_MAIN
