/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/store.h"

#include <errno.h>

#include "crypto/secret.h"
#include "limits.h"
#include "store/answer.h"
#include "tests/unit/stores.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */
#define SECOND INT64_C(1000000)

static struct stores stores;
static struct arena *arena;
static struct store *store;
static uint64_t idle; /* blocks of an empty store: its keys */

static void begin(size_t size, size_t max)
{
    stores_begin(&stores, size, max, 10);
    arena = stores.arena;
    store = stores.store;
    idle = arenas_blocks(arena);
}

static void end(void)
{
    store_free(NULL);
    stores_end(&stores);
}

static int put_all(const struct span *keys, size_t count, struct span value, int64_t now)
{
    const struct change_put put = {
        .value = value, .validity = VALIDITY_ALWAYS, .if_version = CHANGE_ANY_VERSION};
    struct change_conflict conflict;
    uint64_t ticket;
    return change_put(store, keys, count, &put, now, &ticket, &conflict);
}

static int put(const char *key, const char *value, int64_t now)
{
    return stores_put(&stores, key, span_of(value), now);
}

static int delete (const char *key)
{
    return stores_delete(&stores, key, T0);
}

static const struct store_version *find(const char *key)
{
    return store_find(store, span_of(key));
}

static void check_value(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = find(key);
    CHECK(version != NULL);
    CHECK(span_is(version->value, value));
    CHECK_EQ_INT(version->number, number);
}

static void check_inside(const struct store_version *version, struct span part)
{
    const char *start = version->block->data;
    CHECK(part.data >= start && part.data + part.length <= start + version->block->length);
}

TEST(put_find_delete)
{
    begin(ARENA_MIB, 10);
    CHECK(find("a/b") == NULL);
    CHECK_EQ_INT(delete ("a/b"), -ENOENT);
    CHECK_EQ_INT(put("a/b", "value", T0), 0);
    check_value("a/b", "value", 1);
    CHECK(find("a/") == NULL && find("a/bc") == NULL);
    CHECK_EQ_INT(store_count(store), 1);
    CHECK_EQ_INT(delete ("a/b"), 0);
    CHECK(find("a/b") == NULL);
    CHECK_EQ_INT(store_count(store), 0);
    CHECK_EQ_INT(arenas_blocks(arena), idle + 0);
    end();
}

TEST(times_and_numbers)
{
    begin(ARENA_MIB, 10);
    CHECK_EQ_INT(put("a/b", "1", T0), 0);
    CHECK_EQ_INT(put("a/b", "2", T0 + SECOND), 0);
    CHECK_EQ_INT(put("a/b", "2", T0 + 2 * SECOND), 0); /* the same value is a new version too */
    const struct store_version *version = find("a/b");
    CHECK_EQ_INT(version->number, 3);
    CHECK_EQ_INT(version->created_us, T0);
    CHECK_EQ_INT(version->updated_us, T0 + 2 * SECOND);
    CHECK(span_is(version->json, "{\"data\":\"2\",\"created\":\"2026-11-24T20:15:30Z\","
                                 "\"updated\":\"2026-11-24T20:15:32Z\"}"));
    CHECK_EQ_INT(arenas_blocks(arena), idle + 1);
    CHECK_EQ_INT(delete ("a/b"), 0);
    CHECK_EQ_INT(put("a/b", "3", T0 + 3 * SECOND), 0);
    version = find("a/b");
    CHECK_EQ_INT(version->number, 1);
    CHECK_EQ_INT(version->created_us, T0 + 3 * SECOND);
    end();
}

/* ---- what is rendered ------------------------------------------------------------------------ */

#define VALUE(bytes, inside, data)             \
    {                                          \
        bytes, sizeof(bytes) - 1, inside, data \
    }

TEST(renderings)
{
    static const struct {
        const char *value;
        size_t length;
        int inside; /* the bare value is a part of the JSON */
        const char *data;
    } rows[] = {
        VALUE("plain", 1, "\"plain\""),
        VALUE("x", 1, "\"x\""),
        VALUE("\xc3\xa4\xf0\x9f\x98\x80", 1, "\"\xc3\xa4\xf0\x9f\x98\x80\""),
        VALUE("{'a':1}/", 1, "\"{'a':1}/\""),
        VALUE("say \"x\"", 0, "\"say \\\"x\\\"\""),
        VALUE("{\"a\":1}", 0, "\"{\\\"a\\\":1}\""),
        VALUE("two\nlines\n", 0, "\"two\\nlines\\n\""),
        VALUE("a\\b", 0, "\"a\\\\b\""),
        VALUE("\x01", 0, "\"\\u0001\""),
        VALUE("a\0b", 0, "\"a\\u0000b\""),
        VALUE("\x7f", 0, "\"\\u007f\""),
        VALUE("\xff", 0, "\"/w==\",\"encoding\":\"base64\""),
        VALUE("ab\xc3", 0, "\"YWLD\",\"encoding\":\"base64\""),
        VALUE("\0\xff", 0, "\"AP8=\",\"encoding\":\"base64\""),
    };
    begin(ARENA_MIB, 10);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span key = span_of("a/b");
        char json[256];
        CHECK_EQ_INT(put_all(&key, 1, (struct span){rows[i].value, rows[i].length}, T0), 0);
        const struct store_version *version = store_find(store, key);
        int n = snprintf(json, sizeof json,
                         "{\"data\":%s,\"created\":\"2026-11-24T20:15:30Z\","
                         "\"updated\":\"2026-11-24T20:15:30Z\"}",
                         rows[i].data);
        if (!span_equal(version->json, (struct span){json, (size_t)n}))
            check_fail(__FILE__, __LINE__, "%.*s", (int)version->json.length, version->json.data);
        CHECK_EQ_INT(version->value.length, rows[i].length);
        CHECK_MEM(version->value.data, rows[i].value, rows[i].length);
        int inside = version->value.data >= version->json.data &&
                     version->value.data < version->json.data + version->json.length;
        CHECK_EQ_INT(inside, rows[i].inside);
        check_inside(version, version->value);
        check_inside(version, version->json);
        check_inside(version, version->answer);
    }
    end();
}

TEST(answer_is_head_and_json)
{
    begin(ARENA_MIB, 10);
    CHECK_EQ_INT(put("a/b", "x", T0), 0);
    CHECK_EQ_INT(put("a/b", "y", T0), 0);
    const struct store_version *version = find("a/b");
    char expected[512];
    int n = snprintf(expected, sizeof expected,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Cache-Control: no-store\r\nContent-Length: %zu\r\n"
                     "ETag: \"2.%016llx\"\r\nVSecM-Version: 2\r\n\r\n%.*s",
                     version->json.length, (unsigned long long)T0, (int)version->json.length,
                     version->json.data);
    if (!span_equal(version->answer, (struct span){expected, (size_t)n}))
        check_fail(__FILE__, __LINE__, "%.*s", (int)version->answer.length, version->answer.data);
    end();
}

TEST(tags_differ_where_versions_do)
{
    char first[ANSWER_ETAG], second[ANSWER_ETAG];
    struct store_version version = {.number = 1, .updated_us = T0};
    struct span tag = answer_etag(&version, first);
    CHECK(tag.data[0] == '"' && tag.data[tag.length - 1] == '"');
    version.updated_us++; /* deleted and stored again */
    CHECK(!span_equal(tag, answer_etag(&version, second)));
    version = (struct store_version){.number = 2, .updated_us = T0};
    CHECK(!span_equal(tag, answer_etag(&version, second)));
    version = (struct store_version){.number = UINT64_MAX, .updated_us = INT64_MAX};
    CHECK(answer_etag(&version, second).length < ANSWER_ETAG);
}

TEST(largest_value)
{
    char *value = malloc(LIMIT_VALUE);
    struct span key = span_of("a/b");
    begin(16 * ARENA_MIB, 10);
    memset(value, '\x01', LIMIT_VALUE);
    CHECK_EQ_INT(put_all(&key, 1, (struct span){value, LIMIT_VALUE}, T0), 0);
    const struct store_version *version = store_find(store, key);
    CHECK_EQ_INT(version->value.length, LIMIT_VALUE);
    CHECK_MEM(version->value.data, value, LIMIT_VALUE);
    free(value);
    end();
}

/* ---- many at once ---------------------------------------------------------------------------- */

TEST(key_that_is_named_twice_is_written_once)
{
    const struct span keys[] = {SPAN_LITERAL("a/b"), SPAN_LITERAL("a/c"), SPAN_LITERAL("a/b")};
    begin(ARENA_MIB, 10);
    CHECK_EQ_INT(put_all(keys, 3, span_of("v"), T0), 0);
    check_value("a/b", "v", 1);
    check_value("a/c", "v", 1);
    CHECK_EQ_INT(store_count(store), 2);
    CHECK_EQ_INT(arenas_blocks(arena), idle + 2);
    end();
}

/* The arena takes two of the values, never three. */
TEST(full_arena_changes_nothing)
{
    enum { BIG = 190000 };
    const struct span keys[] = {SPAN_LITERAL("a/new"), SPAN_LITERAL("a/old"), SPAN_LITERAL("a/x"),
                                SPAN_LITERAL("a/y")};
    char *big = malloc(BIG);
    memset(big, 'x', BIG);
    begin(ARENA_MIB, 10);
    CHECK_EQ_INT(put("a/old", "old", T0), 0);
    struct arena_stats before, after;
    arena_read_stats(arena, &before);
    CHECK_EQ_INT(put_all(keys, 4, (struct span){big, BIG}, T0 + SECOND), -ENOSPC);
    arena_read_stats(arena, &after);
    CHECK(after.refusals > before.refusals);
    CHECK_EQ_INT(after.blocks, before.blocks);
    CHECK_EQ_INT(after.used, before.used);
    check_value("a/old", "old", 1);
    CHECK_EQ_INT(find("a/old")->updated_us, T0);
    CHECK(find("a/new") == NULL && find("a/x") == NULL && find("a/y") == NULL);
    CHECK_EQ_INT(store_count(store), 1);
    CHECK_EQ_INT(put_all(keys, 2, (struct span){big, BIG}, T0 + SECOND), 0);
    CHECK_EQ_INT(find("a/old")->number, 2);
    free(big);
    end();
}

TEST(full_table_changes_nothing)
{
    const struct span keys[] = {SPAN_LITERAL("a/1"), SPAN_LITERAL("a/2"), SPAN_LITERAL("a/3")};
    begin(ARENA_MIB, 3);
    CHECK_EQ_INT(put("a/0", "0", T0), 0);
    CHECK_EQ_INT(put_all(keys, 3, span_of("v"), T0), -ENOSPC);
    CHECK_EQ_INT(store_count(store), 1);
    CHECK_EQ_INT(arenas_blocks(arena), idle + 1);
    CHECK_EQ_INT(put_all(keys, 2, span_of("v"), T0), 0);
    CHECK_EQ_INT(put("a/0", "again", T0), 0);
    end();
}

/* A reader's reference outlives the secret, and what it was is wiped when the last one goes. */
TEST(reader_keeps_what_it_reads)
{
    begin(ARENA_MIB, 10);
    CHECK_EQ_INT(put("a/b", "read me", T0), 0);
    struct secret *block = secret_ref(find("a/b")->block);
    const char *start = block->data;
    size_t length = block->length;
    struct span value = find("a/b")->value;
    CHECK_EQ_INT(put("a/b", "new", T0 + SECOND), 0);
    CHECK(span_is(value, "read me"));
    CHECK_EQ_INT(arenas_blocks(arena), idle + 2);
    CHECK_EQ_INT(delete ("a/b"), 0);
    CHECK(span_is(value, "read me"));
    CHECK_EQ_INT(arenas_blocks(arena), idle + 1);
    secret_unref(block);
    CHECK_EQ_INT(arenas_blocks(arena), idle + 0);
    CHECK(arenas_is_wiped(start, length));
    end();
}

/* ---- the list -------------------------------------------------------------------------------- */

TEST(list)
{
    static const char *const keys[] = {"b/a", "a/b", "a/a", "a/aa", "aa/a", "a-b/a"};
    static const char *const sorted[] = {"a-b/a", "a/a", "a/aa", "a/b", "aa/a", "b/a"};
    struct store_row *rows = NULL;
    size_t count = 4711;
    begin(ARENA_MIB, 10);
    CHECK_EQ_INT(store_list(store, &rows, &count), 0);
    CHECK(rows == NULL && count == 0);
    for (size_t i = 0; i < COUNT(keys); i++)
        CHECK_EQ_INT(put(keys[i], "v", T0 + (int64_t)i), 0);
    CHECK_EQ_INT(put("a/b", "v", T0 + SECOND), 0);
    CHECK_EQ_INT(store_list(store, &rows, &count), 0);
    CHECK_EQ_INT(count, COUNT(sorted));
    for (size_t i = 0; i < count; i++)
        CHECK(span_is(rows[i].key, sorted[i]));
    CHECK_EQ_INT(rows[3].number, 2);
    CHECK_EQ_INT(rows[3].created_us, T0 + 1);
    CHECK_EQ_INT(rows[3].updated_us, T0 + SECOND);
    free(rows);
    end();
}

CHECK_MAIN
