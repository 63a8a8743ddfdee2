/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <stdio.h>

#include "tests/unit/check.h"

#define SECOND INT64_C(1000000)

TEST(times)
{
    static const struct {
        int64_t us;
        const char *full, *seconds;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00Z"},
        {SECOND - 1, "1970-01-01T00:00:00.999999Z", "1970-01-01T00:00:00Z"},
        {951782399 * SECOND, "2000-02-28T23:59:59.000000Z", "2000-02-28T23:59:59Z"},
        {951782400 * SECOND, "2000-02-29T00:00:00.000000Z", "2000-02-29T00:00:00Z"},
        {951868800 * SECOND, "2000-03-01T00:00:00.000000Z", "2000-03-01T00:00:00Z"},
        {1709164800 * SECOND, "2024-02-29T00:00:00.000000Z", "2024-02-29T00:00:00Z"},
        {1740787200 * SECOND, "2025-03-01T00:00:00.000000Z", "2025-03-01T00:00:00Z"},
        {1795551330 * SECOND + 123456, "2026-11-24T20:15:30.123456Z", "2026-11-24T20:15:30Z"},
        {2147483648 * SECOND, "2038-01-19T03:14:08.000000Z", "2038-01-19T03:14:08Z"},
        {4107542400 * SECOND, "2100-03-01T00:00:00.000000Z", "2100-03-01T00:00:00Z"},
        {253402300799 * SECOND, "9999-12-31T23:59:59.000000Z", "9999-12-31T23:59:59Z"},
        /* A clock that was never set. */
        {-1, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z"},
        {-1000 * SECOND, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z"},
        {INT64_MIN, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[CLOCK_RFC3339];
        clock_format(rows[i].us, text);
        CHECK_STR(text, rows[i].full);
        clock_format_seconds(rows[i].us, text);
        CHECK_STR(text, rows[i].seconds);
    }
}

TEST(readings)
{
    static const struct {
        const char *text;
        int64_t us; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:01Z", SECOND},
        {"2026-11-24T20:15:30.123456Z", 1795551330 * SECOND + 123456},
        {"2026-11-24T20:15:30.1Z", 1795551330 * SECOND + 100000},
        {"2026-11-24T20:15:30.123456789Z", 1795551330 * SECOND + 123456},
        {"2026-11-24T21:15:30+01:00", 1795551330 * SECOND},
        {"2026-11-24T14:45:30-05:30", 1795551330 * SECOND},
        {"2000-02-29T00:00:00Z", 951782400 * SECOND},
        {"2100-03-01T00:00:00Z", 4107542400 * SECOND},
        {"9999-12-31T23:59:59Z", 253402300799 * SECOND},
        {"2016-12-31T23:59:60Z", 1483228799 * SECOND},
        {"", -1},
        {"2026", -1},
        {"2026-11-24", -1},
        {"2026-11-24T20:15:30", -1},
        {"2026-11-24T20:15Z", -1},
        {"2026-11-24T20:15:30Zx", -1},
        {" 2026-11-24T20:15:30Z", -1},
        {"2026-11-24T20:15:30.Z", -1},
        {"2026-11-24T20:15:30+0100", -1},
        {"2026-11-24T20:15:30+01", -1},
        {"2026-11-24T20:15:30+24:00", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-00-01T00:00:00Z", -1},
        {"2026-02-29T00:00:00Z", -1},
        {"2100-02-29T00:00:00Z", -1},
        {"2026-04-31T00:00:00Z", -1},
        {"2026-01-00T00:00:00Z", -1},
        {"2026-01-01T24:00:00Z", -1},
        {"2026-01-01T00:60:00Z", -1},
        {"2026-01-01T00:00:61Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"1970-01-01T00:00:00+01:00", -1},
        {"20261124T201530Z", -1},
        {"+2026-11-24T20:15:30Z", -1},
        {"never", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t us = -1;
        int r = clock_parse(span_of(rows[i].text), &us);
        if ((r == 0) != (rows[i].us >= 0) || us != rows[i].us)
            check_fail(__FILE__, __LINE__, "'%s': %d, %lld", rows[i].text, r, (long long)us);
    }
}

/* Also as time goes back: a clock may be set. */
TEST(every_microsecond_of_a_second)
{
    for (int64_t us = 999999; us >= 0; us--) {
        char text[CLOCK_RFC3339], fraction[16];
        snprintf(fraction, sizeof fraction, ".%06dZ", (int)us);
        clock_format(SECOND + us, text);
        CHECK_STR(text + 19, fraction);
    }
    char text[CLOCK_RFC3339];
    clock_format(SECOND - 1, text);
    CHECK_STR(text, "1970-01-01T00:00:00.999999Z");
    clock_format(2 * SECOND, text);
    CHECK_STR(text, "1970-01-01T00:00:02.000000Z");
}

TEST(what_is_written_can_be_read)
{
    for (int64_t us = 0; us < 253402300799 * SECOND; us += 86399 * SECOND * 97 + 7654321) {
        char text[CLOCK_RFC3339];
        int64_t back = -1;
        clock_format(us, text);
        CHECK_EQ_INT(clock_parse(span_of(text), &back), 0);
        CHECK_EQ_INT(back, us);
    }
}

/* The date is remembered from one call to the next. */
TEST(back_and_forth)
{
    static const int64_t seconds[] = {1795551330, 1795551330, 0, 1795551331, 1795551330};
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        char full[CLOCK_RFC3339], cut[CLOCK_RFC3339];
        clock_format(seconds[i] * SECOND + 7, full);
        clock_format_seconds(seconds[i] * SECOND, cut);
        CHECK_MEM(full, cut, 19);
        CHECK_STR(full + 19, ".000007Z");
    }
}

TEST(the_largest_time_stays_in_bounds)
{
    struct {
        char text[CLOCK_RFC3339];
        char guard;
    } at = {.guard = '~'};
    clock_format(INT64_MAX, at.text);
    clock_format_seconds(INT64_MAX, at.text);
    CHECK_EQ_INT(at.guard, '~');
    CHECK_EQ_INT(strlen(at.text), 20);
}

TEST(clocks_go_on)
{
    uint64_t ms = clock_mono_ms(), ns = clock_mono_ns();
    CHECK(ns / 1000000 - ms < 1000);
    CHECK(clock_mono_ns() >= ns);
    int64_t wall = (int64_t)time(NULL) * SECOND;
    CHECK(clock_wall_us() - wall < 3 * SECOND && clock_wall_us() >= wall - SECOND);
}

CHECK_MAIN
