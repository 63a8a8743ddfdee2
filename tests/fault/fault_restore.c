/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup brought back, into keys that are new and keys that are not: whole or not at all. */
#include <errno.h>

#include "store/record.h"
#include "tests/fault/fault.h"
#include "tests/fault/open_store.h"
#include "tests/unit/backups.h"

#define BACKUP "backup"
#define BIG (2 * LIMIT_STAGE / 3) /* of which two are more than is written at a time */
#define T0 INT64_C(1795551330123456)

static struct stores stores;
static struct backups_text sealed;

/* The value of key b/NUMBER. */
static struct span big_value(unsigned number)
{
    static char value[BIG];
    memset(value, (int)('a' + number), BIG);
    return (struct span){value, BIG};
}

static void put(const char *key, struct span value)
{
    CHECK_EQ_INT(stores_put(&stores, key, value, T0), 0);
}

static void open_all(int dir)
{
    open_store_in(dir);
    stores.arena = arenas_new(16 * ARENA_MIB);
    CHECK_EQ_INT(stores_open(&stores, 10, 10, T0), 0);
    CHECK_EQ_INT(stores.refused, 0);
}

static void close_all(void)
{
    stores_end(&stores);
    backups_drop(&sealed);
}

static void prepare(int dir)
{
    open_all(dir);
    put("a/changed", span_of("one"));
    for (unsigned i = 0; i < 4; i++)
        put("b/new", big_value(i));
    put("b/small", span_of("small"));
    backups_make(&stores, T0, &sealed);
    scratch_bytes(BACKUP, sealed.data, sealed.length);
    CHECK_EQ_INT(stores_delete(&stores, "b/new", T0), 0);
    CHECK_EQ_INT(stores_delete(&stores, "b/small", T0), 0);
    put("a/changed", span_of("two"));
    close_all();
}

/* The backup, in memory that was there before any fault. */
static char file[8 * LIMIT_STAGE];
static size_t file_length;

static void read_backup(void)
{
    FILE *from = fopen(scratch_path(BACKUP), "r");
    CHECK(from != NULL);
    file_length = fread(file, 1, sizeof file, from);
    CHECK(file_length > 0 && file_length < sizeof file);
    fclose(from);
}

static int send_and_apply(struct restore *restore)
{
    uint64_t total, ticket, at = 0;
    int r = 0;
    while (r == 0 && at < file_length) {
        size_t length = file_length - at < LIMIT_PIECE ? file_length - at : LIMIT_PIECE;
        r = restore_receive(restore, at, (struct span){file + at, length}, &total);
        at += length;
    }
    return r < 0 ? r : restore_apply(restore, NULL, 0, 0, T0, &ticket);
}

static void check_number(const char *key, uint64_t number)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    CHECK_EQ_INT(version ? version->number : 0, number);
}

/* What is there, besides OTHERS. */
static enum fault_state state(size_t others)
{
    if (!store_find(stores.store, span_of("b/small"))) {
        check_number("a/changed", 2);
        check_number("b/new", 0);
        CHECK_EQ_INT(store_count(stores.store), 1 + others);
        return FAULT_BEFORE;
    }
    check_number("b/small", 1);
    check_number("b/new", 4);
    check_number("a/changed", 3);
    CHECK(span_is(store_find(stores.store, span_of("a/changed"))->value, "one"));
    CHECK(span_equal(store_find(stores.store, span_of("b/new"))->value, big_value(3)));
    for (unsigned i = 0; i < 4; i++) {
        struct record record;
        CHECK_EQ_INT(store_read(stores.store, span_of("b/new"), i + 1, T0, &record), 0);
        CHECK(span_equal(record.value, big_value(i)));
        record_done(stores.arena, &record);
    }
    return FAULT_AFTER;
}

static int apply(void)
{
    struct restore *restore = restore_new(stores.store, stores.keyring);
    if (!restore)
        return -ENOMEM;
    int r = send_and_apply(restore);
    restore_free(restore);
    if (r < 0) {
        fault_pause();
        CHECK_EQ_INT(state(0), FAULT_BEFORE);
    }
    return r;
}

/*
 * Opening the log is other scenarios' business: a fault there is met as a start that failed. What a
 * running daemon says after one must be what it said before, and so must be what it does.
 */
static int act(int dir)
{
    open_store_in(dir);
    read_backup();
    int r = open_store(&stores, 16 * ARENA_MIB, T0);
    if (r == 0)
        r = apply();
    open_store_end(&stores);
    return r;
}

static enum fault_state look(int dir)
{
    open_all(dir);
    struct restore *restore = restore_new(stores.store, stores.keyring);
    CHECK(restore != NULL && access(scratch_path(PROTOCOL_STATE_RESTORE), F_OK) < 0);
    restore_free(restore);
    enum fault_state found = state(0);
    put("z/z", span_of("it can be written to"));
    close_all();
    open_all(dir);
    check_number("z/z", 1);
    CHECK_EQ_INT(state(1), found);
    close_all();
    return found;
}

const struct fault_scenario fault_scenarios[] = {{"a restore", prepare, act, look}, {0}};
