/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/tally.h"

#include "limits.h"
#include "tests/unit/check.h"

static struct tally tally;
static struct span subject;

static void add(const char *who, uint64_t now_ms, int is_told)
{
    CHECK_EQ_INT(tally_add(&tally, span_of(who), now_ms) != 0, is_told);
}

TEST(first_at_once_rest_counted)
{
    CHECK(tally_is_empty(&tally));
    add("a", 5000, 1);
    CHECK(!tally_is_empty(&tally));
    for (int i = 0; i < 100; i++)
        add(i % 2 ? "longer" : "b", 5000 + 9 * (uint64_t)i, 0);
    CHECK_EQ_INT(tally_take(&tally, 5000 + LIMIT_TALLY_MS - 1, &subject), 0);
    CHECK_EQ_INT(tally_take(&tally, 5000 + LIMIT_TALLY_MS, &subject), 100);
    CHECK(span_is(subject, "longer"));
    /* It goes on: still one record a second. */
    add("b", 5000 + LIMIT_TALLY_MS, 0);
    CHECK_EQ_INT(tally_take(&tally, 5000 + LIMIT_TALLY_MS, &subject), 0);
    CHECK_EQ_INT(tally_take(&tally, 5000 + 2 * LIMIT_TALLY_MS, &subject), 1);
    CHECK(span_is(subject, "b"));
    CHECK_EQ_INT(tally_take(&tally, 5000 + 3 * LIMIT_TALLY_MS, &subject), 0);
    CHECK(tally_is_empty(&tally));
    add("a", 5000 + 3 * LIMIT_TALLY_MS, 1);
    tally_drop(&tally);
    CHECK(tally_is_empty(&tally));
}

TEST(nothing_but_the_first)
{
    add("a", 1, 1);
    CHECK_EQ_INT(tally_take(&tally, 1 + LIMIT_TALLY_MS, &subject), 0);
    CHECK(tally_is_empty(&tally));
}

TEST(clock_that_jumps)
{
    add("a", 1000000, 1);
    add("a", 1000000, 0);
    CHECK_EQ_INT(tally_take(&tally, 5, &subject), 1);
    add("a", 5, 0);
    CHECK_EQ_INT(tally_take(&tally, UINT64_MAX, &subject), 1);
    tally_drop(&tally);
}

CHECK_MAIN
