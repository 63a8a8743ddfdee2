/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/stamp.h"

#include <stdio.h>

/*
 * The C library's gmtime_r() would read the time zone's file first, in somebody else's program.
 * Years begin in March here, so that the day that some of them lack comes last.
 */
void stamp_write(int64_t us, char (*ret)[32])
{
    const int64_t year_10000_us = 253402300800000000;
    (*ret)[0] = '\0';
    if (us < 0 || us >= year_10000_us)
        return;
    unsigned seconds = (unsigned)(us / 1000000 % 86400);
    unsigned days = (unsigned)(us / 1000000 / 86400) + 719468; /* since March 1st of year 0 */
    unsigned era = days / 146097, day = days % 146097;         /* of 400 years */
    unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    unsigned of_year = day - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
    unsigned of_month = of_year - (153 * month + 2) / 5 + 1;
    year += 400 * era + (month >= 10);
    snprintf(*ret, sizeof *ret, "%04u-%02u-%02uT%02u:%02u:%02uZ", year,
             month < 10 ? month + 3 : month - 9, of_month, seconds / 3600, seconds / 60 % 60,
             seconds % 60);
}
