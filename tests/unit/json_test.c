/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/json.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "crypto/secret.h"
#include "limits.h"
#include "tests/unit/arenas.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct arena *arena;

static void begin(size_t size)
{
    arena = arenas_new(size);
    json_use(arena);
}

static void end(void)
{
    json_use(NULL);
    arenas_done(arena);
}

static int read_json(const char *data, size_t length)
{
    struct cJSON *json = NULL;
    const char *why = NULL;
    char *copy = malloc(length ? length : 1);
    memcpy(copy, data, length);
    int r = json_read((struct span){copy, length}, &json, &why);
    free(copy);
    CHECK_EQ_INT(r == 0, json != NULL);
    CHECK_EQ_INT(r == -EINVAL, why != NULL);
    cJSON_Delete(json);
    return r;
}

#define TEXT(bytes)              \
    {                            \
        bytes, sizeof(bytes) - 1 \
    }

struct text {
    const char *data;
    size_t length;
};

TEST(good_texts)
{
    static const struct text rows[] = {
        TEXT("{}"),
        TEXT("[]"),
        TEXT("1"),
        TEXT("\"\""),
        TEXT("null"),
        TEXT("true"),
        TEXT("-1.5e3"),
        TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] } \r\n"),
        TEXT("{\"a\":1,\"a\":2}"),
        TEXT("\"\\u00e4\\ud83d\\ude00\\n\\\"\\\\\\/\""),
        TEXT("\"\xc3\xa4\""),
        TEXT("\"\\\\u0000\""), /* a backslash, then letters */
        TEXT("[[[[[[[[1]]]]]]]]"),
        TEXT("\"[[[[[[[[[[[[[[\""),
        TEXT("[\"\\\"[[[[[[[[[[[[\"]"),
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (read_json(rows[i].data, rows[i].length) != 0)
            check_fail(__FILE__, __LINE__, "'%s' is refused", rows[i].data);
    end();
}

TEST(bad_texts)
{
    static const struct text rows[] = {
        TEXT(""),
        TEXT(" "),
        TEXT("{"),
        TEXT("}"),
        TEXT("{\"a\"}"),
        TEXT("{\"a\":}"),
        TEXT("{\"a\":1,}"),
        TEXT("[1,]"),
        TEXT("{a:1}"),
        TEXT("{'a':1}"),
        TEXT("nul"),
        TEXT("\""),
        TEXT("\"\\"),
        TEXT("\"\\x\""),
        TEXT("\"\\u12\""),
        TEXT("\"\\ud800\""),
        TEXT("{} {}"),
        TEXT("1 2"),
        TEXT("{}x"),
        TEXT("{}\0"),
        TEXT("\"a\0b\""),
        TEXT("\"\\u0000\""),
        TEXT("\"x\\\\\\u0000\""),
        TEXT("{\"\\u0000\":1}"),
        TEXT("\"\xff\""),
        TEXT("\"\xc3\""),
        TEXT("[[[[[[[[[1]]]]]]]]]"),
        TEXT("{\"a\":[[[[[[[[1]]]]]]]]}"),
        TEXT("[\"\\\"\",[[[[[[[[1]]]]]]]]]"),
        /* which cJSON takes for blanks */
        TEXT("{\"a\"\x01:1}"),
        TEXT("\x0b{}"),
        TEXT("{}\x1f"),
        TEXT("\xef\xbb\xbf{}"),
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (read_json(rows[i].data, rows[i].length) != -EINVAL)
            check_fail(__FILE__, __LINE__, "row %zu '%s' is taken", i, rows[i].data);
    end();
}

/* ---- members ------------------------------------------------------------------------------- */

static void check_member(const char *text, const char *name, const char *expected)
{
    struct secret *member = NULL;
    int r = json_member(span_of(text), span_of(name), arena, &member);
    if (r < 0)
        check_fail(__FILE__, __LINE__, "%s of %s: %d", name, text, r);
    if (!span_is((struct span){member->data, member->length}, expected))
        check_fail(__FILE__, __LINE__, "%s of %s is %.*s", name, text, (int)member->length,
                   member->data);
    CHECK(arena_owns(arena, member->data));
    secret_unref(member);
    CHECK_EQ_INT(arenas_blocks(arena), 0);
}

TEST(members)
{
    static const char *const rows[][3] = {
        {"{\"a\":\"b\"}", "a", "b"},
        {"{\"a\":\"\"}", "a", ""},
        {"{\"\":\"x\"}", "", "x"},
        {" \n{ \"a\" : \"b\" }\n", "a", "b"},
        {"{\"a\":\"q\\\"\\\\\\n\\u00e4\\ud83d\\ude00\"}", "a", "q\"\\\n\xc3\xa4\xf0\x9f\x98\x80"},
        {"{\"\\u0061\":\"b\"}", "a", "b"},
        {"{\"A\":\"1\",\"a\":\"2\"}", "a", "2"},
        {"{\"A\":\"1\",\"a\":\"2\"}", "A", "1"},
        /* as it is written: no number loses a digit */
        {"{\"n\":12345678901234567890.10}", "n", "12345678901234567890.10"},
        {"{\"n\":1e400}", "n", "1e400"},
        {"{\"n\":-0}", "n", "-0"},
        {"{\"n\": 1 }", "n", "1"},
        {"{\"n\":1\n}", "n", "1"},
        {"{\"t\":true,\"f\":false,\"n\":null}", "t", "true"},
        {"{\"t\":true,\"f\":false,\"n\":null}", "f", "false"},
        {"{\"t\":true,\"f\":false,\"n\":null}", "n", "null"},
        {"{\"a\":{\"b\" : [1, \"}\"]} , \"c\":1}", "a", "{\"b\" : [1, \"}\"]}"},
        {"{\"a\":{\"b\" : [1, \"}\"]} , \"c\":1}", "c", "1"},
        {"{\"a\":[{\"x\":\"\\\"\"},\",\"],\"b\":2}", "b", "2"},
        {"{\"a\":[],\"b\":{}}", "a", "[]"},
        {"{\"a\":[],\"b\":{}}", "b", "{}"},
        {"{\"a\":{\"z\":1},\"z\":2}", "z", "2"},
        /* the last of one name */
        {"{\"a\":1,\"a\":2}", "a", "2"},
        {"{\"a\":\"1\",\"b\":0,\"a\":[3]}", "a", "[3]"},
        {"{\"a\":[3],\"b\":0,\"a\":\"1\"}", "a", "1"},
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(rows); i++)
        check_member(rows[i][0], rows[i][1], rows[i][2]);
    end();
}

TEST(no_members)
{
    static const struct {
        const char *text, *name;
        int result;
    } rows[] = {
        {"{}", "a", -ENOENT},
        {"{\"a\":1}", "A", -ENOENT},
        {"{\"a\":1}", "", -ENOENT},
        {"{\"a\":{\"b\":1}}", "b", -ENOENT},
        {"{\"a\":1}", "a\"", -ENOENT},
        {"[1]", "0", -EINVAL},
        {"\"a\"", "a", -EINVAL},
        {"1", "1", -EINVAL},
        {"plain text", "p", -EINVAL},
        {"", "", -EINVAL},
        {"{\"a\":1", "a", -EINVAL},
        {"{\"a\":1}}", "a", -EINVAL},
        {"[[[[[[[[[]]]]]]]]]", "a", -EINVAL},
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct secret *member = NULL;
        CHECK_EQ_INT(json_member(span_of(rows[i].text), span_of(rows[i].name), arena, &member),
                     rows[i].result);
        CHECK(member == NULL);
    }
    end();
}

/* Text that is refused must not be mistaken for a full arena, nor the other way round. */
TEST(full_arena)
{
    static char text[400000];
    struct secret *member = NULL;
    struct cJSON *json = NULL;
    const char *why;
    begin(4 * ARENA_MIB);
    memcpy(text, "{\"a\":[", 6);
    for (size_t i = 6; i < sizeof text - 3; i += 2)
        memcpy(text + i, "1,", 2);
    memcpy(text + sizeof text - 4, "1]}", 4);
    CHECK_EQ_INT(json_read(span_of(text), &json, &why), -ENOSPC);
    CHECK_EQ_INT(json_member(span_of(text), span_of("a"), arena, &member), -ENOSPC);
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    check_member("{\"a\":1}", "a", "1");
    end();
}

CHECK_MAIN
