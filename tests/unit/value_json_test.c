/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/value_json.h"

#include <errno.h>

#include "tests/unit/check.h"
#include "tests/unit/pools.h"

static struct pool *pool;
static struct value value;

static int read_text(const char *text, size_t length)
{
    size_t at;
    pool_free(pool);
    pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    return value_json_read((struct span){text, length}, pool, &value, &at);
}

static int read_json(const char *text)
{
    return read_text(text, strlen(text));
}

static void end(void)
{
    pool_free(pool);
    pool = NULL;
}

TEST(kinds)
{
    CHECK(read_json(" null ") == 0 && value.kind == VALUE_NIL);
    CHECK(read_json("true") == 0 && value.kind == VALUE_BOOL && value.boolean);
    CHECK(read_json("false") == 0 && value.kind == VALUE_BOOL && !value.boolean);
    CHECK(read_json("-0.5e1") == 0 && value.kind == VALUE_FLOAT && value.number < -4.9);
    CHECK(read_json("\"x\"") == 0 && value.kind == VALUE_STRING && span_is(value.string, "x"));
    CHECK(read_json("[]") == 0 && value.kind == VALUE_LIST && value.list.count == 0);
    CHECK(read_json("{ }") == 0 && value.kind == VALUE_MAP && value.map.count == 0);
    CHECK(read_json("[1,[2],{\"a\":3}]") == 0 && value.list.count == 3);
    CHECK_EQ_INT(value.list.items[1].list.items[0].number, 2);
    end();
}

TEST(maps_are_sorted_and_the_last_of_a_name_counts)
{
    CHECK_EQ_INT(read_json("{\"b\":1,\"a\":2,\"b\":3,\"\":4,\"aa\":5}"), 0);
    CHECK_EQ_INT(value.map.count, 4);
    CHECK(span_is(value.map.members[0].name, "") && span_is(value.map.members[1].name, "a"));
    CHECK(span_is(value.map.members[2].name, "aa"));
    CHECK_EQ_INT(value_member(&value, SPAN_LITERAL("b"))->number, 3);
    CHECK(value_member(&value, SPAN_LITERAL("c")) == NULL);
    end();
}

TEST(strings)
{
    static const char *const rows[][2] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u00e4\\u20AC\"", "\xc3\xa4\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\\ud83d\"", "\xef\xbf\xbd"},
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"a\xff\xc3z\"", "a\xef\xbf\xbd\xef\xbf\xbdz"},
        {"\"\x7f\"", "\x7f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ_INT(read_json(rows[i][0]), 0);
        if (!span_is(value.string, rows[i][1]))
            check_fail(__FILE__, __LINE__, "%s", rows[i][0]);
    }
    CHECK_EQ_INT(read_json("\"\\u0000\""), 0);
    CHECK(value.string.length == 1 && value.string.data[0] == '\0');
    end();
}

TEST(refusals)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "nul",
                                      "True",
                                      "+1",
                                      "01",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "-",
                                      "1e400",
                                      "\"",
                                      "\"\\x\"",
                                      "\"\n\"",
                                      "\"\\u12",
                                      "\"\\u12g4\"",
                                      "[",
                                      "[1",
                                      "[1,]",
                                      "[,1]",
                                      "{",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{a:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1,}",
                                      "1 2",
                                      "\xef\xbb\xbf{}",
                                      "NaN",
                                      "'x'",
                                      "[1}",
                                      "\"\\"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (read_json(bad[i]) != -EINVAL)
            check_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
    CHECK_EQ_INT(read_text("1\0", 2), -EINVAL);
    CHECK_EQ_INT(read_text("\"\0\"", 3), -EINVAL);
    end();
}

TEST(nesting_and_memory_are_bounded)
{
    char deep[2 * LIMIT_TEMPLATE_DEPTH + 8];
    memset(deep, '[', LIMIT_TEMPLATE_DEPTH);
    memset(deep + LIMIT_TEMPLATE_DEPTH, ']', LIMIT_TEMPLATE_DEPTH);
    CHECK_EQ_INT(read_text(deep, 2 * LIMIT_TEMPLATE_DEPTH), 0);
    memset(deep, '[', LIMIT_TEMPLATE_DEPTH + 1);
    CHECK_EQ_INT(read_text(deep, 2 * LIMIT_TEMPLATE_DEPTH + 2), -EINVAL);
    size_t at;
    pool_free(pool);
    pool = pools_new(8192);
    char *text = malloc(20000);
    memset(text, 'x', 20000);
    text[0] = text[19999] = '"';
    CHECK_EQ_INT(value_json_read((struct span){text, 20000}, pool, &value, &at), -E2BIG);
    CHECK(pool_used(pool) <= 8192);
    free(text);
    end();
}

CHECK_MAIN
