/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"

#include <errno.h>

#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define UNCHANGED 4711u

typedef int number_reader(struct span text, uint64_t max, uint64_t *ret);

struct number {
    const char *text;
    uint64_t max;
    int result;
    uint64_t value;
};

/* A refused text must leave what was there. */
static void check_numbers(number_reader *read, const struct number *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = UNCHANGED;
        int r = read(span_of(rows[i].text), rows[i].max, &value);
        uint64_t expected = r == 0 ? rows[i].value : UNCHANGED;
        if (r != rows[i].result || value != expected)
            check_fail(__FILE__, __LINE__, "'%s': %d with %llu", rows[i].text, r,
                       (unsigned long long)value);
    }
}

TEST(numbers)
{
    static const struct number rows[] = {
        {"0", 10, 0, 0},
        {"10", 10, 0, 10},
        {"11", 10, -ERANGE, 0},
        {"007", 10, 0, 7},
        {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, -ERANGE, 0},
        {"18446744073709551620", UINT64_MAX, -ERANGE, 0},
        {"99999999999999999999999", UINT64_MAX, -ERANGE, 0},
        {"", 10, -EINVAL, 0},
        {"-1", 10, -EINVAL, 0},
        {"+1", 10, -EINVAL, 0},
        {" 1", 10, -EINVAL, 0},
        {"1 ", 10, -EINVAL, 0},
        {"1a", 10, -EINVAL, 0},
        {"0x1", 10, -EINVAL, 0},
        {"1.0", 10, -EINVAL, 0},
        {"\xd9\xa1", 10, -EINVAL, 0}, /* an Arabic digit */
    };
    check_numbers(str_u64, rows, COUNT(rows));
}

TEST(number_ends_where_the_span_does)
{
    uint64_t value = 0;
    CHECK_EQ_INT(str_u64((struct span){"123456", 3}, 1000, &value), 0);
    CHECK_EQ_INT(value, 123);
}

TEST(sizes)
{
    static const struct number rows[] = {
        {"0", UINT64_MAX, 0, 0},
        {"512", UINT64_MAX, 0, 512},
        {"1K", UINT64_MAX, 0, 1024},
        {"64M", UINT64_MAX, 0, 64u << 20},
        {"8G", UINT64_MAX, 0, (uint64_t)8 << 30},
        {"17179869183G", UINT64_MAX, 0, UINT64_MAX - (1u << 30) + 1},
        {"17179869184G", UINT64_MAX, -ERANGE, 0},
        {"18446744073709551616", UINT64_MAX, -ERANGE, 0},
        {"2K", 2047, -ERANGE, 0},
        {"", UINT64_MAX, -EINVAL, 0},
        {"K", UINT64_MAX, -EINVAL, 0},
        {"1k", UINT64_MAX, -EINVAL, 0},
        {"1KB", UINT64_MAX, -EINVAL, 0},
        {"1 K", UINT64_MAX, -EINVAL, 0},
        {"1T", UINT64_MAX, -EINVAL, 0},
        {"-1K", UINT64_MAX, -EINVAL, 0},
    };
    check_numbers(str_size, rows, COUNT(rows));
}

TEST(durations)
{
    static const struct number rows[] = {
        {"0", 1000, 0, 0},
        {"0s", 1000, 0, 0},
        {"250ms", 1000, 0, 250},
        {"1s", 1000, 0, 1000},
        {"2s", 1000, -ERANGE, 0},
        {"5m", UINT64_MAX, 0, 300000},
        {"24h", UINT64_MAX, 0, 86400000},
        {"18446744073709551615ms", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551615s", UINT64_MAX, -ERANGE, 0},
        {"5124095576031h", UINT64_MAX, -ERANGE, 0},
        {"1", 1000, -EINVAL, 0},
        {"00", 1000, -EINVAL, 0},
        {"s", 1000, -EINVAL, 0},
        {"1S", 1000, -EINVAL, 0},
        {"1sec", 1000, -EINVAL, 0},
        {"1m30s", UINT64_MAX, -EINVAL, 0},
        {"", 1000, -EINVAL, 0},
    };
    check_numbers(str_duration_ms, rows, COUNT(rows));
}

TEST(booleans)
{
    static const struct {
        const char *text;
        int result;
        int value;
    } rows[] = {
        {"true", 0, 1},       {"yes", 0, 1},         {"on", 0, 1},         {"false", 0, 0},
        {"no", 0, 0},         {"off", 0, 0},         {"True", -EINVAL, 0}, {"1", -EINVAL, 0},
        {"yes ", -EINVAL, 0}, {"truex", -EINVAL, 0}, {"", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int value = -1;
        int r = str_bool(span_of(rows[i].text), &value);
        if (r != rows[i].result || value != (r == 0 ? rows[i].value : -1))
            check_fail(__FILE__, __LINE__, "'%s': %d with %d", rows[i].text, r, value);
    }
}

#define UTF8(bytes, good)              \
    {                                  \
        bytes, sizeof(bytes) - 1, good \
    }

TEST(utf8)
{
    static const struct {
        const char *data;
        size_t length;
        int good;
    } rows[] = {
        UTF8("", 1),
        UTF8("plain", 1),
        UTF8("with\0nul", 1),
        UTF8("\x7f", 1),
        UTF8("\xc2\x80", 1),         /* U+0080, the first of two bytes */
        UTF8("\xdf\xbf", 1),         /* U+07FF, the last */
        UTF8("\xe0\xa0\x80", 1),     /* U+0800 */
        UTF8("\xed\x9f\xbf", 1),     /* U+D7FF, before the surrogates */
        UTF8("\xee\x80\x80", 1),     /* U+E000, behind them */
        UTF8("\xef\xbf\xbf", 1),     /* U+FFFF */
        UTF8("\xf0\x90\x80\x80", 1), /* U+10000 */
        UTF8("\xf4\x8f\xbf\xbf", 1), /* U+10FFFF, the last of all */
        UTF8("a\xc3\xa4z", 1),
        UTF8("\x80", 0), /* a continuation alone */
        UTF8("\xbf", 0),
        UTF8("\xc0\x80", 0), /* NUL in two bytes */
        UTF8("\xc1\xbf", 0), /* DEL in two bytes */
        UTF8("\xc2", 0),
        UTF8("\xc2"
             "a",
             0),
        UTF8("\xc2\xc2\x80", 0),
        UTF8("\xe0\x80\x80", 0), /* overlong */
        UTF8("\xe0\x9f\xbf", 0),
        UTF8("\xe2\x82", 0), /* cut */
        UTF8("\xe2\x82"
             "a",
             0),
        UTF8("\xed\xa0\x80", 0), /* U+D800 */
        UTF8("\xed\xbf\xbf", 0), /* U+DFFF */
        UTF8("\xf0\x80\x80\x80", 0),
        UTF8("\xf0\x8f\xbf\xbf", 0), /* U+FFFF in four bytes */
        UTF8("\xf0\x9f\x98", 0),
        UTF8("\xf0\x9f\x98"
             "a",
             0),
        UTF8("\xf4\x90\x80\x80", 0), /* U+110000 */
        UTF8("\xf5\x80\x80\x80", 0),
        UTF8("\xf8\x88\x80\x80\x80", 0),
        UTF8("\xfe", 0),
        UTF8("\xff", 0),
        UTF8("good\xff", 0),
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* On the heap, exactly as long as it is: a read past the end is one that ASan sees. */
        char *copy = malloc(rows[i].length + 1);
        memcpy(copy + 1, rows[i].data, rows[i].length);
        int good = str_is_utf8(copy + 1, rows[i].length) != 0;
        free(copy);
        if (good != rows[i].good)
            check_fail(__FILE__, __LINE__, "row %zu: %d", i, good);
    }
}

TEST(copy)
{
    char text[4] = "xxx";
    CHECK_EQ_INT(str_copy(text, sizeof text, span_of("abc")), 0);
    CHECK_STR(text, "abc");
    CHECK_EQ_INT(str_copy(text, sizeof text, span_of("abcd")), -ENAMETOOLONG);
    CHECK_STR(text, "");
    CHECK_EQ_INT(str_copy(text, sizeof text, span_of("")), 0);
    CHECK_STR(text, "");
    CHECK_EQ_INT(str_copy(text, 1, span_of("")), 0);
}

TEST(index)
{
    static const char *const names[] = {"no", "auto", "yes"};
    CHECK_EQ_INT(str_index(names, 3, "no"), 0);
    CHECK_EQ_INT(str_index(names, 3, "yes"), 2);
    CHECK_EQ_INT(str_index(names, 2, "yes"), -EINVAL);
    CHECK_EQ_INT(str_index(names, 3, "ye"), -EINVAL);
    CHECK_EQ_INT(str_index(names, 3, ""), -EINVAL);
}

CHECK_MAIN
