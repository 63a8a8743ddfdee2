/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/bars.h"

#include "limits.h"
#include "tests/unit/check.h"

static struct bars *bars;
static uint64_t now; /* ms */

static void begin(size_t max)
{
    bars = bars_new(max);
    CHECK(bars != NULL);
    now = 1000000;
}

/* Refuse DOMAIN up to COUNT times at once; for how long it was barred then, or 0. */
static uint64_t refuse(uint64_t domain, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t ms = bars_refused(bars, domain, now);
        if (ms)
            return ms;
    }
    return 0;
}

TEST(flood_is_barred)
{
    begin(10);
    CHECK_EQ_INT(refuse(7, LIMIT_BAR_REFUSALS - 1), 0);
    CHECK_EQ_INT(bars_count(bars), 0);
    CHECK_EQ_INT(refuse(8, LIMIT_BAR_REFUSALS - 1), 0);
    CHECK_EQ_INT(refuse(7, 1), LIMIT_BAR_MIN_MS);
    CHECK_EQ_INT(bars_count(bars), 1);
    CHECK_EQ_INT(refuse(7, 10 * LIMIT_BAR_REFUSALS), 0); /* it is already */
    CHECK_EQ_INT(bars_lift(bars, now + LIMIT_BAR_MIN_MS - 1, 0), 0);
    CHECK_EQ_INT(bars_lift(bars, now + LIMIT_BAR_MIN_MS, 0), 7);
    CHECK_EQ_INT(bars_lift(bars, now + LIMIT_BAR_MIN_MS, 0), 0);
    CHECK_EQ_INT(bars_count(bars), 0);
    bars_free(bars);
    bars_free(NULL);
}

/* What is refused as often as is forgiven goes on for ever: whoever tries at a human pace. */
TEST(patience)
{
    begin(10);
    for (int second = 0; second < 10000; second++, now += 1000)
        CHECK_EQ_INT(refuse(7, LIMIT_BAR_FORGIVEN), 0);
    unsigned seconds = 0;
    for (; !refuse(7, LIMIT_BAR_FORGIVEN + 10); now += 1000)
        seconds++;
    CHECK(seconds > LIMIT_BAR_REFUSALS / 10 - 10 && seconds <= LIMIT_BAR_REFUSALS / 10);
    bars_free(bars);
}

TEST(twice_as_long)
{
    begin(10);
    for (uint64_t length = LIMIT_BAR_MIN_MS; length < LIMIT_BAR_MAX_MS; length *= 2) {
        CHECK_EQ_INT(refuse(7, LIMIT_BAR_REFUSALS), length);
        now += length;
        CHECK_EQ_INT(bars_lift(bars, now, 0), 7);
        now += length - 1; /* just not forgotten */
    }
    for (int i = 0; i < 5; i++) {
        CHECK_EQ_INT(refuse(7, LIMIT_BAR_REFUSALS), LIMIT_BAR_MAX_MS);
        now += LIMIT_BAR_MAX_MS;
        CHECK_EQ_INT(bars_lift(bars, now, 0), 7);
    }
    now += LIMIT_BAR_MAX_MS;
    CHECK_EQ_INT(refuse(7, LIMIT_BAR_REFUSALS), LIMIT_BAR_MIN_MS);
    bars_free(bars);
}

TEST(pardon)
{
    begin(10);
    uint64_t lifted = 0;
    CHECK_EQ_INT(bars_lift(bars, now, 1), 0);
    for (uint64_t domain = 1; domain <= 4; domain++)
        CHECK_EQ_INT(refuse(domain, LIMIT_BAR_REFUSALS), LIMIT_BAR_MIN_MS);
    for (uint64_t domain; (domain = bars_lift(bars, now, 1));)
        lifted |= 1u << domain;
    CHECK_EQ_INT(lifted, 0x1e);
    CHECK_EQ_INT(bars_count(bars), 0);
    /* It begins at nothing, but what it did is remembered. */
    CHECK_EQ_INT(refuse(3, LIMIT_BAR_REFUSALS - 1), 0);
    CHECK_EQ_INT(refuse(3, 1), 2 * LIMIT_BAR_MIN_MS);
    bars_free(bars);
}

TEST(undone)
{
    begin(10);
    CHECK_EQ_INT(refuse(3, LIMIT_BAR_REFUSALS), LIMIT_BAR_MIN_MS);
    bars_undo(bars, 3);
    bars_undo(bars, 4);
    CHECK_EQ_INT(bars_count(bars), 0);
    CHECK_EQ_INT(bars_lift(bars, now, 1), 0);
    CHECK_EQ_INT(refuse(3, LIMIT_BAR_REFUSALS - 1), 0);
    CHECK_EQ_INT(refuse(3, 1), LIMIT_BAR_MIN_MS);
    bars_free(bars);
}

TEST(full_table)
{
    begin(4);
    for (uint64_t domain = 1; domain <= 4; domain++)
        CHECK_EQ_INT(refuse(domain, 10), 0);
    CHECK_EQ_INT(refuse(5, 2 * LIMIT_BAR_REFUSALS), 0); /* not scored */
    now += 1000;                                        /* those four are forgiven */
    CHECK_EQ_INT(refuse(5, LIMIT_BAR_REFUSALS), LIMIT_BAR_MIN_MS);
    /* Those that are barred, or were of late, never give way. */
    for (uint64_t domain = 6; domain <= 8; domain++)
        CHECK_EQ_INT(refuse(domain, LIMIT_BAR_REFUSALS), LIMIT_BAR_MIN_MS);
    now += LIMIT_BAR_MIN_MS;
    CHECK_EQ_INT(refuse(9, 2 * LIMIT_BAR_REFUSALS), 0);
    CHECK_EQ_INT(bars_count(bars), 4);
    while (bars_lift(bars, now, 0))
        ;
    CHECK_EQ_INT(refuse(9, 2 * LIMIT_BAR_REFUSALS), 0);
    now += LIMIT_BAR_MIN_MS;
    CHECK_EQ_INT(refuse(9, LIMIT_BAR_REFUSALS), LIMIT_BAR_MIN_MS);
    bars_free(bars);
}

TEST(clock_that_jumps)
{
    begin(4);
    CHECK_EQ_INT(refuse(1, LIMIT_BAR_REFUSALS - 1), 0);
    now = 0;
    CHECK_EQ_INT(refuse(1, 1), LIMIT_BAR_MIN_MS);
    now = UINT64_MAX / 2;
    CHECK_EQ_INT(bars_lift(bars, now, 0), 1);
    CHECK_EQ_INT(refuse(2, 1), 0);
    now *= 2;
    CHECK_EQ_INT(refuse(2, LIMIT_BAR_REFUSALS - 1), 0);
    CHECK_EQ_INT(refuse(2, 1), LIMIT_BAR_MIN_MS);
    bars_free(bars);
}

CHECK_MAIN
