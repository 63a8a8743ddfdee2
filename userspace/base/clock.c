/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static struct timespec now(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return t;
}

static uint64_t now_ns(clockid_t id)
{
    struct timespec t = now(id);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

uint64_t clock_boot_ns(void)
{
    return now_ns(CLOCK_BOOTTIME);
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

/* VALUE < 100. With no division: each request's record has three of these. */
static void two_digits(char *at, unsigned value)
{
    unsigned tens = value * 103 >> 10;
    at[0] = (char)('0' + tens);
    at[1] = (char)('0' + value - tens * 10);
}

static void microseconds(char *at, unsigned us)
{
    two_digits(at, us / 10000);
    two_digits(at + 2, us / 100 % 100);
    two_digits(at + 4, us % 100);
}

void clock_format(int64_t wall_us, char ret[CLOCK_RFC3339])
{
    /* Every request's audit record is stamped: mostly within the second of the last one. */
    static int64_t second_us = -1; /* where the one that is written here began */
    static char written[CLOCK_RFC3339];
    wall_us = since_1970(wall_us);
    if (second_us < 0 || wall_us < second_us || wall_us - second_us >= 1000000) {
        second_us = wall_us - wall_us % 1000000;
        date_and_time(second_us / 1000000, written);
        memcpy(written + 19, ".000000Z", 9);
    }
    microseconds(written + 20, (unsigned)(wall_us - second_us));
    memcpy(ret, written, CLOCK_RFC3339_LENGTH + 1);
}

void clock_format_seconds(int64_t wall_us, char ret[CLOCK_RFC3339])
{
    date_and_time(since_1970(wall_us) / 1000000, ret);
    ret[19] = 'Z';
    ret[20] = '\0';
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Cut WIDTH digits off the front of *TEXT; -1 when they are not there. */
static int64_t take_digits(struct span *text, size_t width)
{
    int64_t value = 0;
    if (text->length < width)
        return -1;
    for (size_t i = 0; i < width; i++) {
        if (text->data[i] < '0' || text->data[i] > '9')
            return -1;
        value = value * 10 + (text->data[i] - '0');
    }
    *text = (struct span){text->data + width, text->length - width};
    return value;
}

/* Cut off the first byte when it is one of ALLOWED; it, or 0. */
static char take_one(struct span *text, const char *allowed)
{
    char c = text->length ? text->data[0] : '\0';
    if (!c || !strchr(allowed, c))
        return '\0';
    *text = (struct span){text->data + 1, text->length - 1};
    return c;
}

/* Days since 1970-01-01 of a day in the Gregorian calendar (Hinnant, days_from_civil). */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Seconds since 1970 of the front of *TEXT as if it were UTC, or -1. */
static int64_t take_date_and_time(struct span *text)
{
    static const char *const behind[] = {"-", "-", "Tt ", ":", ":", ""};
    int64_t part[6];
    for (size_t i = 0; i < 6; i++) {
        part[i] = take_digits(text, i == 0 ? 4 : 2);
        if (part[i] < 0 || (behind[i][0] && !take_one(text, behind[i])))
            return -1;
    }
    if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
        part[2] > days_in(part[0], part[1]) || part[3] > 23 || part[4] > 59 || part[5] > 60)
        return -1;
    int64_t second = part[5] == 60 ? 59 : part[5];
    return days_since_1970(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 +
           second;
}

/* Microseconds of the fraction at the front of *TEXT, 0 without one, or -1. */
static int64_t take_fraction(struct span *text)
{
    if (!take_one(text, "."))
        return 0;
    int64_t us = 0, unit = 100000;
    size_t count = 0;
    for (int64_t digit; (digit = take_digits(text, 1)) >= 0; count++, unit /= 10)
        us += digit * unit;
    return count ? us : -1;
}

/* *RET = seconds east of UTC. 0 or -EINVAL. */
static int take_offset(struct span *text, int64_t *ret)
{
    *ret = 0;
    if (take_one(text, "Zz"))
        return 0;
    char sign = take_one(text, "+-");
    int64_t hours = take_digits(text, 2);
    char colon = take_one(text, ":");
    int64_t minutes = take_digits(text, 2);
    if (!sign || !colon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return -EINVAL;
    *ret = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return 0;
}

int clock_parse(struct span text, int64_t *ret)
{
    int64_t offset;
    int64_t seconds = take_date_and_time(&text);
    int64_t us = seconds < 0 ? -1 : take_fraction(&text);
    if (us < 0 || take_offset(&text, &offset) < 0 || text.length || seconds < offset)
        return -EINVAL;
    *ret = (seconds - offset) * 1000000 + us;
    return 0;
}
