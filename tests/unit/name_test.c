/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/name.h"

#include "limits.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X63 X50 "xxxxxxxxxxxxx"

TEST(names)
{
    static const struct {
        const char *text;
        int is_label, is_subdomain;
    } rows[] = {
        {"a", 1, 1},
        {"0", 1, 1},
        {"payments", 1, 1},
        {"vsecm-sentinel", 1, 1},
        {"a--b", 1, 1},
        {"1-2", 1, 1},
        {X63, 1, 1},
        {X63 "x", 0, 1}, /* the API bounds a subdomain as a whole only */
        {"a.b", 0, 1},
        {"web-0.web.default", 0, 1},
        {X63 "." X63 "." X63 "." X50 "xxxxxxxxxxx", 0, 1}, /* 253 */
        {X63 "." X63 "." X63 "." X50 "xxxxxxxxxxxx", 0, 0},
        {"", 0, 0},
        {"-", 0, 0},
        {"-a", 0, 0},
        {"a-", 0, 0},
        {"A", 0, 0},
        {"aB", 0, 0},
        {"a_b", 0, 0},
        {"a b", 0, 0},
        {"a/b", 0, 0},
        {"a\"b", 0, 0},
        {"a\nb", 0, 0},
        {"a\x7f", 0, 0},
        {"\xc3\xa4", 0, 0},
        {".", 0, 0},
        {"..", 0, 0},
        {".a", 0, 0},
        {"a.", 0, 0},
        {"a..b", 0, 0},
        {"a.-b", 0, 0},
        {"a-.b", 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span text = span_of(rows[i].text);
        if ((name_is_label(text) != 0) != rows[i].is_label ||
            (name_is_subdomain(text) != 0) != rows[i].is_subdomain)
            check_fail(__FILE__, __LINE__, "'%s'", rows[i].text);
    }
}

TEST(nul_ends_no_name)
{
    CHECK(!name_is_label((struct span){"a\0b", 3}));
    CHECK(!name_is_subdomain((struct span){"a\0", 2}));
    CHECK(name_is_label((struct span){"a\0", 1}));
}

TEST(every_byte)
{
    for (int c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'a'};
        int plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        CHECK_EQ_INT(name_is_label((struct span){text, 3}), plain || c == '-');
        CHECK_EQ_INT(name_is_subdomain((struct span){text, 3}), plain || c == '-' || c == '.');
        CHECK_EQ_INT(name_is_label((struct span){text + 1, 1}), plain);
    }
}

CHECK_MAIN
