/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/load.h"

#include <errno.h>

#include "store/answer.h"
#include "store/record.h"
#include "store/rootkey.h"
#include "tests/unit/forges.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define SECOND INT64_C(1000000)
#define MAX 20

static struct stores stores;
static struct forges forges;

static void begin(void)
{
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 2 * ARENA_MIB, MAX, 10);
}

static void end(void)
{
    stores_end(&stores);
}

static void reopen(void)
{
    CHECK_EQ_INT(stores_reopen(&stores, MAX, 10, T0), 0);
}

static void put(const char *key, const char *value, int64_t now)
{
    CHECK_EQ_INT(stores_put(&stores, key, span_of(value), now), 0);
}

static void check_value(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    CHECK(version && version->block && span_is(version->value, value));
    CHECK_EQ_INT(version->number, number);
}

static int read_past(const char *key, uint64_t number)
{
    struct record record;
    int r = store_read(stores.store, span_of(key), number, T0, &record);
    if (r == 0)
        record_done(stores.arena, &record);
    return r;
}

/* All files of the state directory, one after the other. */
static size_t image(char *ret, size_t size)
{
    static const char *const names[] = {PROTOCOL_STATE_LOG, PROTOCOL_STATE_KEY};
    size_t length = 0;
    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(scratch_path(names[i]), "r");
        CHECK(file != NULL);
        length += fread(ret + length, 1, size - length, file);
        fclose(file);
    }
    CHECK(length > 0 && length < size);
    return length;
}

/* ---- as it was ------------------------------------------------------------------------------- */

TEST(reopened_store_is_the_same)
{
    char tag[ANSWER_ETAG], again[ANSWER_ETAG];
    struct span name = SPAN_LITERAL("a/b");
    begin();
    CHECK(stores.report.is_new);
    put("a/b", "one", T0);
    put("a/b", "\xff\x00two", T0 + SECOND);
    put("a/c", "other", T0 + 2 * SECOND);
    struct store_version old = *store_find(stores.store, name);
    struct span first = answer_etag(&old, tag);
    struct store_stats before, after;
    store_read_stats(stores.store, &before);
    reopen();
    CHECK(!stores.report.is_new && stores.report.which == 0 && stores.report.refused == 0);
    CHECK_EQ_INT(stores.report.journal.frames, 3);
    const struct store_version *version = store_find(stores.store, name);
    CHECK_EQ_INT(version->number, 2);
    CHECK_EQ_INT(version->created_us, T0);
    CHECK_EQ_INT(version->updated_us, T0 + SECOND);
    CHECK(span_equal(first, answer_etag(version, again)));
    CHECK_MEM(version->value.data, "\xff", 1);
    check_value("a/c", "other", 1);
    store_read_stats(stores.store, &after);
    CHECK(after.records == before.records && after.live == before.live);
    CHECK(after.sequence == before.sequence && after.bytes == before.bytes);
    end();
}

/* ---- forgeries ------------------------------------------------------------------------------- */

static void check_refused(const char *key, const char *reason)
{
    reopen();
    CHECK_EQ_INT(stores.refused, 1);
    CHECK_EQ_INT(stores.report.refused, 1);
    CHECK_STR(stores.key, key);
    CHECK_STR(stores.reason, reason);
}

/* The sealed bytes of the last frame that begins with FROM, at the end, under the label LABEL. */
static void forge(const char *from, const char *label)
{
    forges_read(&forges);
    const struct forges_frame *frame = forges_find(&forges, from);
    struct span meta = label ? span_of(label) : frame->meta;
    forges_append(&forges, meta, frame->payload, forges_last_sequence(&forges) + 1);
    forges_write(&forges);
}

/* The positive control: the same way of writing, with what was really sealed, is taken. */
TEST(frame_that_was_taken_out_and_put_back)
{
    begin();
    put("a/b", "one", T0);
    put("a/b", "two", T0 + SECOND);
    forges_read(&forges);
    const struct forges_frame frame = *forges_find(&forges, "put a/b 2 ");
    forges.size = (size_t)frame.offset;
    memset(forges.data + forges.size, 0, FORMAT_FRAME);
    forges_append(&forges, frame.meta, frame.payload, frame.header.sequence);
    forges_write(&forges);
    reopen();
    CHECK_EQ_INT(stores.refused, 0);
    check_value("a/b", "two", 2);
    end();
}

TEST(copied_under_another_name)
{
    begin();
    put("a/b", "mine", T0);
    put("a/rich", "theirs", T0);
    forge("put a/rich 1 ", "put a/b 2 2026-11-24T20:15:30.123456Z now never");
    check_refused("a/b", "forged-record");
    check_value("a/b", "mine", 1);
    check_value("a/rich", "theirs", 1);
    put("a/b", "new", T0); /* and goes on */
    check_value("a/b", "new", 2);
    end();
}

TEST(copied_under_a_name_that_has_nothing)
{
    begin();
    put("a/rich", "theirs", T0);
    forge("put a/rich 1 ", "put a/b 1 2026-11-24T20:15:30.123456Z now never");
    check_refused("a/b", "forged-record");
    CHECK(store_find(stores.store, SPAN_LITERAL("a/b")) == NULL);
    CHECK_EQ_INT(store_count(stores.store), 1);
    put("a/b", "first", T0);
    check_value("a/b", "first", 1);
    CHECK_EQ_INT(stores_reopen(&stores, MAX, 10, T0), 0);
    check_value("a/b", "first", 1);
    CHECK_EQ_INT(store_count(stores.store), 2);
    end();
}

TEST(copied_under_another_version)
{
    begin();
    put("a/b", "one", T0);
    put("a/b", "two", T0 + SECOND);
    forge("put a/b 1 ", "put a/b 3 2026-11-24T20:15:30.123456Z now never");
    check_refused("a/b", "forged-record");
    check_value("a/b", "two", 2);
    CHECK_EQ_INT(read_past("a/b", 1), 0);
    end();
}

/* An old value to be served again: all is right, but it is not the place it was sealed for. */
TEST(replayed)
{
    begin();
    put("a/b", "leaked", T0);
    put("a/b", "changed", T0 + SECOND);
    forge("put a/b 1 ", NULL);
    check_refused("a/b", "forged-record");
    check_value("a/b", "changed", 2);
    end();
}

/* With its own sequence it does not even follow: it is a torn tail, and cut. */
TEST(replayed_with_its_sequence)
{
    begin();
    put("a/b", "leaked", T0);
    put("a/b", "changed", T0 + SECOND);
    forges_read(&forges);
    const struct forges_frame *frame = forges_find(&forges, "put a/b 1 ");
    forges_append(&forges, frame->meta, frame->payload, frame->header.sequence);
    forges_write(&forges);
    reopen();
    CHECK(stores.report.journal.cut > 0 && stores.refused == 0);
    check_value("a/b", "changed", 2);
    end();
}

TEST(label_that_says_another_validity)
{
    begin();
    put("a/b", "one", T0);
    struct span name = SPAN_LITERAL("a/b");
    struct change_conflict conflict;
    uint64_t ticket;
    const struct change_put brief = {.value = SPAN_LITERAL("brief"),
                                     .validity = {VALIDITY_NOW, T0 + SECOND},
                                     .if_version = CHANGE_ANY_VERSION};
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &brief, T0, &ticket, &conflict), 0);
    forge("put a/b 2 ", "put a/b 2 2026-11-24T20:15:30.123456Z now never");
    check_refused("a/b", "forged-record");
    CHECK_EQ_INT(store_find(stores.store, name)->validity.expires_us, T0 + SECOND);
    end();
}

/* Whoever could forge a deletion could undo a put. */
TEST(deletion_under_another_name)
{
    begin();
    put("a/b", "stays", T0);
    put("a/c", "goes", T0);
    CHECK_EQ_INT(stores_delete(&stores, "a/c", T0), 0);
    forge("delete a/c ", "delete a/b 1 2026-11-24T20:15:30.123456Z now never");
    check_refused("a/b", "forged-record");
    check_value("a/b", "stays", 1);
    CHECK(store_find(stores.store, SPAN_LITERAL("a/c")) == NULL); /* the real one counts */
    end();
}

TEST(deletion_replayed)
{
    begin();
    put("a/b", "old", T0);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), 0);
    put("a/b", "anew", T0 + SECOND);
    forge("delete a/b ", NULL);
    check_refused("a/b", "forged-record");
    check_value("a/b", "anew", 1);
    end();
}

TEST(put_that_is_called_a_deletion_and_back)
{
    begin();
    put("a/b", "stays", T0);
    forge("put a/b 1 ", "delete a/b 1 2026-11-24T20:15:30.123456Z now never");
    check_refused("a/b", "forged-record");
    check_value("a/b", "stays", 1);
    end();
}

TEST(label_that_is_none)
{
    begin();
    put("a/b", "stays", T0);
    forge("put a/b 1 ", "put a/b x");
    check_refused("?", "forged-label");
    check_value("a/b", "stays", 1);
    end();
}

/* Behind a version that is proven it is found when somebody asks for it. */
TEST(forged_past)
{
    begin();
    put("a/b", "one", T0);
    put("a/rich", "theirs", T0);
    forges_read(&forges);
    uint64_t sequence = forges_last_sequence(&forges);
    free(forges.data);
    put("a/b", "two", T0 + SECOND);
    put("a/b", "three", T0 + SECOND);
    forges_read(&forges);
    struct forges_frame *two = (struct forges_frame *)(uintptr_t)forges_find(&forges, "put a/b 2 ");
    struct forges_frame three = *forges_find(&forges, "put a/b 3 ");
    CHECK_EQ_INT(two->header.sequence, sequence + 1);
    static char sealed[4096];
    memcpy(sealed, three.payload.data, three.payload.length);
    three.payload.data = sealed;
    static const char label[] = "put a/b 3 2026-11-24T20:15:31.123456Z now never";
    forges.size = (size_t)two->offset;
    forges_append(&forges, SPAN_LITERAL("put a/b 2 2026-11-24T20:15:31.123456Z now never"),
                  forges_find(&forges, "put a/rich ")->payload, sequence + 1);
    forges_append(&forges, span_of(label), three.payload, sequence + 2);
    forges_write(&forges);
    reopen();
    CHECK_EQ_INT(stores.refused, 0);
    check_value("a/b", "three", 3);
    CHECK_EQ_INT(read_past("a/b", 1), 0);
    CHECK_EQ_INT(read_past("a/b", 2), -EBADMSG);
    end();
}

/* ---- keys ------------------------------------------------------------------------------------ */

TEST(another_root_key)
{
    static char before[1 << 16], after[1 << 16];
    begin();
    put("a/b", "one", T0);
    stores_close(&stores);
    CHECK(rename(scratch_path(PROTOCOL_STATE_KEY), scratch_path("kept")) == 0);
    struct rootkey *other = rootkey_generate(stores.arena);
    int dir = open(scratch_directory, O_RDONLY | O_DIRECTORY);
    CHECK_EQ_INT(rootkey_write(dir, PROTOCOL_STATE_KEY, stores.arena, other, NULL), 0);
    close(dir);
    rootkey_free(other);
    size_t length = image(before, sizeof before);
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), -ENOKEY);
    CHECK(strstr(stores.error.text, "another root key") != NULL);
    CHECK(store_is_sealed(stores.store) && !keyring_identity(stores.keyring));
    CHECK_EQ_INT(image(after, sizeof after), length);
    CHECK_MEM(after, before, length);
    stores_close(&stores);
    CHECK(rename(scratch_path("kept"), scratch_path(PROTOCOL_STATE_KEY)) == 0);
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    check_value("a/b", "one", 1);
    end();
}

TEST(missing_key)
{
    begin();
    put("a/b", "one", T0);
    stores_close(&stores);
    CHECK(rename(scratch_path(PROTOCOL_STATE_KEY), scratch_path("kept")) == 0);
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), -ENOENT);
    CHECK(strstr(stores.error.text, "put the key back") != NULL);
    CHECK(access(scratch_path(PROTOCOL_STATE_KEY), F_OK) < 0); /* none was made */
    stores_close(&stores);
    CHECK(rename(scratch_path("kept"), scratch_path(PROTOCOL_STATE_KEY)) == 0);
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    check_value("a/b", "one", 1);
    end();
}

/* A link to a disk that is not there is not replaced by a new log. */
TEST(log_that_cannot_be_reached)
{
    begin();
    put("a/b", "one", T0);
    stores_close(&stores);
    CHECK(rename(scratch_path(PROTOCOL_STATE_LOG), scratch_path("elsewhere")) == 0);
    CHECK(symlink("no/such/disk", scratch_path(PROTOCOL_STATE_LOG)) == 0);
    CHECK(stores_open(&stores, MAX, 10, T0) < 0);
    CHECK(store_is_sealed(stores.store));
    struct stat st;
    CHECK(lstat(scratch_path(PROTOCOL_STATE_LOG), &st) == 0 && S_ISLNK(st.st_mode));
    stores_close(&stores);
    CHECK(rename(scratch_path("elsewhere"), scratch_path(PROTOCOL_STATE_LOG)) == 0);
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    end();
}

/* ---- room ------------------------------------------------------------------------------------ */

static void check_too_small(size_t arena, size_t max)
{
    static char before[1 << 20], after[1 << 20];
    size_t length = image(before, sizeof before);
    stores.arena = arenas_new(arena);
    CHECK_EQ_INT(stores_open(&stores, max, 10, T0), -ENOSPC);
    CHECK(strstr(stores.error.text, "raise arena_size or max_secrets") != NULL);
    CHECK(store_is_sealed(stores.store));
    CHECK_EQ_INT(store_count(stores.store), 0);
    CHECK_EQ_INT(image(after, sizeof after), length);
    CHECK_MEM(after, before, length);
    stores_end(&stores);
}

TEST(too_small)
{
    char *big = malloc(100000);
    memset(big, 'x', 100000);
    begin();
    put("a/b", "small", T0);
    CHECK_EQ_INT(stores_put(&stores, "a/c", (struct span){big, 100000}, T0), 0);
    CHECK_EQ_INT(stores_put(&stores, "a/d", (struct span){big, 100000}, T0), 0);
    stores_end(&stores);
    check_too_small(256 * 1024, MAX);
    check_too_small(2 * ARENA_MIB, 2);
    stores.arena = arenas_new(2 * ARENA_MIB);
    CHECK_EQ_INT(stores_open(&stores, 3, 10, T0), 0);
    check_value("a/b", "small", 1);
    free(big);
    end();
}

/* As over HTTP: the request is in the arena too, as it came and as JSON. */
static int put_request(const char *key, struct span value)
{
    void *body = arena_alloc(stores.arena, value.length + 100);
    void *json = body ? arena_alloc(stores.arena, value.length + 1) : NULL;
    int r = json ? stores_put(&stores, key, value, T0) : -ENOSPC;
    arena_free(stores.arena, json);
    arena_free(stores.arena, body);
    return r;
}

/* Values of all sizes until nothing fits any more, in any order: what fitted fits again. */
TEST(full_arena_opens_again)
{
    enum { MOST = 2000 };
    static char big[300000];
    char key[16];
    memset(big, 'x', sizeof big);
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 8 * ARENA_MIB, MOST, 1);
    for (int i = 0, refused = 0; i < MOST && refused < 50; i++) {
        size_t size = 1 + check_random((size_t)1 << (4 + check_random(15)));
        snprintf(key, sizeof key, "a/%zu", check_random(MOST));
        int r = put_request(key, (struct span){big, size});
        CHECK(r == 0 || r == -ENOSPC);
        refused += r < 0;
    }
    size_t count = store_count(stores.store);
    CHECK(count > 50);
    for (int twice = 0; twice < 2; twice++) {
        CHECK_EQ_INT(stores_reopen(&stores, MOST, 1, T0), 0);
        CHECK_EQ_INT(store_count(stores.store), count);
    }
    end();
}

TEST(what_was_killed_leaves_nothing)
{
    begin();
    scratch_file(PROTOCOL_STATE_NEW_LOG, "half a log");
    scratch_file(PROTOCOL_STATE_KEY ".new", "half a key");
    reopen();
    CHECK(access(scratch_path(PROTOCOL_STATE_NEW_LOG), F_OK) < 0);
    CHECK(access(scratch_path(PROTOCOL_STATE_KEY ".new"), F_OK) < 0);
    end();
}

/* A log whose last batch was not finished loses that, is told of, and nothing else. */
TEST(torn_tail)
{
    begin();
    put("a/b", "one", T0);
    forges_read(&forges);
    size_t whole = forges.size;
    free(forges.data);
    put("a/b", "two", T0);
    CHECK(truncate(scratch_path(PROTOCOL_STATE_LOG), (off_t)whole + 60) == 0);
    reopen();
    CHECK_EQ_INT(stores.report.journal.cut, 60);
    check_value("a/b", "one", 1);
    end();
}

CHECK_MAIN
