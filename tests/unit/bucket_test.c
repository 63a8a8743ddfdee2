/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/bucket.h"

#include "limits.h"
#include "tests/unit/check.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static struct bucket_rule rule;
static struct bucket bucket;

static void begin(uint64_t rate, uint64_t now_ns)
{
    rule = bucket_rule(rate);
    bucket = bucket_new(&rule, now_ns);
}

/* Tokens that are there at NOW_NS, taken as the server does: the clock when there is none. */
static uint64_t take_all(uint64_t now_ns)
{
    uint64_t taken = 0;
    for (int looked = 0; !looked; looked = bucket.tokens == 0) {
        while (bucket_take(&bucket))
            taken++;
        bucket_fill(&bucket, &rule, now_ns);
    }
    return taken;
}

TEST(rules)
{
    static const struct {
        uint64_t rate, size, pause_ns;
    } rows[] = {
        {10000, 500, LIMIT_RATE_PAUSE_MS * MS},
        {1000, 50, LIMIT_RATE_PAUSE_MS * MS},
        {200, LIMIT_BURST_MIN / 2, LIMIT_RATE_PAUSE_MS * MS},
        {10, LIMIT_BURST_MIN / 2, 100 * MS},
        {1, LIMIT_BURST_MIN / 2, SECOND},
        {3, LIMIT_BURST_MIN / 2, 333333334},
        {LIMIT_REQUESTS_PER_SECOND_MAX, LIMIT_REQUESTS_PER_SECOND_MAX / 20,
         LIMIT_RATE_PAUSE_MS * MS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(rows[i].rate, 0);
        CHECK_EQ_INT(rule.size, rows[i].size);
        CHECK_EQ_INT(rule.pause_ns, rows[i].pause_ns);
        CHECK_EQ_INT(bucket.tokens, rows[i].size);
    }
}

TEST(burst_then_rate)
{
    begin(10000, 7 * SECOND);
    /* After a long rest: half of the burst is there, and half comes in. */
    CHECK_EQ_INT(take_all(8 * SECOND), 1000);
    CHECK_EQ_INT(take_all(8 * SECOND), 0);
    CHECK_EQ_INT(take_all(8 * SECOND + MS), 10);
    CHECK_EQ_INT(take_all(8 * SECOND + 26 * MS), 250);
    CHECK_EQ_INT(take_all(9 * SECOND), 500);
}

/* Whoever takes all there is, whenever: never more than rate and burst. */
TEST(never_more)
{
    static const uint64_t rates[] = {1, 7, 100, 9999, 10000, 123457, LIMIT_REQUESTS_PER_SECOND_MAX};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint64_t start = SECOND, now = start, taken = 0;
        begin(rates[i], start - check_random(2) * SECOND);
        for (int k = 0; k < 300; k++) {
            now += check_random(20 * MS);
            taken += take_all(now);
            uint64_t allowed = 2 * rule.size + (now - start) * rates[i] / SECOND + 1;
            CHECK(taken <= allowed);
        }
    }
}

TEST(parts_are_not_lost)
{
    begin(3, 0);
    take_all(0);
    uint64_t taken = 0;
    for (uint64_t now = MS; now <= 30 * SECOND; now += MS)
        taken += take_all(now);
    CHECK(taken == 90 || taken == 89);
}

TEST(clock_that_jumps)
{
    begin(10, 100 * SECOND);
    CHECK_EQ_INT(take_all(100 * SECOND), 10);
    /* Back: nothing comes in, and from then on as always. */
    CHECK_EQ_INT(take_all(50 * SECOND), 0);
    CHECK_EQ_INT(take_all(50 * SECOND + 200 * MS), 2);
    /* Far ahead, to the end of time: full, and no more. */
    CHECK_EQ_INT(take_all(UINT64_MAX), 10);
    CHECK_EQ_INT(take_all(UINT64_MAX), 0);
    CHECK_EQ_INT(take_all(0), 0);
    CHECK_EQ_INT(take_all(SECOND), 10);
}

TEST(full)
{
    begin(10, 0);
    CHECK(bucket_is_full(&bucket, &rule, 0));
    CHECK(bucket_take(&bucket));
    CHECK(!bucket_is_full(&bucket, &rule, 0));
    CHECK(!bucket_is_full(&bucket, &rule, 99 * MS));
    CHECK(bucket_is_full(&bucket, &rule, 100 * MS));
    CHECK_EQ_INT(bucket.tokens, rule.size - 1);
    begin(0, 0);
    CHECK_EQ_INT(bucket_take(&bucket), 0); /* no rate: nobody asks it */
}

CHECK_MAIN
