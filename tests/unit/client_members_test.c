/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of an object, read where they stand. */
#include "tests/unit/check.h"

#include "client/members.h"

#include <errno.h>

static struct member found[8];

/* How many members TEXT has, or -EINVAL. */
static int read_all(const char *text)
{
    struct members members = members_of(text, strlen(text));
    for (int count = 0;; count++) {
        int r = members_next(&members, &found[count % 8]);
        if (r <= 0)
            return r < 0 ? r : count;
    }
}

static void check_text(struct members_text text, const char *expected)
{
    CHECK_EQ_INT(text.length, strlen(expected));
    CHECK_MEM(text.data, expected, text.length);
}

static void check_decoded(const char *string, const char *expected, size_t length)
{
    struct members_text text = {string, strlen(string)};
    char decoded[64];
    CHECK_EQ_INT(members_decode(text, NULL), length);
    CHECK_EQ_INT(members_decode(text, decoded), length);
    CHECK_MEM(decoded, expected, length);
}

TEST(members_come_in_order_with_their_kinds)
{
    CHECK_EQ_INT(read_all(" { \"a\" : \"x\\\"y\" , \"b\":[1,{\"c\":2}],\"d\" :-1.5e3 } \n"), 3);
    check_text(found[0].name, "a");
    check_text(found[0].value, "x\\\"y");
    CHECK_EQ_INT(found[0].kind, '"');
    check_text(found[1].value, "[1,{\"c\":2}]");
    CHECK_EQ_INT(found[1].kind, '[');
    check_text(found[2].value, "-1.5e3");
    CHECK_EQ_INT(read_all("{}"), 0);
    CHECK_EQ_INT(read_all("{\"a\":\"\"}"), 1);
    CHECK_EQ_INT(found[0].value.length, 0);
}

TEST(what_is_no_object_is_refused)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "\"a\"",
        "1",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1}x",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{\"a\":\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":[1,]}",
        "{\"a\":[}",
        "{\"a\":1 \"b\":2}",
        "{}}",
        "{} {}",
        "{\"a\":\"\\u12",
        "{\"a\":-}",
        "{\"a\":.5}",
        "{\"a\":nul",
        "{\"a\":{\"b\"}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (read_all(wrong[i]) != -EINVAL)
            check_fail(__FILE__, __LINE__, "taken: %s", wrong[i]);
    struct members members = members_of("{\"a\":1\0}", 8);
    CHECK_EQ_INT(members_next(&members, &found[0]), 1);
    CHECK_EQ_INT(members_next(&members, &found[0]), -EINVAL);
}

TEST(depth_is_bounded)
{
    char deep[1024] = "{\"a\":";
    memset(deep + 5, '[', 127);
    memset(deep + 132, ']', 127);
    deep[259] = '}';
    CHECK_EQ_INT(read_all(deep), 1);
    memset(deep + 5, '[', 500);
    memset(deep + 505, ']', 500);
    deep[1005] = '}';
    CHECK_EQ_INT(read_all(deep), -EINVAL);
}

TEST(strings_are_decoded)
{
    check_decoded("plain", "plain", 5);
    check_decoded("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8);
    check_decoded("\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac", 6);
    check_decoded("\\ud83d\\ude00", "\xf0\x9f\x98\x80", 4);
    check_decoded("\\ud83dx", "\xef\xbf\xbdx", 4);
    check_decoded("\\ude00", "\xef\xbf\xbd", 3);
    check_decoded("\\ud83d\\u0041",
                  "\xef\xbf\xbd"
                  "A",
                  4);
    check_decoded("a\\u0000b", "a\0b", 3);
}

TEST(encoded_names_are_compared_by_what_they_say)
{
    CHECK(members_equal((struct members_text){"p\\u0061ss", 9}, "pass"));
    CHECK(!members_equal((struct members_text){"pass", 4}, "passw"));
    CHECK(!members_equal((struct members_text){"passw", 5}, "pass"));
    CHECK(!members_equal((struct members_text){"a\\u0000", 7}, "a"));
    CHECK(members_equal((struct members_text){"", 0}, ""));
}

CHECK_MAIN
