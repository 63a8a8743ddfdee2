/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/key.h"

#include "tests/unit/check.h"

TEST(good_and_bad)
{
    static const char *const good[] = {"a/b", "web-1/x", "0/9"};
    static const char *const bad[] = {"",    "/",    "a",     "a/",    "/b",   "a/b/c",
                                      "A/b", "a/-b", "a b/c", "a/b\n", "a.b/c"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(key_is_good(span_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (key_is_good(span_of(bad[i])))
            check_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
    CHECK(!key_is_good((struct span){NULL, 0}));
}

TEST(parts)
{
    struct key_parts parts = key_split(SPAN_LITERAL("shop/web"));
    CHECK(span_is(parts.namespace, "shop") && span_is(parts.workload, "web"));
    parts = key_split(SPAN_LITERAL("shop"));
    CHECK(span_is(parts.namespace, "shop") && parts.workload.length == 0);
}

CHECK_MAIN
