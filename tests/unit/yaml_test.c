/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is expected here was made by yaml.v3 itself; `make check-conform` compares far more, against
 * the real one.
 */
#include "template/yaml.h"

#include <errno.h>
#include <math.h>

#include "template/letter.h"
#include "template/text.h"
#include "template/value_json.h"
#include "template/yaml_order.h"
#include "template/yaml_time.h"
#include "template/yaml_word.h"
#include "tests/unit/check.h"
#include "tests/unit/pools.h"

struct row {
    const char *json, *yaml;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
        struct value value;
        size_t at;
        CHECK_EQ_INT(value_json_read(span_of(rows[i].json), pool, &value, &at), 0);
        CHECK_EQ_INT(yaml_write(&out, &value), 0);
        text_byte(&out, '\0');
        CHECK_STR(out.data, rows[i].yaml);
        pool_free(pool);
    }
}

TEST(empty)
{
    static const struct row rows[] = {
        {"{}", "{}\n"},
        {"{\"a\":{}}", "a: {}\n"},
        {"{\"a\":[]}", "a: []\n"},
        {"{\"a\":[[],{}]}", "a:\n    - []\n    - {}\n"},
        {"{\"a\":null,\"b\":true,\"c\":false}", "a: null\nb: true\nc: false\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(numbers)
{
    static const struct row rows[] = {
        {"{\"a\":0,\"b\":-0.0,\"c\":1,\"d\":1000000,\"e\":999999,\"f\":1e21,\"g\":0.0001,\"h\":0."
         "00001,\"i\":-2.5,\"j\":123456789}",
         "a: 0\nb: -0\nc: 1\nd: 1e+06\ne: 999999\nf: 1e+21\ng: 0.0001\nh: 1e-05\ni: -2.5\nj: "
         "1.23456789e+08\n"},
        {"{\"a\":1.7976931348623157e308,\"b\":5e-324,\"c\":0.1}",
         "a: 1.7976931348623157e+308\nb: 5e-324\nc: 0.1\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(nesting)
{
    static const struct row rows[] = {
        {"{\"a\":{\"b\":{\"c\":1}}}", "a:\n    b:\n        c: 1\n"},
        {"{\"a\":[1,2]}", "a:\n    - 1\n    - 2\n"},
        {"{\"a\":[[1,2],[3]]}", "a:\n    - - 1\n      - 2\n    - - 3\n"},
        {"{\"a\":[{\"b\":1,\"c\":2},{\"d\":[{\"e\":3}]}]}",
         "a:\n    - b: 1\n      c: 2\n    - d:\n        - e: 3\n"},
        {"{\"a\":[[[{\"b\":[1]}]]]}", "a:\n    - - - b:\n            - 1\n"},
        {"{\"a\":[{\"b\":{\"c\":{\"d\":1}}}]}", "a:\n    - b:\n        c:\n            d: 1\n"},
        {"{\"a\":[{},{\"b\":[]}]}", "a:\n    - {}\n    - b: []\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(order)
{
    static const struct row rows[] = {
        {"{\"b\":1,\"a\":2,\"B\":3,\"A\":4}", "A: 4\nB: 3\na: 2\nb: 1\n"},
        {"{\"a10\":1,\"a9\":2,\"a1\":3,\"a010\":4,\"a01\":5,\"a\":6,\"a1b\":7}",
         "a: 6\na1: 3\na1b: 7\na01: 5\na9: 2\na10: 1\na010: 4\n"},
        {"{\"1\":1,\"10\":2,\"9\":3,\"-\":4,\"_\":5,\"a\":6,\"\":7}",
         "\"\": 7\n'-': 4\n_: 5\n\"1\": 1\n\"9\": 3\n\"10\": 2\na: 6\n"},
        {"{\"1a\":1,\"ab\":2,\"a-\":3,\"a1\":4,\"1-\":5}", "1a: 1\n1-: 5\na-: 3\na1: 4\nab: 2\n"},
        {"{\"\xc3\xa4\":1,\"z\":2,\"\xd9\xa3\":3,\"\xd9\xa4\":4,\"1\":5}",
         "\"1\": 5\n\xd9\xa3: 3\n\xd9\xa4: 4\nz: 2\n\xc3\xa4: 1\n"},
        {"{\"100\":1,\"1000\":2,\"101\":3,\"00\":4,\"0\":5}",
         "\"0\": 5\n\"00\": 4\n\"100\": 1\n\"101\": 3\n\"1000\": 2\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(quotes)
{
    static const struct row rows[] = {
        {"{\"a\":[\"\",\"~\",\"null\",\"Null\",\"true\",\"TRUE\",\"tRUE\",\"yes\",\"No\",\"on\","
         "\"OFF\",\"y\",\"N\",\"nan\",\".nan\",\".Inf\",\"-.inf\",\"+.INF\"]}",
         "a:\n    - \"\"\n    - \"~\"\n    - \"null\"\n    - \"Null\"\n    - \"true\"\n    - "
         "\"TRUE\"\n    - tRUE\n    - \"yes\"\n    - \"No\"\n    - \"on\"\n    - \"OFF\"\n    - "
         "\"y\"\n    - \"N\"\n    - nan\n    - \".nan\"\n    - \".Inf\"\n    - \"-.inf\"\n    - "
         "\"+.INF\"\n"},
        {"{\"a\":[\"0\",\"-1\",\"+1\",\"1_000\",\"0x1f\",\"0xg\",\"0b101\",\"0b-1\",\"0o17\","
         "\"08\",\"1e3\",\"1E-3\",\"1e\",\"1e999\",\".5\",\".\",\"5.\",\"1.5.\",\"._5\",\".5_5\","
         "\"-\"]}",
         "a:\n    - \"0\"\n    - \"-1\"\n    - \"+1\"\n    - \"1_000\"\n    - \"0x1f\"\n    - "
         "0xg\n    - \"0b101\"\n    - \"0b-1\"\n    - \"0o17\"\n    - \"08\"\n    - \"1e3\"\n    - "
         "\"1E-3\"\n    - 1e\n    - 1e999\n    - \".5\"\n    - .\n    - \"5.\"\n    - 1.5.\n    - "
         "._5\n    - \".5_5\"\n    - '-'\n"},
        {"{\"a\":[\"18446744073709551615\",\"18446744073709551616\",\"-9223372036854775809\","
         "\"0xffffffffffffffff\",\"0x10000000000000000\",\"+0xffffffffffffffff\"]}",
         "a:\n    - \"18446744073709551615\"\n    - \"18446744073709551616\"\n    - "
         "\"-9223372036854775809\"\n    - \"0xffffffffffffffff\"\n    - 0x10000000000000000\n    - "
         "+0xffffffffffffffff\n"},
        {"{\"a\":[\"12:30:45\",\"1:60\",\"1:5.\",\"190:20:30\",\"1:\",\"-1:1\",\"2001-12-14\","
         "\"2001-2-29\",\"2000-2-29\",\"2001-13-01\",\"2001-12-14 1:2:3\",\"2001-12-14   "
         "1:2:3\",\"2001-12-14t1:2:3Z\",\"2001-12-14T1:2:3,5+24:60\",\"2001-12-14T1:2:3\",\"2001-"
         "12-14T24:00:00Z\",\"20011-1-1\"]}",
         "a:\n    - \"12:30:45\"\n    - 1:60\n    - \"1:5.\"\n    - \"190:20:30\"\n    - '1:'\n    "
         "- \"-1:1\"\n    - \"2001-12-14\"\n    - 2001-2-29\n    - \"2000-2-29\"\n    - "
         "2001-13-01\n    - \"2001-12-14 1:2:3\"\n    - \"2001-12-14   1:2:3\"\n    - "
         "\"2001-12-14t1:2:3Z\"\n    - \"2001-12-14T1:2:3,5+24:60\"\n    - 2001-12-14T1:2:3\n    - "
         "2001-12-14T24:00:00Z\n    - 20011-1-1\n"},
        {"{\"a\":[\" a\",\"a \",\"a b\",\"a: b\",\"a:b\",\"a:\",\":a\",\": a\",\"a "
         "#b\",\"a#b\",\"#\",\"- a\",\"-a\",\"-\",\"? a\",\"?a\",\"---\",\"...\",\"--- "
         "a\",\"[a\",\"a]\",\"{\",\"a,b\",\",a\",\"&a\",\"*a\",\"!a\",\"|\",\"> "
         "a\",\"%a\",\"@a\",\"`a\",\"a\\\"b\",\"\\\"a\",\"'a\",\"a'b\",\"it's: x\"]}",
         "a:\n    - ' a'\n    - 'a '\n    - a b\n    - 'a: b'\n    - a:b\n    - 'a:'\n    - :a\n   "
         " - ': a'\n    - 'a #b'\n    - a#b\n    - '#'\n    - '- a'\n    - -a\n    - '-'\n    - '? "
         "a'\n    - ?a\n    - '---'\n    - '...'\n    - '--- a'\n    - '[a'\n    - a]\n    - '{'\n "
         "   - a,b\n    - ',a'\n    - '&a'\n    - '*a'\n    - '!a'\n    - '|'\n    - '> a'\n    - "
         "'%a'\n    - '@a'\n    - '`a'\n    - a\"b\n    - '\"a'\n    - '''a'\n    - a'b\n    - "
         "'it''s: x'\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(breaks)
{
    static const struct row rows[] = {
        {"{\"a\":\"x\\ny\"}", "a: |-\n    x\n    y\n"},
        {"{\"a\":\"x\\ny\\n\"}", "a: |\n    x\n    y\n"},
        {"{\"a\":\"x\\n\\n\"}", "a: |+\n    x\n\n"},
        {"{\"a\":\"\\n\"}", "a: |4+\n"},
        {"{\"a\":\"\\n\\n\"}", "a: |4+\n\n"},
        {"{\"a\":\"\\nx\"}", "a: |4-\n    x\n"},
        {"{\"a\":\" x\\ny\"}", "a: |4-\n     x\n    y\n"},
        {"{\"a\":\"x \\ny\"}", "a: \"x \\ny\"\n"},
        {"{\"a\":\"x\\n y\"}", "a: |-\n    x\n     y\n"},
        {"{\"a\":\"x\\ny \"}", "a: \"x\\ny \"\n"},
        {"{\"a\":[\"x\\ny\\n\",\"z\"]}", "a:\n    - |\n      x\n      y\n    - z\n"},
        {"{\"a\":{\"b\":\"x\\n\"},\"c\":1}", "a:\n    b: |\n        x\nc: 1\n"},
        {"{\"a\":[[\"x\\ny\"]]}", "a:\n    - - |-\n        x\n        y\n"},
        {"{\"a\":\"x\\ty\\nz\"}", "a: |-\n    x\ty\n    z\n"},
        {"{\"a\":\"x\\r\\ny\"}", "a: \"x\\r\\ny\"\n"},
        {"{\"a\":\"x\\u2028y\",\"b\":\"x\\ny\\u2028\",\"c\":\"\\u2029\"}",
         "a: 'x\xe2\x80\xa8    y'\nb: |\n    x\n    y\xe2\x80\xa8"
         "c: '\xe2\x80\xa9'\n"},
        {"{\"a\":\"true\\n\"}", "a: |\n    true\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(odd_characters)
{
    static const struct row rows[] = {
        {"{\"a\":\"x\\ty\",\"b\":\"x\\u0000\",\"c\":\"\\u0007\\b\\u000b\\f\\u001b\\u007f\\r\","
         "\"d\":\"\\u0085\",\"e\":\"\\u00a0\",\"f\":\"\\ufffe\",\"g\":\"\\ufeffa b\"}",
         "a: \"x\\ty\"\nb: \"x\\0\"\nc: \"\\a\\b\\v\\f\\e\\x7F\\r\"\nd: \"\\N\"\ne: \xc2\xa0\nf: "
         "\"\\uFFFE\"\ng: \"\\uFEFF\\x61\\x20\\x62\"\n"},
        {"{\"a\":\"\xc3\xa4\",\"b\":\"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\",\"c\":"
         "\"\xf0\x9f\x98\x80\",\"d\":\"\\ufffd\"}",
         "a: \xc3\xa4\nb: \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\nc: \"\\U0001F600\"\nd: "
         "\xef\xbf\xbd\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(keys)
{
    static const struct row rows[] = {
        {"{\"true\":1,\"\":2,\"1\":3,\"a: b\":4,\"a\\tb\":5}",
         "\"\": 2\n\"1\": 3\n\"a\\tb\": 5\n'a: b': 4\n\"true\": 1\n"},
        {"{\"a\\nb\":1}", "? |-\n    a\n    b\n: 1\n"},
        {"{\"a\\nb\\n\":{\"c\":1}}", "? |\n    a\n    b\n:   c: 1\n"},
        {"{\"a\\nb\":[1]}", "? |-\n    a\n    b\n:   - 1\n"},
        {"{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\":1}",
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 1\n"},
        {"{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\":{\"a\":1}}",
         "? "
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n:   a: 1\n"},
        {"{\"x\\u2028y\":1}", "? 'x\xe2\x80\xa8    y'\n: 1\n"},
        {"{\"l\":[{\"a\\nb\":1}]}", "l:\n    - ? |-\n        a\n        b\n      : 1\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

TEST(long_texts)
{
    static const struct row rows[] = {
        {"{\"a\":\"word word word word word word word word word word word word word word word word "
         "word word word word word word word word word word word word word word end\"}",
         "a: word word word word word word word word word word word word word word word word word "
         "word word word word word word word word word word word word word end\n"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void check_value(const struct value *value, const char *expected)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    CHECK_EQ_INT(yaml_write(&out, value), 0);
    text_byte(&out, '\0');
    CHECK_STR(out.data, expected);
    pool_free(pool);
}

/* JSON holds none of these. */
TEST(what_is_not_of_json)
{
    struct value value = value_string(SPAN_LITERAL("\xff\x00"));
    check_value(&value, "!!binary /wA=\n");
    char bytes[51];
    memset(bytes, 0xff, sizeof bytes);
    value.string = (struct span){bytes, sizeof bytes};
    check_value(&value,
                "!!binary ////////////////////////////////////////////////////////////////////\n");
    char more[54];
    memset(more, 0xff, sizeof more);
    value.string = (struct span){more, sizeof more};
    check_value(&value,
                "!!binary |\n"
                "    //////////////////////////////////////////////////////////////////////\n"
                "    //\n");
    const struct value_member member = {{more, sizeof more}, value_int(-7)};
    const struct value map = {.kind = VALUE_MAP, .map = {&member, 1}};
    check_value(&map, "? !!binary |\n"
                      "    //////////////////////////////////////////////////////////////////////\n"
                      "    //\n: -7\n");
    value = value_none();
    check_value(&value, "null\n");
    value = value_float(1.0 / 0.0);
    check_value(&value, ".inf\n");
    value = value_float((double)NAN);
    check_value(&value, ".nan\n");
}

TEST(limits)
{
    static const char json[] = "{\"a\":\"0123456789\"}";
    const char *numbers = "{\"a\":[";
    struct value value;
    size_t at;
    for (size_t limit = 0; limit < 16; limit++) {
        struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        struct text out = text_in(pool, limit);
        CHECK_EQ_INT(value_json_read(span_of(json), pool, &value, &at), 0);
        CHECK_EQ_INT(yaml_write(&out, &value), -E2BIG);
        CHECK(out.used <= limit);
        pool_free(pool);
    }
    char *long_json = malloc(40000);
    size_t used = strlen(numbers);
    memcpy(long_json, numbers, used);
    for (; used < 39990; used += 2)
        memcpy(long_json + used, "1,", 2);
    memcpy(long_json + used, "1]}", 3);
    struct pool *pool = pools_new(2u << 20);
    CHECK_EQ_INT(value_json_read((struct span){long_json, used + 3}, pool, &value, &at), 0);
    pool_alloc(pool, (2u << 20) - pool_used(pool) - 64u * 1024u);
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    CHECK_EQ_INT(yaml_write(&out, &value), -E2BIG);
    pool_free(pool);
    free(long_json);
}

/* The same in both directions, and nothing before itself. */
TEST(the_order_has_two_sides)
{
    static const char *const keys[] = {"",         "a",        "a1",   "a10", "a9", "a010",
                                       "B",        "-",        "1",    "01",  "1a", "a-",
                                       "\xc3\xa4", "\xd9\xa3", "\xff", "a b", "0",  "00"};
    size_t count = sizeof keys / sizeof keys[0];
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = yaml_order(span_of(keys[i]), span_of(keys[j]));
            CHECK_EQ_INT(order == 0, i == j);
            CHECK_EQ_INT(order<0, yaml_order(span_of(keys[j]), span_of(keys[i]))> 0);
        }
}

TEST(letters_and_digits)
{
    static const uint32_t letters[] = {'A', 'z', 0xaa, 0xe4, 0x3b1, 0x65e5, 0x1d400, 0x323af};
    static const uint32_t digits[] = {'0', '9', 0x663, 0x966, 0xff10, 0x1d7ff};
    static const uint32_t others[] = {0, '@', '[', 0x2028, 0x1f600, 0xfffd, 0x10ffff, 0x110000};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        CHECK(letter_is(letters[i]) && !letter_is_digit(letters[i]));
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++)
        CHECK(!letter_is(digits[i]) && letter_is_digit(digits[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(!letter_is(others[i]) && !letter_is_digit(others[i]));
}

/* With ever less memory it fails, or writes all. */
TEST(little_memory)
{
    static char bytes[1500];
    memset(bytes, 0xff, sizeof bytes);
    const struct value items[] = {value_float(0.5), value_string(SPAN_LITERAL("1_000")),
                                  value_string((struct span){bytes, sizeof bytes}),
                                  value_float(-2e100)};
    const struct value list = {.kind = VALUE_LIST, .list = {items, 4}};
    unsigned failed = 0;
    size_t length = 0;
    for (size_t size = 65536; size >= 4096; size -= 16) {
        struct pool *pool = pools_new(size);
        struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
        int r = yaml_write(&out, &list);
        length = length ? length : out.used;
        CHECK(r ? r == -E2BIG : out.used == length);
        failed += r != 0;
        pool_free(pool);
    }
    CHECK(failed > 100);
}

CHECK_MAIN
