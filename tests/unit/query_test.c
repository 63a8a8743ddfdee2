/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/query.h"

#include <errno.h>

#include "tests/unit/check.h"

static struct query_field field;

TEST(fields)
{
    struct span query = span_of("key=shop%2Fweb&version=3");
    CHECK_EQ_INT(query_next(&query, &field), 1);
    CHECK_STR(field.name, "key");
    CHECK_STR(field.value, "shop/web");
    CHECK_EQ_INT(query_next(&query, &field), 1);
    CHECK_STR(field.name, "version");
    CHECK_STR(field.value, "3");
    CHECK_EQ_INT(query_next(&query, &field), 0);
    CHECK_EQ_INT(query_next(&query, &field), 0);
}

TEST(forms)
{
    static const struct {
        const char *query, *name, *value;
    } rows[] = {
        {"a=b", "a", "b"},     {"a", "a", ""},        {"a=", "a", ""},
        {"=b", "", "b"},       {"a=b=c", "a", "b=c"}, {"%61=%62", "a", "b"},
        {"a=b+c", "a", "b+c"}, {"a=b&", "a", "b"},    {"&a=b", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span query = span_of(rows[i].query);
        CHECK_EQ_INT(query_next(&query, &field), 1);
        CHECK_STR(field.name, rows[i].name);
        CHECK_STR(field.value, rows[i].value);
    }
}

TEST(refused)
{
    static const char *const rows[] = {"a=%", "a=%4", "a=%zz", "a=%00", "%00=b"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span query = span_of(rows[i]);
        CHECK_EQ_INT(query_next(&query, &field), -EINVAL);
    }
}

/* As long as fits, and one more. */
TEST(lengths)
{
    char text[sizeof field + 16];
    for (size_t name = 0; name < 2; name++) {
        size_t most = name ? sizeof field.name - 1 : sizeof field.value - 1;
        memset(text, 'x', sizeof text);
        if (!name)
            memcpy(text, "k=", 2);
        size_t before = name ? 0 : 2;
        struct span query = {text, before + most};
        CHECK_EQ_INT(query_next(&query, &field), 1);
        CHECK_EQ_INT(strlen(name ? field.name : field.value), most);
        query = (struct span){text, before + most + 1};
        CHECK_EQ_INT(query_next(&query, &field), -EINVAL);
    }
}

CHECK_MAIN
