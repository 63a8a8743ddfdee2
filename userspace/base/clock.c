/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <string.h>
#include <time.h>

static struct timespec now(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return t;
}

uint64_t clock_mono_ns(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ms(void)
{
    return clock_mono_ns() / 1000000u;
}

int64_t clock_wall_us(void)
{
    struct timespec t = now(CLOCK_REALTIME);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void digits(char *at, int width, int64_t value)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Before 1970 only a clock that was never set can be; such a time is shown as 1970. */
static int64_t since_1970(int64_t wall_us)
{
    return wall_us < 0 ? 0 : wall_us;
}

static void date_and_time(int64_t seconds, char *at)
{
    struct tm tm;
    time_t t = (time_t)seconds;
    gmtime_r(&t, &tm);
    memcpy(at, "0000-00-00T00:00:00", 19);
    digits(at, 4, tm.tm_year + 1900);
    digits(at + 5, 2, tm.tm_mon + 1);
    digits(at + 8, 2, tm.tm_mday);
    digits(at + 11, 2, tm.tm_hour);
    digits(at + 14, 2, tm.tm_min);
    digits(at + 17, 2, tm.tm_sec);
}

void clock_format(int64_t wall_us, char ret[CLOCK_RFC3339])
{
    /* Every request's audit record is stamped: mostly as the last one, or within its second. */
    static int64_t cached_us = -1;
    static char cached[CLOCK_RFC3339];
    wall_us = since_1970(wall_us);
    if (cached_us < 0 || wall_us / 1000000 != cached_us / 1000000) {
        date_and_time(wall_us / 1000000, cached);
        memcpy(cached + 19, ".000000Z", 9);
    }
    if (wall_us != cached_us)
        digits(cached + 20, 6, wall_us % 1000000);
    cached_us = wall_us;
    memcpy(ret, cached, CLOCK_RFC3339_LENGTH + 1);
}

void clock_format_seconds(int64_t wall_us, char ret[CLOCK_RFC3339])
{
    date_and_time(since_1970(wall_us) / 1000000, ret);
    ret[19] = 'Z';
    ret[20] = '\0';
}
