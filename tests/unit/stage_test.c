/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/stage.h"

#include <errno.h>
#include <sys/stat.h>

#include "limits.h"
#include "store/record.h"
#include "store/rewrite.h"
#include "store/store_state.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define SECOND INT64_C(1000000)

static struct stores stores;
static struct stage *stage;

static void begin(size_t size, size_t max, unsigned versions)
{
    stores_begin(&stores, size, max, versions);
    CHECK_EQ_INT(stores_put(&stores, "a/old", span_of("old"), T0), 0);
    CHECK_EQ_INT(stage_begin(stores.store, T0 + SECOND, &stage), 0);
}

static void end(void)
{
    stores_end(&stores);
}

static int add_record(const char *key, uint64_t version, struct span value, enum record_op op)
{
    const struct record record = {.op = op,
                                  .version = version,
                                  .created_us = 5,
                                  .updated_us = (int64_t)(10 + version),
                                  .validity = VALIDITY_ALWAYS,
                                  .key = span_of(key),
                                  .value = value};
    return stage_record(stage, &record);
}

static int add(const char *key, uint64_t version, const char *value)
{
    return add_record(key, version, span_of(value), RECORD_PUT);
}

static int add_put(const char *key, struct span value)
{
    const struct change_put put = {
        .value = value, .validity = VALIDITY_ALWAYS, .if_version = CHANGE_ANY_VERSION};
    return stage_put(stage, span_of(key), &put);
}

static off_t log_size(void)
{
    struct stat st;
    CHECK(stat(scratch_path(PROTOCOL_STATE_LOG), &st) == 0);
    return st.st_size;
}

static void reopen(void)
{
    unsigned versions = stores.store->options.versions;
    size_t max = stores.store->options.max;
    stores_close(&stores);
    CHECK_EQ_INT(stores_open(&stores, max, versions, T0 + 9 * SECOND), 0);
    CHECK_EQ_INT(stores.refused, 0);
}

static void check_value(const char *key, uint64_t number, const char *value)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    CHECK(version != NULL);
    CHECK_EQ_INT(version->number, number);
    CHECK(span_is(version->value, value));
}

/* The store has what begin() put into it and nothing else, now and when it is opened anew. */
static void check_before(void)
{
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(store_count(stores.store), 1);
        check_value("a/old", 1, "old");
        CHECK_EQ_INT(stores.store->records, 1);
        reopen();
    }
}

/* And takes changes. */
static void check_usable(void)
{
    CHECK_EQ_INT(stores_put(&stores, "z/z", span_of("z"), T0 + 10 * SECOND), 0);
    check_value("z/z", 1, "z");
    CHECK_EQ_INT(stores_delete(&stores, "z/z", T0 + 10 * SECOND), 0);
}

TEST(records_come_as_they_were)
{
    uint64_t ticket = 0;
    begin(ARENA_MIB, 10, 10);
    CHECK_EQ_INT(add("b/one", 3, "three"), 0);
    CHECK_EQ_INT(add("b/two", 1, "other"), 0);
    CHECK_EQ_INT(add_record("b/one", 4, (struct span){NULL, 0}, RECORD_EXPIRE), 0);
    CHECK_EQ_INT(add("b/one", 9, "nine"), 0);
    CHECK_EQ_INT(add_put("a/old", span_of("new")), 0);
    CHECK(store_find(stores.store, span_of("b/one")) == NULL);
    check_value("a/old", 1, "old");
    CHECK_EQ_INT(stage_commit(stage, &ticket), 0);
    for (int i = 0; i < 2; i++) {
        check_value("b/one", 9, "nine");
        check_value("b/two", 1, "other");
        check_value("a/old", 2, "new");
        const struct store_version *version = store_find(stores.store, span_of("b/one"));
        CHECK(version->created_us == 5 && version->updated_us == 19);
        struct store_row *rows;
        size_t count;
        CHECK_EQ_INT(store_history(stores.store, span_of("b/one"), &rows, &count), 0);
        CHECK_EQ_INT(count, 3);
        CHECK(rows[1].number == 4 && rows[1].is_gone && rows[2].number == 3 && !rows[2].is_gone);
        free(rows);
        CHECK_EQ_INT(stores.store->records, 6);
        reopen();
    }
    check_usable();
    end();
}

TEST(others_wait_meanwhile)
{
    struct stage *second;
    uint64_t ticket = 0;
    for (int commits = 0; commits < 2; commits++) {
        begin(ARENA_MIB, 10, 10);
        CHECK_EQ_INT(add("b/one", 1, "one"), 0);
        CHECK_EQ_INT(stage_begin(stores.store, T0, &second), -EAGAIN);
        CHECK_EQ_INT(stores_put(&stores, "c/c", span_of("c"), T0), -EAGAIN);
        CHECK_EQ_INT(stores_delete(&stores, "a/old", T0), -EAGAIN);
        CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), -EAGAIN);
        CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -EAGAIN);
        CHECK_EQ_INT(change_checkpoint(stores.store, T0), 0);
        CHECK(!rewrite_is_due(stores.store, INT64_MAX));
        check_value("a/old", 1, "old"); /* while readers are served */
        ticket = 0;
        if (commits)
            CHECK_EQ_INT(stage_commit(stage, &ticket), 0);
        else
            stage_abandon(stage);
        check_usable();
        CHECK_EQ_INT(stage_begin(stores.store, T0, &second), 0);
        stage_abandon(second);
        stage_abandon(NULL);
        end();
    }
}

/* More than is written at a time, so that part of it is in the file already. */
static void add_much(void)
{
    char key[32], *value = malloc(LIMIT_STAGE / 4);
    memset(value, 'v', LIMIT_STAGE / 4);
    off_t before = log_size();
    for (unsigned i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "b/w%u", i);
        CHECK_EQ_INT(add_record(key, 1, (struct span){value, LIMIT_STAGE / 4}, RECORD_PUT), 0);
    }
    CHECK(log_size() > before + 3 * (off_t)LIMIT_STAGE);
    free(value);
}

TEST(abandoned_after_much_was_written)
{
    begin(32 * ARENA_MIB, 100, 10);
    off_t before = log_size();
    uint64_t blocks = arenas_blocks(stores.arena);
    add_much();
    CHECK_EQ_INT(add_put("a/old", span_of("new")), 0);
    stage_abandon(stage);
    CHECK_EQ_INT(log_size(), before);
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks);
    check_before();
    check_usable();
    end();
}

TEST(committed_after_much_was_written)
{
    uint64_t ticket = 0;
    begin(32 * ARENA_MIB, 100, 10);
    add_much();
    CHECK_EQ_INT(store_count(stores.store), 1);
    CHECK_EQ_INT(stage_commit(stage, &ticket), 0);
    CHECK_EQ_INT(store_count(stores.store), 21);
    reopen();
    CHECK_EQ_INT(store_count(stores.store), 21);
    check_usable();
    end();
}

/* Another process, with an arena of its own, dies while part of it is in the file. */
static void crash(void *context)
{
    stores.arena = arenas_new(32 * ARENA_MIB);
    CHECK_EQ_INT(stores_open(&stores, 100, 10, T0), 0);
    CHECK_EQ_INT(stage_begin(stores.store, T0 + SECOND, &stage), 0);
    add_much();
    if (context)
        CHECK_EQ_INT(stage_commit(stage, context), 0);
    _exit(7);
}

TEST(crash_in_the_midst)
{
    uint64_t ticket = 0;
    begin(32 * ARENA_MIB, 100, 10);
    stage_abandon(stage);
    off_t before = log_size();
    int status = check_child(crash, NULL);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(log_size() > before + (off_t)LIMIT_STAGE);
    reopen();
    check_before();
    check_usable();
    status = check_child(crash, &ticket); /* the control: behind the commit it is all there */
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    reopen();
    CHECK_EQ_INT(store_count(stores.store), 21);
    end();
}

/* What small values hold on the heap until it is written is bounded as well. */
TEST(small_values_are_written_too)
{
    char key[32];
    begin(16 * ARENA_MIB, 10000, 10);
    off_t before = log_size();
    for (unsigned i = 0; i < 9000; i++) {
        snprintf(key, sizeof key, "b/w%u", i);
        CHECK_EQ_INT(add(key, 1, "v"), 0);
    }
    CHECK(log_size() > before + (off_t)LIMIT_STAGE);
    stage_abandon(stage);
    CHECK_EQ_INT(log_size(), before);
    check_before();
    end();
}

/* A commit with nothing left to be written must not leave half a batch for the next change. */
TEST(commit_that_cannot_end_its_batch)
{
    uint64_t ticket = 0;
    char *value = malloc(LIMIT_VALUE);
    memset(value, 'v', LIMIT_VALUE);
    begin(16 * ARENA_MIB, 10, 10);
    off_t before = log_size();
    CHECK_EQ_INT(add_put("b/one", (struct span){value, LIMIT_VALUE}), 0);
    CHECK_EQ_INT(add_put("b/one", span_of("again")), 0); /* passed over, but what waited went */
    CHECK(log_size() > before + (off_t)LIMIT_VALUE);
    CHECK_EQ_INT(stage_commit(stage, &ticket), -EINVAL);
    CHECK_EQ_INT(log_size(), before);
    check_usable();
    reopen();
    CHECK_EQ_INT(store_count(stores.store), 1);
    check_value("a/old", 1, "old");
    free(value);
    end();
}

TEST(nothing_in_it)
{
    uint64_t ticket = 4711;
    begin(ARENA_MIB, 10, 10);
    off_t before = log_size();
    CHECK_EQ_INT(stage_commit(stage, &ticket), 0);
    CHECK_EQ_INT(ticket, 4711);
    CHECK_EQ_INT(log_size(), before);
    check_before();
    check_usable();
    end();
}

TEST(refusals)
{
    static const struct {
        const char *key;
        uint64_t version;
        int result;
    } rows[] = {
        {"a/old", 2, -EINVAL},                          /* it is there */
        {"b/one", 5, -EINVAL},                          /* no greater */
        {"b/one", 4, -EINVAL}, {"b/one", 6, 0},         /* the control */
        {"b/two", 1, 0},       {"b/three", 1, -ENOSPC}, /* three keys at most */
    };
    begin(ARENA_MIB, 3, 10);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        stage_abandon(stage);
        CHECK_EQ_INT(stage_begin(stores.store, T0 + SECOND, &stage), 0);
        CHECK_EQ_INT(add("b/one", 5, "five"), 0);
        if (i == 5)
            CHECK_EQ_INT(add("b/two", 1, "x"), 0);
        CHECK_EQ_INT(add(rows[i].key, rows[i].version, "x"), rows[i].result);
    }
    stage_abandon(stage);
    check_before();
    check_usable();
    end();
}

TEST(more_versions_than_are_kept)
{
    uint64_t ticket = 0;
    begin(ARENA_MIB, 10, 3);
    for (uint64_t i = 1; i <= 7; i++)
        CHECK_EQ_INT(add("b/one", i, "v"), 0);
    CHECK_EQ_INT(stage_commit(stage, &ticket), 0);
    for (int i = 0; i < 2; i++) {
        struct store_row *rows;
        size_t count;
        CHECK_EQ_INT(store_history(stores.store, span_of("b/one"), &rows, &count), 0);
        CHECK(count == 3 && rows[0].number == 7 && rows[2].number == 5);
        free(rows);
        CHECK_EQ_INT(stores.store->records, 4);
        reopen();
    }
    end();
}

TEST(full_arena_leaves_the_state_before)
{
    char key[32], *value = malloc(100000);
    int r = 0;
    memset(value, 'v', 100000);
    begin(4 * ARENA_MIB, 100, 10);
    uint64_t blocks = arenas_blocks(stores.arena);
    unsigned i = 0;
    for (; i < 100 && r == 0; i++) {
        snprintf(key, sizeof key, "b/w%u", i);
        r = add_record(key, 1, (struct span){value, 100000}, RECORD_PUT);
    }
    CHECK(i > 12);
    CHECK_EQ_INT(r, -ENOSPC);
    stage_abandon(stage);
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks);
    check_before();
    check_usable();
    free(value);
    end();
}

TEST(sealed_store)
{
    struct store_options options = {.max = 1, .versions = 1};
    options.arena = arenas_new(ARENA_MIB);
    struct store *store = store_new(&options);
    CHECK_EQ_INT(stage_begin(store, T0, &stage), -ENOKEY);
    store_free(store);
    arenas_done(options.arena);
}

CHECK_MAIN
